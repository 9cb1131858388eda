"""The memory of pages: kept while scans go on, given back to the system when nobody scans any more.

glibc makes a heap for each of a few threads and keeps in it what was freed: after some pages of A4 at 600 ppi that is
13 MB, for as long as we run, and only the first of its heaps can be given back. From that one it gives back too soon:
the kernel then clears the same 20 MB again for every strip of a page.
Source: mallopt(3), malloc_trim(3); another C library has none of it, and is left alone.
"""

import ctypes
import gc
from typing import Final

_MB: Final = 1024 * 1024
# M_ARENA_MAX; M_MMAP_THRESHOLD, above any strip or picture of one; M_TRIM_THRESHOLD, above all of them together
_SETTINGS: Final = ((-8, 1), (-3, 4 * _MB), (-1, 64 * _MB))


def keep_one() -> None:
    """All threads share one heap, and what they free stays there. To be called before there is a second thread."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in _SETTINGS:
            mallopt(setting, value)


def give_back() -> None:
    """What is free goes back, and so does what only cycles hold. Takes some ten milliseconds."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
