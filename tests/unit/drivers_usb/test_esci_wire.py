"""ESC/I bytes, worked out by hand from the tables of the dossier (device-protocols (a))."""

import struct

import pytest

from drivers import quirks
from drivers.contract.capabilities import Mode
from drivers.contract.document import Region
from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci import level, observe, parameters, rows, wire
from drivers.usb.esci.open import models
from drivers.usb.esci.parameters import Parameters


def fs_status(main: int = 0, feeder: int = 0, film: int = 0, body: int = 0) -> wire.Condition:
    return wire.fs_status(bytes([main, feeder, film, body]) + bytes(12))


@pytest.mark.parametrize(
    ("condition", "readiness", "troubles", "feeder"),
    [
        (fs_status(), Readiness.IDLE, [], Feeder.UNKNOWN),
        (fs_status(feeder=0x80), Readiness.IDLE, [], Feeder.LOADED),
        (fs_status(feeder=0x88), Readiness.IDLE, [], Feeder.EMPTY),
        (fs_status(feeder=0xA8), Readiness.IDLE, [], Feeder.EMPTY),
        (fs_status(feeder=0xA4), Readiness.STOPPED, [(TroubleKind.JAM, Unit.FEEDER)], Feeder.LOADED),
        (fs_status(feeder=0xA2), Readiness.STOPPED, [(TroubleKind.COVER_OPEN, Unit.FEEDER)], Feeder.LOADED),
        (fs_status(feeder=0xA0), Readiness.STOPPED, [(TroubleKind.ATTENTION, Unit.FEEDER)], Feeder.LOADED),
        (fs_status(feeder=0x24), Readiness.IDLE, [], Feeder.UNKNOWN),  # not installed
        (fs_status(main=0x02), Readiness.WARMING, [(TroubleKind.LAMP_WARMING, Unit.PLATEN)], Feeder.UNKNOWN),
        (fs_status(main=0x82), Readiness.WARMING, [(TroubleKind.LAMP_WARMING, Unit.PLATEN)], Feeder.UNKNOWN),
        (fs_status(main=0x40), Readiness.BUSY, [], Feeder.UNKNOWN),
        (fs_status(main=0x80), Readiness.STOPPED, [(TroubleKind.ATTENTION, Unit.PLATEN)], Feeder.UNKNOWN),
        (fs_status(film=0xC2), Readiness.STOPPED, [(TroubleKind.COVER_OPEN, Unit.FILM)], Feeder.UNKNOWN),
        (fs_status(film=0x82), Readiness.IDLE, [], Feeder.UNKNOWN),  # a film unit that is not in use
        (fs_status(body=0x44), Readiness.STOPPED, [(TroubleKind.JAM, Unit.MEDIA_PATH)], Feeder.UNKNOWN),
        (fs_status(body=0xC2), Readiness.STOPPED, [(TroubleKind.COVER_OPEN, Unit.PLATEN)], Feeder.UNKNOWN),
    ],
)
def test_fs_f_is_told_in_the_words_of_the_contract(
    condition: wire.Condition, readiness: Readiness, troubles: list[tuple[TroubleKind, Unit]], feeder: Feeder
) -> None:
    snapshot = observe.idle(condition)
    assert snapshot.readiness is readiness
    assert snapshot.troubles == {Trouble(kind, unit) for kind, unit in troubles}
    assert snapshot.feeder is feeder
    assert bool(snapshot.explanation) == (readiness is Readiness.STOPPED)


def test_the_status_byte_alone_tells_fatal_and_in_use() -> None:
    assert observe.idle(wire.status(0x80)).readiness is Readiness.STOPPED
    assert observe.idle(wire.status(0x40)).readiness is Readiness.BUSY
    assert observe.idle(wire.status(0x12)).readiness is Readiness.IDLE


def test_extended_status_of_a_new_scanner() -> None:
    payload = bytes([0x51, 0x88, 0x10, 0x27, 0x40, 0x42, 0x00]) + bytes(5) + struct.pack("<HH", 5100, 7020)
    payload = payload.ljust(0x1A, b"\0") + b"GT-9999         "
    decoded = wire.extended_status(0x12, payload)
    assert (decoded.duplex, decoded.button, decoded.model) == (True, True, "GT-9999")
    assert decoded.feeder == (10000, 16960)
    assert decoded.platen == (5100, 7020)
    assert decoded.condition.feeder == wire.Part(installed=True, empty=True)


