"""What a run leaves behind in this process, which must be nothing: tasks of its loop, threads, file descriptors.

Linux only, as the rest of the rig; memory grows and shrinks by itself, and is judged over many runs.
"""

import asyncio
import gc
import os
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """How much this process holds."""

    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> "Held":
        """Without what only waits to be collected."""
        gc.collect()
        return cls(len(os.listdir("/proc/self/fd")), threading.active_count())

    def more(self, before: "Held") -> tuple[str, ...]:
        """In words what there is now and was not before."""
        found = []
        if self.descriptors > before.descriptors:
            found.append(f"{self.descriptors - before.descriptors} file descriptors")
        if self.threads > before.threads:
            found.append(f"{self.threads - before.threads} threads")
        return tuple(found)


def tasks() -> tuple[str, ...]:
    """The tasks of the running loop but for the one that asks."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return tuple(sorted(f"task {each.get_coro()!r}" for each in others))


def megabytes() -> float:
    """That are resident."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
