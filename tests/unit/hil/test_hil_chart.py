"""The chart: exact, oriented, coloured, numbered; the same whichever part is asked for."""

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart

A4_75 = chart.Box(0, 0, 620, 876)


def pixel(x: int, y: int, page: int = 1, source: Source = Source.PLATEN, *, back: bool = False) -> tuple[int, ...]:
    """The colour at a position in 1/1000 inch, seen with 100 ppi."""
    box = chart.Box(x // 10, y // 10, 1, 1)
    return tuple(chart.image(page, source, (100, 100), box, back=back).tobytes())


def test_the_four_corners_differ():
    # centres of the marks: a square, a ring, two bars, an L
    assert pixel(400, 400) == chart.BLACK
    assert pixel(7868, 400) == chart.WHITE
    assert pixel(7700, 400) == chart.BLACK
    assert pixel(400, 11300) == chart.WHITE
    assert pixel(250, 11300) == chart.BLACK
    assert pixel(8000, 11300) == chart.BLACK
    assert pixel(7750, 11400) == chart.WHITE


@pytest.mark.parametrize(
    ("index", "color"),
    list(
        enumerate(
            [
                (255, 0, 0),
                (0, 255, 0),
                (0, 0, 255),
                (0, 255, 255),
                (255, 0, 255),
                (255, 255, 0),
                (0, 0, 0),
                (255, 255, 255),
                (128, 128, 128),
            ]
        )
    ),
)
def test_the_patches_have_their_colours(index, color):
    assert pixel(1300 + 700 * index, 2800) == color


@pytest.mark.parametrize("page", [1, 2, 3, 170, 255])
def test_the_page_number_is_spelt_in_squares(page):
    bits = [pixel(5300 + 240 * bit, 1250, page) == chart.BLACK for bit in range(8)]
    assert sum(one << (7 - bit) for bit, one in enumerate(bits)) == page


def test_the_ramp_runs_from_black_to_white():
    row = chart.image(1, Source.PLATEN, (100, 100), chart.Box(100, 380, 626, 1)).convert("L").tobytes()
    assert (row[0], row[-1]) == (0, 255)
    assert list(row) == sorted(row)
    assert len(set(row)) == 256


def test_beside_the_sheet_is_the_lid():
    assert pixel(8400, 5000) == chart.LID
    assert pixel(4000, 11800) == chart.LID


def test_pages_sources_and_sides_differ():
    pictures = {
        chart.image(page, source, (75, 75), A4_75, back=back).tobytes()
        for page, source, back in [
            (1, Source.PLATEN, False),
            (1, Source.FEEDER, False),
            (1, Source.FEEDER, True),
            (2, Source.FEEDER, False),
        ]
    }
    assert len(pictures) == 4


@pytest.mark.parametrize("resolution", [(75, 75), (300, 300), (150, 100)])
def test_a_part_is_cut_from_the_whole(resolution):
    across, down = resolution
    whole = chart.image(4, Source.FEEDER, resolution, chart.Box(0, 0, 8 * across, 11 * down))
    part = chart.Box(across // 2 + 3, down + 7, 5 * across, 6 * down + 1)
    expected = whole.crop((part.x, part.y, part.x + part.width, part.y + part.height))
    assert chart.image(4, Source.FEEDER, resolution, part).tobytes() == expected.tobytes()


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_gives_whole_rows_of_its_size(mode):
    rows = list(chart.rows(1, Source.PLATEN, mode, (50, 50), chart.Box(0, 0, 401, 99)))
    assert len(rows) == 99
    assert {len(row) for row in rows} == {
        {"lineart": 51, "gray8": 401, "gray16": 802, "rgb24": 1203, "rgb48": 2406}[mode]
    }


def test_one_bit_is_white_and_the_most_significant_comes_first():
    # 8 pixels across the left edge of the top left square (200/1000 inch = pixel 20 of 100 ppi): 4 white, 4 black
    (row,) = chart.rows(1, Source.PLATEN, Mode.LINEART, (100, 100), chart.Box(16, 40, 8, 1))
    assert row == b"\xf0"


def test_sixteen_bits_are_big_endian_with_the_inverse_below():
    (row,) = chart.rows(1, Source.PLATEN, Mode.RGB48, (100, 100), chart.Box(130, 280, 1, 1))  # the red patch
    assert row == bytes((255, 0, 0, 255, 0, 255))


def test_a_strip_is_small_however_large_the_page():
    strips = chart.strips(1, Source.PLATEN, (1200, 1200), chart.Box(0, 0, 9920, 14000))
    strip = next(strips)
    assert strip.width * strip.height * 3 <= chart.STRIP_BYTES
