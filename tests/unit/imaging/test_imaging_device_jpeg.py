"""Pages that a device coded itself: handed on as they are, or decoded when they are not what was announced."""

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from bridge.imaging import device_jpeg, formats
from bridge.imaging.adjust import Adjust, Content
from bridge.imaging.encode import encode
from bridge.imaging.errors import ImagingError, SpoolFull
from bridge.imaging.target import Target, adjusted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded
from drivers.contract.errors import DeviceGone

Noise = Callable[..., bytes]


def coded(noise: Noise, mode: str = "RGB", width: int = 50, height: int = 40, **more: object) -> bytes:
    file = io.BytesIO()
    data = noise(Mode.GRAY8, width * len(mode), height)
    Image.frombytes(mode, (width, height), data).save(file, "JPEG", **more)
    return file.getvalue()


def page(file: bytes, size: int = 100) -> Encoded:
    return Encoded("jpeg", iter([file[at : at + size] for at in range(0, len(file), size)]))


def goal(name: str, mode: Mode = Mode.RGB24, width: int = 50, height: int = 40) -> Target:
    return Target(formats.of(name), mode, width, height, (300, 300))


def pixels(file: bytes) -> bytes:
    return Image.open(io.BytesIO(file)).tobytes()


@pytest.mark.parametrize("name", ["jfif", "exif"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_page_as_announced_is_handed_on_behind_a_head_of_ours(
    name: str, mode: str, noise: Noise, tmp_path: Path
) -> None:
    device = coded(noise, mode, dpi=(72, 72))
    kind = Mode.RGB24 if mode == "RGB" else Mode.GRAY8
    file = b"".join(encode(page(device), goal(name, kind), tmp_path))
    assert pixels(file) == pixels(device)
    scan = device.index(b"\xff\xda")
    assert file.endswith(device[scan:])
    info = Image.open(io.BytesIO(file)).info
    assert ("exif" in info, "jfif" in info) == (name == "exif", name == "jfif")
    assert Image.open(io.BytesIO(file)).info["dpi"] == (300, 300)


def test_other_segments_of_the_device_stay(noise: Noise, tmp_path: Path) -> None:
    file = b"".join(
        encode(page(coded(noise, icc_profile=b"profile", comment=b"of the device")), goal("jfif"), tmp_path)
    )
    info = Image.open(io.BytesIO(file)).info
    assert (info["icc_profile"], info["comment"]) == (b"profile", b"of the device")


def test_the_first_bytes_leave_once_the_head_is_there(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise, width=800, height=800)
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for at in range(0, len(device), 1000):
            read = at + 1000
            yield device[at : at + 1000]

    file = encode(Encoded("jpeg", chunks()), goal("jfif", width=800, height=800), tmp_path)
    assert next(file).startswith(b"\xff\xd8\xff\xe0")
    assert read < 3000 < len(device)


@pytest.mark.parametrize(("width", "height"), [(50, 39), (49, 40), (60, 50)])
def test_a_page_of_another_size_is_decoded_and_fitted(width: int, height: int, noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)
    file = b"".join(encode(page(device), goal("png", width=width, height=height), tmp_path))
    expected = Image.new("RGB", (width, height), "white")
    expected.paste(Image.open(io.BytesIO(device)))
    # Cut short, the colour of the last row of blocks may differ by what its lower neighbour would have lent.
    assert pixels(file)[: width * 3 * 30] == expected.tobytes()[: width * 3 * 30]
    assert Image.open(io.BytesIO(file)).size == (width, height)
    assert Image.open(io.BytesIO(b"".join(encode(page(device), goal("jfif", width=width), tmp_path)))).size == (
        width,
        40,
    )


def test_colour_is_delivered_grey_where_grey_was_announced(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)
    file = b"".join(encode(page(device), goal("png", Mode.GRAY8), tmp_path))
    assert pixels(file) == Image.open(io.BytesIO(device)).convert("L").tobytes()


def test_progressive_is_handed_on_as_jfif_and_recoded_as_exif(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise, progressive=True)
    assert b"\xff\xc2" in b"".join(encode(page(device), goal("jfif"), tmp_path))
    recoded = b"".join(encode(page(device), goal("exif"), tmp_path))
    assert b"\xff\xc0" in recoded
    assert b"\xff\xc2" not in recoded


def test_a_height_that_the_device_did_not_know_is_cut(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)
    frame = device.index(b"\xff\xc0")
    unknown = device[: frame + 5] + b"\xff\xff" + device[frame + 7 :]
    assert pixels(b"".join(encode(page(unknown), goal("png"), tmp_path))) == pixels(device)


def test_a_height_left_open_is_read_from_the_pixels(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)
    frame = device.index(b"\xff\xc0")
    # T.81 B.2.5: 0 in the frame, the number of lines in a DNL segment after the first scan.
    later = device[: frame + 5] + b"\0\0" + device[frame + 7 : -2] + b"\xff\xdc\0\4\0\x28\xff\xd9"
    assert pixels(b"".join(encode(page(later), goal("png"), tmp_path))) == pixels(device)


def test_a_page_too_large_to_decode_says_so(noise: Noise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_jpeg, "PIXELS_LIMIT", 1999)
    with pytest.raises(ImagingError, match="50 by 40 pixels is too large"):
        b"".join(encode(page(coded(noise)), goal("png"), tmp_path))


def test_decoding_is_bounded_by_the_quota(noise: Noise, tmp_path: Path) -> None:
    with pytest.raises(SpoolFull):
        b"".join(encode(page(coded(noise)), goal("png"), tmp_path, quota=1500))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "ends before its pixels"),
        (b"%PDF-1.4 and so on", "no JPEG: it begins with 25 50 44 46"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "ends before its pixels"),
        (b"\xff\xd8garbage here", "no marker at byte 2"),
        (b"\xff\xd8\xff\xda\x00\x04\x00\x00", "a scan without a frame"),
        (b"\xff\xd8\xff\xc0\x00\x03\x08\xff\xda\x00\x02", "start of frame at byte 2"),
        (b"\xff\xd8" + b"\xff\xe1\xff\xff" * 400000, "damaged JPEG"),
        (b"\xff\xd8" + (b"\xff\xe2\xff\xff" + b"\0" * 65533) * 17, "no pixels in its first 1048576 bytes"),
    ],
)
def test_what_is_no_jpeg_is_refused_in_one_line(file: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ImagingError, match=reason) as refused:
        b"".join(encode(page(file, 4000), goal("jfif"), tmp_path))
    assert "\n" not in str(refused.value)


