"""One pass of paper under the sensors, both of its sides at once: how far it has come, and what the host has taken.

The motor runs ahead of the host until the scanner's memory is full, then it waits: so a slow host slows the motor,
and a host that reads one side only finds no more of it until it has read the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from hil.devices.fujitsu.window import Window


@dataclass(slots=True)
class Side:
    """One side on its way to the host."""

    window: Window
    rows: Iterator[bytes]
    taken: int = 0
    rest: bytes = b""  # of a row that was taken in part


class Passing:
    """`length` rows will pass; less than the window's where the scanner sees the paper's end."""

    def __init__(self, sides: list[Side], length: int, memory: int, now: float) -> None:
        self.sides = {side.window.side: side for side in sides}
        self.length = length
        self._ahead = max(1, memory // sum(side.window.row_bytes for side in sides))
        self._row = 0.0  # that has passed the sensors
        self._since = now

    @property
    def finished(self) -> bool:
        """The host has everything."""
        return all(side.taken >= self.length and not side.rest for side in self.sides.values())

    def pass_on(self, now: float, speed: float) -> None:
        """Let time pass; `speed` is rows a second, 0 = as fast as asked for."""
        moved = (now - self._since) * speed if speed else float(self.length)
        self._row = max(self._row, min(self._row + moved, self._limit))
        self._since = now

    @property
    def _limit(self) -> int:
        return min(self.length, min(side.taken for side in self.sides.values()) + self._ahead)

    def ready_at(self, side: Side, size: int, speed: float) -> float | None:
        """When so many bytes of that side, or all that fit the memory, are there; None: not before the host has read
        the other side."""
        wanted = min(self.length, side.taken + min(self._ahead, self._rows(side, size)))
        if wanted <= self._row:
            return self._since
        if wanted > self._limit:
            return None
        return self._since + ((wanted - self._row) / speed if speed else 0.0)

    def percent(self, side: Side, size: int) -> float:
        """How much of the page the host will have when it has taken so many bytes of that side."""
        taken = [each.taken + (self._rows(side, size) if each is side else 0) for each in self.sides.values()]
        return min(100.0, 100.0 * max(taken) / self.length)

    def take(self, side: Side, size: int) -> bytes:
        """That many bytes, or as many as the side has left."""
        count = min(self.length - side.taken, self._rows(side, size))
        data = side.rest + b"".join(islice(side.rows, count))
        side.taken += count
        side.rest = data[size:]
        return data[:size]

    @staticmethod
    def _rows(side: Side, size: int) -> int:
        """Rows that must be begun for so many bytes."""
        return -(-max(0, size - len(side.rest)) // side.window.row_bytes)
