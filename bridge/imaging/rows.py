"""A device's rows made to fit what was announced: cut or filled with white at the right and at the end.

A page that is too long is read to its end all the same, so that the device's own end is reached and its
errors are heard. DriverErrors out of the chunks pass through untouched.
"""

from collections.abc import Iterable, Iterator

from bridge.imaging.convert import convert, steps
from bridge.imaging.errors import ImagingError
from bridge.imaging.pixels import whitened
from bridge.imaging.stream import Source
from bridge.imaging.target import Strips
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

# In every mode of the contract all bits set is white.
WHITE = b"\xff"


def fitted(page: Raster, mode: Mode, width: int, height: int, *, views: bool = False) -> Strips:
    """The page's cutter. Raises ImagingError at once for a page that cannot become this.

    `views`: strips that need no change may be memoryviews of what the device's driver wants back.
    """
    if page.width < 1:
        raise ImagingError(f"the device announced a page {page.width} pixels wide")
    steps(page.mode, mode)
    views = views and page.mode is mode and page.width == width and mode is not Mode.LINEART

    def strips(counts: Iterable[int]) -> Iterator[bytes]:
        source = Source(page.chunks)
        source_row = page.mode.row_bytes(page.width)
        left = height
        for count in counts:
            if left <= 0:
                break
            rows = min(count, left)
            left -= rows
            data = source.view(rows * source_row) if views else source.take(rows * source_row)
            if cut_short := -len(data) % source_row:
                data = b"".join((data, WHITE * cut_short))
            fit = data if views else _fit(data, page, mode, width)
            missing = rows - len(data) // source_row
            yield b"".join((fit, WHITE * (missing * mode.row_bytes(width)))) if missing else fit
            del data, fit
        source.drain()

    return strips


def _fit(data: bytes, page: Raster, mode: Mode, width: int) -> bytes:
    """Whole rows of the page, cut to `width`, in `mode`, filled to `width`."""
    shared = min(page.width, width)
    data = _cut(data, page.mode.row_bytes(page.width), page.mode.row_bytes(shared))
    data = convert(data, shared, page.mode, mode)
    if mode is Mode.LINEART:
        data = whitened(data, shared)
    return _filled(data, mode.row_bytes(shared), mode.row_bytes(width))


def _cut(data: bytes, have: int, wanted: int) -> bytes:
    if have == wanted:
        return data
    return b"".join(data[start : start + wanted] for start in range(0, len(data), have))


def _filled(data: bytes, have: int, wanted: int) -> bytes:
    if have == wanted:
        return data
    white = WHITE * (wanted - have)
    return b"".join(data[start : start + have] + white for start in range(0, len(data), have))
