"""Rows on their way through the room: taken in other pieces than they came in, or looked at with their neighbours.

Everything that works on strips cuts them by its own fixed measure, never by how the device happened to send: the
same page gives the same file.
"""

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.imaging.target import Strips

# What is asked for at a time where nobody needs more.
PIECE_BYTES = 128 * 1024


class Source:
    """Chunks as one stream of bytes."""

    def __init__(self, chunks: Iterator[bytes | memoryview]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def take(self, size: int) -> bytes:
        """`size` bytes; fewer only at the end of the page."""
        return b"".join(self._parts(size))

    def view(self, size: int) -> bytes:
        """As `take`, for who does no more than read a buffer: what lies in one piece stays there, as a memoryview."""
        parts = self._parts(size)
        return cast("bytes", parts[0]) if len(parts) == 1 else b"".join(parts)

    def _parts(self, size: int) -> list[memoryview]:
        parts: list[memoryview] = []
        while size:
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._rest = memoryview(chunk)
            part, self._rest = self._rest[:size], self._rest[size:] or memoryview(b"")  # an empty end holds memory, too
            parts.append(part)
            size -= len(part)
        return parts

    def drain(self) -> None:
        self._rest = memoryview(b"")
        for _ in self._chunks:
            pass


def recut(pieces: Callable[[], Iterator[bytes]], row_bytes: int) -> "Strips":
    """A cutter for whole rows that come in pieces of any size."""

    def strips(counts: "Iterable[int]") -> Iterator[bytes]:
        source = Source(pieces())
        for count in counts:
            data = source.take(count * row_bytes)
            if not data:
                break
            yield data
        source.drain()

    return strips


def nothing(counts: "Iterable[int]") -> Iterator[bytes]:  # noqa: ARG001  # a cutter
    """The cutter of a page that has no rows."""
    return iter(())


class Window:
    """A part of the page that moves down with whoever looks through it."""

    def __init__(self, strips: "Strips", row_bytes: int) -> None:
        self._source = strips(repeat(max(1, PIECE_BYTES // row_bytes)))
        self._row_bytes = row_bytes
        self._held = bytearray()
        self._top = 0  # the page's row that is held first

    def rows(self, first: int, end: int) -> bytes:
        """Rows `first` up to `end`; `first` never goes back."""
        size = self._row_bytes
        while len(self._held) < (end - self._top) * size:
            # What comes before `first` may still be on its way.
            self._drop(first)
            self._held += next(self._source)
        self._drop(first)
        return bytes(memoryview(self._held)[: (end - first) * size])

    def _drop(self, first: int) -> None:
        gone = min(first - self._top, len(self._held) // self._row_bytes)
        if gone > 0:
            del self._held[: gone * self._row_bytes]
            self._top += gone

    def finish(self) -> None:
        """Read the page to its end."""
        self._held.clear()
        for _ in self._source:
            pass
