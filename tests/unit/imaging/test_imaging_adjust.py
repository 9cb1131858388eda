"""Brightness, contrast, sharpness, scaling, rotation and exposure: each against figures made by hand or by Pillow
on the page as a whole."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter

from bridge.imaging import formats
from bridge.imaging.adjust import Adjust, delivered_size, tone_table
from bridge.imaging.encode import encode
from bridge.imaging.errors import ImagingError, SpoolFull
from bridge.imaging.exposure import levels
from bridge.imaging.target import Announcement, Delivery, Target, adjusted, announce
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster
from drivers.contract.errors import DeviceGone

Noise = Callable[..., bytes]
Page = Callable[..., Raster]


def plain(mode: Mode, width: int, height: int, name: str = "png") -> Target:
    return Target(formats.of(name), mode, width, height, (300, 200))


def delivered(page: Raster, target: Target, directory: Path) -> Image.Image:
    image = Image.open(io.BytesIO(b"".join(encode(page, target, directory))))
    image.load()
    assert image.size == (announce(target).pixels_per_line, announce(target).number_of_lines)
    return image


def soft(mode: str, width: int, height: int) -> Image.Image:
    """A page with slopes and edges, whose every part differs."""
    image = Image.linear_gradient("L").resize((width, height))
    image.paste(Image.radial_gradient("L").resize((width // 2, height // 2)), (width // 3, height // 4))
    image.paste(10, (width // 8, height // 8, width // 4, height - height // 8))
    if mode == "L":
        return image
    return Image.merge("RGB", (image, image.transpose(Image.Transpose.ROTATE_180), ImageChops.invert(image)))


@pytest.mark.parametrize(
    ("brightness", "contrast", "expected"),
    [
        # v → (v + 0.255 b - 127.5) (1000 + c)/(1000 - c) + 127.5
        (100, 0, {0: 26, 100: 126, 229: 255, 230: 255}),  # 25.5 is rounded up
        (-200, 0, {0: 0, 51: 0, 52: 1, 255: 204}),
        (1000, 0, {0: 255, 255: 255}),
        (-1000, 0, {0: 0, 255: 0}),
        (0, 500, {85: 0, 86: 3, 127: 126, 128: 129, 170: 255}),  # three times as steep
        (0, -500, {0: 85, 255: 170}),
        (0, -1000, {0: 128, 255: 128}),
        (0, 1000, {127: 0, 128: 255}),
        (200, 1000, {76: 0, 77: 255}),  # 127.5 - 51 is black, what is above white
    ],
)
def test_brightness_and_contrast_are_the_formula(brightness: int, contrast: int, expected: dict[int, int]) -> None:
    table = tone_table(brightness, contrast)
    assert {value: table[value] for value in expected} == expected


def test_no_brightness_and_no_contrast_is_exactly_every_value() -> None:
    assert tone_table(0, 0) == bytes(range(256))


@pytest.mark.parametrize("mode", [Mode.GRAY8, Mode.RGB24])
def test_a_page_gets_lighter(mode: Mode, noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(mode, 33, 50)
    image = delivered(raster(data, mode, 33), adjusted(plain(mode, 33, 50), Adjust(brightness=200)), tmp_path)
    assert image.tobytes() == bytes(min(255, value + 51) for value in data)


def test_brightness_moves_the_threshold_of_black_and_white(raster: Page, tmp_path: Path) -> None:
    page = raster(bytes([76, 77, 127, 128]), Mode.GRAY8, 4)
    image = delivered(page, adjusted(plain(Mode.LINEART, 4, 1), Adjust(brightness=200)), tmp_path)
    assert [bool(image.getpixel((x, 0))) for x in range(4)] == [False, True, True, True]  # 76 + 51 is just below 128


@pytest.mark.parametrize(
    ("scanned", "adjust", "size"),
    [
        ((100, 50), Adjust(scaling=(150, 200)), (150, 100)),
        ((99, 99), Adjust(scaling=(50, 1)), (50, 1)),  # 49.5 and 0.99
        ((10, 10), Adjust(scaling=(1, 4)), (1, 1)),  # never nothing
        ((100, 50), Adjust(rotation=90), (50, 100)),
        ((100, 50), Adjust(rotation=180), (100, 50)),
        ((100, 50), Adjust(scaling=(200, 100), rotation=270), (50, 200)),
    ],
)
def test_the_size_is_known_before_the_scan(scanned: tuple[int, int], adjust: Adjust, size: tuple[int, int]) -> None:
    assert delivered_size(scanned, adjust) == size


def test_a_turned_target_has_turned_figures() -> None:
    target = adjusted(plain(Mode.RGB24, 100, 50, "dib"), Adjust(rotation=90, scaling=(100, 10)))
    assert announce(target) == Announcement(5, 100, 16)
    assert (target.resolution, target.scanned_size) == ((200, 300), (100, 50))
    assert target.delivery is Delivery.SPOOLED
    assert adjusted(plain(Mode.RGB24, 9, 9), Adjust(brightness=1)).delivery is Delivery.STREAMED
    assert adjusted(plain(Mode.RGB24, 9, 9), Adjust(auto_exposure=True)).delivery is Delivery.SPOOLED


@pytest.mark.parametrize(
    ("mode", "adjust", "reason"),
    [
        (Mode.GRAY8, Adjust(brightness=1001), "no exposure is 1001, 0 and 0"),
        (Mode.GRAY8, Adjust(contrast=-1001), "no exposure"),
        (Mode.GRAY8, Adjust(sharpness=101), "no exposure"),
        (Mode.GRAY8, Adjust(scaling=(0, 100)), "no image is scaled to 0 by 100 %"),
        (Mode.GRAY8, Adjust(scaling=(100, 1001)), "no image is scaled"),
        (Mode.GRAY8, Adjust(rotation=45), "no image is turned by 45 degrees"),
        (Mode.GRAY8, Adjust(auto_exposure=True, contrast=1), "either automatic or set"),
        (Mode.RGB48, Adjust(brightness=1), "rgb48 pixels are delivered as scanned"),
        (Mode.GRAY16, Adjust(scaling=(50, 50)), "gray16 pixels are delivered as scanned"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_moves(mode: Mode, adjust: Adjust, reason: str) -> None:
    with pytest.raises(ImagingError, match=reason):
        announce(adjusted(plain(mode, 10, 10), adjust))


def test_what_can_be_done_to_16_bits_is_said() -> None:
    wish = Adjust(brightness=5, sharpness=5, scaling=(50, 50), rotation=90, auto_exposure=True)
    assert wish.for_mode(Mode.RGB48) == Adjust(rotation=90)
    assert wish.for_mode(Mode.RGB24) == wish


def test_a_size_that_does_not_follow_is_refused() -> None:
    with pytest.raises(ImagingError, match="5 by 5 pixels are not what is made of"):
        announce(Target(formats.of("png"), Mode.GRAY8, 5, 5, (300, 300), scanned=(10, 9)))


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("mode", [Mode.LINEART, Mode.GRAY8, Mode.RGB24, Mode.GRAY16])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (37, 300), (700, 20)])
def test_a_page_is_turned_clockwise(
    *, rotation: int, mode: Mode, width: int, height: int, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    data = noise(mode, width, height)
    image = delivered(
        raster(data, mode, width), adjusted(plain(mode, width, height), Adjust(rotation=rotation)), tmp_path
    )
    name = {Mode.LINEART: "1", Mode.GRAY8: "L", Mode.RGB24: "RGB", Mode.GRAY16: "I;16"}[mode]
    raw = "I;16B" if mode is Mode.GRAY16 else name
    whole = Image.frombytes(name, (width, height), data, "raw", raw)
    turns = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    assert image.tobytes() == whole.transpose(turns[rotation]).tobytes()


def test_the_top_left_corner_goes_to_the_right(raster: Page, tmp_path: Path) -> None:
    # 1 2 3      4 1
    # 4 5 6  →   5 2
    #            6 3
    image = delivered(
        raster(bytes([1, 2, 3, 4, 5, 6]), Mode.GRAY8, 3),
        adjusted(plain(Mode.GRAY8, 3, 2), Adjust(rotation=90)),
        tmp_path,
    )
    assert image.tobytes() == bytes([4, 1, 5, 2, 6, 3])


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("scaling", [(50, 50), (37, 91), (180, 130), (300, 40), (30, 260)])
def test_a_page_scaled_strip_by_strip_is_the_page_scaled_whole(
    mode: str, scaling: tuple[int, int], raster: Page, tmp_path: Path
) -> None:
    whole = soft(mode, 1500, 1100)
    kind = Mode.GRAY8 if mode == "L" else Mode.RGB24
    target = adjusted(plain(kind, *whole.size, "tiff-single-uncompressed"), Adjust(scaling=scaling))
    image = delivered(raster(whole.tobytes(), kind, 1500), target, tmp_path)
    # It is made higher or lower first; corners that overshoot are held within 0…255 in between.
    expected = whole.resize((1500, image.height), Image.Resampling.BICUBIC).resize(image.size, Image.Resampling.BICUBIC)
    # Each of the two ways may be rounded otherwise by one.
    assert max(high for _, high in _extremes(ImageChops.difference(image, expected))) <= 2


def test_a_page_made_tiny_keeps_its_mean(raster: Page, tmp_path: Path) -> None:
    whole = soft("L", 1000, 1000)
    target = adjusted(plain(Mode.GRAY8, 1000, 1000), Adjust(scaling=(2, 1)))
    image = delivered(raster(whole.tobytes(), Mode.GRAY8, 1000), target, tmp_path)
    assert image.size == (20, 10)
    assert (
        max(
            high
            for _, high in _extremes(ImageChops.difference(image, whole.resize((20, 10), Image.Resampling.BICUBIC)))
        )
        <= 8
    )


def test_a_white_page_stays_white_at_any_size(tmp_path: Path) -> None:
    for scaling in [(3, 7), (99, 101), (500, 3), (3, 500)]:
        page = Raster(333, 777, Mode.GRAY8, (300, 300), iter([b"\xff" * 333] * 777))
        image = delivered(page, adjusted(plain(Mode.GRAY8, 333, 777), Adjust(scaling=scaling)), tmp_path)
        assert image.getextrema() == (255, 255)


def test_lineart_is_scaled_by_how_much_of_a_pixel_is_black(raster: Page, tmp_path: Path) -> None:
    # Two white columns, six black ones, halved.
    target = adjusted(plain(Mode.LINEART, 8, 2), Adjust(scaling=(50, 50)))
    image = delivered(raster(b"\xc0\xc0", Mode.LINEART, 8), target, tmp_path)
    assert [bool(image.getpixel((x, 0))) for x in range(4)] == [True, False, False, False]


@pytest.mark.parametrize("sharpness", [100, 30, -50, -100])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_strips_are_sharpened_without_borders(mode: str, sharpness: int, raster: Page, tmp_path: Path) -> None:
    whole = soft(mode, 1501, 1101)
    kind = Mode.GRAY8 if mode == "L" else Mode.RGB24
    image = delivered(
        raster(whole.tobytes(), kind, 1501), adjusted(plain(kind, 1501, 1101), Adjust(sharpness=sharpness)), tmp_path
    )
    factor = sharpness / 100 * (3 if sharpness > 0 else 1)
    kernel = [-factor] * 4 + [13 + 8 * factor] + [-factor] * 4
    assert image.tobytes() == whole.filter(ImageFilter.Kernel((3, 3), kernel, 13)).tobytes()
    if sharpness == -100:
        assert image.tobytes() == whole.filter(ImageFilter.SMOOTH).tobytes()


def test_a_page_too_small_to_be_sharpened_is_delivered(raster: Page, tmp_path: Path) -> None:
    target = adjusted(plain(Mode.GRAY8, 2, 2), Adjust(sharpness=100))
    assert delivered(raster(b"\1\2\3\4", Mode.GRAY8, 2), target, tmp_path).tobytes() == b"\1\2\3\4"


def test_exposure_makes_ink_black_and_paper_white(raster: Page, tmp_path: Path) -> None:
    rows = bytes([60] * 20 + [130] * 10 + [200] * 70)
    image = delivered(
        raster(rows * 300, Mode.GRAY8, 100), adjusted(plain(Mode.GRAY8, 100, 300), Adjust(auto_exposure=True)), tmp_path
    )
    assert image.tobytes() == bytes([0] * 20 + [128] * 10 + [255] * 70) * 300  # 130 is half way


@pytest.mark.parametrize(
    ("counts", "black", "white"),
    [
        ({250: 1000}, 96, 250),  # an empty sheet: its grain is no ink
        ({10: 1000}, 10, 160),  # a dark picture stays dark
        ({0: 4, 60: 496, 220: 450, 255: 50}, 60, 220),  # the darkest 0.5 % and the lightest 5 % are passed over
        ({0: 6, 60: 494, 220: 449, 255: 51}, 0, 255),
    ],
)
def test_black_and_white_are_found_within_bounds(counts: dict[int, int], black: int, white: int) -> None:
    table = levels([counts.get(value, 0) for value in range(256)])
    assert (table[black], table[white]) == (0, 255)
    assert black == 0 or table[black + 1] > 0
    assert table[white - 1] < 255


def test_a_scan_that_breaks_is_heard_through_every_step(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield bytes(300 * 300)
        raise DeviceGone("unplugged")

    everything = Adjust(sharpness=20, scaling=(50, 150), rotation=90, auto_exposure=True)
    for adjust in (everything, Adjust(scaling=(50, 50)), Adjust(sharpness=5), Adjust(rotation=180)):
        page = Raster(300, 900, Mode.GRAY8, (300, 300), chunks())
        with pytest.raises(DeviceGone):
            b"".join(encode(page, adjusted(plain(Mode.GRAY8, 300, 900), adjust), tmp_path))


def test_a_page_that_waits_twice_has_one_quota(noise: Noise, raster: Page, tmp_path: Path) -> None:
    data = noise(Mode.GRAY8, 300, 300)  # 90 kB that do not shrink
    target = adjusted(plain(Mode.GRAY8, 300, 300, "dib"), Adjust(rotation=180))
    assert b"".join(encode(raster(data, Mode.GRAY8, 300), target, tmp_path, quota=200_000))
    with pytest.raises(SpoolFull, match="quota of 150000 bytes"):
        b"".join(encode(raster(data, Mode.GRAY8, 300), target, tmp_path, quota=150_000))
    assert list(tmp_path.iterdir()) == []


def _extremes(image: Image.Image) -> list[tuple[int, int]]:
    return [band.getextrema() for band in image.split()]  # type: ignore[misc]


@pytest.mark.parametrize(
    "adjust",
    [Adjust(scaling=(90, 90), sharpness=9), Adjust(rotation=90), Adjust(rotation=180, auto_exposure=True, sharpness=9)],
)
def test_a_page_given_up_half_way_leaves_no_thread_and_no_file(
    adjust: Adjust, noise: Noise, raster: Page, tmp_path: Path
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    data = noise(Mode.RGB24, 1000, 1500)
    file = encode(raster(data, Mode.RGB24, 1000), adjusted(plain(Mode.RGB24, 1000, 1500), adjust), tmp_path)
    next(file)
    file.close()  # type: ignore[attr-defined]
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("imaging")] == []
    assert len(os.listdir("/proc/self/fd")) == before
