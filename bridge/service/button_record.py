"""The pages of a press on the disk, from the first one scanned to the last place they were brought to.

One directory for each press: job.json, the pages 0001.jpg …, scanned.json once there will be no more, made/ for what
is made of the pages, notes/ for what the filters have done. Every file is whole or not there, so that a kill or a
power cut at any moment costs at most the page that is just being scanned.
"""

import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from bridge import durable
from bridge.filters.apart import apart
from bridge.filters.filter import StoredImage, Work
from bridge.filters.names import suffix

_JOB, _SCANNED, _MADE, _NOTES = "job.json", "scanned.json", "made", "notes"
_PAGE_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Press:
    """What is kept of a press."""

    scanner: str  # key
    scanner_name: str
    button: str
    user: str
    created: datetime
    format: str  # of each page, in WS-Scan's words
    resolution: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One directory."""

    path: Path
    press: Press
    complete: bool | None = None  # None: pages may still come

    @classmethod
    def begin(cls, directory: Path, press: Press) -> Self:
        """A new one. Raises OSError."""
        path = directory / f"{press.created:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        path.mkdir(parents=True, mode=0o700)
        said = asdict(press) | {"created": press.created.isoformat()}
        durable.write(path / _JOB, [json.dumps(said, indent=1).encode()])
        durable.flush(directory)
        return cls(path, press)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What an earlier run left. Raises OSError, ValueError, KeyError or TypeError."""
        said = json.loads((path / _JOB).read_bytes())
        created = datetime.fromisoformat(said.pop("created"))
        across, down = (int(ppi) for ppi in said.pop("resolution"))
        press = Press(created=created, resolution=(across, down), **{name: str(text) for name, text in said.items()})
        scanned = path / _SCANNED
        complete = bool(json.loads(scanned.read_bytes())["complete"]) if scanned.exists() else None
        return cls(path, press, complete)

    @staticmethod
    def swept(path: Path) -> bool:
        """Whether that was what a crash left of a record that had just been begun or delivered; it is gone now."""
        if (path / _JOB).exists():
            return False
        shutil.rmtree(path, ignore_errors=True)
        return True

    @property
    def token(self) -> str:
        """Its name."""
        return self.path.name

    @property
    def pages(self) -> tuple[StoredImage, ...]:
        """Those that are whole."""
        found = sorted(each for each in self.path.iterdir() if each.stem.isdecimal())
        return tuple(StoredImage(each, int(each.stem), self.press.format) for each in found)

    async def add_page(self, chunks: AsyncIterator[bytes]) -> None:
        """The next page; what is raised leaves nothing of it. Raises OSError, and what `chunks` raises."""
        number = len(self.pages) + 1
        path = self.path / f"{number:0{_PAGE_DIGITS}}"
        path = path.with_suffix(suffix(StoredImage(path, number, self.press.format)))
        coming = path.with_name(f".{path.name}.part")
        try:
            with coming.open("wb") as file:
                async for chunk in chunks:
                    file.write(chunk)
                file.flush()
                await apart(lambda: os.fsync(file.fileno()))
            coming.replace(path)
        except BaseException:
            coming.unlink(missing_ok=True)
            raise
        await apart(lambda: durable.flush(self.path))

    def finish(self, *, complete: bool) -> Self:
        """No page will come any more. `complete`: nothing went wrong. Raises OSError."""
        durable.write(self.path / _SCANNED, [json.dumps({"complete": complete}).encode()])
        return replace(self, complete=complete)

    def made(self, name: str) -> Path:
        """Where a file that is made of the pages lies, if it is made. Raises OSError."""
        directory = self.path / _MADE
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory / name

    def work(self, images: tuple[StoredImage, ...]) -> Work:
        """What filters are given."""
        local = self.press.created.astimezone()
        name = f"{self.press.scanner_name} {local:%Y-%m-%d %H.%M}".strip()
        return Work(self.token, name, self.press.user, self.press.created, images, self.path / _NOTES)

    def remove(self) -> None:
        """Everything was delivered, or there never was a page. What a crash leaves of it is no record any more."""
        (self.path / _JOB).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def used(directory: Path) -> int:
    """Bytes that all records take."""
    total = 0
    for folder, _, files in os.walk(directory):
        for file in files:
            try:
                total += os.lstat(os.path.join(folder, file)).st_size
            except OSError:
                continue  # delivered just now
    return total


def described(record: Record) -> dict[str, str]:
    """The words for the names of its files."""
    return {"scanner": record.press.scanner_name, "button": record.press.button}
