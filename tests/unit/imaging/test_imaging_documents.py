"""Several pages in one file: every page read again by another reader, and by hand what a reader would forgive."""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from bridge.imaging import formats, icc, tiff_files
from bridge.imaging.adjust import Adjust, Content
from bridge.imaging.encode import encode, encode_document
from bridge.imaging.errors import ImagingError, SpoolFull
from bridge.imaging.target import Origin, Target, adjusted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded, Page, Raster
from drivers.contract.errors import DeviceGone, FeederEmpty

Noise = Callable[..., bytes]
Make = Callable[..., Raster]

PILLOW = {Mode.LINEART: "1", Mode.GRAY8: "L", Mode.RGB24: "RGB"}
TIFFS = [(name, mode) for name, row in formats.DOCUMENTS.items() for mode in row.modes if name.startswith("tiff")]


def goal(name: str, mode: Mode, width: int, height: int, **more: object) -> Target:
    return Target(formats.of(name), mode, width, height, (300, 200), **more)  # type: ignore[arg-type]


def smooth(mode: Mode, width: int, height: int, number: int) -> bytes:
    """A page that JPEG hardly changes, and no other page looks like."""
    grey = (
        Image.linear_gradient("L")
        .rotate(90 * number)
        .resize((width, height))
        .point([min(255, 20 * number + value // 2) for value in range(256)])
    )
    return grey.convert(PILLOW[mode]).tobytes()


@pytest.mark.parametrize(("name", "mode"), [pair for pair in TIFFS if pair[1] in PILLOW])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (37, 300), (121, 17)])
def test_every_page_of_a_tiff_is_there(
    *, name: str, mode: Mode, width: int, height: int, noise: Noise, raster: Make, tmp_path: Path
) -> None:
    lossy = formats.of(name).lossy
    pages = [smooth(mode, width, height, n) if lossy else noise(mode, width, height, n) for n in range(3)]
    whites = [Image.frombytes(PILLOW[mode], (width, height), data) for data in pages]
    file = b"".join(
        encode_document((raster(data, mode, width) for data in pages), goal(name, mode, width, height), tmp_path)
    )
    with Image.open(io.BytesIO(file)) as opened:
        assert opened.n_frames == 3  # type: ignore[attr-defined]
        for number, expected in enumerate(whites):
            opened.seek(number)
            assert (opened.size, opened.mode, opened.info["dpi"]) == ((width, height), PILLOW[mode], (300, 200))
            difference = ImageChops.difference(opened.convert("L"), expected.convert("L")).getextrema()
            assert difference[1] <= (6 if lossy else 0)  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def directories(file: bytes) -> list[dict[int, tuple[int, int, int]]]:
    """Tag → kind, count, value or its place; and that the chain is whole and every directory on an even offset."""
    magic, version, at = struct.unpack_from("<2sHI", file)
    assert (magic, version) == (b"II", 42)
    found = []
    while at:
        assert at % 2 == 0
        (count,) = struct.unpack_from("<H", file, at)
        fields = [struct.unpack_from("<HHII", file, at + 2 + 12 * index) for index in range(count)]
        assert [field[0] for field in fields] == sorted(field[0] for field in fields)
        found.append({tag: (kind, number, value) for tag, kind, number, value in fields})
        (at,) = struct.unpack_from("<I", file, at + 2 + 12 * count)
    return found


def test_directories_form_a_chain_to_the_end(noise: Noise, raster: Make, tmp_path: Path) -> None:
    data = noise(Mode.GRAY8, 5, 3)  # 15 bytes: the directory behind them needs a byte to stand even
    pages = [raster(data, Mode.GRAY8, 5) for _ in range(3)]
    file = b"".join(encode_document(pages, goal("tiff-multi-uncompressed", Mode.GRAY8, 5, 3), tmp_path))
    chain = directories(file)
    assert len(chain) == 3
    for fields in chain:
        place = fields[273][2]
        assert file[place : place + 15] == data
        assert fields[254][2] == 2  # one page of several


def test_a_jpeg_in_a_tiff_has_its_tables_once(raster: Make, tmp_path: Path) -> None:
    data = smooth(Mode.RGB24, 64, 200, 1)
    for content, sampling in ((Content.AUTO, (2, 2)), (Content.TEXT, (1, 1))):
        target = adjusted(goal("tiff-single-jpeg-tn2", Mode.RGB24, 64, 200), Adjust(), content)
        file = b"".join(encode(raster(data, Mode.RGB24, 64), target, tmp_path))
        tags = Image.open(io.BytesIO(file)).tag_v2  # type: ignore[attr-defined]
        assert (tags[259], tags[262], tags[530]) == (7, 6, sampling)
        assert tags[347][:4] == b"\xff\xd8\xff\xdb"
        assert tags[347][-2:] == b"\xff\xd9"
        for at, size in zip(tags[273], tags[279], strict=True):
            strip = file[at : at + size]
            assert (strip[:4], strip[-2:]) == (b"\xff\xd8\xff\xc0", b"\xff\xd9")  # a frame at once: no tables, no JFIF
        assert len(tags[273]) == 4


def test_g3_is_one_dimensional(noise: Noise, raster: Make, tmp_path: Path) -> None:
    file = b"".join(
        encode(
            raster(noise(Mode.LINEART, 50, 300), Mode.LINEART, 50),
            goal("tiff-single-g3mh", Mode.LINEART, 50, 300),
            tmp_path,
        )
    )
    tags = Image.open(io.BytesIO(file)).tag_v2  # type: ignore[attr-defined]
    assert (tags[259], tags[262], tags[292]) == (3, 1, 0)


def test_uncompressed_pages_leave_while_the_feeder_runs(raster: Make, tmp_path: Path) -> None:
    asked = 0

    def pages() -> Iterator[Page]:
        nonlocal asked
        for number in range(3):
            asked = number + 1
            yield raster(bytes([number]) * 10_000, Mode.GRAY8, 100)

    for name, first in (("tiff-multi-uncompressed", b"II"), ("tiff-multi-g4", b"II"), ("pdf-a", b"%PDF-1.4\n")):
        mode = Mode.LINEART if name.endswith("g4") else Mode.GRAY8
        file = encode_document(pages(), goal(name, mode, 100, 100), tmp_path)
        assert next(file).startswith(first)
        assert asked == 1
        file.close()  # type: ignore[attr-defined]
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", list(formats.DOCUMENTS))
def test_no_page_is_no_file(name: str, raster: Make, tmp_path: Path) -> None:
    mode = formats.of(name).modes[0]

    def empty() -> Iterator[Page]:
        raise FeederEmpty("no paper")
        yield

    with pytest.raises(FeederEmpty):
        next(encode_document(empty(), goal(name, mode, 10, 10), tmp_path))
    with pytest.raises(ImagingError, match="no page"):
        next(encode_document([], goal(name, mode, 10, 10), tmp_path))

    def broken() -> Iterator[bytes]:
        raise DeviceGone("unplugged")
        yield

    with pytest.raises(DeviceGone):
        next(encode_document([Raster(10, 10, mode, (300, 300), broken())], goal(name, mode, 10, 10), tmp_path))


@pytest.mark.parametrize("name", list(formats.DOCUMENTS))
def test_a_jam_on_the_second_page_is_no_whole_file(name: str, raster: Make, tmp_path: Path) -> None:
    mode = formats.of(name).modes[0]

    def pages() -> Iterator[Page]:
        yield raster(bytes(mode.row_bytes(10) * 10), mode, 10)
        raise DeviceGone("unplugged")

    parts: list[bytes] = []
    with pytest.raises(DeviceGone):
        parts.extend(encode_document(pages(), goal(name, mode, 10, 10), tmp_path))
    file = b"".join(parts)
    assert b"%%EOF" not in file
    if name.startswith("tiff"):
        assert struct.unpack_from("<I", file, 4)[0] >= len(file)  # the first directory never came


def test_a_format_of_one_image_takes_no_document(tmp_path: Path) -> None:
    with pytest.raises(ImagingError, match="jfif holds one image to a file"):
        encode_document([], goal("jfif", Mode.GRAY8, 1, 1), tmp_path)


def test_one_page_may_be_asked_of_a_format_of_several(raster: Make, tmp_path: Path) -> None:
    for name in formats.DOCUMENTS:
        mode = formats.of(name).modes[-1]
        alone = b"".join(encode(raster(bytes(mode.row_bytes(9) * 9), mode, 9), goal(name, mode, 9, 9), tmp_path))
        pages = [raster(bytes(mode.row_bytes(9) * 9), mode, 9)]
        assert alone == b"".join(encode_document(pages, goal(name, mode, 9, 9), tmp_path))


def test_pages_beyond_four_gigabytes_are_refused_before_they_are_scanned(
    raster: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_files, "LIMIT", 2500)
    read = []

    def chunks(number: int) -> Iterator[bytes]:
        read.append(number)
        yield bytes(900)

    def pages() -> Iterator[Page]:
        for number in range(3):
            yield Raster(30, 30, Mode.GRAY8, (1, 1), chunks(number))

    with pytest.raises(ImagingError, match="more than a TIFF of 4 GiB can hold"):
        b"".join(encode_document(pages(), goal("tiff-multi-uncompressed", Mode.GRAY8, 30, 30), tmp_path))
    assert read == [0, 1]


def test_the_quota_is_for_one_page(noise: Noise, raster: Make, tmp_path: Path) -> None:
    data = noise(Mode.LINEART, 400, 400)  # 20 kB that grow when coded
    target = goal("tiff-multi-g4", Mode.LINEART, 400, 400)
    pages = [raster(data, Mode.LINEART, 400) for _ in range(4)]
    assert len(b"".join(encode_document(pages, target, tmp_path, quota=100_000))) > 100_000
    with pytest.raises(SpoolFull):
        next(encode_document([raster(data, Mode.LINEART, 400)], target, tmp_path, quota=15_000))


# PDF/A


def objects(file: bytes) -> dict[int, bytes]:
    """By number, found through the table at the end, whose every place is checked."""
    table = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", file)[1])  # type: ignore[index]
    head = re.match(rb"xref\n0 (\d+)\n0000000000 65535 f \n", file[table:])
    assert head is not None
    found = {}
    for number in range(1, int(head[1])):
        line = file[table + head.end() + 20 * (number - 1) :][:20]
        assert re.fullmatch(rb"\d{10} 00000 n \n", line)
        at = int(line[:10])
        assert file[at:].startswith(b"%d 0 obj\n" % number)
        found[number] = file[at + len(b"%d 0 obj\n" % number) : file.index(b"\nendobj\n", at)]
    return found


def stream(found: dict[int, bytes], number: int) -> bytes:
    head, _, rest = found[number].partition(b"\nstream\n")
    length = re.search(rb"/Length (\d+)( 0 R)?", head)
    assert length is not None
    size = int(found[int(length[1])]) if length[2] else int(length[1])
    assert rest[size:] == b"\nendstream"
    return rest[:size]


def document(
    mode: Mode, raster: Make, directory: Path, count: int = 2, **more: object
) -> tuple[bytes, dict[int, bytes]]:
    pages = (raster(smooth(mode, 300, 400, n), mode, 300) for n in range(count))
    file = b"".join(encode_document(pages, goal("pdf-a", mode, 300, 400, **more), directory))
    return file, objects(file)


@pytest.mark.parametrize(("mode", "colours"), [(Mode.RGB24, b"/DeviceRGB"), (Mode.GRAY8, b"/DeviceGray")])
def test_a_pdf_holds_each_page_as_jpeg(mode: Mode, colours: bytes, raster: Make, tmp_path: Path) -> None:
    _, found = document(mode, raster, tmp_path)
    assert found[2] == b"<< /Type /Pages /Count 2 /Kids [9 0 R 13 0 R] >>"
    for number, first in enumerate((6, 10)):
        assert b"/Filter /DCTDecode" in found[first]
        assert colours in found[first]
        picture = Image.open(io.BytesIO(stream(found, first)))
        expected = Image.frombytes(PILLOW[mode], (300, 400), smooth(mode, 300, 400, number))
        assert max(ImageChops.difference(picture.convert("L"), expected.convert("L")).getextrema()) <= 6  # type: ignore[operator]
        # 300 pixels at 300 ppi, 400 at 200.
        assert b"/MediaBox [0 0 72.0000 144.0000]" in found[first + 3]
        assert stream(found, first + 2) == b"q 72.0000 0 0 144.0000 0 0 cm /P Do Q"


@pytest.mark.parametrize(("width", "height"), [(1, 1), (33, 300), (640, 129), (17, 128), (9, 1000)])
def test_black_and_white_in_a_pdf_is_one_g4_stream(
    width: int, height: int, noise: Noise, raster: Make, tmp_path: Path
) -> None:
    data = noise(Mode.LINEART, width, height)
    target = goal("pdf-a", Mode.LINEART, width, height)
    found = objects(b"".join(encode_document([raster(data, Mode.LINEART, width)], target, tmp_path)))
    assert b"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns %d /Rows %d >>" % (width, height) in found[6]
    coded = stream(found, 6)
    # The same stream as the one strip of a TIFF in which fax's white is 1, for libtiff to read.
    entries = [
        (256, 3, width),
        (257, 3, height),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, 0),
        (273, 4, 200),
        (278, 3, height),
    ]
    entries.append((279, 4, len(coded)))
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    wrapped = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + fields + bytes(4)
    image = Image.open(io.BytesIO(wrapped.ljust(200, b"\0") + coded))
    expected = Image.frombytes("1", (width, height), data, "raw", "1")
    assert image.convert("L").tobytes() == expected.convert("L").tobytes()


