"""A process and all that it started: what they had of the cores. Source: proc(5)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")


def processes(pid: int) -> Iterator[Path]:
    """/proc/… of each."""
    process = Path("/proc", str(pid))
    yield process
    for task in (process / "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from processes(int(child))


def spent(pid: int) -> float:
    """Seconds on a core until now, with what those spent that have ended; in steps of 10 ms."""
    ticks = 0
    for process in processes(pid):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / _TICK
