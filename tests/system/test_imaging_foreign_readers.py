"""Files of several pages before programs that nobody here wrote: qpdf, poppler, MuPDF and libtiff's tools."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from bridge.imaging import formats
from bridge.imaging.adjust import Adjust
from bridge.imaging.encode import encode_document
from bridge.imaging.target import Target, adjusted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster
from tests.system import debian

WIDTH, HEIGHT = 827, 1169  # A4 at 100 ppi
PILLOW = {Mode.LINEART: "1", Mode.GRAY8: "L", Mode.RGB24: "RGB"}
Run = Callable[..., str]


@pytest.fixture(scope="module")
def run() -> Run:
    root = debian.packages("qpdf", "poppler-utils", "mupdf-tools", "libtiff-tools")

    def one(program: str, *arguments: str | Path) -> str:
        command = [root.program(program), *map(str, arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=root.env())
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return one


def sheet(number: int, mode: Mode) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.text((300, 100), str(number), fill="black", font_size=300)
    draw.ellipse((100, 500, 700, 1100), fill=(200, 80 * number, 20))
    draw.line((10, 10, 800, 1150), fill=(0, 0, 90), width=3)
    return image.convert("1", dither=Image.Dither.NONE) if mode is Mode.LINEART else image.convert(PILLOW[mode])


def file(name: str, mode: Mode, directory: Path, adjust: Adjust | None = None) -> Path:
    def page(number: int) -> Raster:
        data = sheet(number, mode).tobytes()
        step = 100 * mode.row_bytes(WIDTH)
        chunks = iter([data[at : at + step] for at in range(0, len(data), step)])
        return Raster(WIDTH, HEIGHT, mode, (100, 100), chunks)

    target = adjusted(Target(formats.of(name), mode, WIDTH, HEIGHT, (100, 100)), adjust or Adjust())
    path = directory / f"{name}.{'pdf' if name == 'pdf-a' else 'tif'}"
    with path.open("wb") as out:
        out.writelines(encode_document((page(number) for number in (1, 2, 3)), target, directory))
    return path


def close(image: Image.Image, expected: Image.Image, share: float) -> None:
    """At most that share of the pixels is visibly another."""
    assert image.size == expected.size
    counts = ImageChops.difference(image.convert("L"), expected.convert("L")).histogram()
    assert sum(counts[40:]) <= share * sum(counts)


@pytest.mark.parametrize("mode", list(PILLOW))
def test_a_pdf_is_sound_and_shows_what_was_scanned(mode: Mode, run: Run, tmp_path: Path) -> None:
    pdf = file("pdf-a", mode, tmp_path)
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", pdf)
    told = run("pdfinfo", pdf)
    assert "Pages:           3\n" in told
    assert "(A4)" in told
    assert "pdfaid" in run("pdfinfo", "-meta", pdf)
    run("pdftoppm", "-r", "100", "-png", pdf, tmp_path / "poppler")
    run("mutool", "draw", "-q", "-r", "100", "-o", tmp_path / "mupdf-%d.png", pdf)
    for number in (1, 2, 3):
        # A renderer may shift by a fraction of a pixel: edges differ.
        for seen in (tmp_path / f"poppler-{number}.png", tmp_path / f"mupdf-{number}.png"):
            image = Image.open(seen)
            close(image.crop((0, 0, WIDTH, HEIGHT)), sheet(number, mode), 0.02)


def test_black_and_white_in_a_pdf_is_every_pixel(run: Run, tmp_path: Path) -> None:
    pdf = file("pdf-a", Mode.LINEART, tmp_path)
    run("pdfimages", "-png", pdf, tmp_path / "picture")
    for number in (1, 2, 3):
        image = Image.open(tmp_path / f"picture-{number - 1:03}.png")
        assert image.convert("L").tobytes() == sheet(number, Mode.LINEART).convert("L").tobytes()


def test_a_turned_pdf_lies_on_its_side(run: Run, tmp_path: Path) -> None:
    pdf = file("pdf-a", Mode.GRAY8, tmp_path, Adjust(rotation=90))
    assert "Page size:       841.68 x 595.44 pts" in run("pdfinfo", pdf)
    run("pdftoppm", "-r", "100", "-png", pdf, tmp_path / "page")
    expected = sheet(2, Mode.GRAY8).transpose(Image.Transpose.ROTATE_270)
    close(Image.open(tmp_path / "page-2.png").crop((0, 0, HEIGHT, WIDTH)), expected, 0.02)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name, row in formats.DOCUMENTS.items()
        for mode in row.modes
        if mode in PILLOW and name != "pdf-a"
    ],
)
def test_libtiff_reads_every_page(name: str, mode: Mode, run: Run, tmp_path: Path) -> None:
    tiff = file(name, mode, tmp_path)
    told = run("tiffinfo", tiff)
    assert told.count(f"Image Width: {WIDTH} Image Length: {HEIGHT}") == 3
    assert "arning" not in told
    run("tiffsplit", tiff, tmp_path / "page-")
    for number, suffix in enumerate(("aaa", "aab", "aac"), start=1):
        image = Image.open(tmp_path / f"page-{suffix}.tif")
        close(image, sheet(number, mode), 0.001 if formats.of(name).lossy else 0)