def test_the_rules_of_pdf_a(raster: Make, tmp_path: Path) -> None:
    taken = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    file, found = document(Mode.GRAY8, raster, tmp_path, origin=Origin(taken=taken))
    assert file.startswith(b"%PDF-1.4\n%")
    assert all(byte > 127 for byte in file[10:14])
    trailer = file[file.rindex(b"trailer") :]
    assert re.search(rb"/ID \[<([0-9a-f]{32})> <\1>\]", trailer)
    assert b"/Encrypt" not in file
    assert b"/Info" not in trailer
    assert b"/Metadata 3 0 R" in found[1]
    assert b"/Filter" not in found[3]
    packet = stream(found, 3).decode()
    assert packet.startswith('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert "<pdfaid:part>1</pdfaid:part>" in packet
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in packet
    assert "<xmp:CreateDate>2026-02-03T04:05:06+00:00</xmp:CreateDate>" in packet
    assert b"/OutputIntents [4 0 R]" in found[1]
    assert b"/S /GTS_PDFA1" in found[4]
    assert b"/DestOutputProfile 5 0 R" in found[4]
    assert b"/N 3" in found[5]
    assert zlib.decompress(stream(found, 5)) == icc.srgb()


def test_pages_alike_have_the_same_name_and_others_another(raster: Make, tmp_path: Path) -> None:
    def name(count: int) -> bytes:
        return re.search(rb"/ID \[<(\w+)>", document(Mode.GRAY8, raster, tmp_path, count)[0])[1]  # type: ignore[index]

    assert name(1) == name(1) != name(2)


def test_a_page_larger_than_readers_show_is_shown_smaller(raster: Make, tmp_path: Path) -> None:
    target = Target(formats.of("pdf-a"), Mode.LINEART, 8, 4000, (1, 10))
    file = b"".join(encode(raster(bytes(4000), Mode.LINEART, 8), target, tmp_path))
    assert b"/MediaBox [0 0 288.0000 14400.0000]" in file  # half of 576 by 28800


def test_the_profile_is_srgb() -> None:
    profile = icc.srgb()
    assert len(profile) == struct.unpack_from(">I", profile)[0] < 4096
    assert (profile[8:12], profile[36:40]) == (b"\2\x40\0\0", b"acsp")
    ours = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    ramp = Image.merge("RGB", [Image.linear_gradient("L").rotate(90 * turn) for turn in range(3)])
    seen = ImageCms.profileToProfile(ramp, ours, ImageCms.createProfile("sRGB"))
    assert seen is not None
    assert max(high for _, high in ImageChops.difference(seen, ramp).getextrema()) <= 1  # type: ignore[misc]


def test_a_jpeg_of_the_device_becomes_a_page_untouched(raster: Make, tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.frombytes("RGB", (300, 400), smooth(Mode.RGB24, 300, 400, 1)).save(held, "JPEG", quality=30)
    device = held.getvalue()
    pages: list[Page] = [Encoded("jpeg", iter([device])), raster(smooth(Mode.RGB24, 300, 400, 2), Mode.RGB24, 300)]
    found = objects(b"".join(encode_document(pages, goal("pdf-a", Mode.RGB24, 300, 400), tmp_path)))
    scan = device.index(b"\xff\xda")
    assert stream(found, 6).endswith(device[scan:])
    assert Image.open(io.BytesIO(stream(found, 10))).size == (300, 400)
    pages = [Encoded("jpeg", iter([device])) for _ in range(2)]
    file = b"".join(encode_document(pages, goal("tiff-multi-jpeg-tn2", Mode.RGB24, 300, 400), tmp_path))
    assert Image.open(io.BytesIO(file)).n_frames == 2  # type: ignore[attr-defined]
