"""A page turned clockwise, through the spool because its first row comes last, or in all rows at once.

By 180 degrees strips are turned and come in reverse. By 90 and 270 the page is put aside in tiles: a strip's tiles
are cut side by side, and a column of tiles, turned, is a strip of the new page. A strip and a column are in memory.
"""

from collections.abc import Iterator
from itertools import repeat

from PIL import Image

from bridge.imaging.pixels import pictures, rows_of
from bridge.imaging.shelf import Shelf, packed
from bridge.imaging.spool import Spool
from bridge.imaging.stream import recut
from bridge.imaging.target import Strips
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 1536 * 1024
_TILE = 256  # pixels at most to each side; a multiple of 8, so that lineart is cut between bytes

# Pillow turns the other way.
_QUARTERS = {90: Image.Transpose.ROTATE_270, 270: Image.Transpose.ROTATE_90}


def rotated(strips: Strips, mode: Mode, size: tuple[int, int], rotation: int, spool: Spool) -> Strips:
    """The page of that size turned by 0, 90, 180 or 270 degrees. `spool` holds it and nothing else."""
    if rotation == 0:
        return strips
    width, height = size
    if rotation == 180:
        return recut(lambda: _upside_down(strips, mode, width, Shelf(spool)), mode.row_bytes(width))
    return recut(lambda: _sideways(strips, mode, size, rotation, Shelf(spool)), mode.row_bytes(height))


def _upside_down(strips: Strips, mode: Mode, width: int, shelf: Shelf) -> Iterator[bytes]:
    def over(strip: bytes) -> bytes:
        turned = [image.transpose(Image.Transpose.ROTATE_180) for image in pictures(strip, mode, width)]
        return packed(rows_of(turned))

    for strip in in_order(over, strips(repeat(max(1, STRIP_BYTES // 2 // mode.row_bytes(width))))):
        shelf.put(strip)
    for number in reversed(range(len(shelf))):
        yield shelf.take(number)


def _sideways(strips: Strips, mode: Mode, size: tuple[int, int], rotation: int, shelf: Shelf) -> Iterator[bytes]:
    width, height = size
    high = max(1, min(_TILE, STRIP_BYTES // mode.row_bytes(width)))
    wide = max(8, min(_TILE, STRIP_BYTES // mode.row_bytes(height) // 8 * 8))
    lefts = range(0, width, wide)

    def cut(strip: bytes) -> list[bytes]:
        images = pictures(strip, mode, width)
        rows = images[0].height
        tiles = ([image.crop((left, 0, min(left + wide, width), rows)) for image in images] for left in lefts)
        return [packed(rows_of(tile)) for tile in tiles]

    for row in in_order(cut, strips(repeat(high))):
        for piece in row:
            shelf.put(piece)
    clockwise = rotation == 90
    for column in range(len(lefts)) if clockwise else reversed(range(len(lefts))):
        across = min(wide, width - column * wide)
        out: list[Image.Image] = []
        top = 0
        for number in range(column, len(shelf), len(lefts)):
            tile = pictures(shelf.take(number), mode, across)
            out = out or [Image.new(image.mode, (height, across)) for image in tile]
            rows = tile[0].height
            for strip, image in zip(out, tile, strict=True):
                strip.paste(image.transpose(_QUARTERS[rotation]), (height - top - rows if clockwise else top, 0))
            top += rows
        yield rows_of(out)
