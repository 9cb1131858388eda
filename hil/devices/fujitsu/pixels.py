"""The chart as this scanner sends it: ink, not light. Black is 255 in grey and colour, and 1 in black and white.

Source: SANE fujitsu inverts grey and colour when it reads them, and SANE's own black and white has 1 = black.
A window that asks for a reverse image gets light. Works on strips, so a page is never whole in memory.
"""

from collections.abc import Iterator

from PIL import Image

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.fujitsu.product import LINE
from hil.devices.fujitsu.window import Window

INK = bytes(255 - value for value in range(256))
DROPOUTS = {8: "G", 9: "R", 11: "B"}  # MODE SELECT page 39


def rows(
    window: Window, page: int, source: Source, order: tuple[int, int], dropout: int, *, back: bool = False
) -> Iterator[bytes]:
    """Coded rows of the whole area, top to bottom."""
    area = chart.Box(window.left, window.top, window.width, window.height)
    size = window.row_bytes
    for strip in chart.strips(page, source, window.resolution, area, back=back):
        light = _coded(strip, window, order, dropout)
        coded = light if window.reverse else light.translate(INK)
        for start in range(0, len(coded), size):
            yield coded[start : start + size]


def _coded(strip: Image.Image, window: Window, order: tuple[int, int], dropout: int) -> bytes:
    if window.mode is Mode.RGB24:
        if order != LINE:
            return strip.tobytes()
        planes, width = [each.tobytes() for each in strip.split()], strip.width
        return b"".join(plane[y * width : (y + 1) * width] for y in range(strip.height) for plane in planes)
    channel = DROPOUTS.get(dropout)
    grey = strip.convert("L") if channel is None else strip.getchannel(channel)
    if window.mode is Mode.GRAY8:
        return grey.tobytes()
    limit = window.threshold
    return grey.point([255 if value >= limit else 0 for value in range(256)], "1").tobytes()
