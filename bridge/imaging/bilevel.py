"""Grey into black and white, by what lies on the glass.

Text is held against its surroundings, so that grey paper and the shadow of a fold turn white; pictures are
dithered in an ordered pattern, which needs no more than a pixel's own place and therefore has no borders between
strips (error diffusion would carry its error from strip to strip). Which content gets what, and why:
docs/decisions/0021-content-types.md.
"""

from collections.abc import Iterator
from itertools import repeat
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from bridge.imaging.adjust import Content
from bridge.imaging.convert import convert
from bridge.imaging.neighbours import filtered
from bridge.imaging.stream import recut
from bridge.imaging.target import Strips
from drivers.contract.capabilities import Mode

STRIP_ROWS = 64

# Text: black is what is darker than 80 % of its surroundings, but never lighter than 192 nor is what is darker than 64
# ever white. The surroundings are a square of a tenth of an inch to each side's half.
_SHARE: Final = 0.8
_DARKEST, _LIGHTEST = 64, 192
_SURROUNDINGS: Final = 1 / 20  # inch, to each side

_BAYER_2: Final = ((0, 2), (3, 1))


def bilevel(strips: Strips, size: tuple[int, int], resolution: tuple[int, int], content: Content) -> Strips:
    """Lineart rows out of grey ones."""
    match content:
        case Content.TEXT:
            radius = max(1, round(min(resolution) * _SURROUNDINGS))
            return _packed(filtered(strips, Mode.GRAY8, size, radius, lambda image: _against(image, radius)), size[0])
        case Content.PHOTO | Content.HALFTONE:
            return _packed(_dithered(strips, size[0], 0, 255), size[0])
        case Content.MIXED:
            return _packed(_dithered(strips, size[0], 64, 192), size[0])
        case Content.AUTO:
            return _packed(strips, size[0])


def _against(image: Image.Image, radius: int) -> Image.Image:
    """White where the pixel is at least as light as its surroundings ask for."""
    levels = [min(_LIGHTEST, max(_DARKEST, round(mean * _SHARE))) for mean in range(256)]
    threshold = image.filter(ImageFilter.BoxBlur(radius)).point(levels)
    return ImageChops.subtract(threshold, image).point([255] + [0] * 255)


def _dithered(strips: Strips, width: int, black: int, white: int) -> Strips:
    """Values up to `black` black, from `white` on white, in between as many white pixels as the value says."""
    matrix = _bayer(8)
    span = white - black
    row = [bytes(black + (2 * step + 1) * span // 128 for step in line) for line in matrix]
    tile = b"".join((line * (width // 8 + 1))[:width] for line in row)
    pattern = Image.frombytes("L", (width, STRIP_ROWS), tile * (STRIP_ROWS // 8))

    def pieces() -> Iterator[bytes]:
        # Every strip begins with the pattern's first row, since their height is a multiple of its.
        for strip in strips(repeat(STRIP_ROWS)):
            grey = Image.frombuffer("L", (width, len(strip) // width), strip, "raw", "L", 0, 1)
            below = pattern if grey.height == STRIP_ROWS else pattern.crop((0, 0, width, grey.height))
            yield ImageChops.subtract(grey, below).point([0] + [255] * 255).tobytes()

    return recut(pieces, width)


def _bayer(side: int) -> list[list[int]]:
    """The numbers 0…side²-1, each as far from its followers as can be (Bayer 1973)."""
    if side == 1:
        return [[0]]
    half = _bayer(side // 2)
    return [
        [4 * half[y % (side // 2)][x % (side // 2)] + _BAYER_2[2 * y // side][2 * x // side] for x in range(side)]
        for y in range(side)
    ]


def _packed(strips: Strips, width: int) -> Strips:
    def pieces() -> Iterator[bytes]:
        for strip in strips(repeat(STRIP_ROWS)):
            yield convert(strip, width, Mode.GRAY8, Mode.LINEART)

    return recut(pieces, Mode.LINEART.row_bytes(width))
