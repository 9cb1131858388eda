"""Files come to a place whole and once, whenever the bridge dies: a place of ten lines, and a death at every step."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.filters.filter import StoredImage, Work
from bridge.filters.names import FileNames
from bridge.filters.notes import Notes
from bridge.filters.publish import publish

WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Died(BaseException):
    """Somebody killed the bridge."""


class Shelf:
    """A place that dies before, or just after, its n-th change."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, ...], bytes] = {}
        self.changes = 0
        self.dies_at: int | None = None

    def _change(self) -> None:
        if self.changes == self.dies_at:
            raise Died
        self.changes += 1

    def make_folders(self, parts: Sequence[str]) -> None:
        self._change()

    def write(self, path: Sequence[str], file: Path) -> None:
        self._change()
        self.files[tuple(path)] = file.read_bytes()[:3]  # half of it
        self._change()
        self.files[tuple(path)] = file.read_bytes()
        self._change()

    def exists(self, path: Sequence[str]) -> bool:
        return tuple(path) in self.files

    def rename(self, old: Sequence[str], new: Sequence[str]) -> bool:
        self._change()
        if tuple(new) in self.files:
            return False
        self.files[tuple(new)] = self.files.pop(tuple(old))
        self._change()
        return True


def work(place: Path, *contents: bytes, token: str = "token") -> Work:
    images = []
    for number, content in enumerate(contents, 1):
        path = place / f"{number}.jpg"
        path.write_bytes(content)
        images.append(StoredImage(path, number, "jfif"))
    return Work(token, "Letter", "somebody", WHEN, tuple(images), place / f"notes {token}")


def test_the_files_are_there_under_their_names(tmp_path: Path) -> None:
    shelf = Shelf()
    publish(shelf, "shelf", FileNames("{year}/{name}"), work(tmp_path, b"page one", b"page two"))
    assert shelf.files == {("2026", "Letter-1.jpg"): b"page one", ("2026", "Letter-2.jpg"): b"page two"}


@pytest.mark.parametrize("step", range(15))
def test_killed_at_any_step_each_file_is_there_once_after_the_next_try(tmp_path: Path, step: int) -> None:
    job, shelf = work(tmp_path, b"page one", b"page two"), Shelf()
    shelf.files["Letter-2.jpg",] = b"somebody else's"
    shelf.dies_at = step
    if step < 13:  # two files of six changes each, and one name that is taken
        with pytest.raises(Died):
            publish(shelf, "shelf", FileNames(), job)
    shelf.dies_at = None
    publish(shelf, "shelf", FileNames(), job)
    assert shelf.files == {
        ("Letter-1.jpg",): b"page one",
        ("Letter-2.jpg",): b"somebody else's",
        ("Letter-2 (2).jpg",): b"page two",
    }


@pytest.mark.parametrize("step", range(13))
def test_what_was_taken_away_at_once_does_not_come_again(tmp_path: Path, step: int) -> None:
    """paperless takes a file out of its folder the moment it sees it."""
    job, shelf, consumed = work(tmp_path, b"page one", b"page two"), Shelf(), list[bytes]()

    def consume() -> None:
        for path in [path for path in shelf.files if not path[-1].startswith(".")]:
            consumed.append(shelf.files.pop(path))

    shelf.dies_at = step
    with_death = False
    try:
        publish(shelf, "shelf", FileNames(), job)
    except Died:
        with_death = True
    assert with_death == (step < 12)
    consume()
    shelf.dies_at = None
    publish(shelf, "shelf", FileNames(), job)
    consume()
    assert sorted(consumed) == [b"page one", b"page two"]


def test_a_second_try_touches_nothing(tmp_path: Path) -> None:
    job, shelf = work(tmp_path, b"page one"), Shelf()
    publish(shelf, "shelf", FileNames(), job)
    changes = shelf.changes
    publish(shelf, "shelf", FileNames(), job)
    assert shelf.changes == changes


def test_two_places_of_one_job_do_not_share_their_notes(tmp_path: Path) -> None:
    job, one, other = work(tmp_path, b"page one"), Shelf(), Shelf()
    publish(one, "one", FileNames(), job)
    publish(other, "other", FileNames(), job)
    assert one.files == other.files == {("Letter.jpg",): b"page one"}


def test_notes_outlive_their_reader(tmp_path: Path) -> None:
    Notes(tmp_path / "notes", "somewhere").put("1", "as Letter.jpg")
    assert Notes(tmp_path / "notes", "somewhere").get("1") == "as Letter.jpg"
    assert Notes(tmp_path / "notes", "elsewhere").get("1") is None
