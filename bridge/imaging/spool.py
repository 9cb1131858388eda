"""What cannot stream waits here: one file per page, without a name, bounded.

The file is never linked into the directory (or unlinked at once where the file system cannot do that),
so nothing remains of it after a crash or a kill.
"""

import errno
import tempfile
from io import FileIO
from pathlib import Path
from typing import IO, Final, Self, cast

from bridge.imaging.errors import SpoolFull

# Room for one A4 page at 1200 ppi in colour, deflated; noise hardly shrinks.
DEFAULT_QUOTA: Final = 512 * 1024 * 1024


class _Room:
    """The bytes that several spools may hold together."""

    def __init__(self, quota: int) -> None:
        self.quota = quota
        self.used = 0


class Spool:
    """Bytes appended, then read at any place. The file is made by the first `append`. Of one thread at a time."""

    def __init__(self, directory: Path, quota: int) -> None:
        self._directory = directory
        self._room = _Room(quota)
        self._file: FileIO | None = None
        self.size = 0  # bytes appended so far

    def beside(self) -> "Spool":
        """Another one that shares this one's quota; to be closed for itself."""
        other = Spool(self._directory, self._room.quota)
        other._room = self._room
        return other

    def append(self, data: bytes) -> None:
        """Raises SpoolFull at the quota, on a full disk, and where the directory cannot be written."""
        if self._room.used + len(data) > self._room.quota:
            raise SpoolFull(f"{self._directory}: a page needs more than its quota of {self._room.quota} bytes")
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._directory)  # noqa: SIM115  # close()
            self._file.seek(self.size)
            rest = memoryview(data)
            while rest:  # a raw write may be short just before the disk is full
                rest = rest[self._file.write(rest) :]
        except OSError as err:
            reason = "no room left" if err.errno in (errno.ENOSPC, errno.EDQUOT) else err.strerror
            raise SpoolFull(f"{self._directory}: a page cannot be spooled: {reason}") from err
        self.size += len(data)
        self._room.used += len(data)

    def read(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes, which must have been appended."""
        if self._file is None or offset + size > self.size:
            raise ValueError("read beyond what was spooled")
        self._file.seek(offset)
        data = self._file.read(size)
        while len(data) < size:  # a raw read may be short
            data += self._file.read(size - len(data))
        return data

    def file(self) -> IO[bytes]:
        """The file itself, at its start, for a decoder that reads files; it stays ours to close."""
        if self._file is None:
            raise ValueError("nothing was spooled")
        self._file.seek(0)
        return cast("IO[bytes]", self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the room back; may be called twice. What is appended later begins anew."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._room.used -= self.size
            self.size = 0
