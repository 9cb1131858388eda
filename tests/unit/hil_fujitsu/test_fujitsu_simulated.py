"""The simulated Fujitsu scanner by its bytes: frames, sense data, residuals, time. SANE judges it in tests/system."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.capabilities import Mode, Source
from hil import chart, script
from hil.devices.fujitsu.product import FI_6230, LINE, Product
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.usb import BULK_IN, BULK_OUT, FujitsuUsb
from hil.devices.stimuli import (
    After,
    CancelAtPanel,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    Happening,
    InUse,
    Jam,
    LoadPaper,
    Plug,
    Press,
    Unplug,
)
from hil.devices.usb.device import Refusal

LOAD = bytes.fromhex("31 01 0000000000000000")
SENSE = bytes.fromhex("03 00 00 00 12 00")
SENSORS = bytes([0xC2, 0, 0, 0, 0, 0, 0, 0, 12, 0])
LAMP = bytes.fromhex("f1 05 0000000000000000")


class Bench:
    """A scanner, spoken to in frames at a time that the test says."""

    def __init__(self, text: str = "", product: Product = FI_6230) -> None:
        calm = "".join(f"{each}=0," for each in ("warmup", "speed", "feed") if f"{each}=" not in text)
        self.now = 100.0
        self.scanner = FujitsuScanner(script.read(calm + text), self.now, product)
        self.usb = FujitsuUsb(self.scanner)
        self.command(bytes(6))  # hears that it was switched on

    def happen(self, *happenings: Happening | After) -> None:
        self.usb.update(self.now, happenings)

    def send(self, data: bytes) -> Refusal | None:
        return self.usb.write(BULK_OUT, data, self.now)

    def read(self, limit: int = 65536) -> bytes | Refusal | None:
        return self.usb.read(BULK_IN, limit, self.now)

    def command(self, cdb: bytes, parameters: bytes = b"") -> tuple[bytes | None, int | None]:
        """Data (None: no data phase) and status (None: no answer yet)."""
        self.send((b"\x43" + bytes(18) + cdb).ljust(31, b"\0"))
        if parameters:
            self.send(parameters)
        return self.answer()

    def answer(self) -> tuple[bytes | None, int | None]:
        first = self.read()
        if first is None:
            return None, None
        assert isinstance(first, bytes)
        if len(first) == 13 and first[0] == 0x53:
            return None, first[9]
        second = self.read()
        assert isinstance(second, bytes)
        assert (len(second), second[0]) == (13, 0x53)
        return first, second[9]

    def sense(self) -> tuple[int, int, int]:
        data, status = self.command(SENSE)
        assert data is not None
        assert (len(data), status, data[7]) == (18, 0, 10)
        return data[2] & 0x0F, data[12], data[13]

    def fails(self, cdb: bytes, parameters: bytes = b"") -> tuple[int, int, int]:
        data, status = self.command(cdb, parameters)
        assert not data
        assert status == 2
        return self.sense()

    def window(self, *sides: int, **bytes_at: int) -> tuple[bytes | None, int | None]:
        """75 ppi grey, 4 x 2 inch; `x1a=8` sets a byte of every descriptor."""
        return self.command(*set_window(sides or (0,), bytes_at))


def set_window(sides: tuple[int, ...], bytes_at: dict[str, int]) -> tuple[bytes, bytes]:
    one = bytearray(64)
    one[2:6] = bytes([0, 75, 0, 75])
    one[0x0E:0x16] = (4800).to_bytes(4, "big") + (2400).to_bytes(4, "big")
    one[0x19:0x1B] = bytes([2, 8])
    for name, value in bytes_at.items():
        one[int(name[1:], 16)] = value
    parameters = bytes(6) + bytes([0, 64]) + b"".join(bytes([side]) + bytes(one[1:]) for side in sides)
    return bytes([0x24, 0, 0, 0, 0, 0]) + len(parameters).to_bytes(3, "big") + b"\0", parameters


def read(size: int, side: int = 0, kind: int = 0) -> bytes:
    return bytes([0x28, 0, kind, 0, 0, side]) + size.to_bytes(3, "big") + b"\0"


def start(bench: Bench, *sides: int) -> int | None:
    return bench.command(bytes([0x1B, 0, 0, 0, len(sides), 0]), bytes(sides))[1]


def flatbed(bench: Bench) -> None:
    assert bench.command(bytes.fromhex("f1 01 0000000000000000"))[1] == 0


def test_it_says_who_it_is_in_full_length() -> None:
    data, status = Bench().command(bytes([0x12, 0, 0, 0, 96, 0]))
    assert data is not None
    assert (len(data), status) == (96, 0)
    assert (data[0], data[8:16], data[16:32], data[32:36]) == (6, b"FUJITSU ", b"fi-6230dj       ", b"1.00")


def test_its_first_answer_is_that_it_was_switched_on_and_only_the_first() -> None:
    bench = Bench()
    bench.happen(Unplug())
    bench.happen(Plug())
    assert bench.fails(SENSORS) == (6, 0, 0)
    assert bench.command(SENSORS)[1] == 0


def test_what_is_no_frame_stalls() -> None:
    bench = Bench()
    assert bench.send(bytes(31)) is Refusal.STALL
    assert bench.send(b"\x43" + bytes(20)) is Refusal.STALL
    assert bench.command(bytes(6)) == (None, 0)


def test_a_failed_command_that_would_bring_data_brings_an_empty_packet() -> None:
    bench = Bench()
    assert bench.command(bytes([0x1A, 0, 0x3E, 0, 20, 0])) == (b"", 2)  # a page that it lacks
    assert bench.sense() == (5, 0x24, 0)
    data, status = bench.command(bytes([0x1A, 0, 0x3C, 0, 20, 0]))
    assert data is not None
    assert (len(data), status) == (20, 0)


def test_what_was_not_read_stays_in_the_way() -> None:
    bench = Bench()
    bench.send((b"\x43" + bytes(18) + SENSORS).ljust(31, b"\0"))
    bench.send((b"\x43" + bytes(18) + bytes([0x12, 0, 0, 0, 96])).ljust(31, b"\0"))
    assert len(bench.answer()[0] or b"") == 12
    assert len(bench.answer()[0] or b"") == 96


def test_a_packet_that_does_not_fit_is_lost() -> None:
    bench = Bench()
    bench.send((b"\x43" + bytes(18) + bytes([0x12, 0, 0, 0, 96])).ljust(31, b"\0"))
    assert bench.read(64) is Refusal.OVERFLOW
    assert bench.answer() == (None, 0)


@pytest.mark.parametrize(
    ("at", "value", "offset"),
    [
        ("x03", 10, 0x02),  # 10 ppi
        ("x05", 10, 0x04),
        ("x0e", 1, 0x0E),  # 14000 inch wide
        ("x12", 1, 0x12),
        ("x19", 4, 0x19),  # coloured halftone
        ("x1a", 1, 0x1A),
        ("x20", 0x81, 0x20),  # JPEG
        ("x28", 0xC0, 0x28),
    ],
)
def test_a_window_that_it_cannot_is_refused_with_the_offending_byte(at: str, value: int, offset: int) -> None:
    bench = Bench()
    assert bench.window(**{at: value})[1] == 2
    data, _ = bench.command(SENSE)
    assert data is not None
    assert (data[2], data[12], data[15], int.from_bytes(data[16:18], "big")) == (5, 0x26, 0x80, 8 + offset)


def test_an_order_of_colours_that_it_lacks_is_refused() -> None:
    bench = Bench(product=replace(FI_6230, order=LINE))
    assert bench.window(x19=5, x28=0xC1, x2a=1)[1] == 2
    assert bench.window(x19=5, x28=0xC1, x2a=0)[1] == 0


def test_grey_is_ink_and_the_last_block_is_filled_up_with_a_residual() -> None:
    bench = Bench()
    flatbed(bench)
    assert bench.window()[1] == 0
    assert start(bench, 0) == 0
    size, _ = bench.command(read(32, kind=0x80))
    assert size is not None
    assert size[:8] == (300).to_bytes(4, "big") + (150).to_bytes(4, "big")
    page = b""
    while len(page) < 300 * 150:
        data, status = bench.command(read(40000))
        assert data is not None
        assert len(data) == 40000
        if status == 2:
            told, _ = bench.command(SENSE)
            assert told is not None
            assert told[0] & 0x80
            assert told[2] == 0x60  # end of medium, incorrect length, no key
            data = data[: 40000 - int.from_bytes(told[3:7], "big")]
        page += data
    picture = chart.image(1, Source.PLATEN, (75, 75), chart.Box(0, 0, 300, 150))
    assert page == bytes(255 - value for value in chart.encode(picture, Mode.GRAY8))
    assert bench.fails(read(100)) == (5, 0x2C, 0)


def test_a_reader_of_one_side_finds_nothing_until_it_reads_the_other() -> None:
    bench = Bench("adf=1", replace(FI_6230, memory=2 * 300 * 50))  # 50 rows of each side
    bench.window(0, 0x80)
    assert bench.command(LOAD)[1] == 0
    assert start(bench, 0, 0x80) == 0
    assert bench.command(read(300 * 50))[1] == 0
    assert bench.fails(read(300 * 50)) == (3, 0x80, 0x13)
    assert bench.command(read(300 * 50, side=0x80))[1] == 0
    assert bench.command(read(300 * 50))[1] == 0


def test_rows_come_no_faster_than_the_paper() -> None:
    bench = Bench("speed=100")
    flatbed(bench)
    bench.window()
    start(bench, 0)
    ric = bytes([0xF1, 0x10, 0, 0, 0, 0]) + (300 * 50).to_bytes(3, "big") + b"\0"
    assert bench.fails(ric) == (3, 0x80, 0x13)
    bench.send((b"\x43" + bytes(18) + read(300 * 50)).ljust(31, b"\0"))
    bench.now += 0.49
    assert bench.read() is None
    assert bench.usb.update(bench.now) == pytest.approx(100.5)
    bench.now += 0.02
    assert len(bench.answer()[0] or b"") == 300 * 50


def test_an_empty_hopper_is_said_when_a_sheet_is_wanted() -> None:
    bench = Bench()
    assert bench.fails(LOAD) == (3, 0x80, 0x03)
    bench.happen(LoadPaper(1))
    assert bench.command(LOAD)[1] == 0


def test_feeding_takes_its_time() -> None:
    bench = Bench("adf=1,feed=0.5")
    bench.send((b"\x43" + bytes(18) + LOAD).ljust(31, b"\0"))
    assert bench.read() is None
    bench.now += 0.51
    assert bench.answer() == (None, 0)


@pytest.mark.parametrize(
    ("happening", "said"),
    [
        (Jam(), (3, 0x80, 0x01)),
        (Cover(open=True), (3, 0x80, 0x02)),
        (DoubleFeed(), (3, 0x80, 0x07)),
        (CancelAtPanel(), (3, 0x80, 0x20)),
        (Fatal(), (4, 0x80, 0x05)),
    ],
)
def test_what_happens_in_mid_page_ends_it_and_is_said_at_once(happening: Happening, said: tuple[int, int, int]) -> None:
    bench = Bench("adf=2,speed=100")
    bench.window()
    bench.command(LOAD)
    start(bench, 0)
    bench.send((b"\x43" + bytes(18) + read(300 * 100)).ljust(31, b"\0"))
    bench.now += 0.1
    assert bench.read() is None
    bench.happen(happening)
    assert bench.answer() == (b"", 2)
    assert bench.sense() == said
    assert not bench.scanner.scanning
    bench.happen(Clear())
    assert bench.command(LOAD)[1] == 0


def test_a_lamp_that_warms_up_is_not_ready() -> None:
    bench = Bench("warmup=2")
    assert bench.fails(LAMP) == (2, 0, 0)
    bench.now += 2
    assert bench.command(LAMP)[1] == 0


def test_sensors_show_the_body_and_forget_a_switch_when_it_was_told() -> None:
    bench = Bench("sleep=5")
    assert (bench.command(SENSORS)[0] or b"")[2:8].hex() == "008000010000"
    bench.happen(LoadPaper(1), Press(2), Cover(open=True), DoubleFeed())
    assert (bench.command(SENSORS)[0] or b"")[2:8].hex() == "002004010100"
    assert (bench.command(SENSORS)[0] or b"")[4] == 0
    bench.happen(Press(3))
    assert (bench.command(SENSORS)[0] or b"")[4] == 0x20
    bench.command(bytes([0xF1, 0x08, 0, 0, 0, 0x17, 0, 0, 0, 0]))  # the dial's number can be set
    assert (bench.command(SENSORS)[0] or b"")[5] == 7
    bench.now += 6
    assert (bench.command(SENSORS)[0] or b"")[4] == 0x80
    bench.command(LAMP)
    assert (bench.command(SENSORS)[0] or b"")[4] == 0


def test_one_that_is_in_use_elsewhere_is_busy_and_still_says_who_it_is() -> None:
    bench = Bench()
    bench.happen(InUse(taken=True))
    assert bench.command(SENSORS)[1] == 8
    assert bench.command(bytes([0x12, 0, 0, 0, 96, 0]))[1] == 0


def test_cancel_puts_the_sheet_out() -> None:
    bench = Bench("adf=2")
    bench.window()
    bench.command(LOAD)
    start(bench, 0)
    assert bench.command(bytes.fromhex("f1 04 0000000000000000"))[1] == 0
    assert bench.scanner.state.path is None
    assert bench.scanner.state.sheets == 1


@given(st.lists(st.binary(min_size=31, max_size=31).map(lambda data: b"\x43" + data[1:]), max_size=12))
def test_no_command_breaks_it(frames: list[bytes]) -> None:
    bench = Bench("adf=1")
    for frame in frames:
        bench.send(frame)
        while isinstance(bench.read(), bytes):
            pass
    bench.usb.reset(bench.now)
    assert bench.command(bytes(6))[1] == 0
