"""Pages of a device become files of a client: the door of this room.

Blocking and lazy: run it in the one thread that reads the document. Nothing is yielded before the device's
first rows are coded, so that what keeps a page from coming is an error before the first byte and no half file.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from bridge.imaging import coders
from bridge.imaging.device_jpeg import DeviceJpeg
from bridge.imaging.errors import ImagingError
from bridge.imaging.prepare import prepared
from bridge.imaging.spool import DEFAULT_QUOTA, Spool
from bridge.imaging.stream import nothing
from bridge.imaging.target import Ready, Target, check
from drivers.contract.document import Encoded, Page


def encode(page: Page, target: Target, spool_directory: Path, quota: int = DEFAULT_QUOTA) -> Iterator[bytes]:
    """The file, in chunks of a few bytes up to about 1 MB, exactly as large in pixels as `target` says.

    The page's chunks are read to their end. Closing the iterator ends the work and frees the spool.
    `quota` bounds the bytes spooled for this page. Raises ImagingError at once for a target that cannot be, and
    while iterating ImagingError, SpoolFull, and untouched the DriverErrors of the page.
    """
    check(target)
    return _encoded(page, target, spool_directory, quota)


def encode_document(
    pages: Iterable[Page], target: Target, spool_directory: Path, quota: int = DEFAULT_QUOTA
) -> Iterator[bytes]:
    """One file of all those pages, each made as `target` says, in chunks of a few bytes up to about 2 MB.

    A page is asked for when the one before was read to its end. What ends `pages` by an exception leaves half a file,
    which must not be passed off as whole: an end of the feeder after a page is to be the end of `pages`. Otherwise
    as `encode`; `quota` bounds the bytes spooled for one page. Raises ImagingError also for no page at all.
    """
    check(target)
    if not target.format.multi_page:
        raise ImagingError(f"{target.format.name} holds one image to a file")
    return _document(pages, target, spool_directory, quota)


def _document(pages: Iterable[Page], target: Target, spool_directory: Path, quota: int) -> Iterator[bytes]:
    encode_pages = coders.DOCUMENTS[target.format.name]
    with Spool(spool_directory, quota) as spool, closing(_ready(pages, target, spool)) as ready:
        yield from encode_pages(ready, target, spool)


def _ready(pages: Iterable[Page], target: Target, spool: Spool) -> Generator[Ready, None, None]:
    for page in pages:
        with ExitStack() as held:
            yield _made(page, target, spool, held)


def _encoded(page: Page, target: Target, spool_directory: Path, quota: int) -> Iterator[bytes]:
    with ExitStack() as held:
        spool = held.enter_context(Spool(spool_directory, quota))
        ready = _made(page, target, spool, held)
        yield from ready.coded or coders.IMAGES[target.format.name](ready.strips, target, spool)


def _made(page: Page, target: Target, spool: Spool, held: ExitStack) -> Ready:
    """The page as its encoder gets it; `held` frees what it needs meanwhile."""
    if isinstance(page, Encoded):
        jpeg = DeviceJpeg(page)
        if jpeg.fits(target):
            return Ready(nothing, jpeg.handed_on(target))
        page = jpeg.decoded(target, held.enter_context(spool.beside()), held)
    return Ready(prepared(page, target, spool, held))
