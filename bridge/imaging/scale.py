"""Another number of pixels, strip by strip: bicubic, with as wide a view as shrinking needs.

Pillow's resampling takes the part to be scaled as a box with fractions and looks at pixels beyond it, so a strip
that holds enough rows above and below gives the rows that the whole page would give. It is scaled down the page
first and then across, each by itself: asked for both, Pillow (13.0) begins with what is less work for that strip, and
what is cut off at black and white in between would differ from strip to strip. Where the page shrinks to less than an
eighth, whole pixels are averaged first, so that the view stays short.
"""

from collections.abc import Iterator
from itertools import repeat
from math import ceil, floor

from PIL import Image

from bridge.imaging.pixels import PILLOW, pictures
from bridge.imaging.stream import Window, recut
from bridge.imaging.target import Strips
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 512 * 1024

_METHOD = Image.Resampling.BICUBIC
# After the averaging there are still so many pixels for one: more than enough for the method to decide.
_GAP = 4
_SUPPORT = 2  # pixels of the coarser of both grids that it looks to each side


def scaled(strips: Strips, mode: Mode, have: tuple[int, int], wanted: tuple[int, int]) -> Strips:
    """The page of `have` pixels with `wanted` pixels. 8-bit modes."""
    if have == wanted:
        return strips
    (width, height) = wanted
    factors = (max(1, int(have[0] / width / _GAP)), max(1, int(have[1] / height / _GAP)))
    strips = _averaged(strips, mode, have[0], factors)
    wide, high = -(-have[0] // factors[0]), -(-have[1] // factors[1])
    # The last averaged pixel may stand for fewer than the others: the page ends within it.
    right, ratio = have[0] / factors[0], have[1] / factors[1] / height
    row_bytes, out_bytes = mode.row_bytes(wide), mode.row_bytes(width)
    reach = _SUPPORT * max(ratio, 1.0) + 1
    step = max(1, int(STRIP_BYTES / max(out_bytes, row_bytes * ratio)))

    def one(strip: tuple[bytes, float, float, int]) -> bytes:
        data, top, bottom, rows = strip
        image = Image.frombuffer(PILLOW[mode], (wide, len(data) // row_bytes), data, "raw", PILLOW[mode], 0, 1)
        image = image.resize((wide, rows), _METHOD, (0, top, wide, bottom))
        return image.resize((width, rows), _METHOD, (0, 0, right, rows)).tobytes()

    def pieces() -> Iterator[bytes]:
        window = Window(strips, row_bytes)

        def views() -> Iterator[tuple[bytes, float, float, int]]:
            for start in range(0, height, step):
                end = min(start + step, height)
                top, bottom = start * ratio, min(end * ratio, high)
                first, last = max(0, floor(top - reach)), min(high, ceil(bottom + reach))
                yield window.rows(first, last), top - first, bottom - first, end - start

        yield from in_order(one, views())
        window.finish()

    return recut(pieces, out_bytes)


def _averaged(strips: Strips, mode: Mode, width: int, factors: tuple[int, int]) -> Strips:
    """Blocks of pixels become one; a page that ends within a block ends with the mean of what is left of it."""
    if factors == (1, 1):
        return strips
    row_bytes = mode.row_bytes(width)
    step = factors[1] * max(1, STRIP_BYTES // (factors[1] * row_bytes))

    def one(strip: bytes) -> bytes:
        (image,) = pictures(strip, mode, width)
        return image.reduce(factors).tobytes()

    return recut(lambda: in_order(one, strips(repeat(step))), mode.row_bytes(-(-width // factors[0])))
