"""A filter that looks at neighbouring pixels, run strip by strip as if it saw the page whole.

Each strip is given `radius` rows of its neighbours, which are cut off again: no border between strips shows.
"""

from collections.abc import Callable, Iterator

from PIL import Image

from bridge.imaging.pixels import PILLOW
from bridge.imaging.stream import Window, recut
from bridge.imaging.target import Strips
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 512 * 1024


def filtered(
    strips: Strips, mode: Mode, size: tuple[int, int], radius: int, work: Callable[[Image.Image], Image.Image]
) -> Strips:
    """The page after `work`, which keeps its size and looks no further than `radius` rows. 8-bit modes."""
    width, height = size
    row_bytes = mode.row_bytes(width)
    step = max(1, 2 * radius, STRIP_BYTES // row_bytes)

    def one(strip: tuple[bytes, int, int]) -> bytes:
        data, above, rows = strip
        image = Image.frombuffer(PILLOW[mode], (width, len(data) // row_bytes), data, "raw", PILLOW[mode], 0, 1)
        return work(image).crop((0, above, width, above + rows)).tobytes()

    def pieces() -> Iterator[bytes]:
        window = Window(strips, row_bytes)

        def with_neighbours() -> Iterator[tuple[bytes, int, int]]:
            for top in range(0, height, step):
                end = min(top + step, height)
                first = max(0, top - radius)
                yield window.rows(first, min(height, end + radius)), top - first, end - top

        yield from in_order(one, with_neighbours())
        window.finish()

    return recut(pieces, row_bytes)
