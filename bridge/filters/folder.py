"""A folder of this machine: a disk, or whatever is mounted there.

The folder itself must exist: one that is missing may be a disk that is not mounted, and what is written beneath its
mount point nobody finds again. Folders inside it are made.
"""

import ctypes
import errno
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from bridge import durable
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.names import FileNames
from bridge.filters.publish import publish

_PIECE: Final = 1024 * 1024
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1
_NOT_THAT_WAY: Final = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)  # NFS, some FUSE
_DENIED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Folder:
    """Files into a folder of this machine."""

    def __init__(self, dialect: str, folder: Path, names: FileNames | None = None) -> None:
        self.dialect = dialect
        self._folder = folder
        self._names = names or FileNames()

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        await apart(lambda: publish(LocalPlace(self._folder), f"folder {self._folder}", self._names, work))
        return ()


class LocalPlace:
    """The place that publish() works on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make_folders(self, parts: Sequence[str]) -> None:
        if not self._folder.is_dir():
            why = "is not there; create it, or mount what belongs there"
            raise FilterFailed(FilterStateReason.INVALID_ARGS, f"{self._folder} {why}", passing=True)
        made = self._folder
        try:
            for part in parts:
                made /= part
                if not made.is_dir():
                    made.mkdir(exist_ok=True)
                    durable.shared(made, self._folder, 0o777)
                    durable.flush(made.parent)
        except OSError as err:
            raise _failure(err, made) from err

    def write(self, path: Sequence[str], file: Path) -> None:
        there = self._folder.joinpath(*path)
        try:
            with file.open("rb") as source:
                durable.write(there, iter(lambda: source.read(_PIECE), b""), self._folder)
        except OSError as err:
            raise _failure(err, there) from err

    def exists(self, path: Sequence[str]) -> bool:
        try:
            self._folder.joinpath(*path).lstat()
        except FileNotFoundError:
            if not self._folder.is_dir():  # then nothing can be said of what was in it
                self.make_folders(())
            return False
        except OSError as err:
            raise _failure(err, self._folder) from err
        return True

    def rename(self, old: Sequence[str], new: Sequence[str]) -> bool:
        source, target = self._folder.joinpath(*old), self._folder.joinpath(*new)
        try:
            if not _renamed(source, target):
                return False
            durable.flush(target.parent)
        except OSError as err:
            raise _failure(err, target) from err
        return True


def _renamed(source: Path, target: Path) -> bool:
    """False: the name is taken. Raises OSError."""
    number = _rename_no_replace(source, target)
    if number == errno.EEXIST:
        return False
    if not number:
        return True
    if number not in _NOT_THAT_WAY:
        raise OSError(number, os.strerror(number))
    return linked(source, target)


def linked(source: Path, target: Path) -> bool:
    """The same in two steps, the first of which decides. False: the name is taken. Raises OSError."""
    try:
        os.link(source, target)
    except FileExistsError:
        if not os.path.samefile(source, target):
            return False  # else an earlier try came just this far
    source.unlink()
    return True


def _rename_no_replace(source: Path, target: Path) -> int:
    """renameat2(2), which Python does not have; the error number, 0 when it was done."""
    call = _renameat2()
    if call is None:
        return errno.ENOSYS
    done: int = call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE)
    return ctypes.get_errno() if done else 0


@cache
def _renameat2() -> "ctypes._NamedFuncPointer | None":
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return call


def _failure(err: OSError, path: Path) -> FilterFailed:
    text = f"{path}: {err.strerror or err}"
    if err.errno in _DENIED:
        return FilterFailed(FilterStateReason.FILE_SHARE_ACCESS_DENIED, text)
    if err.errno in _FULL:
        return FilterFailed(FilterStateReason.FILE_SHARE_OUT_OF_DISK_SPACE, text, passing=True)
    if err.errno == errno.ENOMEM:
        return FilterFailed(FilterStateReason.SERVER_OUT_OF_MEMORY, text, passing=True)
    if err.errno in (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
        return FilterFailed(FilterStateReason.INVALID_ARGS, text)
    return FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=True)
