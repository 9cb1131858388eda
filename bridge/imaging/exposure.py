"""Brightness and contrast: set by the ticket, or found on the page itself.

Found means: the page is put aside while its values are counted; then the darkest and the lightest that matter become
black and white. Both are held within bounds, so that an empty sheet does not turn its grain into ink, nor a dark
picture into a light one. Rule and figures: docs/decisions/0020-adjustments.md.
"""

from collections.abc import Iterator
from itertools import accumulate, repeat

from bridge.imaging.adjust import tone_table
from bridge.imaging.pixels import pictures
from bridge.imaging.shelf import Shelf, packed
from bridge.imaging.spool import Spool
from bridge.imaging.stream import PIECE_BYTES, recut
from bridge.imaging.target import Strips
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 512 * 1024

# Of all pixels: so many may be darker than black is, and lighter than white is.
_BELOW = 0.005
_ABOVE = 0.05
_BLACKEST_WHITE = 160  # paper is at least this light
_WHITEST_BLACK = 96  # ink is at most this light


def toned(strips: Strips, row_bytes: int, brightness: int, contrast: int) -> Strips:
    """8-bit rows through the table of both."""
    return _through(strips, row_bytes, tone_table(brightness, contrast))


def exposed(strips: Strips, mode: Mode, width: int, spool: Spool) -> Strips:
    """8-bit rows with the page's own black and white. `spool` holds the page and nothing else."""
    row_bytes = mode.row_bytes(width)

    def pieces() -> Iterator[bytes]:
        shelf = Shelf(spool)
        counts = [0] * 256

        def aside(strip: bytes) -> tuple[bytes, list[int]]:
            (image,) = pictures(strip, mode, width)
            return packed(strip), image.convert("L").histogram()

        for piece, seen in in_order(aside, strips(repeat(max(1, STRIP_BYTES // row_bytes)))):
            shelf.put(piece)
            counts = [one + other for one, other in zip(counts, seen, strict=True)]
        table = levels(counts)
        for number in range(len(shelf)):
            yield shelf.take(number).translate(table)

    return recut(pieces, row_bytes)


def levels(counts: list[int]) -> bytes:
    """For each value its new one, out of how often each was seen."""
    total = sum(counts)
    up_to = list(accumulate(counts))
    black = next(value for value in range(256) if up_to[value] > total * _BELOW)
    white = next(value for value in range(255, -1, -1) if total - up_to[value] + counts[value] > total * _ABOVE)
    black, white = min(black, _WHITEST_BLACK), max(white, _BLACKEST_WHITE)
    span = white - black
    return bytes(max(0, min(255, (2 * 255 * (value - black) + span) // (2 * span))) for value in range(256))


def _through(strips: Strips, row_bytes: int, table: bytes) -> Strips:
    def pieces() -> Iterator[bytes]:
        for strip in strips(repeat(max(1, PIECE_BYTES // row_bytes))):
            yield strip.translate(table)

    return recut(pieces, row_bytes)
