"""Where encoded pages wait for their RetrieveImage.

Written by one encoder thread, read by the event loop. `put` waits while the client is behind, which in the end
stops the scanner; a scanner that may not be stopped for long (`stall_limit`) gets a spool file instead. So does a
page that is kept back until it is whole (`keep_back`, docs/decisions/0068-sheets-are-kept-back.md).
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bridge.imaging.errors import SpoolFull
from bridge.imaging.spool import DEFAULT_QUOTA, Spool

# Encoded bytes that may wait in memory for one job: a 300 dpi JPEG page, or a moment of anything else.
LIMIT: Final = 1024 * 1024


READ_BACK: Final = 64 * 1024


class TrayClosed(Exception):
    """The job is over for the encoder: canceled, timed out, or its client is gone."""


class WaitingPage:
    """One encoded page, complete or still growing."""

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.spool: Spool | None = None
        self.read_back = 0  # bytes of them already handed on
        self.kept_until: float | None = None  # loop time until which it is not handed on; None: it has no bytes yet
        self.complete = False
        self.error: Exception | None = None


class Tray:
    """The pages of one job on their way to its client, in order."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        spool_dir: Path,
        quota: int = DEFAULT_QUOTA,
        limit: int = LIMIT,
        *,
        stall_limit: float | None = None,
        keep_back: float = 0.0,
    ) -> None:
        """`keep_back`: seconds, from its first bytes, for which a page is handed on only if it is whole."""
        self._loop = loop
        self._spool_dir = spool_dir
        self._quota = quota
        self._limit = limit
        self._stall_limit = stall_limit
        self._keep_back = keep_back
        self._changed = threading.Condition()
        self._news = asyncio.Event()
        self._pages: deque[WaitingPage] = deque()
        self._writing: WaitingPage | None = None
        self._awaited: WaitingPage | None = None  # kept back from a client that asks for it
        self._held = 0
        self._closed = False
        self._finished = False
        self._error: Exception | None = None

    # The encoder's side.

    def open_page(self) -> None:
        """Begin a page. Raises TrayClosed."""
        with self._changed:
            self._check_open()
            self._writing = WaitingPage()
            self._pages.append(self._writing)

    def put(self, chunk: bytes) -> None:
        """Add encoded bytes to the page; waits while too many are waiting already. Raises TrayClosed, SpoolFull."""
        with self._changed:
            page = self._writing
            if page is None:
                raise RuntimeError("put outside a page")
            if page.kept_until is None:
                page.kept_until = self._loop.time() + self._keep_back
            if page.spool is None:
                self._wait_for_room(page)
            self._check_open()
            if page.spool is not None:
                self._append(page, page.spool, chunk)
            else:
                self._hold(page, chunk)
        self._tell()

    def _wait_for_room(self, page: WaitingPage) -> None:
        """In memory, or where there must not or cannot be any, in a spool."""
        self._changed.wait_for(
            lambda: self._held < self._limit or self._closed or self._awaited is page, self._stall_limit
        )
        if self._held >= self._limit:
            page.spool = Spool(self._spool_dir, self._quota)

    def _append(self, page: WaitingPage, spool: Spool, chunk: bytes) -> None:
        try:
            spool.append(chunk)
        except SpoolFull:
            if self._stall_limit is not None:
                raise
            # It need not be whole: what is there goes out, and the rest as the client takes it.
            page.kept_until = self._loop.time()
            self._tell()
            self._changed.wait_for(lambda: page.read_back == spool.size or self._closed)
            _empty_spool(page)
            self._check_open()
            page.read_back = 0
            self._hold(page, chunk)

    def _hold(self, page: WaitingPage, chunk: bytes) -> None:
        page.chunks.append(chunk)
        self._held += len(chunk)

    def close_page(self) -> None:
        """The page is whole."""
        with self._changed:
            if self._writing is not None:
                self._writing.complete = True
            self._writing = None
        self._tell()

    def finish(self, error: Exception | None = None) -> None:
        """No more pages come; `error` says why if that is not as it should be. An open page never becomes whole."""
        with self._changed:
            if self._writing is not None:
                self._writing.error = error or TrayClosed("the page was cut short")
                self._writing = None
            self._finished = True
            self._error = self._error or error
        self._tell()

    def _check_open(self) -> None:
        if self._closed:
            raise TrayClosed("nobody wants these pages any more")

    def _tell(self) -> None:
        if not self._news.is_set():  # else the reader has not looked since
            self._loop.call_soon_threadsafe(self._news.set)

    # The client's side, in the event loop.

    @property
    def finished(self) -> bool:
        """Whether the last page is whole (or never will be)."""
        return self._finished

    @property
    def empty(self) -> bool:
        """Whether no page waits, whole or not."""
        return not self._pages

    @property
    def error(self) -> Exception | None:
        """Why no more pages come, when that is not as it should be."""
        return self._error

    def close(self, error: Exception | None = None) -> None:
        """Drop everything: waiting readers get `error`, the encoder TrayClosed."""
        with self._changed:
            self._closed = True
            self._error = self._error or error
            for page in self._pages:
                page.chunks.clear()
                page.error = page.error or error or TrayClosed("the job is over")
                _empty_spool(page)
            self._pages.clear()
            self._held = 0
            self._changed.notify_all()
        self._news.set()

    async def next_page(self) -> "Outgoing | None":
        """Wait for a page's first bytes, or for all of one that is kept back. None: there are no more. Raises the
        error that ended the job."""
        try:
            while True:
                self._news.clear()
                kept_until = None
                if self._pages:
                    page = self._pages[0]
                    if page.error is not None and not self._closed:
                        # Begun but never to be whole, and nobody has seen its head yet: it does not exist.
                        self._drop(page)
                        continue
                    kept_until = page.kept_until
                    if page.complete or (kept_until is not None and kept_until <= self._loop.time()):
                        return Outgoing(self, page)
                    self._await(page)
                elif self._error is not None:
                    raise self._error
                elif self._closed:
                    raise TrayClosed("the job is over")
                elif self._finished:
                    return None
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(kept_until):
                        await self._news.wait()
        finally:
            self._await(None)

    def begun_page(self) -> "Outgoing | None":
        """The next page as it is, though it be kept back. None: it has no bytes yet."""
        page = self._pages[0] if self._pages else None
        return None if page is None or page.kept_until is None or page.error is not None else Outgoing(self, page)

    def _await(self, page: WaitingPage | None) -> None:
        with self._changed:
            self._awaited = page
            self._changed.notify_all()

    def _drop(self, page: WaitingPage) -> None:
        with self._changed:
            self._held -= sum(len(chunk) for chunk in page.chunks)
            page.chunks.clear()
            _empty_spool(page)
            if page in self._pages:
                self._pages.remove(page)
            self._changed.notify_all()

    def _take(self, page: WaitingPage) -> bytes | None:
        """The next bytes of a page; None when there are none just now."""
        with self._changed:
            if page.chunks:
                chunk = page.chunks.popleft()
                self._held -= len(chunk)
                self._changed.notify_all()
                return chunk
            if page.spool is not None and page.read_back < page.spool.size:
                chunk = page.spool.read(page.read_back, min(READ_BACK, page.spool.size - page.read_back))
                page.read_back += len(chunk)
                self._changed.notify_all()
                return chunk
        return None


def _empty_spool(page: WaitingPage) -> None:
    """Give the file back; who still reads the page finds nothing in it but the error."""
    if page.spool is not None:
        page.spool.close()
        page.spool = None


class Outgoing:
    """One page on its way to a client."""

    def __init__(self, tray: Tray, page: WaitingPage) -> None:
        self._tray = tray
        self._page = page

    async def chunks(self) -> AsyncIterator[bytes]:
        """The page's bytes. Raises the error that cut it short: then what was sent must not look whole."""
        while True:
            self._tray._news.clear()
            chunk = self._tray._take(self._page)
            if chunk is not None:
                yield chunk
            elif self._page.error is not None:
                raise self._page.error
            elif self._page.complete:
                return
            else:
                await self._tray._news.wait()

    def done(self) -> None:
        """The client has all of it (or will never come back for it)."""
        self._tray._drop(self._page)
