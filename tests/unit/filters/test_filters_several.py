"""One filter, several places: folders of this machine, of which some cannot be written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.dsm.job import FilterStateReason as Reason
from bridge.dsm.names import FILE_SHARE
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.folder import Folder
from bridge.filters.several import Several


def work(place: Path) -> Work:
    (place / "page").write_bytes(b"page")
    return Work(
        "token",
        "Letter",
        "eva",
        datetime(2026, 3, 1, tzinfo=UTC),
        (StoredImage(place / "page", 1, "jfif"),),
        place / "notes",
    )


def several(*folders: Path) -> Several:
    return Several(FILE_SHARE, {str(folder): Folder(FILE_SHARE, folder) for folder in folders})


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_a_place_that_is_down_keeps_the_pages_from_no_other(tmp_path: Path) -> None:
    first, away, last = (tmp_path / name for name in ("first", "away", "last"))
    first.mkdir()
    last.mkdir()
    job, to = work(tmp_path), several(first, away, last)
    with pytest.raises(FilterFailed, match="is not there") as failed:
        await to.process(job)
    assert (failed.value.reasons, failed.value.passing, failed.value.partly) == ((Reason.INVALID_ARGS,), True, True)
    assert names_in(first) == names_in(last) == ["Letter.jpg"]
    # It comes back, and what was delivered is not delivered again, whoever took it away and wherever that place is.
    away.mkdir()
    (first / "Letter.jpg").unlink()
    first.rmdir()
    assert await several(first, away, last).process(job) == ()
    assert names_in(away) == names_in(last) == ["Letter.jpg"]
    assert not first.exists()


async def test_what_no_place_took_has_failed_and_every_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FilterFailed) as failed:
        await several(tmp_path / "file", tmp_path / "away").process(work(tmp_path))
    assert failed.value.reasons == (Reason.INVALID_ARGS,)
    assert not failed.value.partly
    assert "file is not there" in str(failed.value)
    assert "away is not there" in str(failed.value)


class OutOfMemory:
    """A filter for which there is no memory the first time."""

    dialect = FILE_SHARE

    def __init__(self) -> None:
        self.tries = 0

    async def process(self, work: Work) -> tuple[Reason, ...]:
        self.tries += 1
        if self.tries == 1:
            raise MemoryError
        return ()


async def test_a_place_that_breaks_keeps_the_pages_from_no_other_and_is_tried_again_alone(tmp_path: Path) -> None:
    folder, short = tmp_path / "folder", OutOfMemory()
    folder.mkdir()
    job, to = work(tmp_path), Several(FILE_SHARE, {"short": short, "folder": Folder(FILE_SHARE, folder)})
    with pytest.raises(MemoryError):
        await to.process(job)
    assert names_in(folder) == ["Letter.jpg"]
    (folder / "Letter.jpg").unlink()
    assert await to.process(job) == ()
    assert (short.tries, names_in(folder)) == (2, [])
