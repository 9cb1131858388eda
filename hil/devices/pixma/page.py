"""One page on its way: which block is ready when, and what is in it.

Blocks are of equal size and do not end with a row, as a host must expect. The carriage runs ahead of the host by at
most `AHEAD` blocks, then it waits: so a slow host slows the motor.
"""

from collections import deque
from collections.abc import Iterator
from enum import IntFlag

AHEAD = 8
# Of no packet's and no row's size. An answer that filled its last packet would need an empty one behind it.
BLOCK = 30_000
PACKET = 512


class Block(IntFlag):
    """What is said with a block of image bytes."""

    DATA = 0
    PAGE_END = 0x08
    NO_PAPER = 0x10
    NO_DATA = 0x20


class Page:
    """`sent` counts bytes. `room`: bytes in front of a block; `least`: none is shorter, if the page is not."""

    def __init__(
        self, rows: Iterator[bytes], row_bytes: int, height: int, now: float, *, room: int, least: int = 0
    ) -> None:
        self._room, self._least = room, least
        self._rows, self._row_bytes = rows, row_bytes
        self._left = b""
        self._total = row_bytes * height
        self._scanned_at = now
        self._taken: deque[float] = deque([now] * AHEAD, maxlen=AHEAD)
        self._ready_at: float | None = None
        self.sent = 0

    @property
    def finished(self) -> bool:
        """The host has everything."""
        return self.sent == self._total

    def size(self, most: int) -> int:
        """Bytes of the next block for a host that takes so many."""
        left = self._total - self.sent
        size = min(BLOCK, most, left)
        if self._least:
            return left if left - size < self._least else size
        return size - 1 if (size + self._room) % PACKET == 0 else size

    def percent(self, most: int) -> float:
        """How much of the page has passed when the next block is ready."""
        return 100.0 * (self.sent + self.size(most)) / self._total

    def ready_at(self, lines_per_second: float, most: int) -> float:
        """When the carriage is done with the next block; the speed counts from the block's beginning."""
        if self._ready_at is None:
            lines = self.size(most) / self._row_bytes
            start = max(self._scanned_at, self._taken[0])
            self._ready_at = start + (lines / lines_per_second if lines_per_second else 0.0)
        return self._ready_at

    def take(self, now: float, most: int) -> bytes:
        """The next block."""
        size = self.size(most)
        data = bytearray(self._left)
        while len(data) < size:
            data += next(self._rows)
        self._left = bytes(data[size:])
        self.sent += size
        self._scanned_at = now if self._ready_at is None else self._ready_at
        self._ready_at = None
        self._taken.append(now)
        return bytes(data[:size])
