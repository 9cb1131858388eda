"""Memory that the bridge shares with a SANE child: the child reads rows into a slot, the bridge looks at them there.

The bridge says which slots the child may fill, two at a time. A slot is free again when nobody looks at it any more,
in whatever thread. Nobody has to hurry: when few are free, what came is copied and its slot used again. What a scan
took is there for the next one, until it is to be given back. The child cannot make the memory smaller under our eyes.
Source: memfd_create(2), fcntl(2) F_ADD_SEALS, madvise(2) MADV_REMOVE.
"""

import ctypes
import fcntl
import mmap
import os
import threading
import weakref
from typing import Final

from drivers.sane.protocol import SLOT, SLOTS

AHEAD: Final = 2  # slots that the child has: one that it fills, and one for while the bridge looks at that
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class Slots:
    """The slots of one child, as the bridge sees them. `fd` is what the child gets."""

    def __init__(self) -> None:
        """Takes no memory yet. Raises OSError."""
        self.fd = os.memfd_create("rows", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, SLOTS * SLOT)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
        self._memory: mmap.mmap | None = mmap.mmap(self.fd, SLOTS * SLOT)
        self._lock = threading.RLock()
        self._free = list(range(SLOTS))
        self._granted: set[int] = set()
        self._resting = True

    def grant(self) -> int:
        """One more that the child may fill. There is one while it has fewer than AHEAD."""
        with self._lock:
            self._resting = False
            slot = self._free.pop()  # the one used last, which is still in a cache
            self._granted.add(slot)
            return slot

    def filled(self, slot: int, size: int) -> bytes | memoryview:
        """What the child put there. Raises ValueError when it could not have."""
        with self._lock:
            if self._memory is None or slot not in self._granted or size > SLOT:
                raise ValueError(f"{size} bytes in slot {slot}")
            self._granted.remove(slot)
            if not size:
                self._free.append(slot)
                return b""
            held = (ctypes.c_char * size).from_buffer(self._memory, slot * SLOT)
            if len(self._free) < AHEAD:
                self._free.append(slot)
                return bytes(held)
            weakref.finalize(held, self._release, slot).atexit = False
            return memoryview(held).cast("B")

    def withdraw(self) -> None:
        """The child fills none any more."""
        with self._lock:
            self._free += self._granted
            self._granted.clear()

    def give_back(self) -> None:
        """Nothing is scanned: what is free goes back to the system, and what is looked at when it becomes free."""
        with self._lock:
            if self._granted:
                return
            self._resting = True
            for slot in self._free:
                self._give_back(slot)

    def close(self) -> None:
        """The child is gone: all goes back to the system when nobody looks at any of it."""
        with self._lock:
            if self._memory is not None:
                self._memory = None
                os.close(self.fd)

    def _release(self, slot: int) -> None:
        with self._lock:
            if self._resting:
                self._give_back(slot)
            self._free.append(slot)

    def _give_back(self, slot: int) -> None:
        if self._memory is not None:
            self._memory.madvise(mmap.MADV_REMOVE, slot * SLOT, SLOT)