def test_extended_status_of_an_old_scanner_has_no_name() -> None:
    decoded = wire.extended_status(0, bytes([0x42]) + bytes(32))
    assert decoded.condition.warming
    assert decoded.model == ""


def test_identity_lists_resolutions_and_the_area() -> None:
    payload = (
        b"B7" + b"R" + struct.pack("<H", 600) + b"R" + struct.pack("<H", 50) + b"A" + struct.pack("<HH", 5100, 7020)
    )
    assert wire.identity(payload) == wire.Identity("B7", (50, 600), (5100, 7020))


@pytest.mark.parametrize("tail", [b"R\x01", b"A\1\2\3", b"X", b"\0\0\0"])
def test_identity_keeps_what_it_read_before_a_broken_record(tail: bytes) -> None:
    assert wire.identity(b"B7R\x58\x02" + tail) == wire.Identity("B7", (600,))


def test_extended_identity() -> None:
    data = bytearray(80)
    data[0:2] = b"B8"
    struct.pack_into("<10I", data, 4, 1200, 50, 9600, 10200, 10200, 14040, 10200, 16800, 0, 0)
    data[44:46] = bytes([0x11, 0x08])
    data[46:62] = b"GT-2500         "
    data[62:66] = b"1.02"
    data[66:68] = bytes([16, 16])
    decoded = wire.fs_identity(bytes(data))
    assert (decoded.level, decoded.optical, decoded.minimum, decoded.maximum) == ("B8", 1200, 50, 9600)
    assert (decoded.platen, decoded.feeder, decoded.film) == ((10200, 14040), (10200, 16800), (0, 0))
    assert (decoded.flatbed, decoded.duplex, decoded.button) == (True, True, True)
    assert decoded.senses_double_feed
    data[45] = 0x04
    assert not wire.fs_identity(bytes(data)).senses_double_feed
    assert (decoded.model, decoded.firmware, decoded.depth) == ("GT-2500", "1.02", 16)


def test_a_transfer_with_a_shorter_last_block_has_one_more() -> None:
    transfer = wire.fs_start(b"\x02\x12" + struct.pack("<3I", 1000, 3, 400))
    assert (transfer.sizes, transfer.total) == (4, 3400)
    assert wire.fs_start(b"\x02\x12" + struct.pack("<3I", 1000, 3, 0)).sizes == 3
    assert wire.fs_start(b"\x02\x12" + struct.pack("<3I", 0, 0, 400)).sizes == 1


@pytest.mark.parametrize(
    "broken",
    [
        lambda: wire.header(b"\x02\x00\xff\xff"),
        lambda: wire.header(b"\x06\x00\x01\x00"),
        lambda: wire.header(b"\x02"),
        lambda: wire.identity(b"B"),
        lambda: wire.fs_status(bytes(15)),
        lambda: wire.fs_identity(bytes(79)),
        lambda: wire.fs_start(b"\x02\x00" + b"\xff" * 12),
        lambda: wire.fs_start(b"\x15" + bytes(13)),
        lambda: wire.extended_status(0, bytes(15)),
        lambda: wire.identity_2(bytes([0, 3, 0, 0, 4, 5])),
    ],
)
def test_an_answer_the_protocol_does_not_allow_is_garbled(broken: object) -> None:
    with pytest.raises(DeviceGarbled):
        broken()  # type: ignore[operator]


def asked(mode: Mode, **more: int) -> Parameters:
    values = {"left": 8, "top": 16, "width": 800, "lines": 600, "option": 1, "block_lines": 20, **more}
    return Parameters(mode=mode, resolution=(300, 300), **values)


def test_fs_w_block_has_each_value_at_its_offset() -> None:
    block = parameters.fs_block(asked(Mode.RGB24), level.of("B8"))
    assert len(block) == 64
    assert struct.unpack_from("<6I", block) == (300, 300, 8, 16, 800, 600)
    assert (block[24], block[25], block[26], block[28], block[29]) == (0x13, 8, 1, 20, 2)
    lineart = parameters.fs_block(asked(Mode.LINEART), level.of("B8"))
    assert (lineart[24], lineart[25], lineart[29], lineart[32], lineart[33]) == (0, 1, 1, 1, 0x80)
    assert parameters.fs_block(asked(Mode.RGB48), level.of("B8"))[25] == 16


