"""The threads that a backend runs beside ours, and what sane_cancel may do to them.

Where libsane uses threads (Debian's does) it cancels a backend's reader asynchronously: wherever that stands, be it in
malloc or in the dynamic loader, whose lock nobody gives back then; the cancel itself, or the next start, hangs for
ever. So the loader has nothing left to do at a thread's end, the reader is let come to where it waits before it is
canceled, and whether threads still work is tried afterwards.
Source: sane-backends, sanei/sanei_thread.c; pthread_setcanceltype(3); backtrace(3) on the unwinder.
"""

import ctypes
import os
import signal
import threading
import time
from contextlib import suppress
from typing import Final

_REST_SECONDS: Final = 0.5  # one that computes for longer is canceled all the same
_LOOK_AGAIN: Final = 0.002
TRIED_SECONDS: Final = 5
_MALLOC: Final = 4096  # bytes that Python asks the C library for


def load_unwinder() -> None:
    """Now, by the one documented way: else the first thread that ends loads it, and may be canceled within."""
    with suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).backtrace((ctypes.c_void_p * 1)(), 1)


def rest() -> None:
    """Wait, but not for long, until every thread that is not ours sleeps in the kernel."""
    deadline = time.monotonic() + _REST_SECONDS
    while _at_work() and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)


def tried(seconds: int = TRIED_SECONDS) -> None:
    """Start a thread and let it use memory. Where that hangs this process ends, by SIGALRM: it is of no more use."""
    signal.alarm(seconds)
    thread = threading.Thread(target=bytearray, args=(_MALLOC,))
    thread.start()
    thread.join()
    signal.alarm(0)


def _at_work() -> bool:
    ours = {str(each.native_id) for each in threading.enumerate()}
    return any(_state(task) not in "SXZ" for task in os.listdir("/proc/self/task") if task not in ours)


def _state(task: str) -> str:
    """proc(5), the letter after the name; X for one that has ended."""
    try:
        with open(f"/proc/self/task/{task}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
