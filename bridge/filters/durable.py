"""Files that are whole or not there, also after a power cut: written beside, flushed, renamed, the folder flushed."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, chunks: Iterable[bytes], mode: int | None = None) -> None:
    """`path` holds all of it, or is what it was before. `mode`: whatever our umask is; None: nobody else reads it.
    Raises OSError, and what `chunks` raises."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            if mode is not None:
                open_to(file.fileno(), mode)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def open_to(there: int | Path, mode: int) -> None:
    """The file or folder may be used so, where the file system knows of such things."""
    with suppress(PermissionError):  # FAT
        os.chmod(there, mode)


def flush(directory: Path) -> None:
    """What was created and renamed in it is on the disk. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
