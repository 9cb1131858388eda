"""A document's pages on their way through imaging into the tray; what the worker thread of a scan does.

Blocking. An image is counted when the device's part of it is over and before anybody can have it whole.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path

from bridge.jobs.tray import Tray
from bridge.scanner.open_job import OpenJob
from drivers.contract.document import Document, Page
from drivers.contract.errors import FeederEmpty


def deliver(opened: OpenJob, document: Document, spool_dir: Path, quota: int, counted: Callable[[], None]) -> None:
    """Every page that the job wants, coded, into its tray; `opened.pages` counts, and `counted` tells of each.

    Raises what the document, imaging and the tray raise.
    """
    from bridge.imaging.encode import encode, encode_document  # noqa: PLC0415 - Pillow, for those who scan

    target, tray = opened.plan.target, opened.tray
    pages = _wanted(opened, document)
    if target.format.multi_page:
        _put(tray, encode_document(_each(opened, pages, counted), target, spool_dir, quota))
        tray.close_page()
        return
    for page in pages:
        _put(tray, encode(page, target, spool_dir, quota))
        opened.pages += 1
        counted()
        tray.close_page()


def drain(document: Document) -> None:
    """Wait until the hardware has stopped."""
    with suppress(Exception):  # the scan is lost already, and why was said where it was lost
        for page in document:
            for _ in page.chunks:
                pass


def _wanted(opened: OpenJob, document: Document) -> Iterator[Page]:
    """As many pages as the ticket asks for; a feeder that runs empty after one is their end."""
    wanted = opened.plan.request.pages
    try:
        for page in document:
            if wanted and opened.pages >= wanted:
                # The back of an odd last sheet was scanned, and nobody asked for it.
                document.cancel()
                drain(document)
                return
            yield page
    except FeederEmpty:
        if not opened.pages:
            raise


def _each(opened: OpenJob, pages: Iterator[Page], counted: Callable[[], None]) -> Iterator[Page]:
    """The pages of one file; the next is asked for when one was read to its end."""
    for page in pages:
        yield page
        opened.pages += 1
        counted()


def _put(tray: Tray, chunks: Iterator[bytes]) -> None:
    """One file into the tray; its page is left open there."""
    tray.open_page()
    try:
        for chunk in chunks:
            tray.put(chunk)
    finally:
        if isinstance(chunks, Generator):
            chunks.close()
