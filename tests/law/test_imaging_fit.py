"""Whatever the device brings, the announced rectangle is delivered: its own pixels, then white."""

from itertools import repeat

from hypothesis import given
from hypothesis import strategies as st

from bridge.imaging.rows import fitted
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

MODES = st.sampled_from(list(Mode))
SIDES = st.integers(1, 40)


def pixel(rows: bytes, mode: Mode, width: int, x: int, y: int) -> bytes | int:
    row = rows[y * mode.row_bytes(width) : (y + 1) * mode.row_bytes(width)]
    if mode is Mode.LINEART:
        return row[x // 8] >> (7 - x % 8) & 1
    size = mode.bits // 8
    return row[x * size : (x + 1) * size]


@given(data=st.data(), mode=MODES, have_wide=SIDES, have_high=SIDES, wide=SIDES, high=SIDES)
def test_any_page_fits_any_promise(
    *, data: st.DataObject, mode: Mode, have_wide: int, have_high: int, wide: int, high: int
) -> None:
    source = data.draw(
        st.binary(min_size=mode.row_bytes(have_wide) * have_high, max_size=mode.row_bytes(have_wide) * have_high)
    )
    per_chunk = mode.row_bytes(have_wide) * data.draw(st.integers(1, have_high))
    chunks = iter([source[at : at + per_chunk] for at in range(0, len(source), per_chunk)])
    page = Raster(have_wide, data.draw(st.sampled_from([None, have_high])), mode, (300, 300), chunks)
    counts = data.draw(st.lists(st.integers(1, 50), max_size=3))
    strips = list(fitted(page, mode, wide, high)([*counts, *repeat(7, high)]))
    out = b"".join(strips)
    assert len(out) == mode.row_bytes(wide) * high
    white = 1 if mode is Mode.LINEART else b"\xff" * (mode.bits // 8)
    for y in range(high):
        for x in range(wide):
            inside = x < have_wide and y < have_high
            expected = pixel(source, mode, have_wide, x, y) if inside else white
            assert pixel(out, mode, wide, x, y) == expected
    assert next(chunks, None) is None
