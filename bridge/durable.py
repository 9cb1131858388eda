"""Files that are whole or not there, also after a power cut: written beside, flushed, renamed, the folder flushed."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, chunks: Iterable[bytes], like: Path | None = None) -> None:
    """`path` holds all of it, or is what it was before. `like`: see shared(); None: nobody else reads it. Raises
    OSError, and what `chunks` raises."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            if like is not None:
                shared(file.fileno(), like, 0o666)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def shared(there: int | Path, like: Path, most: int) -> None:
    """Whoever may use the folder `like` may use this, whatever our umask and our own group are; where the file system
    knows of such things. Bits beyond `most` are not set. Raises OSError."""
    folder = like.stat()
    with suppress(PermissionError):  # not a group of ours
        os.chown(there, -1, folder.st_gid)
    with suppress(PermissionError):  # FAT
        os.chmod(there, folder.st_mode & most)


def flush(directory: Path) -> None:
    """What was created, renamed or unlinked in it is so after a power cut too. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
