"""The chart as this scanner sends it: channel order, drop-out, halftone, gamma, mirroring, little-endian samples.

Works on strips, so a page is never whole in memory. 1-bit rows: most significant bit first, 1 = white.
"""

from collections.abc import Iterator, Mapping

from PIL import Image, ImageOps

from drivers.contract.capabilities import Source
from hil import chart
from hil.devices.esci.parameters import (
    COLOR_LINES,
    DROPOUT_BLUE,
    DROPOUT_GREEN,
    DROPOUT_RED,
    GAMMA_USER,
    HALFTONE_NONE,
    Parameters,
)

BAYER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))
BRIGHTNESS_STEP = 16  # our choice; the real curve is not published

Gammas = Mapping[str, bytes]  # channel letter R, G, B -> 256 values


def rows(parameters: Parameters, page: int, source: Source, gammas: Gammas, *, back: bool = False) -> Iterator[bytes]:
    """Coded rows of the whole area, top to bottom."""
    resolution = (parameters.main_resolution, parameters.sub_resolution)
    area = chart.Box(parameters.left, parameters.top, parameters.width, parameters.height)
    size = parameters.row_bytes
    row = 0
    for strip in chart.strips(page, source, resolution, area, back=back):
        picture = ImageOps.mirror(strip) if parameters.mirror else strip
        coded = _colored(picture, parameters, gammas) if parameters.colored else _mono(picture, parameters, gammas, row)
        for start in range(0, len(coded), size):
            yield coded[start : start + size]
        row += strip.height


def _colored(strip: Image.Image, parameters: Parameters, gammas: Gammas) -> bytes:
    red, green, blue = (
        _toned(channel, parameters, gammas.get(letter)) for letter, channel in zip("RGB", strip.split(), strict=True)
    )
    first, second = (red, green) if parameters.color & 0x10 else (green, red)
    if parameters.color & 0x0F != COLOR_LINES:
        return _wide(Image.merge("RGB", (first, second, blue)).tobytes(), parameters.depth)
    width = strip.width
    planes = [each.tobytes() for each in (first, second, blue)]
    lines = (plane[y * width : (y + 1) * width] for y in range(strip.height) for plane in planes)
    return _wide(b"".join(lines), parameters.depth)


def _mono(strip: Image.Image, parameters: Parameters, gammas: Gammas, row: int) -> bytes:
    channel = {DROPOUT_RED: 0, DROPOUT_GREEN: 1, DROPOUT_BLUE: 2}.get(parameters.color)
    grey = strip.convert("L") if channel is None else strip.getchannel(channel)
    grey = _toned(grey, parameters, gammas.get("G"))
    if parameters.depth > 1:
        return _wide(grey.tobytes(), parameters.depth)
    if parameters.halftone == HALFTONE_NONE:
        limit = parameters.threshold
        return grey.point([255 if value >= limit else 0 for value in range(256)], "1").tobytes()
    return _dithered(grey, row).convert("1", dither=Image.Dither.NONE).tobytes()


def _dithered(grey: Image.Image, row: int) -> Image.Image:
    """Ordered dithering by a 4 x 4 matrix; every halftone of the scanner looks like this one."""
    samples = grey.tobytes()
    width = grey.width
    out = bytearray(len(samples))
    for y in range(grey.height):
        line = slice(y * width, (y + 1) * width)
        given, made = samples[line], bytearray(width)
        for x in range(4):
            limit = BAYER[(row + y) % 4][x] * 16 + 8
            made[x::4] = given[x::4].translate(bytes(255 if value >= limit else 0 for value in range(256)))
        out[line] = made
    return Image.frombytes("L", grey.size, bytes(out))


def _toned(channel: Image.Image, parameters: Parameters, gamma: bytes | None) -> Image.Image:
    """Brightness and a user's gamma table; the built-in gammas leave the chart as it is."""
    step = parameters.brightness - 256 if parameters.brightness > 127 else parameters.brightness
    table = gamma if parameters.gamma == GAMMA_USER and gamma is not None else bytes(range(256))
    curve = [table[min(255, max(0, value + BRIGHTNESS_STEP * step))] for value in range(256)]
    return channel if curve == list(range(256)) else channel.point(curve)


def _wide(samples: bytes, depth: int) -> bytes:
    if depth != 16:
        return samples
    big = chart.widen(samples)
    swapped = bytearray(len(big))
    swapped[0::2], swapped[1::2] = big[1::2], big[0::2]
    return bytes(swapped)
