"""SET WINDOW's bytes, and rows from what comes back; expected values by hand from the published layouts."""

from drivers.contract.capabilities import Mode
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.sides import IN_MEMORY, Side, Spool
from drivers.usb.fujitsu.window import Order, Window, block_lines, fit, parameters


def test_a_grey_page_of_the_feeder_has_its_area_in_1200ths_and_the_papers_size() -> None:
    window = Window(Mode.GRAY8, (300, 200), 30, 20, 600, 400, paper=(10200, 14032))
    data = parameters(window)
    assert len(data) == 72
    assert data[:8].hex(" ") == "00 00 00 00 00 00 00 40"
    assert data[8:16].hex(" ") == "00 00 01 2c 00 c8 00 00"  # front; 300 and 200 ppi; left 120
    assert [int.from_bytes(data[8 + at : 12 + at], "big") for at in (0x06, 0x0A, 0x0E, 0x12)] == [120, 120, 2400, 2400]
    assert (data[8 + 0x17], data[8 + 0x19], data[8 + 0x1A], data[8 + 0x28]) == (0, 2, 8, 0)
    assert data[8 + 0x35] == 0xC0
    assert [int.from_bytes(data[8 + at : 12 + at], "big") for at in (0x36, 0x3A)] == [10200, 14032]


def test_black_and_white_has_a_threshold_and_one_bit() -> None:
    data = parameters(Window(Mode.LINEART, (300, 300), 0, 0, 800, 400))
    assert (data[8 + 0x17], data[8 + 0x19], data[8 + 0x1A]) == (0x80, 0, 1)
    assert data[8 + 0x35 :] == bytes(11)  # the flatbed has no paper


def test_colour_says_in_which_order() -> None:
    for order, said in ((Order.RGB, "c1 00 01 00"), (Order.BGR, "c1 00 01 05"), (Order.PLANES, "c1 00 00 00")):
        data = parameters(Window(Mode.RGB24, (300, 300), 0, 0, 800, 400, order=order))
        assert (data[8 + 0x19], data[8 + 0x1A], data[8 + 0x28 : 8 + 0x2C].hex(" ")) == (5, 8, said)


def test_the_back_has_a_window_like_the_fronts_without_paper() -> None:
    data = parameters(Window(Mode.GRAY8, (300, 300), 0, 0, 800, 400, paper=(10200, 14032), duplex=True))
    assert len(data) == 8 + 64 + 64
    front, back = data[8:72], data[72:]
    assert (front[0], back[0]) == (wire.FRONT, wire.BACK)
    assert front[1:0x35] == back[1:0x35]
    assert back[0x35:] == bytes(11)


def test_lengths_are_rounded_up_so_that_no_pixel_is_missing() -> None:
    data = parameters(Window(Mode.GRAY8, (90, 90), 0, 0, 100, 10))
    assert int.from_bytes(data[8 + 0x0E : 8 + 0x12], "big") == 1334  # 1333.3


def test_a_width_is_the_next_multiple_that_fits() -> None:
    assert fit(413, 0, 864, 8) == 416
    assert fit(864, 0, 864, 1) == 864
    assert fit(863, 0, 863, 8) == 856
    assert fit(3, 860, 863, 8) == 8


def test_blocks_are_an_even_number_of_rows_within_their_limits() -> None:
    page = Window(Mode.RGB24, (300, 300), 0, 0, 2550, 3300)
    assert block_lines(page, 65536, 4096, 24) == 8  # 7650 bytes a row
    small = Window(Mode.GRAY8, (50, 50), 0, 0, 400, 50)
    assert block_lines(small, 65536, 4096, 24) == 10
    long = Window(Mode.LINEART, (300, 300), 0, 0, 80, 4800)
    assert block_lines(long, 65536, 4096, 24) == 410  # ten bytes a row, at least 4096 bytes


def side(order: Order, width: int = 2, lines: int = 2) -> Side:
    return Side(wire.FRONT, Window(Mode.RGB24, (300, 300), 0, 0, 2, 2, order=order), width, lines)


def test_ink_becomes_light_and_colours_come_in_order() -> None:
    light = bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])  # two rows of two pixels
    ink = bytes(255 - value for value in light)
    bgr = bytes(255 - value for value in [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10])
    planes = bytes(255 - value for value in [1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12])
    assert side(Order.RGB).add(ink) == light
    assert side(Order.BGR).add(bgr) == light
    assert side(Order.PLANES).add(planes) == light


def test_a_side_counts_what_has_come_and_pads_what_has_not() -> None:
    one = side(Order.RGB, width=3, lines=3)
    assert (one.left, one.percent) == (12, 0)
    assert one.add(bytes([255] * 6)) == bytes(6) + b"\xff" * 3  # the promised row is a pixel wider
    assert (one.left, one.got, one.percent) == (6, 6, 50)
    one.end()
    assert (one.left, one.percent) == (0, 100)
    assert one.padding() == b"\xff" * 18
    assert one.padding() == b""


def test_black_and_white_is_turned_to_one_for_white() -> None:
    window = Window(Mode.LINEART, (300, 300), 0, 0, 16, 2)
    assert Side(wire.FRONT, window, 16, 2).add(b"\x0f\x00\xff\x01") == b"\xf0\xff\x00\xfe"


def test_a_spool_gives_back_everything_in_whole_rows_however_large() -> None:
    spool = Spool(1000)
    rows = b"".join(bytes([number % 251]) * 1000 for number in range(IN_MEMORY // 1000 + 100))
    for start in range(0, len(rows), 64000):
        spool.add(rows[start : start + 64000])
    chunks = list(spool.chunks())
    assert b"".join(chunks) == rows
    assert all(len(chunk) % 1000 == 0 for chunk in chunks)
    spool.close()
    spool.close()
