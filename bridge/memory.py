"""The memory of the whole process: kept while scans go on, given back to the system when nobody scans any more.

glibc makes a heap for each of a few threads and keeps in it what was freed: after some pages of A4 at 600 ppi that is
13 MB, for as long as we run, and only the first of its heaps can be given back. From that one it gives back too soon:
the kernel then clears the same 20 MB again for every strip of a page.
Of the programs' files, what only the start and scans run stays mapped too, and the kernel would part with such pages
last of all. Unmapped, they are files in its cache like any other (docs/decisions/0119-programs-at-rest.md).
Source: mallopt(3), malloc_trim(3), madvise(2), proc(5); another C library has none of the first two.
"""

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MB: Final = 1024 * 1024
# M_ARENA_MAX; M_MMAP_THRESHOLD, above any strip or picture of one; M_TRIM_THRESHOLD, above all of them together
_SETTINGS: Final = ((-8, 1), (-3, 4 * _MB), (-1, 64 * _MB))
_DONTNEED: Final = 4


def keep_one() -> None:
    """All threads share one heap, and what they free stays there. To be called before there is a second thread."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in _SETTINGS:
            mallopt(setting, value)


def give_back() -> None:
    """What is free goes back, what only cycles hold, and the programs' pages. Takes some ten milliseconds."""
    gc.collect()
    library = ctypes.CDLL(None)
    if trim := getattr(library, "malloc_trim", None):
        trim(0)
    for start, end in _programs():
        library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONTNEED)


def _programs() -> Iterator[tuple[int, int]]:
    """The parts of files that are mapped to be run and can never be written: each is read again where it is run."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, may, _, _, inode, *_ = line.split()
        if may == "r-xp" and inode != "0":
            start, _, end = place.partition("-")
            yield int(start, 16), int(end, 16)
