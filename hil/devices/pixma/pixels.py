"""The chart as this scanner sends it: through the host's gamma table, and at high resolutions in several passes.

The sensor sees light, the table makes values of it; so the chart, which is drawn in values of a screen, is taken back
to light with an exponent of 2.2, and the scanner's own table would be the one that undoes that. Between two entries of
a table it goes in steps that a screen would show evenly, so that a table of 2.2 gives the chart back exactly.
"""

import io
import math
from collections.abc import Iterator

from PIL import Image

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.pixma.parameters import Parameters
from hil.devices.pixma.product import Product

EXPONENT = 2.2
COARSE, FINE = 4096, 2048  # bytes of the two kinds of table: 4096 of one byte each, 1024 little-endian ones of two


def rows(wanted: Parameters, page: int, gamma: bytes, product: Product, *, back: bool = False) -> Iterator[bytes]:
    """Rows as they are sent, top to bottom."""
    source = Source.FEEDER if wanted.feeder else Source.PLATEN
    area = chart.Box(wanted.left, wanted.top, wanted.width, wanted.height)
    mode = Mode.RGB24 if wanted.colored else Mode.GRAY8
    curve = toned(gamma)
    passes = wanted.ppi // product.interleave if product.interleave else 1
    for row in chart.rows(page, source, mode, (wanted.ppi, wanted.ppi), area, back=back):
        if product.planes and wanted.colored:
            yield planes(row)
        else:
            yield parted(row.translate(curve), passes, wanted.samples)


def toned(gamma: bytes) -> bytes:
    """What becomes of each of the chart's 256 values by a table; without one the scanner uses its own."""
    if len(gamma) not in (COARSE, FINE):
        return bytes(range(256))
    if len(gamma) == COARSE:
        entries, most = list(gamma), 255
    else:
        entries, most = [low | high << 8 for low, high in zip(gamma[::2], gamma[1::2], strict=True)], 65535
    curve = bytearray()
    for value in range(256):
        found = _between(entries, (len(entries) - 1) * (value / 255) ** EXPONENT)
        curve.append(min(255, round(found) if most == 255 else int(found + 0.5) >> 8))
    return bytes(curve)


def _between(entries: list[int], at: float) -> float:
    below = min(int(at), len(entries) - 2)
    low, position, high = (_shown(each) for each in (below, at, below + 1))
    return entries[below] + (entries[below + 1] - entries[below]) * (position - low) / (high - low)


def _shown(light: float) -> float:
    return math.pow(light, 1 / EXPONENT)


def parted(row: bytes, passes: int, samples: int) -> bytes:
    """Every `passes`-th pixel, then those beside them, and so on: how lines of high resolution come."""
    if passes < 2:
        return row
    pixels = [row[at : at + samples] for at in range(0, len(row), samples)]
    return b"".join(pixel for first in range(passes) for pixel in pixels[first::passes])


def planes(row: bytes) -> bytes:
    """All of its red, all of its green, all of its blue."""
    return row[0::3] + row[1::3] + row[2::3]


def jpeg(rows: Iterator[bytes], wanted: Parameters) -> bytes:
    """A page coded by the scanner: in colour, whatever was asked for, as SANE expects it."""
    kind = "RGB" if wanted.colored else "L"
    picture = Image.frombytes(kind, (wanted.width, wanted.height), b"".join(rows))
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()
