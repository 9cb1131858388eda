"""A process and all that it started: what they had of the cores. Source: proc(5)."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
ENDED: Final = (FileNotFoundError, ProcessLookupError)  # ENOENT to who opens, ESRCH to who had it open


def processes(pid: int) -> Iterator[Path]:
    """/proc/… of each, the process itself first; one that ends meanwhile may be among them. Raises
    FileNotFoundError when it has ended itself."""
    process = Path("/proc", str(pid))
    yield process
    for task in (process / "task").iterdir():
        children: list[str] = []
        with suppress(*ENDED):  # that thread has
            children = (task / "children").read_text().split()
        for child in children:
            with suppress(*ENDED):
                yield from processes(int(child))


def spent(pid: int) -> float:
    """Seconds on a core until now, with what those spent that have ended; in steps of 10 ms."""
    ticks = 0
    for process in processes(pid):
        with suppress(*ENDED):  # its parent has what it spent
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / _TICK
