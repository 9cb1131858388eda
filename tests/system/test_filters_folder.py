"""A folder that is full, closed or read-only, for real; and words that tesseract finds and poppler then finds again."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from bridge.dsm.job import FilterStateReason as Reason
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.folder import Folder, LocalPlace, linked
from bridge.filters.text import NoText, words
from bridge.imaging.pdf_joined import StoredPage, joined
from tests.system import debian
from tests.system.file_servers import on_disk_of
from tests.system.product import PROJECT

WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NOBODY = 65534
# Runs the filter in a process that may be another user's, and prints what became of it.
FILTER = """
import asyncio, os, sys
from pathlib import Path
from datetime import UTC, datetime
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.folder import Folder
folder, image, notes, user = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
if user:
    os.setgroups([]); os.setgid(user); os.setuid(user)
work = Work("token", "Letter", "", datetime.now(UTC), (StoredImage(image, 1, "jfif"),), notes)
try:
    asyncio.run(Folder("d", folder).process(work))
    print("done", sorted(each.name for each in folder.iterdir()))
except FilterFailed as err:
    print(err.reason, err.passing, sorted(each.name for each in folder.iterdir()))
"""


@pytest.fixture
def open_place(passable: Path) -> Path:
    """A directory that another user can reach, with a folder and a page in it."""
    (passable / "scans").mkdir()
    (passable / "notes").mkdir()
    (passable / "notes").chmod(0o777)
    (passable / "page.jpg").write_bytes(os.urandom(4_000_000))
    (passable / "page.jpg").chmod(0o644)
    return passable


def run(place: Path, prefix: list[str], user: int = 0) -> str:
    arguments = [str(place / "scans"), str(place / "page.jpg"), str(place / "notes"), str(user)]
    command = [*prefix, sys.executable, "-c", FILTER, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_full_disk_leaves_nothing_of_the_file(open_place: Path) -> None:
    said = run(open_place, on_disk_of(1, open_place / "scans"))
    assert said == "FileShareOutOfDiskSpace True []"


def test_a_folder_of_somebody_else_is_denied(open_place: Path) -> None:
    said = run(open_place, [], NOBODY)
    assert said == "FileShareAccessDenied False []"
    (open_place / "scans").chmod(0o777)
    assert run(open_place, [], NOBODY) == "done ['Letter.jpg']"


def test_a_disk_mounted_for_reading_only_is_denied(open_place: Path) -> None:
    prefix = on_disk_of(8, open_place / "scans")
    prefix[-2] = prefix[-2].replace("mode=777", "mode=777,ro")
    assert run(open_place, prefix) == "FileShareAccessDenied False []"


def test_no_room_for_the_notes_is_this_machines_disk(open_place: Path) -> None:
    prefix = on_disk_of(1, open_place / "notes")
    prefix[-2] = prefix[-2].replace('exec "$@"', 'head -c 2m /dev/zero > "$0/full"; exec "$@"')
    said = run(open_place, prefix)
    assert said.startswith("OutOfDiskSpace True")
    assert "Letter" not in said


def work(place: Path, token: str = "token") -> Work:
    page = StoredImage(place / "page.jpg", 1, "jfif")
    return Work(token, "Letter", "", WHEN, (page,), place / f"notes-{token}")


async def test_a_folder_takes_each_job_once_under_a_name_of_its_own(open_place: Path) -> None:
    to = Folder("d", open_place / "scans")
    for token in ("one", "one", "two", "two"):
        assert await to.process(work(open_place, token)) == ()
    assert sorted(each.name for each in (open_place / "scans").iterdir()) == ["Letter (2).jpg", "Letter.jpg"]
    for each in (open_place / "scans").iterdir():
        assert each.read_bytes() == (open_place / "page.jpg").read_bytes()


async def test_many_jobs_at_once_take_names_of_their_own(open_place: Path) -> None:
    to = Folder("d", open_place / "scans")
    await asyncio.gather(*(to.process(work(open_place, f"token {n}")) for n in range(12)))
    names = {each.name for each in (open_place / "scans").iterdir()}
    assert names == {"Letter.jpg"} | {f"Letter ({n}).jpg" for n in range(2, 13)}


async def test_who_may_use_the_folder_may_read_the_file(open_place: Path) -> None:
    (open_place / "scans").chmod(0o2770)
    os.chown(open_place / "scans", 0, NOBODY)
    before = os.umask(0o077)
    try:
        await Folder("d", open_place / "scans").process(work(open_place))
    finally:
        os.umask(before)
    info = (open_place / "scans" / "Letter.jpg").stat()
    assert (info.st_mode & 0o777, info.st_gid) == (0o660, NOBODY)


async def test_a_folder_that_is_not_there_waits_for_its_disk(open_place: Path) -> None:
    with pytest.raises(FilterFailed) as failed:
        await Folder("d", open_place / "not mounted").process(work(open_place))
    assert (failed.value.reason, failed.value.passing) == (Reason.INVALID_ARGS, True)


def test_a_file_system_without_that_rename_links(open_place: Path) -> None:
    scans = open_place / "scans"
    for name in (".a.part", ".b.part"):
        LocalPlace(scans).write((name,), open_place / "page.jpg")
    assert linked(scans / ".a.part", scans / "a.jpg")
    assert not linked(scans / ".b.part", scans / "a.jpg")
    os.link(scans / ".b.part", scans / "b.jpg")  # killed between the two steps
    assert linked(scans / ".b.part", scans / "b.jpg")
    assert sorted(each.name for each in scans.iterdir()) == ["a.jpg", "b.jpg"]


@pytest.fixture
def tesseract(monkeypatch: pytest.MonkeyPatch) -> debian.Root:
    root = debian.packages("tesseract-ocr", "tesseract-ocr-eng", "poppler-utils")
    (data,) = root.path.glob("usr/share/tesseract-ocr/*/tessdata")
    env = root.env(TESSDATA_PREFIX=data)
    for name in ("PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX"):
        monkeypatch.setenv(name, env[name])
    return root


def letter(place: Path) -> StoredPage:
    image = Image.new("L", (1240, 1754), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=48)
    draw.text((100, 200), "Invoice number 4711", fill=0, font=font)
    draw.text((100, 900), "Amount due", fill=0, font=font)
    image.save(place / "letter.jpg", quality=85)
    return StoredPage(place / "letter.jpg", "jfif", (150, 150))


def test_words_that_tesseract_finds_are_found_in_the_pdf(tmp_path: Path, tesseract: debian.Root) -> None:
    page = letter(tmp_path)
    pdf = tmp_path / "letter.pdf"
    pdf.write_bytes(b"".join(joined([page], lambda each: words(each, "eng"), None, tmp_path)))
    command = [tesseract.program("pdftotext"), "-bbox", str(pdf), "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=tesseract.env()).stdout
    found = {}
    for line in told.splitlines():
        if "<word" in line:
            numbers = [float(part.split('"')[0]) for part in line.split('="')[1:]]
            found[line.split(">")[1].split("<")[0]] = numbers
    assert list(found) == ["Invoice", "number", "4711", "Amount", "due"]
    left, top, right, bottom = found["Invoice"]
    # Drawn at 100, 200 in pixels of 150 to the inch: 48 and 96 points, about 48 pixels (23 points) high.
    assert 44 < left < 54
    assert 94 < top < bottom < 124
    assert left + 50 < right < left + 100


def test_a_language_that_is_not_there_costs_the_words_only(tmp_path: Path, tesseract: debian.Root) -> None:
    with pytest.raises(NoText, match=r"tesseract"):
        words(letter(tmp_path), "xxx")


def test_without_tesseract_there_are_no_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoText, match="not installed"):
        words(letter(tmp_path), "eng")
