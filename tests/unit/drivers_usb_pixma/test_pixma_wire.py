"""The mp150 command set as bytes: expected values by hand from the published description."""

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region
from drivers.contract.errors import DeviceBusy, DeviceGarbled, ScanFailed
from drivers.usb.pixma import answers, area
from drivers.usb.pixma.answers import End, Status
from drivers.usb.pixma.area import Edges
from drivers.usb.pixma.mp150 import envelope, parameters, wire
from drivers.usb.pixma.mp150.model import table
from drivers.usb.pixma.mp150.wire import Command
from drivers.usb.pixma.rows import Rows, together

MX850, MP530, LIDE_400, MX920 = (table()[f"04a9:{each}"] for each in ("172c", "1712", "1912", "176b"))


def test_a_command_says_how_much_it_wants() -> None:
    assert wire.command(Command.STATUS, wanted=16).hex() == "f320" + "00" * 12 + "0010"


def test_a_command_with_data_ends_with_what_makes_their_sum_nothing() -> None:
    # 1 + 2 + 0xf0 = 0xf3, and 0xf3 + 0x0d = 0x100
    assert wire.command(Command.SOURCE, bytes([1, 2, 0xF0])).hex() == "dd20" + "00" * 12 + "0004" + "0102f00d"


def test_a_block_is_asked_for_with_its_header() -> None:
    assert wire.read(0x10000).hex() == "d420" + "00" * 10 + "00010008"


def test_the_three_answers() -> None:
    assert [answers.status(bytes.fromhex(each) + bytes(6)) for each in ("0606", "1515", "1414")] == list(Status)
    with pytest.raises(DeviceGarbled, match="06 07"):
        answers.status(bytes.fromhex("0607"))


def test_data_whose_sum_is_not_nothing_are_garbled() -> None:
    assert answers.data(bytes([1, 2, 0xFD])) == bytes([1, 2])
    with pytest.raises(DeviceGarbled):
        answers.data(bytes([1, 2, 3]))


def test_a_block_says_how_long_it_is_and_what_ends_with_it() -> None:
    assert wire.block(bytes.fromhex("3800000000007530"), 65536) == (End.PAGE | End.NO_PAPER | End.NO_DATA, 30000)
    with pytest.raises(DeviceGarbled):
        wire.block(bytes.fromhex("0000000000010001"), 65536)


def test_paper_and_calibration_lie_where_the_generation_has_them() -> None:
    first = wire.condition(bytes.fromhex("0001010000000001010000"), 1)
    assert (first.paper, first.back, first.lamp, first.calibrated) == (False, False, 1, True)
    later = wire.condition(bytes.fromhex("000000000000000001000000000000"), 2)
    assert (later.paper, later.calibrated) == (True, False)
    assert wire.condition(bytes.fromhex("000000000000000000010000000000"), 3).calibrated


@pytest.mark.parametrize(("first", "ready"), [(0, False), (1, True), (2, True), (4, False)])
def test_either_of_two_bits_says_ready(first: int, ready: bool) -> None:
    assert wire.ready(bytes([first, 0, 0, 0, 0, 0, 0])) is ready


def test_a_line_begins_and_ends_at_multiples_of_32_from_generation_2_on() -> None:
    edges = area.edges(Region(1000, 2000, 2010, 1500), 75, MX850.pixels(Source.PLATEN, 75))
    assert edges == Edges(75, 150, 151, 112)
    wanted = parameters.parameters(MX850, Source.PLATEN, Mode.RGB24, 75, edges)
    # 75 = 2 * 32 + 11; 11 + 151 = 162, padded to 192
    assert (wanted.left, wanted.skip, wanted.width, wanted.top, wanted.height) == (64, 11, 192, 150, 112)


@pytest.mark.parametrize(("mode", "width"), [(Mode.RGB24, 152), (Mode.GRAY8, 156)])
def test_before_a_line_is_padded_to_4_pixels_of_colour_or_12_of_grey(mode: Mode, width: int) -> None:
    wanted = parameters.parameters(MP530, Source.PLATEN, mode, 75, Edges(75, 150, 151, 112))
    assert (wanted.left, wanted.skip, wanted.width) == (75, 0, width)


def test_the_parameters_of_generation_3() -> None:
    wanted = parameters.parameters(MX850, Source.FEEDER_DUPLEX, Mode.RGB24, 75, Edges(75, 150, 151, 112))
    told = parameters.new(wanted, calibrate=True, digits=False)
    assert told.hex() == (
        "0201030300010000"  # feeder, both sides, calibrate
        "804b804b0000004000000096000000c000000070"  # 75 ppi, from 64, 150, 192 x 112
        "0818"  # colour, 24 bits
        "0001ff81000201" + "00" * 11 + "01" + "00" * 6
    )


