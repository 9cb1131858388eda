"""Where the post-scan jobs of a scan server lie on the disk: one directory for each, with its record and its images.

What was kept is kept: an image is flushed, then linked to its final name, then the directory is flushed; a record is
replaced as a whole. A directory without a record is a job that nobody was promised. Blocking; any thread may call.
"""

import errno
import filecmp
import json
import logging
import os
import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bridge import durable
from bridge.errors import BridgeError, ConfigError

_log = logging.getLogger(__name__)

RECORD: Final = "job.json"
_IMAGES: Final = "images"
_NOTES: Final = "notes"
_PART: Final = ".part"
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoreFull(BridgeError):
    """The disk, or the share of it that is ours, has no room."""


class ImageTooLarge(BridgeError):
    """One image has more bytes than one may have."""


class ImageDiffers(BridgeError):
    """That DocumentId was used for another image of the job."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One image that is on the disk."""

    path: Path
    document_id: int
    format: str


class Store:
    """`quota`: bytes of images at one time, those on their way counted; `most`: bytes of one image."""

    def __init__(self, directory: Path, quota: int, most: int) -> None:
        """Raises ConfigError when the directory cannot be had."""
        self.most = most
        self._directory, self._quota = directory, quota
        self._used = 0
        self._lock = threading.Lock()
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as err:
            raise ConfigError(str(directory), "state_dir", err.strerror or str(err)) from err

    def load(self) -> dict[str, Mapping[str, Any]]:
        """The records of an earlier run, by token. What it left half done is removed."""
        found: dict[str, Mapping[str, Any]] = {}
        for place in sorted(each for each in self._directory.iterdir() if each.is_dir()):
            try:
                record = json.loads((place / RECORD).read_bytes())
            except FileNotFoundError:
                shutil.rmtree(place, ignore_errors=True)
                continue
            except (OSError, ValueError) as err:
                _log.error("%s: the record of a post-scan job is damaged and left alone: %s", place, err)
                continue
            for half in (place / _IMAGES).glob(f"*{_PART}"):
                half.unlink()
            found[place.name] = record
        self._used = sum(each.stat().st_size for each in self._directory.glob(f"*/{_IMAGES}/*"))
        return found

    def put(self, token: str, record: Mapping[str, Any]) -> None:
        """Keep the record, made or replaced as a whole. Raises StoreFull, OSError."""
        place = self._place(token)
        try:
            if not place.exists():
                (place / _IMAGES).mkdir(parents=True, mode=0o700)
                (place / _NOTES).mkdir(mode=0o700)
                durable.flush(self._directory)
            new = place / f"{RECORD}{_PART}"
            with new.open("w", encoding="utf-8") as file:
                json.dump(record, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(place / RECORD)
            durable.flush(place)
        except OSError as err:
            raise _full(err) if err.errno in FULL else err from err

    def images(self, token: str) -> tuple[Kept, ...]:
        """Those of a job, by DocumentId."""
        found = []
        for path in sorted((self._place(token) / _IMAGES).iterdir()):
            number, _, word = path.name.partition(".")
            if path.suffix != _PART:
                found.append(Kept(path, int(number), word))
        return tuple(found)

    def notes(self, token: str) -> Path:
        """The directory in which the filters of that job note what they did."""
        return self._place(token) / _NOTES

    def incoming(self, token: str, document_id: int, word: str) -> "Incoming":
        """Begin an image; `word` is its format. Raises OSError."""
        return Incoming(self, self._place(token) / _IMAGES, f"{document_id:010}", word)

    def empty(self, token: str) -> None:
        """The job is over: its images and notes go, its record stays."""
        place = self._place(token)
        with self._lock:
            self._used -= sum(each.stat().st_size for each in (place / _IMAGES).glob("*") if each.suffix != _PART)
        shutil.rmtree(place / _IMAGES, ignore_errors=True)
        shutil.rmtree(place / _NOTES, ignore_errors=True)

    def forget(self, token: str) -> None:
        """Nothing of an ended job remains."""
        shutil.rmtree(self._place(token), ignore_errors=True)

    def _place(self, token: str) -> Path:
        return self._directory / str(uuid.UUID(token))  # a token that is none of ours leads nowhere

    def take(self, size: int) -> None:
        """Room for so many bytes more; a negative number gives some back. Raises StoreFull."""
        with self._lock:
            if size > 0 and self._used + size > self._quota:
                raise StoreFull(f"{self._quota} bytes of images are waiting already")
            self._used += size

    def settle(self, part: Path, final: Path) -> bool:
        """Give a whole image its name; False when it was there already. Raises ImageDiffers, OSError."""
        with self._lock:
            there = next(final.parent.glob(f"{final.name.partition('.')[0]}.*"), None)
            if there is None:
                part.rename(final)
                return True
        if there.name != final.name or not filecmp.cmp(part, there, shallow=False):
            raise ImageDiffers("another image of the job has that DocumentId")
        return False


class Incoming:
    """One image on its way to the disk. It ends with `keep` or with `drop`; a drop waits for what is under way, and
    changes nothing once the image is kept."""

    def __init__(self, store: Store, directory: Path, number: str, word: str) -> None:
        self._store, self._directory = store, directory
        self._final = directory / f"{number}.{word}"
        self._part = directory / f"{uuid.uuid4().hex}{_PART}"
        self._file = self._part.open("xb", buffering=0)
        self._turn = threading.Lock()
        self._over = False
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Raises ImageTooLarge, StoreFull, OSError."""
        with self._turn:
            if self._over:
                return  # nobody waits for it any more
            if self.size + len(data) > self._store.most:
                raise ImageTooLarge(f"an image may have {self._store.most} bytes")
            self._store.take(len(data))
            self.size += len(data)
            try:
                view = memoryview(data)
                while view:
                    view = view[self._file.write(view) :]
            except OSError as err:
                raise _full(err) if err.errno in FULL else err from err

    def keep(self) -> bool:
        """From now on it outlives us; False: the very same image was there already. Raises ImageDiffers, OSError."""
        with self._turn:
            if self._over:
                return False
            try:
                os.fsync(self._file.fileno())
                self._file.close()
                fresh = self._store.settle(self._part, self._final)
                self._over = fresh
                durable.flush(self._directory)
            except OSError as err:
                raise _full(err) if err.errno in FULL else err from err
        if not fresh:
            self.drop()
        return fresh

    def drop(self) -> None:
        """There never was such an image."""
        with self._turn:
            if self._over:
                return
            self._over = True
            self._file.close()
            self._part.unlink(missing_ok=True)
            self._store.take(-self.size)


def _full(err: OSError) -> StoreFull:
    return StoreFull(err.strerror or str(err))
