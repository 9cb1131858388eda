"""The imageCLASS command set as bytes: expected values by hand from the published description."""

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.errors import DeviceGarbled
from drivers.usb.exchange import Exchange
from drivers.usb.pixma import open as pixma
from drivers.usb.pixma.answers import Busy, End, Refused
from drivers.usb.pixma.area import Edges
from drivers.usb.pixma.imageclass import packets, parameters, wire
from drivers.usb.pixma.imageclass.dialogue import Dialogue
from drivers.usb.pixma.imageclass.model import Model, table
from drivers.usb.pixma.imageclass.packets import Packets
from drivers.usb.pixma.imageclass.scanner import ImageclassScanner
from drivers.usb.pixma.imageclass.wire import Block, Command, Read
from drivers.usb.pixma.mp150.model import table as pixmas
from drivers.usb.pixma.rows import Rows, grayed, mixed
from drivers.usb.pixma.talk import ABORT

D420, MF4320, MF4690, MF6100, MF8300, MF220 = (
    table()[f"04a9:{each}"] for each in ("26ef", "26ee", "26b0", "278e", "2708", "27a8")
)
MP730, MF5730, IR1020 = (table()[f"04a9:{each}"] for each in ("262f", "265d", "26e6"))


def test_a_command_says_how_much_it_wants_or_brings() -> None:
    assert wire.command(Command.STATUS, wanted=12).hex() == "f3200000000000000c00"
    assert wire.command(ABORT).hex() == "ef20" + "00" * 8
    assert wire.command(Command.SOURCE, bytes(9) + b"\x01").hex() == "dd200000000000000a00" + "00" * 9 + "01"


def test_a_read_has_a_byte_more_and_the_command_of_its_generation() -> None:
    assert wire.read(Command.READ_2, Read.BLOCK).hex() == "d460000000000000040006"
    assert wire.read(Command.READ, Read.BEGIN).hex() == "d420000000000000000006"
    assert [model.reading for model in (D420, MF220, MF6100)] == [0xD420, 0xD460, 0xD420]


def test_the_checksum_of_some_is_the_last_byte_but_one() -> None:
    # 2 + 3 = 5, and 5 + 0xfb = 0x100
    assert parameters.select_source(D420, Source.FEEDER_DUPLEX).hex() == "0200000000030000" + "fb00"
    assert parameters.select_source(MF220, Source.FEEDER_DUPLEX).hex() == "020000000003" + "000000" + "fb"
    assert parameters.select_source(MF220, Source.FEEDER).hex() == "020000000000" + "000000" + "fe"
    assert parameters.select_source(MF6100, Source.FEEDER).hex() == "020000000001" + "000000" + "fd"
    assert parameters.select_source(MF220, Source.PLATEN).hex() == "010000000000" + "000000" + "ff"


def test_what_activates_them_ends_with_the_opposite_of_its_checksum() -> None:
    # 1 + 4 = 5, 0xfb, and 0xfb + 5 = 0x100
    assert parameters.activate(D420, 4).hex() == "01000004" + "00000000" + "fb05"
    assert parameters.activate(D420, 0).hex() == "01000000" + "00000000" + "ff01"
    assert parameters.activate(MF4320, 4).hex() == "01000004" + "00000000" + "00fb"


def test_the_parameters() -> None:
    wanted = parameters.page(MF220, Source.PLATEN, Mode.RGB24, 75, Edges(75, 150, 151, 112))
    told = parameters.parameters(MF220, wanted)
    area = "104b104b" + "0000004b" + "00000096" + "000000a0" + "00000070" + "0818"  # 151 is padded to 160
    assert told.hex() == "00000000" + area + "00" * 5 + "7fff0000" + "81" + "00" * 9 + f"{told[-1]:02x}"
    assert (len(told), sum(told) % 256) == (0x2E, 0)
    gray = parameters.page(D420, Source.FEEDER, Mode.GRAY8, 600, Edges(0, 0, 5100, 6600))
    told = parameters.parameters(D420, gray)
    assert (gray.width, told[0x18:0x1A].hex(), told[4:8].hex()) == (5120, "0408", "12581258")
    assert (sum(told[:-1]) % 256, told[-1]) == (0, 0)


