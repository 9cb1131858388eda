"""The page that is announced is the page that is delivered; and modes become other modes."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bridge.imaging import convert, formats
from bridge.imaging.encode import encode
from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

Page = Callable[..., Raster]


def delivered(page: Raster, mode: Mode, width: int, height: int, directory: Path) -> Image.Image:
    file = b"".join(encode(page, Target(formats.of("png"), mode, width, height, (300, 300)), directory))
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def test_a_short_page_ends_in_white(raster: Page, tmp_path: Path) -> None:
    image = delivered(raster(b"\x10" * 30, Mode.GRAY8, 10), Mode.GRAY8, 10, 5, tmp_path)
    assert image.tobytes() == b"\x10" * 30 + b"\xff" * 20


def test_a_page_without_a_row_is_white(raster: Page, tmp_path: Path) -> None:
    assert delivered(raster(b"", Mode.RGB24, 10), Mode.RGB24, 4, 3, tmp_path).tobytes() == b"\xff" * 36


def test_a_row_cut_short_is_filled_with_white(tmp_path: Path) -> None:
    page = Raster(4, 2, Mode.GRAY8, (300, 300), iter([b"\1\2\3", b"\4\5"]))
    assert delivered(page, Mode.GRAY8, 4, 2, tmp_path).tobytes() == b"\1\2\3\4\5\xff\xff\xff"


def test_a_long_page_is_cut_and_read_to_its_end(tmp_path: Path) -> None:
    chunks = iter([bytes([row] * 3) for row in range(9)])
    image = delivered(Raster(3, None, Mode.GRAY8, (300, 300), chunks), Mode.GRAY8, 3, 2, tmp_path)
    assert image.tobytes() == b"\0\0\0\1\1\1"
    assert next(chunks, None) is None


def test_narrow_lineart_is_white_to_the_right(raster: Page, tmp_path: Path) -> None:
    # Three black pixels and five bits that mean nothing, told as black.
    image = delivered(raster(b"\0", Mode.LINEART, 3), Mode.LINEART, 20, 1, tmp_path)
    assert [bool(image.getpixel((x, 0))) for x in range(20)] == [False] * 3 + [True] * 17


def test_wide_lineart_is_cut_within_a_byte(raster: Page, tmp_path: Path) -> None:
    image = delivered(raster(b"\xa0\xff", Mode.LINEART, 16), Mode.LINEART, 5, 1, tmp_path)
    assert [bool(image.getpixel((x, 0))) for x in range(5)] == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("source", "data", "wanted", "expected"),
    [
        (Mode.RGB24, b"\xff\x00\x00\x00\xff\x00", Mode.GRAY8, b"\x4c\x96"),  # 0.299 and 0.587 of 255
        (Mode.RGB24, b"\x7f\x7f\x7f\x80\x80\x80", Mode.LINEART, b"\x40"),
        (Mode.GRAY8, b"\x7f\x80", Mode.LINEART, b"\x40"),
        (Mode.GRAY8, b"\x07\x09", Mode.RGB24, b"\x07\x07\x07\x09\x09\x09"),
        (Mode.LINEART, b"\x40", Mode.GRAY8, b"\x00\xff"),
        (Mode.LINEART, b"\x40", Mode.RGB24, b"\x00\x00\x00\xff\xff\xff"),
        (Mode.GRAY16, b"\x12\x34\xff\xff", Mode.GRAY8, b"\x12\xff"),
        (Mode.GRAY16, b"\x12\x34\x56\x78", Mode.RGB48, b"\x12\x34" * 3 + b"\x56\x78" * 3),
        (Mode.GRAY16, b"\x7f\xff\x80\x00", Mode.LINEART, b"\x40"),
        (Mode.GRAY16, b"\x12\x34\x56\x78", Mode.RGB24, b"\x12" * 3 + b"\x56" * 3),
        (Mode.RGB48, b"\x01\xff\x02\xff\x03\xff\x04\xff\x05\xff\x06\xff", Mode.RGB24, b"\1\2\3\4\5\6"),
        (Mode.RGB48, b"\xff\xff\0\0\0\0\0\0\xff\xff\0\0", Mode.GRAY8, b"\x4c\x96"),
        (Mode.RGB48, b"\xff" * 6 + b"\0" * 6, Mode.LINEART, b"\x80"),
    ],
)
def test_two_pixels_in_another_mode(source: Mode, data: bytes, wanted: Mode, expected: bytes) -> None:
    assert convert.convert(data, 2, source, wanted) == expected


@pytest.mark.parametrize(
    ("source", "wanted"), [(Mode.GRAY8, Mode.GRAY16), (Mode.RGB24, Mode.RGB48), (Mode.LINEART, Mode.GRAY16)]
)
def test_depth_is_not_made_up(source: Mode, wanted: Mode, raster: Page, tmp_path: Path) -> None:
    assert wanted not in convert.reachable(source)
    goal = Target(formats.of("png"), wanted, 2, 1, (300, 300))
    with pytest.raises(ImagingError, match=f"{source} rows cannot become {wanted}"):
        b"".join(encode(raster(b"\0" * 6, source, 2), goal, tmp_path))


def test_reachable_modes_begin_with_the_devices_own() -> None:
    assert convert.reachable(Mode.RGB24) == {Mode.RGB24, Mode.GRAY8, Mode.LINEART}
    assert convert.reachable(Mode.GRAY16) == {Mode.GRAY16, Mode.RGB48, Mode.GRAY8, Mode.RGB24, Mode.LINEART}


def test_a_device_that_announces_no_width_is_refused(raster: Page, tmp_path: Path) -> None:
    with pytest.raises(ImagingError, match="0 pixels wide"):
        b"".join(encode(raster(b"", Mode.GRAY8, 0), Target(formats.of("png"), Mode.GRAY8, 2, 2, (1, 1)), tmp_path))
