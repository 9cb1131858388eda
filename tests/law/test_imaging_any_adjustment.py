"""Whatever is asked for, what was announced is delivered; what changes nothing changes nothing; and how the device
cuts its page into chunks is nowhere to be seen."""

import io
import tempfile
from dataclasses import replace
from itertools import pairwise, repeat
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bridge.imaging import bilevel, exposure, formats, neighbours, rotate, scale, stream
from bridge.imaging.adjust import Adjust, Content, tone_table
from bridge.imaging.encode import encode
from bridge.imaging.rotate import rotated
from bridge.imaging.rows import fitted
from bridge.imaging.spool import Spool
from bridge.imaging.target import Target, adjusted, announce
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

SIDES = st.integers(1, 60)
PERCENT = st.one_of(st.just(100), st.integers(1, 400))
ADJUSTS = st.builds(
    Adjust,
    brightness=st.integers(-1000, 1000),
    contrast=st.integers(-1000, 1000),
    sharpness=st.integers(-100, 100),
    scaling=st.tuples(PERCENT, PERCENT),
    rotation=st.sampled_from([0, 90, 180, 270]),
) | st.builds(
    Adjust,
    auto_exposure=st.just(value=True),
    scaling=st.tuples(PERCENT, PERCENT),
    rotation=st.sampled_from([0, 90, 180, 270]),
)
CONTENTS = st.sampled_from(list(Content))
MODES = st.sampled_from([Mode.LINEART, Mode.GRAY8, Mode.RGB24])


def page(data: bytes, mode: Mode, width: int, height: int | None, per_chunk: int) -> Raster:
    step = mode.row_bytes(width) * per_chunk
    return Raster(width, height, mode, (100, 100), iter([data[at : at + step] for at in range(0, len(data), step)]))


def pixels(file: bytes) -> tuple[tuple[int, int], bytes]:
    image = Image.open(io.BytesIO(file))
    return image.size, image.tobytes()


@settings(max_examples=80)
@given(
    draw=st.data(),
    have=MODES,
    mode=MODES,
    size=st.tuples(SIDES, SIDES),
    scan=st.tuples(SIDES, SIDES),
    adjust=ADJUSTS,
    content=CONTENTS,
)
def test_what_is_announced_is_delivered_however_the_page_comes(
    *,
    draw: st.DataObject,
    have: Mode,
    mode: Mode,
    size: tuple[int, int],
    scan: tuple[int, int],
    adjust: Adjust,
    content: Content,
) -> None:
    data = draw.draw(st.randoms(use_true_random=False)).randbytes(have.row_bytes(size[0]) * size[1])
    wanted = mode if have is not Mode.LINEART or mode is Mode.LINEART else Mode.GRAY8
    target = adjusted(Target(formats.of("tiff-single-uncompressed"), wanted, *scan, (100, 100)), adjust, content)
    said = announce(target)
    files = []
    with tempfile.TemporaryDirectory() as directory:
        for per_chunk in (1, draw.draw(st.integers(1, size[1])), size[1]):
            raster = page(data, have, *size, per_chunk)
            files.append(b"".join(encode(raster, target, Path(directory))))
            assert next(raster.chunks, None) is None
    assert files[0] == files[1] == files[2]
    delivered, rows = pixels(files[0])
    assert delivered == (said.pixels_per_line, said.number_of_lines)
    assert len(rows) == said.bytes_per_line * said.number_of_lines