def test_letters_leave_out_what_the_level_lacks() -> None:
    old = dict(parameters.letters(asked(Mode.GRAY8), level.of("B2"), option=True))
    assert set(old) == {b"\x1bC", b"\x1bD", b"\x1bZ", b"\x1bR", b"\x1bA"}
    new = dict(parameters.letters(asked(Mode.LINEART), level.of("B7"), option=True))
    assert new[b"\x1be"] == b"\x01"
    assert new[b"\x1bA"] == struct.pack("<HHHH", 8, 16, 800, 600)
    assert new[b"\x1bR"] == struct.pack("<HH", 300, 300)
    assert new[b"\x1bd"] == b"\x14"
    assert new[b"\x1bt"] == b"\x80"
    assert b"\x1be" not in dict(parameters.letters(asked(Mode.GRAY8), level.of("B7"), option=False))


def test_colour_before_level_b5_comes_line_by_line() -> None:
    assert parameters.colour_byte(asked(Mode.RGB24), level.of("B4")) == 0x02
    assert parameters.block_lines(level.of("B4"), 2400, 600, Mode.RGB24) == 1
    assert parameters.block_lines(level.of("B4"), 800, 600, Mode.GRAY8) == 15
    assert parameters.block_lines(level.of("D1"), 800, 600, Mode.GRAY8) == 14  # even numbers only
    assert parameters.block_lines(level.of("B8"), 15000, 7000, Mode.RGB24) == 8  # 128 KiB
    assert parameters.block_lines(level.of("B8"), 10, 100000, Mode.GRAY8) == 255


def test_neighbouring_regions_neither_gap_nor_overlap() -> None:
    first = parameters.pixels(Region(0, 0, 3333, 1000), (75, 75))
    second = parameters.pixels(Region(3333, 0, 3333, 1000), (75, 75))
    assert first[0] + first[2] == second[0]


@pytest.mark.parametrize(
    ("width", "left", "limit", "expected"), [(400, 0, 850, 400), (401, 0, 850, 408), (637, 0, 637, 632), (5, 0, 637, 8)]
)
def test_the_scanner_is_asked_for_whole_bytes_of_pixels(width: int, left: int, limit: int, expected: int) -> None:
    assert parameters.fit(width, left, limit) == expected


def test_green_first_is_turned_into_red_first() -> None:
    assert rows.swap_red_green(b"GRBgrb", 1) == b"RGBrgb"
    assert rows.swap_red_green(b"GgRrBb", 2) == b"RrGgBb"


def test_three_colour_lines_become_one_of_pixels() -> None:
    assert rows.merge(b"RS", b"GH", b"BC", 1) == b"RGBSHC"
    assert rows.merge(b"Rr", b"Gg", b"Bb", 2) == b"RrGgBb"


def test_sixteen_bits_become_big_endian() -> None:
    assert rows.big_endian(b"\x34\x12\x78\x56") == b"\x12\x34\x56\x78"


def test_colours_that_lie_apart_are_brought_together() -> None:
    shift = rows.Shift(1)
    lines = [shift.line(line) for line in (b"1ab", b"c2d", b"ef3")]
    assert lines == [None, None, b"123"]


def test_missing_lines_above_the_area_are_made_up() -> None:
    shift = rows.Shift(1, missing=1)
    assert [shift.line(line) for line in (b"123", b"abc")] == [None, b"12c"]


def test_rows_are_cut_whole_and_to_the_promised_width_and_height() -> None:
    cut = rows.Rows(Mode.GRAY8, scanned=8, wanted=5, height=2)
    assert cut.add(b"abcdefghABC") == b"abcde"
    assert cut.add(b"DEFGH" + b"x" * 8) == b"ABCDE"
    assert cut.padding() == b""


def test_rows_the_scanner_left_out_are_white() -> None:
    cut = rows.Rows(Mode.GRAY8, scanned=8, wanted=10, height=2)
    assert cut.add(bytes(8)) == bytes(8) + b"\xff\xff"
    assert cut.padding() == b"\xff" * 10


def test_quirks_are_found_by_model() -> None:
    odd = quirks.of(0x04B8, 0x0110, "Perfection1650")
    assert odd.error_byte_mask == 0xC0
    assert odd.double_height
    assert odd.feed is False
    assert quirks.of(0x04B8, 0x012B, "GT-2500").error_byte_mask == 0xFF


def test_every_known_model_is_an_epson_with_a_name() -> None:
    table = models()
    assert len(table) > 150
    assert all(key.startswith("04b8:") and len(key) == 9 and names for key, names in table.items())
    assert "Perfection 1650" in table["04b8:0110"]