def test_a_block_whose_header_comes_alone_is_as_long_as_16_bits_say() -> None:
    assert wire.block(bytes.fromhex("0606000000007530")) == Block(End(0), b"", 30000)
    assert wire.block(bytes.fromhex("0606280000000000")) == Block(End.PAGE | End.NO_DATA, b"", 0)
    assert wire.block(bytes.fromhex("06063800ffff0010")) == Block(End.PAGE | End.NO_DATA | End.NO_PAPER, b"", 16)


def test_a_block_of_which_512_bytes_have_come_is_as_long_as_32_bits_say() -> None:
    first = bytes.fromhex("0606000000012345") + bytes(504)
    assert wire.block(first) == Block(End(0), bytes(504), 0x12345 - 504)
    short = bytes.fromhex("0606280000000004") + b"abcd"
    assert wire.block(short) == Block(End.PAGE | End.NO_DATA, b"abcd", 0)


@pytest.mark.parametrize("head", ["0606000000000003", "0606000000000000"])
def test_a_block_that_is_longer_than_it_says_is_garbled(head: str) -> None:
    with pytest.raises(DeviceGarbled):
        wire.block(bytes.fromhex(head) + b"abcd")


def test_a_block_beyond_measure_is_garbled() -> None:
    with pytest.raises(DeviceGarbled):
        wire.block(bytes.fromhex("0606000000080001") + bytes(504))


def test_generation_0_is_asked_for_blocks_as_for_anything_else() -> None:
    assert wire.old_read().hex() == "d42000000000" + "00c004" + "00"  # 0xc000 bytes and the 4 that say how many
    assert wire.old_block(bytes.fromhex("060620007530") + bytes(506)) == Block(End.NO_DATA, bytes(506), 30000 - 506)
    assert wire.old_block(bytes.fromhex("060628000000")) == Block(End.PAGE | End.NO_DATA, b"", 0)
    with pytest.raises(DeviceGarbled):
        wire.old_block(bytes.fromhex("06060000000100ff"))


def test_generation_0_pads_lines_to_4_or_12_pixels() -> None:
    edges = Edges(0, 0, 150, 100)
    modes = (Mode.RGB24, Mode.GRAY8)
    widths = {
        model.names[0]: [parameters.page(model, Source.PLATEN, mode, 75, edges).width for mode in modes]
        for model in (MP730, MF5730)
    }
    assert widths == {"PIXMA MP730": [152, 152], "imageCLASS MF5730": [152, 156]}


def test_generation_0_has_paper_where_the_byte_is_0() -> None:
    assert wire.condition(bytes(11), 0).paper
    assert not wire.condition(b"\0\x10" + bytes(9), 0).paper


def test_a_line_of_three_parts_is_made_grey() -> None:
    # 0.299 * 100 = 29.9, 0.587 * 200 = 117.4, 0.114 * 50 = 5.7
    assert grayed(bytes([255, 0, 100, 255, 0, 200, 255, 0, 50])) == bytes([255, 0, 30 + 117 + 6])


def test_packets_of_16_bytes_may_tell_of_two_buttons_and_those_of_8_of_one() -> None:
    assert packets.pressed(bytes(15) + b"\x01", Packets.TWO) == ("mono",)
    assert packets.pressed(bytes(15) + b"\x03", Packets.TWO) == ("color", "mono")
    assert packets.pressed(bytes(7) + b"\x10", Packets.SHORT) == ("scan",)
    assert packets.pressed(bytes(5) + b"\x08\0\0", Packets.SHORT) == ()
    for layout, length in ((Packets.SHORT, 16), (Packets.TWO, 8)):
        with pytest.raises(DeviceGarbled):
            packets.pressed(bytes(length), layout)


