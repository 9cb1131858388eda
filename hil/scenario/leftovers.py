"""What a run leaves behind in this process, which must be nothing: tasks of its loop, threads, file descriptors.

And what lives in a bridge that still runs, once a fault is over: as much as where there was none. Linux only, as the
rest of the rig; resident memory grows and shrinks by itself, and is judged over many runs.
"""

import asyncio
import gc
import os
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hil.rig.turns import Turns

OURS: Final = ("bridge", "drivers")
TAPPED: Final = "Passed"  # kept by the rig for its timeline, and by the product for a tape: bounded by both
ANYBODY: Final = "to"  # asyncio.to_thread's, which stay for the next one
FEW: Final = 5  # objects more: what was said last of a device that was gone meanwhile


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


@dataclass(frozen=True, slots=True)
class Alive:
    """What there is while the bridge runs: its tasks by name, instances of the product's classes, what is held."""

    tasks: Mapping[str, int]
    objects: Mapping[str, int]
    threads: Mapping[str, int]
    descriptors: int

    @classmethod
    def now(cls) -> "Alive":
        """Of the running loop; what `gc.freeze` has set aside does not count."""
        gc.collect()
        threads = Counter(each.name.partition("_")[0] for each in threading.enumerate())
        del threads[ANYBODY]
        coroutines = Counter(getattr(each.get_coro(), "__qualname__", "?") for each in asyncio.all_tasks())
        kinds = (type(each) for each in gc.get_objects())
        objects = Counter(kind.__name__ for kind in kinds if str(kind.__module__).partition(".")[0] in OURS)
        return cls(coroutines, objects, threads, len(os.listdir("/proc/self/fd")))

    def more(self, before: "Alive") -> tuple[str, ...]:
        """In words what there is now and was not before."""
        found = [f"{count} tasks {name}" for name, count in (Counter(self.tasks) - Counter(before.tasks)).items()]
        objects = Counter(self.objects) - Counter(before.objects)
        del objects[TAPPED]
        if objects.total() > FEW:
            found.append(", ".join(f"{count} {name}" for name, count in objects.most_common(5)))
        found += [
            f"{count} threads {name}" for name, count in (Counter(self.threads) - Counter(before.threads)).items()
        ]
        if self.descriptors > before.descriptors:
            found.append(f"{self.descriptors - before.descriptors} file descriptors")
        return tuple(found)


def tasks() -> tuple[str, ...]:
    """The tasks of the running loop but for the one that asks."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return tuple(sorted(f"task {each.get_coro()!r}" for each in others))


def threads(turns: Turns) -> tuple[str, ...]:
    """Those that still take turns, but for the loop's own."""
    return tuple(f"thread {name}" for name in turns.names if name.partition("_")[0] != ANYBODY)


def megabytes() -> float:
    """That are resident."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
