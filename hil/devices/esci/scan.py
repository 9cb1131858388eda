"""One page on its way: which block is ready when, and what is in it.

Block sizes are the scanner's: whole rows, `block_lines` each (0 counts as 1). The last block is announced apart from
the full ones even when it is full too: SANE's network reading relies on it (an A4 page of 300 ppi divides evenly, and
after a last size of 0 it asks for one byte). `apart=False` announces only a shorter one, as other firmware may.
The carriage runs ahead of the host by at most `AHEAD` blocks, then it waits: so a slow host slows the motor.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

AHEAD = 8


class Scan:
    """Blocks are counted from 0; `done` is how many the host was given."""

    def __init__(
        self, rows: Iterator[bytes], row_bytes: int, lines: int, block_lines: int, now: float, *, apart: bool = True
    ) -> None:
        self._rows = rows
        self._row_bytes = row_bytes
        self._lines = lines
        self._per_block = block_lines or 1
        self._apart = apart
        self._scanned_at = now  # when the carriage was done with the last block that was timed
        self._taken: deque[float] = deque([now] * AHEAD, maxlen=AHEAD)
        self._ready_at: float | None = None
        self.done = 0

    @property
    def blocks(self) -> int:
        """All blocks."""
        return -(-self._lines // self._per_block)

    @property
    def announced(self) -> tuple[int, int, int]:
        """Size of a block, number of blocks before the last, size of the last; a size no block has is 0."""
        rest = self._lines % self._per_block
        last = rest or (self._per_block if self._apart else 0)
        count = self.blocks - (1 if last else 0)
        return (self._per_block * self._row_bytes if count else 0, count, last * self._row_bytes)

    @property
    def next_lines(self) -> int:
        """Rows of the next block."""
        return min(self._per_block, self._lines - self.done * self._per_block)

    @property
    def finished(self) -> bool:
        """The host has everything."""
        return self.done == self.blocks

    @property
    def percent(self) -> float:
        """How much of the page has passed when the next block is ready."""
        return 100.0 * (self.done * self._per_block + self.next_lines) / self._lines

    def ready_at(self, lines_per_second: float) -> float:
        """When the carriage is done with the next block; the speed counts from the block's beginning."""
        if self._ready_at is None:
            start = max(self._scanned_at, self._taken[0])
            self._ready_at = start + (self.next_lines / lines_per_second if lines_per_second else 0.0)
        return self._ready_at

    def take(self, now: float) -> bytes:
        """The next block's rows."""
        rows = b"".join(islice(self._rows, self.next_lines))
        self._scanned_at = now if self._ready_at is None else self._ready_at
        self._ready_at = None
        self._taken.append(now)
        self.done += 1
        return rows
