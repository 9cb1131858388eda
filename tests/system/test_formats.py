"""Every format the bridge offers, fetched through the running product and decoded by a program that is not ours.

Lossless ones are the chart to the pixel. A JPEG page is near it everywhere, and the marks of the chart say which way
up it is and which colour is which.
"""

import math
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart
from hil.client import session, ticket
from tests.system import product

PPI = 100
LEAST_PSNR = 30.0  # dB; libjpeg at quality 75 and better is above it on text

LOSSLESS = ("png", "dib", "tiff-single-uncompressed")
MODES = {ColorEntry.RGB_24: Mode.RGB24, ColorEntry.GRAYSCALE_8: Mode.GRAY8, ColorEntry.BLACK_AND_WHITE_1: Mode.LINEART}


async def page(place: Path, coding: str, color: ColorEntry, ppi: int = PPI) -> Image.Image:
    """One platen page, A4, decoded."""
    async with (
        product.scanner("original=5") as rig,
        product.bridge(place, usbip=[rig]) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        wish = ticket.Wish(InputSource.PLATEN, coding, color, ppi, images=1)
        job = await client.create_job(ticket.make(wish, await client.configuration()))
        image = await client.retrieve(job, place / "page")
        with Image.open(image.path) as picture:
            picture.load()
            assert picture.info.get("dpi", (ppi, ppi))[0] == pytest.approx(ppi, abs=0.5)
            return picture


def shown(color: ColorEntry, size: tuple[int, int]) -> Image.Image:
    """The same, as it lay on the glass."""
    rows = b"".join(chart.rows(5, Source.PLATEN, MODES[color], (PPI, PPI), chart.Box(0, 0, *size)))
    mode = {ColorEntry.RGB_24: "RGB", ColorEntry.GRAYSCALE_8: "L", ColorEntry.BLACK_AND_WHITE_1: "1"}[color]
    return Image.frombytes(mode, size, rows)


def psnr(one: Image.Image, other: Image.Image) -> float:
    squares = ImageStat.Stat(ImageChops.difference(one, other)).rms
    mean = sum(each * each for each in squares) / len(squares)
    return math.inf if not mean else 10 * math.log10(255 * 255 / mean)


@pytest.mark.parametrize("color", [ColorEntry.RGB_24, ColorEntry.GRAYSCALE_8, ColorEntry.BLACK_AND_WHITE_1])
@pytest.mark.parametrize("coding", LOSSLESS)
async def test_a_lossless_page_is_the_chart_to_the_pixel(tmp_path, coding, color):
    got = await page(tmp_path, coding, color)
    assert got.size == (826, 1169)
    if color is ColorEntry.BLACK_AND_WHITE_1:
        got = got.convert("1", dither=Image.Dither.NONE)
    want = shown(color, got.size)
    assert got.convert(want.mode).tobytes() == want.tobytes()


async def test_a_g4_page_is_the_chart_to_the_pixel(tmp_path):
    got = await page(tmp_path, "tiff-single-g4", ColorEntry.BLACK_AND_WHITE_1)
    assert (got.size, got.mode) == ((826, 1169), "1")
    assert got.tobytes() == shown(ColorEntry.BLACK_AND_WHITE_1, got.size).tobytes()


@pytest.mark.parametrize("color", [ColorEntry.RGB_24, ColorEntry.GRAYSCALE_8])
@pytest.mark.parametrize("coding", ["jfif", "exif"])
async def test_a_jpeg_page_is_near_the_chart_the_right_way_up_in_the_right_colours(tmp_path, figures, coding, color):
    got = await page(tmp_path, coding, color)
    assert (got.format, got.size) == ("JPEG", (826, 1169))
    want = shown(color, got.size)
    assert got.mode == want.mode
    near = psnr(got, want)
    figures.append(f"formats: {coding} {color}: {near:.1f} dB")
    assert near > LEAST_PSNR
    for turned in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180):
        assert psnr(got.transpose(turned), want) < 20
    if color is ColorEntry.RGB_24:
        # the middle of each named patch
        for index, named in enumerate((chart.RED, chart.GREEN, chart.BLUE, chart.CYAN, chart.MAGENTA, chart.YELLOW)):
            seen = got.getpixel((130 + 70 * index, 280))
            assert isinstance(seen, tuple)
            assert all(abs(a - b) < 16 for a, b in zip(seen, named, strict=True)), (index, seen)
