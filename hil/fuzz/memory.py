"""Whether memory grows: resident size over messages, its slope taken from the later half of a run.

The first half fills what is bounded: the history of jobs, ids already answered, caches of the libraries.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = 4096 / 1024 / 1024  # MB


def resident(pid: int | str = "self") -> float:
    """MB of that process in memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


@dataclass(slots=True)
class Growth:
    """Samples of (messages so far, MB)."""

    samples: list[tuple[float, float]] = field(default_factory=list)

    def take(self, messages: int, size: float) -> None:
        self.samples.append((messages, size))

    @property
    def slope(self) -> float | None:
        """MB for a hundred thousand messages; None where there are too few samples to tell."""
        later = self._later()
        if len(later) < 4:
            return None
        line = statistics.linear_regression([count for count, _ in later], [size for _, size in later])
        return line.slope * 100_000

    @property
    def grown(self) -> float:
        """MB from the middle of the run to its end."""
        later = self._later()
        return later[-1][1] - later[0][1] if later else 0.0

    def _later(self) -> Sequence[tuple[float, float]]:
        return self.samples[len(self.samples) // 2 :]
