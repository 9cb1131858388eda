"""What a measurement is: samples, their middle and spread, and what they are held against. Times in seconds."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Samples:
    """At least one duration."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds."""
        return sorted(self.seconds)[max(0, len(self.seconds) * 99 // 100 - 1)]

    @property
    def spread(self) -> tuple[float, float]:
        """The middle half; with fewer than four samples the least and the greatest."""
        if len(self.seconds) < 4:
            return min(self.seconds), max(self.seconds)
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, and the floor it is a multiple of; None where there is none on this machine."""

    name: str
    ours: Samples
    floor: Samples | None = None
    floor_name: str = ""
    wait: Samples | None = None  # for the device's next poll; not in `ours`
    note: str = ""
    tail: bool = False  # the slowest hundredth matters too
    unit: str = ""  # of the samples where they are no seconds
    paired: bool = False  # each of ours was measured beside one of the floor: then both met the same machine

    @property
    def ratio(self) -> float | None:
        if self.floor is None:
            return None
        if self.paired:
            pairs = zip(self.ours.seconds, self.floor.seconds, strict=True)
            return statistics.median(one / other for one, other in pairs)
        return self.ours.median / self.floor.median

    @property
    def tail_ratio(self) -> float | None:
        """Of the slowest hundredths."""
        return None if self.floor is None or not self.tail else self.ours.p99 / self.floor.p99


def samples(values: Sequence[float]) -> Samples:
    """Raises ValueError for none at all."""
    if not values:
        raise ValueError("nothing was measured")
    return Samples(tuple(values))


def machine() -> str:
    """One line: figures are worth nothing without it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if line.startswith(("model name", "Model"))
        ),
        platform.machine(),
    )
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return f"{model}, {cores} cores, load {load:.1f}, Linux {platform.release()}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
