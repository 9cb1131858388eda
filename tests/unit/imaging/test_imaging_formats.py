"""Every format in every mode it holds, decoded again by a reader that is not ours."""

import io
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from bridge.imaging import formats
from bridge.imaging.encode import encode
from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Delivery, Origin, Target, announce
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster
from drivers.contract.errors import DeviceGone, FeederEmpty

Noise = Callable[..., bytes]
Page = Callable[..., Raster]

LOSSLESS = [(name, mode) for name, row in formats.TABLE.items() for mode in row.modes if not row.lossy]
PILLOW = {Mode.LINEART: ("1", "1"), Mode.GRAY8: ("L", "L"), Mode.RGB24: ("RGB", "RGB"), Mode.GRAY16: ("I;16", "I;16B")}


def shown(data: bytes, mode: Mode, width: int) -> Image.Image:
    kind, raw = PILLOW[mode]
    return Image.frombytes(kind, (width, len(data) // mode.row_bytes(width)), data, "raw", raw, 0, 1)


def opened(file: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def target(name: str, mode: Mode, width: int, height: int, **more: object) -> Target:
    return Target(formats.of(name), mode, width, height, (300, 200), **more)  # type: ignore[arg-type]


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.mode == other.mode and one.tobytes() == other.tobytes()


@pytest.mark.parametrize(("name", "mode"), [pair for pair in LOSSLESS if pair[1] is not Mode.RGB48])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (37, 300), (64, 16), (121, 17)])
def test_every_lossless_format_gives_back_the_same_pixels(
    *, name: str, mode: Mode, width: int, height: int, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(mode, width, height)
    file = b"".join(encode(raster(data, mode, width), target(name, mode, width, height), tmp_path))
    assert same(opened(file), shown(data, mode, width))


def png_rows(file: bytes) -> bytes:
    """An 8 or 16 bit PNG whose rows all have filter Up, undone by hand; every checksum looked at."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, row = 8, b"", 0
    while at < len(file):
        (size,) = struct.unpack_from(">I", file, at)
        kind, body = file[at + 4 : at + 8], file[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", file, at + 8 + size) == (zlib.crc32(kind + body),)
        if kind == b"IHDR":
            width, _, depth, colour, *_ = struct.unpack(">IIBBBBB", body)
            row = width * depth // 8 * (3 if colour == 2 else 1)
        data += body if kind == b"IDAT" else b""
        at += 12 + size
    assert kind == b"IEND"
    raw = zlib.decompress(data)
    out, above = b"", bytes(row)
    for start in range(0, len(raw), row + 1):
        assert raw[start] == 2
        above = bytes((one + two) % 256 for one, two in zip(raw[start + 1 : start + 1 + row], above, strict=True))
        out += above
    return out


@pytest.mark.parametrize("mode", [Mode.RGB48, Mode.GRAY16, Mode.RGB24, Mode.GRAY8])
def test_a_png_read_by_hand_is_every_bit_that_came(mode: Mode, noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(mode, 33, 40)
    assert png_rows(b"".join(encode(raster(data, mode, 33), target("png", mode, 33, 40), tmp_path))) == data


def test_a_png_of_many_strips_is_one_deflate_stream(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 1000, 400)
    file = b"".join(encode(raster(data, Mode.RGB24, 1000), target("png", Mode.RGB24, 1000, 400), tmp_path))
    assert file.count(b"IDAT") >= 3
    assert same(opened(file), shown(data, Mode.RGB24, 1000))


def test_a_deep_tiff_holds_its_samples_little_endian(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB48, 21, 30)
    goal = target("tiff-single-uncompressed", Mode.RGB48, 21, 30)
    file = b"".join(encode(raster(data, Mode.RGB48, 21), goal, tmp_path))
    tags = opened(file).tag_v2  # type: ignore[attr-defined]
    assert tags[258] == (16, 16, 16)
    held = b"".join(file[at : at + size] for at, size in zip(tags[273], tags[279], strict=True))
    assert struct.unpack(f"<{21 * 30 * 3}H", held) == struct.unpack(f">{21 * 30 * 3}H", data)


@pytest.mark.parametrize("name", ["jfif", "png", "dib", "tiff-single-uncompressed"])
def test_the_resolution_is_in_the_file(name: str, noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 20, 20)
    image = opened(b"".join(encode(raster(data, Mode.RGB24, 20), target(name, Mode.RGB24, 20, 20), tmp_path)))
    assert [round(value) for value in image.info["dpi"]] == [300, 200]


@pytest.mark.parametrize("name", ["tiff-single-g4", "tiff-single-uncompressed"])
def test_one_bit_tiff_says_black_is_zero(name: str, noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.LINEART, 50, 300)
    image = opened(b"".join(encode(raster(data, Mode.LINEART, 50), target(name, Mode.LINEART, 50, 300), tmp_path)))
    tags = image.tag_v2  # type: ignore[attr-defined]
    assert tags[262] == 1
    assert tags[259] == (4 if name.endswith("g4") else 1)
    assert [round(tags[282]), round(tags[283]), tags[296]] == [300, 200, 2]


def test_tiff_strips_lie_one_after_the_other_to_the_end_of_the_file(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.GRAY8, 3000, 250)
    goal = target("tiff-single-uncompressed", Mode.GRAY8, 3000, 250)
    file = b"".join(encode(raster(data, Mode.GRAY8, 3000), goal, tmp_path))
    tags = opened(file).tag_v2  # type: ignore[attr-defined]
    ends = [at + size for at, size in zip(tags[273], tags[279], strict=True)]
    assert len(ends) == 3
    assert ends[:-1] == list(tags[273][1:])
    assert ends[-1] == len(file)


@pytest.mark.parametrize(
    ("mode", "width", "stride", "colours"),
    [(Mode.LINEART, 33, 8, 2), (Mode.GRAY8, 33, 36, 256), (Mode.RGB24, 33, 100, 0)],
)
def test_a_dib_is_a_bitmap_file_bottom_up(
    *, mode: Mode, width: int, stride: int, colours: int, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(mode, width, 10)
    file = b"".join(encode(raster(data, mode, width), target("dib", mode, width, 10), tmp_path))
    magic, size, _, _, pixels_at = struct.unpack_from("<2sIHHI", file)
    header, wide, high, planes, bits, compression, pixels, _, _, used, _ = struct.unpack_from("<IiiHHIIiiII", file, 14)
    assert (magic, size, pixels_at) == (b"BM", len(file), 54 + 4 * colours)
    assert (header, wide, high, planes, bits, compression) == (40, width, 10, 1, mode.bits, 0)
    assert (pixels, used) == (10 * stride, colours)
    assert len(file) == pixels_at + 10 * stride
    first = data[: mode.row_bytes(width)]  # the page's top row is the file's last, blue before red
    if mode is Mode.RGB24:
        first = b"".join(first[at : at + 3][::-1] for at in range(0, 99, 3))
    last = file[-stride:]
    if mode is Mode.LINEART:  # the last seven bits are nobody's
        assert (last[:4], last[4] & 0x80) == (first[:4], first[4] & 0x80)
    else:
        assert last[: len(first)] == first


@pytest.mark.parametrize(
    ("name", "mode", "width", "line"),
    [
        ("jfif", Mode.RGB24, 101, 0),
        ("exif", Mode.GRAY8, 101, 0),
        ("png", Mode.RGB24, 101, 0),
        ("tiff-single-g4", Mode.LINEART, 101, 0),
        ("tiff-single-uncompressed", Mode.LINEART, 101, 13),
        ("tiff-single-uncompressed", Mode.RGB24, 101, 303),
        ("tiff-single-uncompressed", Mode.RGB48, 101, 606),
        ("dib", Mode.LINEART, 101, 16),
        ("dib", Mode.GRAY8, 101, 104),
        ("dib", Mode.RGB24, 101, 304),
    ],
)
def test_bytes_per_line_counts_padding_and_is_zero_for_what_is_compressed(
    name: str, mode: Mode, width: int, line: int
) -> None:
    said = announce(target(name, mode, width, 7))
    assert (said.pixels_per_line, said.number_of_lines, said.bytes_per_line) == (width, 7, line)


@pytest.mark.parametrize(
    ("name", "mode", "width", "height", "reason"),
    [
        ("jfif", Mode.LINEART, 10, 10, "jfif cannot hold lineart pixels"),
        ("exif", Mode.RGB48, 10, 10, "exif cannot hold rgb48 pixels"),
        ("jfif", Mode.RGB24, 65501, 10, "jfif cannot hold 65501 by 10 pixels"),
        ("png", Mode.RGB24, 0, 10, "png cannot hold 0 by 10 pixels"),
        ("dib", Mode.RGB24, 40000, 40000, "over 4 GiB"),
        ("tiff-single-g4", Mode.GRAY8, 10, 10, "tiff-single-g4 cannot hold gray8 pixels"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_anything_moves(
    *, name: str, mode: Mode, width: int, height: int, reason: str, raster: Page, tmp_path: Path
) -> None:
    with pytest.raises(ImagingError, match=reason):
        announce(target(name, mode, width, height))
    with pytest.raises(ImagingError, match=reason):
        encode(raster(b"", mode, 10), target(name, mode, width, height), tmp_path)


def test_a_resolution_of_nothing_is_refused() -> None:
    with pytest.raises(ImagingError, match="0 by 300 ppi"):
        announce(Target(formats.of("png"), Mode.GRAY8, 5, 5, (0, 300)))


def test_an_unknown_format_is_named_in_the_refusal() -> None:
    with pytest.raises(ImagingError, match="'xps'"):
        formats.of("xps")


@pytest.mark.parametrize("name", [name for name, row in formats.TABLE.items() if row.delivery is Delivery.STREAMED])
def test_a_streamed_format_sends_its_first_bytes_before_the_page_is_read(
    name: str, noise: Noise, tmp_path: Path
) -> None:
    asked = 0

    def slow() -> object:
        nonlocal asked
        for asked in range(1, 401):  # noqa: B007
            yield noise(Mode.RGB24, 1000, 1)

    page = Raster(1000, 400, Mode.RGB24, (300, 300), slow())  # type: ignore[arg-type]
    file = encode(page, target(name, Mode.RGB24, 1000, 400), tmp_path)
    assert asked == 0
    first = next(file)
    assert len(first) > 100
    assert 0 < asked <= 90
    b"".join(file)
    assert asked == 400


@pytest.mark.parametrize("name", list(formats.TABLE))
def test_an_empty_feeder_is_an_error_before_the_first_byte(name: str, tmp_path: Path) -> None:
    def none() -> object:
        raise FeederEmpty("no sheet")
        yield b""

    mode = formats.of(name).modes[0]
    page = Raster(100, 100, mode, (300, 300), none())  # type: ignore[arg-type]
    file = encode(page, target(name, mode, 100, 100), tmp_path)
    with pytest.raises(FeederEmpty, match="no sheet"):
        next(file)


@pytest.mark.parametrize("name", list(formats.TABLE))
def test_a_device_that_goes_away_in_mid_page_leaves_no_end_of_file(name: str, noise: Noise, tmp_path: Path) -> None:
    mode = formats.of(name).modes[0]

    def broken() -> object:
        for _ in range(120):
            yield noise(mode, 800, 10)
        raise DeviceGone("unplugged")

    page = Raster(800, 2000, mode, (300, 300), broken())  # type: ignore[arg-type]
    file = encode(page, target(name, mode, 800, 2000), tmp_path)
    sent: list[bytes] = []
    with pytest.raises(DeviceGone, match="unplugged"):
        sent.extend(file)
    assert not b"".join(sent).endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))


def test_an_error_below_the_announced_height_is_still_heard(noise: Noise, tmp_path: Path) -> None:
    def long() -> object:
        yield noise(Mode.GRAY8, 50, 60)
        raise DeviceGone("unplugged")

    page = Raster(50, None, Mode.GRAY8, (300, 300), long())  # type: ignore[arg-type]
    with pytest.raises(DeviceGone):
        b"".join(encode(page, target("jfif", Mode.GRAY8, 50, 40), tmp_path))


@pytest.mark.parametrize("name", ["exif", "tiff-single-uncompressed"])
def test_the_origin_is_written_where_a_format_has_room(name: str, noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.RGB24, 20, 20)
    goal = target(name, Mode.RGB24, 20, 20, origin=Origin("Épson", "GT-1500"))
    image = opened(b"".join(encode(raster(data, Mode.RGB24, 20), goal, tmp_path)))
    tags = image.getexif()
    assert (tags[0x10F], tags[0x110], tags[0x131]) == ("?pson", "GT-1500", "wsd-scan-bridge")


def test_no_two_formats_share_a_name_and_none_is_without_modes() -> None:
    names = list(formats.TABLE)
    assert all(one != other for one, other in pairwise(sorted(names)))
    assert all(formats.of(name).modes for name in names)