def test_a_coded_page_is_asked_for_in_two_bytes() -> None:
    model = table()["04a9:1790"]
    wanted = parameters.parameters(model, Source.FEEDER_DUPLEX, Mode.RGB24, 75, Edges(75, 150, 151, 112))
    rows, coded = (parameters.new(wanted, calibrate=True, digits=False, coded=each) for each in (False, True))
    assert {at: (rows[at], coded[at]) for at in range(len(rows)) if rows[at] != coded[at]} == {
        0x03: (0x03, 0x01),
        0x21: (0x81, 0x83),
    }
    assert [model.codes(source) for source in (Source.PLATEN, Source.FEEDER)] == [False, True]


def test_the_parameters_of_generation_1() -> None:
    wanted = parameters.parameters(MP530, Source.PLATEN, Mode.GRAY8, 150, Edges(0, 0, 300, 200))
    told = parameters.old(wanted)
    assert told[:26].hex() == "000000008096809600000000000000000000012c000000c80408"
    assert (told[0x20], told[0x23], told[0x26], told[0x27], len(told)) == (0xFF, 0x81, 0x02, 0x01, 0x2F)


def test_gamma_tables_go_from_black_to_white() -> None:
    fine = parameters.gamma(3, Mode.RGB24)
    assert (fine[:4].hex(), fine[4:6], fine[2050:2052]) == ("10000804", b"\0\0", b"\xff\xff")
    # half of the light is 0.5 ** (1 / 2.2) = 0.73 of the scale
    assert 0.72 < int.from_bytes(fine[4 + 2 * 512 : 6 + 2 * 512], "little") / 65535 < 0.74
    coarse = parameters.gamma(1, Mode.GRAY8)
    assert (coarse[:4].hex(), coarse[4], coarse[4099], len(coarse)) == ("01001004", 0, 255, 4 + 4096 + 3)


def test_a_region_at_the_lower_edge_is_scanned_with_the_least_height() -> None:
    wanted = parameters.parameters(MX850, Source.PLATEN, Mode.GRAY8, 75, Edges(0, 870, 638, 9))
    assert (wanted.top, wanted.height) == (861, 16)


def test_rows_are_cut_out_of_lines_whatever_the_pieces() -> None:
    sent = parameters.parameters(MX850, Source.PLATEN, Mode.GRAY8, 75, Edges(33, 0, 3, 2))
    assert (sent.skip, sent.width) == (1, 32)
    rows = Rows(sent, 3, 2)
    lines = bytes(range(32)) + bytes(range(100, 132)) + bytes(32)
    got = b"".join(rows.add(lines[at : at + 7]) for at in range(0, len(lines), 7))
    assert got == bytes([1, 2, 3, 101, 102, 103])
    assert rows.padding() == b""


def test_what_does_not_come_is_white() -> None:
    sent = parameters.parameters(MX850, Source.PLATEN, Mode.GRAY8, 75, Edges(0, 0, 2, 3))
    rows = Rows(sent, 2, 3)
    assert rows.add(bytes(40)) == bytes(2)
    assert rows.padding() == b"\xff" * 4


def test_parts_of_a_line_are_put_together() -> None:
    sent = parameters.parameters(MX850, Source.PLATEN, Mode.RGB24, 1200, Edges(0, 0, 32, 16))
    assert sent.passes == 2
    even, odd = (b"".join(bytes([pixel, 7, pixel]) for pixel in range(first, 32, 2)) for first in (0, 1))
    assert Rows(sent, 32, 1, together(2, 3)).add(even + odd) == b"".join(
        bytes([pixel, 7, pixel]) for pixel in range(32)
    )


def test_models_differ_in_what_they_can() -> None:
    lide, mx920 = LIDE_400.capabilities, MX920.capabilities
    assert lide.platen is not None
    assert lide.platen.resolutions == (300, 600, 1200, 2400, 4800)
    assert (lide.feeder, lide.buttons) == (None, ("copy", "auto", "send", "pdf", "pdf-end"))
    assert mx920.feeder is not None
    assert mx920.feeder.resolutions[-1] == 600
    assert len(table()) == 198


ANSWER = (
    '<?xml version="1.0" encoding="utf-8" ?><cmd xmlns:ivec="http://www.canon.com/ns/cmd/2008/07/common/">'
    "<ivec:contents><ivec:operation>StartJobResponse</ivec:operation><ivec:param_set>"
    "<ivec:response>{}</ivec:response><ivec:response_detail>{}</ivec:response_detail>"
    "</ivec:param_set></ivec:contents></cmd>"
)


def test_an_envelope_is_taken_or_refused_with_a_reason() -> None:
    assert envelope.refusal(ANSWER.format("OK", "").encode()) is None
    assert isinstance(envelope.refusal(ANSWER.format("NG", "DeviceBusy").encode()), DeviceBusy)
    locked = envelope.refusal(ANSWER.format("NG", "ScannerCarriageLockError").encode())
    assert isinstance(locked, ScanFailed)
    assert "carriage is locked" in str(locked)
    with pytest.raises(DeviceGarbled):
        envelope.refusal(b"\x06\x06\0\0\0\0\0\0")


def test_every_model_is_named_once() -> None:
    names = [name for model in table().values() for name in model.names]
    assert len(names) == len(set(names))