def test_a_jpeg_cut_short_is_no_page_when_decoded(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise, width=300, height=300)
    with pytest.raises(ImagingError, match="damaged JPEG"):
        b"".join(encode(page(device[: len(device) // 2]), goal("png", width=300, height=300), tmp_path))


def test_a_coding_that_nobody_reads_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImagingError, match="coded its page as pdf"):
        b"".join(encode(Encoded("pdf", iter([b"%PDF"])), goal("jfif"), tmp_path))


def test_an_unplugged_device_is_heard_through_its_own_jpeg(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)

    def chunks() -> Iterator[bytes]:
        yield device[:1500]
        raise DeviceGone("unplugged")

    for name in ("jfif", "png"):
        with pytest.raises(DeviceGone):
            b"".join(encode(Encoded("jpeg", chunks()), goal(name), tmp_path))


def test_a_page_that_is_to_be_turned_is_decoded(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise)
    target = adjusted(goal("png"), Adjust(rotation=90))
    image = Image.open(io.BytesIO(b"".join(encode(page(device), target, tmp_path))))
    whole = Image.open(io.BytesIO(device)).transpose(Image.Transpose.ROTATE_270)
    assert (image.size, image.tobytes()) == ((40, 50), whole.tobytes())
    halftone = adjusted(goal("jfif"), Adjust(), Content.HALFTONE)
    assert b"".join(encode(page(device), halftone, tmp_path)) != b"".join(encode(page(device), goal("jfif"), tmp_path))


def test_a_page_given_up_leaves_no_process(noise: Noise, tmp_path: Path) -> None:
    device = coded(noise, width=1500, height=1500)  # more than a pipe holds
    file = encode(page(device, 5000), goal("tiff-single-uncompressed", width=1500, height=1500), tmp_path)
    next(file)
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    assert children.read_text()
    file.close()  # type: ignore[attr-defined]
    assert not children.read_text()
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_without_memory_is_one_line(noise: Noise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_jpeg, "_PROGRAM", 1024 * 1024)  # too little for any program
    with pytest.raises(
        ImagingError, match=r"a JPEG needs more than \d+ bytes|MemoryError|ended with status"
    ) as refused:
        b"".join(encode(page(coded(noise, width=2000, height=1000)), goal("png", width=2000, height=1000), tmp_path))
    assert "\n" not in str(refused.value)
