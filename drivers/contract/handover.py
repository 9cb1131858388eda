"""The bounded hand-over between the thread that reads a device and the thread that encodes.

The driver's side is `pause`, `page`, `put`, `end_page`, `finish`, `fail`; the reader's side is the `Document`
protocol. Memory is bounded by `limit`: `put` waits while that many bytes are on their way.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from drivers.contract.document import Page
from drivers.contract.errors import ScanFailed

# About a third of a second of a fast scanner at 600 dpi colour: enough to ride over an encoder's pause.
LIMIT = 4 * 1024 * 1024


class _PageEnd:
    """Closes a page in the line of items."""


_PAGE_END = _PageEnd()


class ScanCanceled(ScanFailed):
    """The reader called `cancel`. Raised in the driver by `put` and `page`, and in the reader at the end."""

    def __init__(self) -> None:
        super().__init__("the scan was canceled")


class Handover:
    """One scan in flight: written by one driver thread, read by one encoder thread."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._changed = threading.Condition()
        self._limit = limit
        self._items: deque[bytes | memoryview | Page | _PageEnd] = deque()
        self._held = 0
        self._error: Exception | None = None
        self._finished = False
        self._canceled = False

    # The driver's side.

    @property
    def canceled(self) -> bool:
        """Looked at by the driver after every transfer."""
        return self._canceled

    def pause(self, seconds: float) -> bool:
        """Wait so long on the driver's thread, or until the scan is canceled: whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._canceled, seconds)

    def page(self, header: Page) -> None:
        """Open a page; its `chunks` field is ignored, the reader gets one of ours."""
        self._add(header, 0)

    def put(self, chunk: bytes | memoryview) -> None:
        """Add rows to the open page. Waits while the reader is behind; raises ScanCanceled."""
        with self._changed:
            while self._held >= self._limit and not self._canceled:
                self._changed.wait()
        self._add(chunk, len(chunk))

    def end_page(self) -> None:
        """Close the open page."""
        self._add(_PAGE_END, 0)

    def finish(self) -> None:
        """No more pages; also closes a page left open, which the reader then sees cut short with an error."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """The scan ended by `error`, which the reader will raise."""
        with self._changed:
            self._error = error
            self._finished = True
            self._changed.notify_all()

    def _add(self, item: bytes | memoryview | Page | _PageEnd, size: int) -> None:
        with self._changed:
            if self._canceled:
                raise ScanCanceled
            self._items.append(item)
            self._held += size
            self._changed.notify_all()

    # The reader's side: drivers.contract.document.Document.

    def cancel(self) -> None:
        """Ask the driver to stop; what was on its way is dropped."""
        with self._changed:
            self._canceled = True
            self._items.clear()
            self._held = 0
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Page]:
        while (item := self._take(between_pages=True)) is not None:
            if isinstance(item, bytes | memoryview):
                raise TypeError("rows outside a page: the reader must finish a page before the next")
            if isinstance(item, _PageEnd):
                continue  # the reader took all rows of that page and did not ask whether there are more
            yield replace(item, chunks=self._chunks())

    def _chunks(self) -> Iterator[bytes | memoryview]:
        while not isinstance(chunk := self._take(between_pages=False), _PageEnd):
            if not isinstance(chunk, bytes | memoryview):
                raise TypeError("a page inside a page: the driver must close one before the next")
            yield chunk
            del chunk  # an error that follows must not keep it

    def _take(self, *, between_pages: bool) -> bytes | memoryview | Page | _PageEnd | None:
        with self._changed:
            while not self._items and not self._finished:
                self._changed.wait()
            if self._items:
                item = self._items.popleft()
                if isinstance(item, bytes | memoryview):
                    self._held -= len(item)
                    self._changed.notify_all()
                return item
            if self._canceled:
                raise ScanCanceled
            if self._error is not None:
                raise self._error
            if between_pages:
                return None
            raise ScanFailed("the page was cut short")
