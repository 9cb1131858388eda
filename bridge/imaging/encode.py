"""One page of a device becomes one file of a client: the door of this room.

Blocking and lazy: run it in the one thread that reads the document. Nothing is yielded before the device's
first rows are coded, so that what keeps a page from coming is an error before the first byte and no half file.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bridge.imaging.device_jpeg import DeviceJpeg
from bridge.imaging.prepare import prepared
from bridge.imaging.spool import Spool
from bridge.imaging.target import Target, check
from drivers.contract.document import Encoded, Page

# Room for one A4 page at 1200 ppi in colour, deflated; noise hardly shrinks.
DEFAULT_QUOTA = 512 * 1024 * 1024


def encode(page: Page, target: Target, spool_directory: Path, quota: int = DEFAULT_QUOTA) -> Iterator[bytes]:
    """The file, in chunks of a few bytes up to about 1 MB, exactly as large in pixels as `target` says.

    The page's chunks are read to their end. Closing the iterator ends the work and frees the spool.
    `quota` bounds the bytes spooled for this page. Raises ImagingError at once for a target that cannot be, and
    while iterating ImagingError, SpoolFull, and untouched the DriverErrors of the page.
    """
    check(target)
    return _encoded(page, target, spool_directory, quota)


def _encoded(page: Page, target: Target, spool_directory: Path, quota: int) -> Iterator[bytes]:
    with ExitStack() as held:
        spool = held.enter_context(Spool(spool_directory, quota))
        if isinstance(page, Encoded):
            jpeg = DeviceJpeg(page)
            if jpeg.fits(target):
                yield from jpeg.handed_on(target)
                return
            page = jpeg.decoded(target, spool)
        yield from target.format.encode(prepared(page, target, spool, held), target, spool)
