"""Files into a folder, wherever it is: none half written, none written over, none twice.

A file is written under a hidden name made of the job's token, whole and flushed. Then its final name is noted, and
only then is it renamed, which fails where the name is taken. So after a crash it is known what happened: with a note,
and without the hidden file, the rename was done, whoever may have taken the file away since (paperless does).
docs/decisions/0085-files-are-noted-then-renamed.md
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from bridge.dsm.job import FilterStateReason
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.names import FileNames, numbered, suffix
from bridge.filters.notes import Notes

_DONE: Final = "done"


class Place(Protocol):
    """A folder somewhere. Paths are relative to it. Blocking; every method raises FilterFailed."""

    def make_folders(self, parts: Sequence[str]) -> None:
        """They are there, one in the other."""

    def write(self, path: Sequence[str], file: Path) -> None:
        """All of `file` is there, flushed, in the place of what was there before."""

    def exists(self, path: Sequence[str]) -> bool:
        """Whether it is there."""

    def rename(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """In one step, in the same folder. False: that name is taken."""


def publish(place: Place, what: str, names: FileNames, work: Work) -> None:
    """Every image of the job. `what` tells the place from others in the job's notes. Raises FilterFailed."""
    notes = Notes(work.notes, what)
    for image in work.images:
        key = str(image.document_id)
        noted = notes.get(key)
        if noted == _DONE:
            continue
        *folders, stem = names.of(work, image)
        hidden = (*folders, _hidden(work.token, key))
        if noted is None:
            place.make_folders(folders)
            place.write(hidden, image.path)
        elif not place.exists(hidden):
            notes.put(key, _DONE)
            continue
        for name in numbered(stem, suffix(image)):
            notes.put(key, f"as {name}")
            if place.rename(hidden, (*folders, name)):
                break
        else:
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{what}: there are too many files called {stem}")
        notes.put(key, _DONE)


def _hidden(token: str, key: str) -> str:
    """No program takes it for a scan: it begins with a dot and ends as nothing that is one."""
    return f".scan-{hashlib.sha256(token.encode()).hexdigest()[:24]}-{key}.part"
