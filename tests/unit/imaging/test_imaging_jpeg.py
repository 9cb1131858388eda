"""JPEG in strips is, to the pixel, JPEG in one piece."""

import io
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.target import Origin, Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

Noise = Callable[..., bytes]
Page = Callable[..., Raster]

KIND = {Mode.GRAY8: "L", Mode.RGB24: "RGB"}


def target(name: str, mode: Mode, width: int, height: int, quality: int) -> Target:
    return Target(formats.of(name), mode, width, height, (600, 600), quality)


def markers(file: bytes) -> list[int]:
    """The marker of each segment up to and with SOS."""
    found: list[int] = []
    at = 2
    while not found or found[-1] != 0xDA:
        assert file[at] == 0xFF
        found.append(file[at + 1])
        at += 2 + int.from_bytes(file[at + 2 : at + 4], "big")
    return found


@pytest.mark.parametrize("mode", [Mode.GRAY8, Mode.RGB24])
@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (16, 16), (17, 15), (33, 130), (640, 333), (3000, 300), (1200, 517)]
)
@pytest.mark.parametrize("quality", [75, 95])
def test_strip_borders_cannot_be_seen(
    *, mode: Mode, width: int, height: int, quality: int, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(mode, width, height)
    file = b"".join(encode(raster(data, mode, width), target("jfif", mode, width, height, quality), tmp_path))
    whole = io.BytesIO()
    picture = Image.frombytes(KIND[mode], (width, height), data)
    picture.save(whole, "JPEG", quality=quality, subsampling=2 if quality < 90 else 0)
    ours, theirs = Image.open(io.BytesIO(file)), Image.open(whole)
    assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
    assert ours.tobytes() == theirs.tobytes()


def test_restarts_are_numbered_round_from_the_first_to_the_last_row_of_blocks(
    noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(Mode.RGB24, 2000, 500)
    file = b"".join(encode(raster(data, Mode.RGB24, 2000), target("jfif", Mode.RGB24, 2000, 500, 75), tmp_path))
    found = [file[at + 1] & 7 for at in range(len(file) - 1) if file[at] == 0xFF and 0xD0 <= file[at + 1] <= 0xD7]
    assert found == [number % 8 for number in range(31)]  # 500 rows are 32 rows of 16
    at = file.index(b"\xff\xdd\x00\x04")
    assert int.from_bytes(file[at + 4 : at + 6], "big") == 125  # 2000 pixels are 125 blocks of 16


def test_a_decoded_page_is_close_to_what_was_scanned(raster: Page, tmp_path: Path) -> None:
    grey = Image.linear_gradient("L").resize((300, 400))
    picture = Image.merge("RGB", (grey, grey.rotate(180), Image.radial_gradient("L").resize((300, 400))))
    goal = target("exif", Mode.RGB24, 300, 400, 85)
    file = b"".join(encode(raster(picture.tobytes(), Mode.RGB24, 300), goal, tmp_path))
    error = ImageStat.Stat(ImageChops.difference(Image.open(io.BytesIO(file)), picture)).rms
    worst = 20 * math.log10(255 / max(error))
    assert worst > 38  # dB


def test_a_higher_quality_is_never_a_smaller_file(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 100, 100)
    sizes = [
        len(b"".join(encode(raster(data, Mode.RGB24, 100), target("jfif", Mode.RGB24, 100, 100, quality), tmp_path)))
        for quality in (0, 1, 30, 60, 85, 95, 100)
    ]
    assert sizes == sorted(sizes)


def test_grey_has_one_component(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.GRAY8, 40, 40)
    file = b"".join(encode(raster(data, Mode.GRAY8, 40), target("exif", Mode.GRAY8, 40, 40, 85), tmp_path))
    assert Image.open(io.BytesIO(file)).mode == "L"


def test_jfif_begins_with_app0_and_has_no_exif(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 40, 40)
    file = b"".join(encode(raster(data, Mode.RGB24, 40), target("jfif", Mode.RGB24, 40, 40, 85), tmp_path))
    assert file[:20] == bytes.fromhex("ffd8 ffe0 0010 4a46494600 0102 01 0258 0258 00 00")
    assert 0xE1 not in markers(file)
    assert file.endswith(b"\xff\xd9")


def test_exif_begins_with_app1_and_holds_what_the_standard_asks_for(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 40, 30)
    origin = Origin("Epson", "GT-1500", datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC))
    goal = Target(formats.of("exif"), Mode.RGB24, 40, 30, (600, 300), 95, origin)
    file = b"".join(encode(raster(data, Mode.RGB24, 40), goal, tmp_path))
    found = markers(file)
    assert found[0] == 0xE1
    assert 0xE0 not in found
    image = Image.open(io.BytesIO(file))
    first = image.getexif()
    assert (first[0x11A], first[0x11B], first[0x128], first[0x112], first[0x213]) == (600, 300, 2, 1, 1)
    assert first[0x132] == "2026:03:01 12:30:05"
    second = first.get_ifd(0x8769)
    assert (second[0x9000], second[0xA000], second[0x9101]) == (b"0230", b"0100", b"\1\2\3\0")
    assert (second[0xA001], second[0xA002], second[0xA003]) == (1, 40, 30)
    at = file.index(b"\xff\xc0")
    assert file[at + 11] == 0x22  # luma twice as fine as colour, also at 95: Exif has no 4:4:4


@pytest.mark.parametrize("mode", [Mode.GRAY8, Mode.RGB24])
@pytest.mark.parametrize("cut", [0, 7])
def test_rows_are_coded_where_they_lie_and_let_go_of(mode: Mode, cut: int, noise: Noise, tmp_path: Path) -> None:
    width, height = 333, 700
    row = mode.row_bytes(width)
    data = noise(mode, width, height)[: height * row - cut]
    goal = target("jfif", mode, width, height, 85)
    copied = b"".join(encode(Raster(width, height, mode, (600, 600), iter([data])), goal, tmp_path))
    memory = bytearray(data)
    views = (memoryview(memory)[at : at + 128 * row] for at in range(0, len(memory), 128 * row))
    assert b"".join(encode(Raster(width, height, mode, (600, 600), views), goal, tmp_path)) == copied
    memory.clear()  # raises BufferError while anybody looks
