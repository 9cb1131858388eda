"""tesseract's table, and the words over a page's picture in the PDF."""

import re
import zlib
from pathlib import Path

from PIL import Image

from bridge.filters.text import read
from bridge.imaging.pdf_joined import StoredPage, joinable, joined
from bridge.imaging.pdf_text import Word, shown

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def test_words_and_their_boxes_are_read() -> None:
    table = HEAD + "1\t1\t0\t0\t0\t0\t0\t0\t1240\t1754\t-1\t\n" + "5\t1\t1\t1\t1\t1\t104\t209\t152\t35\t96.5\tInvoice\n"
    assert read(table) == (Word("Invoice", 104, 209, 152, 35),)


def test_rows_that_are_none_are_left_out() -> None:
    bad = [
        "5\t1",
        "5\t1\t1\t1\t1\t1\t-4\t209\t152\t35\t96\tx",
        "5\t1\t1\t1\t1\t1\t4\t209\t9999999\t35\t96\tx",
        "5" + "\t" * 11,
    ]
    assert read(HEAD + "\n".join(bad)) == ()
    assert read("") == ()


def test_a_word_lies_over_its_box() -> None:
    # 100 pixels to the inch: 0.72 units a pixel, on a page 720 units high
    operators = shown([Word("ab", 100, 200, 50, 20)], (0.72, 0.72), 720.0).decode()
    assert operators.startswith("BT 3 Tr ")
    found = re.search(r"([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) Tm <([0-9a-f]+)> Tj", operators)
    assert found is not None
    across, up, x, y = (float(each) for each in found.groups()[:4])
    assert (x, up) == (72.0, 14.4)
    assert across * 0.5 * 2 == 36.0  # two characters of half an em are as wide as the box
    assert 720 - 220 * 0.72 < y < 720 - 200 * 0.72
    assert found[5] == "006100620020"


def test_what_no_16_bits_hold_is_replaced() -> None:
    assert b"<fffd0020>" in shown([Word("\U0001f600", 0, 0, 10, 10)], (1.0, 1.0), 100.0)


def test_pages_of_different_sizes_are_joined_as_they_are(tmp_path: Path) -> None:
    Image.new("RGB", (60, 80), "red").save(tmp_path / "1.jpg", quality=90)
    Image.new("1", (40, 30), 1).save(tmp_path / "2.tif", compression="group4")
    pages = [
        StoredPage(tmp_path / "1.jpg", "jfif", (100, 100)),
        StoredPage(tmp_path / "2.tif", "tiff-single-g4", (200, 200)),
    ]
    asked: list[str] = []

    def words(page: StoredPage) -> tuple[Word, ...]:
        asked.append(page.path.name)
        return (Word("red", 1, 1, 30, 10),) if page.format == "jfif" else ()

    pdf = b"".join(joined(pages, words, None, tmp_path))
    assert asked == ["1.jpg", "2.tif"]
    assert (tmp_path / "1.jpg").read_bytes() in pdf, "coded once"
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [(float(width), float(height)) for width, height in boxes] == [(43.2, 57.6), (14.4, 10.8)]
    assert pdf.count(b" Tj") == 1
    streams = [
        zlib.decompress(each)
        for each in re.findall(rb"/Filter /FlateDecode /Length \d+ >>\nstream\n(.*?)\nendstream", pdf, re.DOTALL)
    ]
    (meaning,) = [each for each in streams if b"begincmap" in each]
    assert meaning.count(b"> <") == 2 * 256 + 1  # a range for each first byte, and the code space
    # Every object is where the table says.
    table = int(re.findall(rb"startxref\n(\d+)\n", pdf)[0])
    for number, at in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf[table:]), 1):
        assert pdf[int(at) :].startswith(b"%d 0 obj" % number)


def test_only_what_need_not_be_coded_again_is_joined() -> None:
    assert [each for each in ("jfif", "exif", "tiff-single-g4", "png", "dib") if joinable(each)] == [
        "jfif",
        "exif",
        "tiff-single-g4",
    ]
