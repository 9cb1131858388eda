"""Pages that lie on the disk into one PDF/A: a JPEG as it is, black and white as G4, with the words found in them.

Nothing is coded again that would lose anything. What is neither is refused: it is delivered as it was received.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from pathlib import Path
from typing import Final

from PIL import Image

from bridge.imaging import formats, markers
from bridge.imaging.errors import ImagingError
from bridge.imaging.pdf import Sheet, encode_sheets
from bridge.imaging.pdf_text import Word
from bridge.imaging.spool import Spool
from bridge.imaging.stream import recut
from bridge.imaging.target import Ready, Target
from drivers.contract.capabilities import Mode

_PIECE: Final = 256 * 1024
_MOST_PIXELS: Final = 2**30  # of black and white, one bit each
_LEAST_PPI, _MOST_PPI, _USUAL = 10, 10_000, (300, 300)


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One page as a file."""

    path: Path
    format: str  # in WS-Scan's words
    resolution: tuple[int, int]  # ppi


def joinable(format_name: str) -> bool:
    """Whether pages of that format can be joined."""
    return format_name in ("jfif", "exif", "tiff-single-g4")


def resolution(path: Path) -> tuple[int, int]:
    """What the file itself says, in ppi; where it says nothing that can be, what is usual."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what else is wrong with it the page's own reading tells
            with Image.open(path) as image:
                x, y = (round(float(each)) for each in image.info.get("dpi", _USUAL))
    except (OSError, ValueError, TypeError, ArithmeticError, Image.DecompressionBombError):
        return _USUAL
    return (x, y) if all(_LEAST_PPI <= each <= _MOST_PPI for each in (x, y)) else _USUAL


def joined(
    pages: Sequence[StoredPage],
    words: Callable[[StoredPage], tuple[Word, ...]],
    taken: datetime | None,
    spool_directory: Path,
) -> Iterator[bytes]:
    """The file, in pieces. `words` is asked once for each page, in order. Raises ImagingError, OSError."""
    sheets = (_sheet(page, words) for page in pages)
    with Spool(spool_directory, 0) as spool:  # which pages that are coded already do not need
        yield from encode_sheets(sheets, taken, spool, searchable=True)


def _sheet(page: StoredPage, words: Callable[[StoredPage], tuple[Word, ...]]) -> Sheet:
    picture, mode, (width, height) = _jpeg(page) if page.format != "tiff-single-g4" else _bilevel(page)
    target = Target(formats.of("pdf-a"), mode, width, height, page.resolution)
    return Sheet(picture, target, words(page))


def _jpeg(page: StoredPage) -> tuple[Ready, Mode, tuple[int, int]]:
    with page.path.open("rb") as file:
        head = markers.read(file.read(markers.HEAD_LIMIT))
    if head is None or not head.width or not head.height:
        raise ImagingError(f"{page.path.name}: damaged JPEG")
    mode = {1: Mode.GRAY8, 3: Mode.RGB24}.get(head.components)
    if mode is None or head.precision != 8:
        raise ImagingError(f"{page.path.name}: a JPEG of {head.components} components")
    return Ready(recut(lambda: iter(()), 1), _pieces(page.path)), mode, (head.width, head.height)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_PIECE), b"")


def _bilevel(page: StoredPage) -> tuple[Ready, Mode, tuple[int, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded here
            with Image.open(page.path) as image:
                if image.mode != "1" or image.width * image.height > _MOST_PIXELS:
                    raise ImagingError(f"{page.path.name}: no page of black and white")
                rows, size = image.tobytes(), image.size
    except (OSError, ValueError, Image.DecompressionBombError) as err:
        raise ImagingError(f"{page.path.name}: {err}") from err
    row = Mode.LINEART.row_bytes(size[0])
    pieces = (rows[at : at + row * count] for at, count in zip(range(0, len(rows), row * 128), repeat(128)))
    return Ready(recut(lambda: pieces, row)), Mode.LINEART, size
