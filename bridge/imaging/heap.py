"""The memory of pages goes back to the system when nobody scans any more.

glibc makes a heap for each of a few threads and keeps in it what was freed, for the next time: after some pages of A4
at 600 ppi that is 13 MB, for as long as we run. Only the first of its heaps can be given back.
Source: mallopt(3), malloc_trim(3); another C library has none of it, and is left alone.
"""

import ctypes
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX


def keep_one() -> None:
    """All threads share one heap. To be called before there is a second thread."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """What is free goes back. Takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