@settings(max_examples=40)
@given(draw=st.data(), mode=st.sampled_from(list(Mode)), width=SIDES, height=SIDES)
def test_what_asks_for_nothing_changes_nothing(*, draw: st.DataObject, mode: Mode, width: int, height: int) -> None:
    data = draw.draw(st.randoms(use_true_random=False)).randbytes(mode.row_bytes(width) * height)
    bare = Target(formats.of("png"), mode, width, height, (100, 100))
    with tempfile.TemporaryDirectory() as directory:
        expected = b"".join(encode(page(data, mode, width, height, 3), bare, Path(directory)))
        for content in Content:
            target = adjusted(bare, Adjust(), Content.AUTO if content is Content.HALFTONE else content)
            assert b"".join(encode(page(data, mode, width, height, 5), target, Path(directory))) == expected


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32),  # pixels by the hundred thousand are too many to draw
    mode=st.sampled_from(list(Mode)),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    way=st.sampled_from([90, 180, 270]),
)
def test_turned_to_where_it_came_from_a_page_is_itself(
    *, seed: int, mode: Mode, width: int, height: int, way: int
) -> None:
    data = Random(seed).randbytes(mode.row_bytes(width) * height)
    strips = fitted(page(data, mode, width, height, 7), mode, width, height)
    expected = b"".join(fitted(page(data, mode, width, height, 7), mode, width, height)(repeat(9)))
    size = (width, height)
    with tempfile.TemporaryDirectory() as directory:
        spools = [Spool(Path(directory), 2**30) for _ in range(4)]
        for spool in spools:
            strips = rotated(strips, mode, size, way, spool)
            size = size if way == 180 else (size[1], size[0])
        assert b"".join(strips(repeat(5))) == expected
        for spool in spools:
            spool.close()


@given(brightness=st.integers(-1000, 1000), contrast=st.integers(-1000, 1000))
def test_lighter_stays_lighter(brightness: int, contrast: int) -> None:
    table = tone_table(brightness, contrast)
    assert all(one <= next_one for one, next_one in pairwise(table))
    assert all(one <= other for one, other in zip(table, tone_table(min(1000, brightness + 50), contrast), strict=True))


@settings(max_examples=40)
@given(draw=st.data(), adjust=ADJUSTS, content=CONTENTS, mode=MODES, measure=st.integers(1, 2000))
def test_where_strips_end_is_nowhere_to_be_seen(
    *, draw: st.DataObject, adjust: Adjust, content: Content, mode: Mode, measure: int
) -> None:
    # Scaled, a pixel may be rounded otherwise by one, and what follows can make much of that.
    adjust = replace(adjust, scaling=(100, 100))
    width, height = draw.draw(SIDES), draw.draw(st.integers(1, 150))
    data = draw.draw(st.randoms(use_true_random=False)).randbytes(width * height)
    target = adjusted(Target(formats.of("png"), mode, width, height, (100, 100)), adjust, content)
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        expected = pixels(b"".join(encode(page(data, Mode.GRAY8, width, height, 9), target, Path(directory))))
        for module in (neighbours, rotate, exposure):
            patch.setattr(module, "STRIP_BYTES", measure)
        patch.setattr(bilevel, "STRIP_ROWS", 8 * draw.draw(st.integers(1, 4)))
        patch.setattr(stream, "PIECE_BYTES", measure)
        assert pixels(b"".join(encode(page(data, Mode.GRAY8, width, height, 9), target, Path(directory)))) == expected


@settings(max_examples=40)
@given(draw=st.data(), scaling=st.tuples(PERCENT, PERCENT), measure=st.integers(1, 3000))
def test_where_scaled_strips_end_is_hardly_to_be_seen(
    draw: st.DataObject, scaling: tuple[int, int], measure: int
) -> None:
    width, height = draw.draw(SIDES), draw.draw(st.integers(1, 150))
    data = draw.draw(st.randoms(use_true_random=False)).randbytes(width * height)
    target = adjusted(Target(formats.of("png"), Mode.GRAY8, width, height, (100, 100)), Adjust(scaling=scaling))
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        size, expected = pixels(b"".join(encode(page(data, Mode.GRAY8, width, height, 9), target, Path(directory))))
        patch.setattr(scale, "STRIP_BYTES", measure)
        patch.setattr(stream, "PIECE_BYTES", measure)
        again, seen = pixels(b"".join(encode(page(data, Mode.GRAY8, width, height, 9), target, Path(directory))))
    assert again == size
    # Pillow rounds its weights and its pixels, once across and once down, and both depend on where a strip begins.
    assert max(abs(one - other) for one, other in zip(seen, expected, strict=True)) <= 2
