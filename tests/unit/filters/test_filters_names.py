"""Names of files: whatever clients and panels call their jobs, what comes out lies in the folder and can be written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.filters.filter import StoredImage, Work
from bridge.filters.names import MOST_BYTES, FileNames, numbered, safe, suffix

WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def job(name: str = "Letter", images: int = 1, format_: str = "jfif") -> Work:
    stored = tuple(StoredImage(Path(f"/spool/{n}"), n, format_) for n in range(1, images + 1))
    return Work("token", name, "anna", WHEN, stored, Path("/spool/notes"))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Letter", "Letter"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "scan"),
        ("", "scan"),
        (" . ", "scan"),
        (".hidden", "hidden"),
        ("a\\b:c*d?e", "a_b_c_d_e"),
        ("line\r\nbreak", "line__break"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Console", "Console"),
        ("ends in dots...", "ends in dots"),
        ("Übergröße", "Übergröße"),
    ],
)
def test_a_name_is_made_safe(said: str, name: str) -> None:
    assert safe(said) == name


@given(st.text(), st.text())
def test_no_name_leaves_its_folder(name: str, user: str) -> None:
    work = Work("token", name, user, WHEN, job().images, Path("/spool/notes"))
    parts = FileNames("{user}/{name}").of(work, work.images[0])
    assert len(parts) == 2
    for part in parts:
        assert part not in ("", ".", "..")
        assert not set(part) & set('/\\\0:*?"<>|')
        assert part.isprintable()
        assert len(part.encode()) <= MOST_BYTES + 1
        assert not part.startswith((".", " "))
        assert not part.endswith((".", " "))


def test_a_template_makes_folders_and_names() -> None:
    work = job()
    local = WHEN.astimezone()
    names = FileNames("{year}/{month}/{scanner} {date} {user}", {"scanner": "hall/1"})
    assert names.of(work, work.images[0]) == ("2026", "11", f"hall_1 {local:%Y-%m-%d} anna")


def test_pages_are_numbered_where_there_are_several() -> None:
    work = job(images=12)
    assert FileNames("{name}").of(work, work.images[0]) == ("Letter-01",)
    assert FileNames("{page} of {name}").of(work, work.images[11]) == ("12 of Letter",)
    assert FileNames("{name}").of(job(), job().images[0]) == ("Letter",)


def test_braces_in_a_jobs_name_are_no_template() -> None:
    work = job("{user.__class__}")
    assert FileNames("{name}").of(work, work.images[0]) == ("{user.__class__}",)


@pytest.mark.parametrize(
    ("format_", "ending"),
    [
        ("jfif", ".jpg"),
        ("exif", ".jpg"),
        ("png", ".png"),
        ("tiff-multi-g4", ".tif"),
        ("dib", ".bmp"),
        ("pdf-a", ".pdf"),
        ("xps", ".bin"),
        ("unheard-of", ".bin"),
    ],
)
def test_a_format_has_its_suffix(format_: str, ending: str) -> None:
    assert suffix(StoredImage(Path("x"), 1, format_)) == ending


def test_names_that_are_taken_are_counted_on() -> None:
    tried = numbered("a", ".pdf")
    assert [next(tried) for _ in range(3)] == ["a.pdf", "a (2).pdf", "a (3).pdf"]
