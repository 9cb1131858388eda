"""What lies on the glass decides how it becomes black and white, and little else."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from bridge.imaging import formats, markers
from bridge.imaging.adjust import Adjust, Content
from bridge.imaging.encode import encode
from bridge.imaging.target import Target, adjusted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

Page = Callable[..., Raster]


def file(page: Raster, mode: Mode, content: Content, name: str, directory: Path) -> bytes:
    assert page.height is not None
    target = Target(formats.of(name), mode, page.width, page.height, (300, 300))
    return b"".join(encode(page, adjusted(target, Adjust(), content), directory))


def bilevel(image: Image.Image, content: Content, directory: Path, raster: Page) -> Image.Image:
    page = raster(image.tobytes(), Mode.GRAY8, *image.size)
    out = Image.open(io.BytesIO(file(page, Mode.LINEART, content, "png", directory)))
    out.load()
    return out


@pytest.mark.parametrize("content", [Content.PHOTO, Content.HALFTONE])
@pytest.mark.parametrize(("value", "share"), [(0, 0), (64, 0.25), (128, 0.5), (192, 0.75), (255, 1)])
def test_pictures_are_as_light_in_black_and_white(
    content: Content, value: int, share: float, raster: Page, tmp_path: Path
) -> None:
    image = bilevel(Image.new("L", (240, 400), value), content, tmp_path, raster)
    assert abs(image.histogram()[255] / (240 * 400) - share) < 0.02


def test_mixed_pages_have_clean_paper_and_clean_ink(raster: Page, tmp_path: Path) -> None:
    for value, share in ((64, 0), (60, 0), (192, 1), (230, 1), (128, 0.5)):
        image = bilevel(Image.new("L", (80, 80), value), Content.MIXED, tmp_path, raster)
        assert abs(image.histogram()[255] / 6400 - share) < 0.03


def test_the_pattern_goes_on_from_strip_to_strip(raster: Page, tmp_path: Path) -> None:
    image = bilevel(Image.new("L", (50, 1000), 100), Content.PHOTO, tmp_path, raster)
    first = image.crop((0, 0, 50, 8)).tobytes()
    assert all(image.crop((0, top, 50, top + 8)).tobytes() == first for top in range(0, 1000, 8))


def test_text_on_grey_paper_and_in_a_shadow_stays_readable(raster: Page, tmp_path: Path) -> None:
    page = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((900, 600))
    page = page.point([120 + value // 2 for value in range(256)])  # paper from 120 to 247
    draw = ImageDraw.Draw(page)
    for x in range(20, 880, 60):
        draw.rectangle((x, 100, x + 10, 500), fill=round(page.getpixel((x + 5, 50)) * 0.5))  # type: ignore[operator]
    text = bilevel(page, Content.TEXT, tmp_path, raster)
    assert text.crop((0, 0, 900, 60)).getextrema() == (255, 255)
    for x in range(20, 880, 60):
        assert [bool(text.getpixel((x + dx, 300))) for dx in (-10, 5, 20)] == [True, False, True]
    assert bilevel(page, Content.AUTO, tmp_path, raster).getpixel((5, 5)) == 0  # what Auto makes of the dark paper


def test_large_dark_areas_of_text_are_not_hollow(raster: Page, tmp_path: Path) -> None:
    page = Image.new("L", (400, 400), 255)
    page.paste(40, (50, 50, 350, 350))
    image = bilevel(page, Content.TEXT, tmp_path, raster)
    assert image.crop((50, 50, 350, 350)).getextrema() == (0, 0)
    assert image.crop((0, 0, 400, 50)).getextrema() == (255, 255)


def test_lineart_of_the_device_is_left_alone(raster: Page, tmp_path: Path) -> None:
    data = bytes(range(200))
    for content in Content:
        image = Image.open(io.BytesIO(file(raster(data, Mode.LINEART, 8, 200), Mode.LINEART, content, "png", tmp_path)))
        assert image.tobytes() == data


@pytest.mark.parametrize(
    ("name", "content", "full"),
    [("jfif", Content.TEXT, True), ("jfif", Content.PHOTO, False), ("exif", Content.TEXT, False)],
)
def test_coloured_text_keeps_its_colour_sharp(
    name: str, content: Content, full: bool, raster: Page, tmp_path: Path
) -> None:
    head = markers.read(file(raster(bytes(300), Mode.RGB24, 10, 10), Mode.RGB24, content, name, tmp_path))
    assert head is not None
    assert head.frame.body[7] == (0x11 if full else 0x22)  # sampling factors of Y


def test_a_printed_screen_is_smoothed_away(raster: Page, tmp_path: Path) -> None:
    # A checkerboard of single pixels at 300 ppi: no one can see it, and it would beat with the dithering.
    board = Image.frombytes("L", (64, 300), (b"\0\xff" * 32 + b"\xff\0" * 32) * 150)
    page = raster(board.tobytes(), Mode.GRAY8, *board.size)
    image = Image.open(io.BytesIO(file(page, Mode.GRAY8, Content.HALFTONE, "png", tmp_path)))
    assert image.tobytes() == board.filter(ImageFilter.BoxBlur(0.5)).tobytes()
    low, high = image.crop((8, 8, 56, 292)).getextrema()
    assert 126 <= low <= high <= 130  # type: ignore[operator]


@pytest.mark.parametrize("content", list(Content))
def test_deep_pixels_are_left_alone(content: Content, raster: Page, tmp_path: Path) -> None:
    data = bytes(range(100)) * 2
    image = Image.open(io.BytesIO(file(raster(data, Mode.GRAY16, 10, 10), Mode.GRAY16, content, "png", tmp_path)))
    assert image.tobytes() == b"".join(data[at + 1 : at + 2] + data[at : at + 1] for at in range(0, 200, 2))
