"""Rows of the contract from a backend's bytes; all values by hand."""

import pytest

from drivers.contract.capabilities import Mode
from drivers.contract.errors import DeviceGarbled
from drivers.sane import passes
from drivers.sane.options import Parameters
from drivers.sane.protocol import Frame
from drivers.sane.rows import Rows


def frame(pixels: int, line: int, depth: int = 8, lines: int = -1) -> Parameters:
    return Parameters(
        format=Frame.GRAY, last_frame=1, bytes_per_line=line, pixels_per_line=pixels, lines=lines, depth=depth
    )


def test_rows_that_come_in_pieces_are_put_together_and_the_padding_is_cut():
    rows = Rows(Mode.GRAY8, frame(3, 4), left=0, top=0, width=3, height=None)
    assert rows.add(b"abc.d") == b"abc"
    assert rows.add(b"ef") == b""
    assert rows.add(b".ghi.") == b"defghi"
    assert (rows.read, rows.delivered) == (3, 3)


def test_the_area_is_cut_out_of_what_came():
    rows = Rows(Mode.RGB24, frame(4, 12), left=1, top=1, width=2, height=1)
    assert rows.add(bytes(range(36))) == bytes(range(15, 21))
    assert rows.padding() == b""


def test_black_is_nought():
    rows = Rows(Mode.LINEART, frame(10, 2, depth=1), left=0, top=0, width=10, height=None)
    assert rows.add(b"\xf0\x80") == b"\x0f\x7f"


def test_an_area_in_line_art_begins_at_a_whole_byte():
    rows = Rows(Mode.LINEART, frame(32, 4, depth=1), left=13, top=0, width=16, height=None)
    assert rows.add(b"\x00\xff\x00\xff") == b"\x00\xff"


def test_sixteen_bits_are_big_endian(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.byteorder", "little")
    rows = Rows(Mode.GRAY16, frame(2, 4, depth=16), left=0, top=0, width=2, height=None)
    assert rows.add(b"\x01\x02\x03\x04") == b"\x02\x01\x04\x03"


def test_rows_that_did_not_come_are_white_and_those_too_many_are_dropped():
    rows = Rows(Mode.GRAY8, frame(2, 2, lines=3), left=0, top=0, width=2, height=3)
    assert rows.add(b"ab") == b"ab"
    assert rows.padding() == b"\xff\xff\xff\xff"
    assert rows.padding() == b""
    rows = Rows(Mode.GRAY8, frame(2, 2, lines=1), left=0, top=0, width=2, height=1)
    assert rows.add(b"abcdef") == b"ab"


@pytest.mark.parametrize(("pixels", "line"), [(0, 10), (-1, 10), (10, 9), (1_000_000, 1_000_000), (10, 1 << 30)])
def test_a_frame_that_cannot_be_is_garbled(pixels: int, line: int):
    with pytest.raises(DeviceGarbled):
        Rows(Mode.GRAY8, frame(pixels, line), left=0, top=0, width=1, height=None)


@pytest.mark.parametrize(
    ("depth", "red", "green", "blue", "mixed"),
    [(8, b"rR", b"gG", b"bB", b"rgbRGB"), (16, b"r1R2", b"g1G2", b"b1B2", b"r1g1b1R2G2B2")],
)
def test_planes_are_mixed_sample_by_sample(depth: int, red: bytes, green: bytes, blue: bytes, mixed: bytes):
    with passes.Passes() as planes:
        planes.add(Frame.BLUE, blue)
        planes.add(Frame.RED, red)
        planes.add(Frame.GREEN, green)
        assert b"".join(planes.together(depth, piece=depth // 8)) == mixed