@pytest.mark.parametrize(("byte", "paper"), [(0x00, True), (0x10, True), (0x51, True), (0x01, False), (0x11, False)])
def test_paper_is_where_the_low_nibble_is_0_and_where_a_back_waits(byte: int, paper: bool) -> None:
    found = wire.condition(bytes([0, byte, 0, 0, 0, 0, 0, 2, 1, 0, 0]), 2)
    assert (found.paper, found.lamp, found.calibrated) == (paper, 2, True)


def test_a_packet_tells_of_the_button_or_asks_for_a_look() -> None:
    family = ImageclassScanner(MF220, lambda: 0.0)
    assert family.heed(bytes(12) + b"\x40\0\0\0", 0.0) is None
    told = [family.heed(bytes(12) + first + bytes(2) + b"\x01", 0.0) for first in (b"\0", b"\x40")]
    assert [press.serial for each in told if each is not None for press in each.presses] == [1, 2]
    for length in (15, 17, 32):
        with pytest.raises(DeviceGarbled):
            family.heed(bytes(length), 0.0)


def test_a_line_of_three_parts_is_mixed() -> None:
    assert mixed(b"rRgGbB") == b"rgbRGB"
    wanted = parameters.page(D420, Source.PLATEN, Mode.RGB24, 75, Edges(0, 0, 16, 16))
    rows = Rows(wanted, 2, 1, mixed)
    assert rows.add(bytes(range(32)) * 3) == bytes([0, 0, 0, 1, 1, 1])


class Said:
    """A link to something that says this one thing once it was asked."""

    def __init__(self, said: str) -> None:
        self._said = bytes.fromhex(said)
        self._asked = False

    def write(self, data: bytes) -> None:
        self._asked = bool(data)

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        del seconds
        asked, self._asked = self._asked, False
        return self._said[:limit] if asked else b""

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        del limit, seconds
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        del request_type, request, value, index, data
        return b""

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("told", "meant"),
    [("1515", Refused), ("1515280000000000", Refused), ("1414", Busy), ("06060000", DeviceGarbled)],
)
@pytest.mark.parametrize("model", [D420, MF220])
def test_a_failure_comes_with_or_without_a_header_and_half_a_header_is_garbled(
    model: Model, told: str, meant: type[Exception]
) -> None:
    dialogue = Dialogue(Exchange(Said(told)), model)
    with pytest.raises(meant):
        dialogue.block(Read.BLOCK, 1.0)


def test_models_differ_in_what_they_can() -> None:
    d420, mf8200 = D420.capabilities, table()["04a9:2779"].capabilities
    assert d420.feeder_back is not None
    assert (d420.feeder_back.maximum.height, d420.feeder_back.resolutions) == (11693, (75, 150, 300, 600))
    assert mf8200.feeder is not None
    assert (mf8200.feeder.resolutions, mf8200.feeder_back) == ((75, 150, 300), None)
    assert table()["04a9:2759"].capabilities.feeder is None
    assert [model.apart for model in (D420, MF4320, MF4690, MF8300)] == [True, True, False, False]
    assert [model.in_planes for model in (D420, MF4690, MP730, IR1020)] == [True, False, True, False]
    assert MP730.capabilities.platen is not None
    assert MP730.capabilities.platen.resolutions == (75, 150, 300, 600, 1200)
    assert (MP730.capabilities.buttons, MF5730.capabilities.buttons) == (("scan",), ("color", "mono"))


def test_both_tables_are_known_and_have_nothing_in_common() -> None:
    assert (len(table()), len(pixma.models())) == (68, 68 + len(pixmas()))
    names = [name for model in pixma.models().values() for name in model.names]
    assert len(names) == len(set(names))


def test_no_generation_but_by_product_id() -> None:
    assert all((model.generation == 2) == (ids >= "04a9:2707") for ids, model in table().items())
