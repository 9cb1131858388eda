"""One PDF in the place of the pages: what another filter is given, at the first try and at the next."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from bridge.dsm.job import FilterStateReason
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.one_pdf import OnePdf
from bridge.imaging.pdf_joined import resolution


@dataclass
class Seen:
    """A filter that keeps what it was given."""

    dialect: str = "urn:x"
    given: list[Work] = field(default_factory=list)

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        self.given.append(work)
        return (FilterStateReason.UNKNOWN_ERROR,)


def job(place: Path, *formats: str) -> Work:
    images = []
    for number, word in enumerate(formats, 1):
        path = place / f"{number}.{word}"
        if word == "tiff-single-g4":
            Image.new("1", (40, 30), 1).save(path, "TIFF", compression="group4", dpi=(200, 100))
        else:
            Image.new("L", (60, 80)).save(path, "PNG" if word == "png" else "JPEG", dpi=(100, 100))
        images.append(StoredImage(path, number, word))
    return Work("token", "Invoice", "eva", datetime(2026, 3, 1, tzinfo=UTC), tuple(images), place / "notes")


async def test_the_pages_are_one_file_of_the_size_they_had(tmp_path: Path) -> None:
    seen = Seen()
    assert await OnePdf(seen).process(job(tmp_path, "jfif", "exif", "tiff-single-g4")) == ("UnknownError",)
    (image,) = seen.given[0].images
    assert image.format == "pdf-a"
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", image.path.read_bytes())
    assert [(float(width), float(height)) for width, height in boxes] == [(43.2, 57.6), (43.2, 57.6), (14.4, 21.6)]


async def test_a_try_again_brings_the_very_same_file(tmp_path: Path) -> None:
    seen, work = Seen(), job(tmp_path, "jfif", "jfif")
    await OnePdf(seen).process(work)
    first = seen.given[0].images[0].path
    written = first.stat().st_mtime_ns, first.stat().st_ino
    await OnePdf(seen).process(work)
    assert seen.given[1].images == seen.given[0].images
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == written


async def test_a_note_of_a_page_is_none_of_the_whole(tmp_path: Path) -> None:
    seen, work = Seen(), job(tmp_path, "jfif")
    await OnePdf(seen).process(work)
    assert seen.given[0].images[0].document_id not in [each.document_id for each in work.images]


@pytest.mark.parametrize("formats", [("jfif", "png"), ("png",)])
async def test_what_cannot_be_joined_goes_as_it_was_received(tmp_path: Path, formats: tuple[str, ...]) -> None:
    seen, work = Seen(), job(tmp_path, *formats)
    await OnePdf(seen).process(work)
    assert seen.given[0].images == work.images


async def test_a_damaged_page_goes_as_it_was_received(tmp_path: Path) -> None:
    seen, work = Seen(), job(tmp_path, "jfif", "jfif")
    work.images[1].path.write_bytes(b"\xff\xd8 no more")
    await OnePdf(seen).process(work)
    assert seen.given[0].images == work.images


async def test_a_place_without_room_is_told_in_words(tmp_path: Path) -> None:
    work = job(tmp_path, "jfif")
    work.notes.write_bytes(b"a file where a directory should be")
    with pytest.raises(FilterFailed):
        await OnePdf(Seen()).process(work)


@pytest.mark.parametrize("dpi", [(0, 0), (1, 1), (65_535, 65_535), None])
def test_a_resolution_that_cannot_be_is_the_usual_one(tmp_path: Path, dpi: tuple[int, int] | None) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "x", "JPEG", **({} if dpi is None else {"dpi": dpi}))
    assert resolution(tmp_path / "x") == (300, 300)
    assert resolution(tmp_path / "none") == (300, 300)
