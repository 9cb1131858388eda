"""The chart as this scanner sends it: colour matrix, gamma tables, filled-up rows, backs upside down, JPEG.

Rows are made in strips; a back of a second pass and a JPEG are made whole, as the real scanner's memory holds them.
Guides that centre the paper make the sheet lie in the middle of the area.
"""

import io
from collections.abc import Iterator

from PIL import Image

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.esci2.parameters import DROPPED, Parameters
from hil.devices.esci2.product import Product

MATRIX_ONE = 32  # a matrix' numbers are in 1/32, their highest bit is the sign
# Where the number for (made, of) stands among the nine: the scanner counts green, red, blue.
MATRIX_PLACES = ((4, 1, 7), (3, 0, 6), (5, 2, 8))
CHANNEL_NAMES = ("RED ", "GRN ", "BLU ")
UNKNOWN_HEIGHT = 0xFFFF  # what the head of a JPEG says whose page ends where its paper does


def height(parameters: Parameters, product: Product) -> int:
    """How many rows there are: all that were asked for, or those of the paper."""
    _, top, _, rows = parameters.area
    if not parameters.feeder or not (product.truncates or "PEDT" in parameters.words):
        return rows
    return max(1, min(rows, chart.SHEET[1] * parameters.down // 1000 - top))


def row_bytes(parameters: Parameters, product: Product) -> tuple[int, int]:
    """Bytes of one row, and those that fill it up."""
    size = parameters.mode.row_bytes(parameters.area[2])
    return size, -size % product.align


def rows(parameters: Parameters, product: Product, page: int, *, back: bool) -> Iterator[bytes]:
    """Coded rows of the whole area, filled up."""
    size, padding = row_bytes(parameters, product)
    for picture in _strips(parameters, product, page, back=back):
        coded = _coded(picture, parameters)
        for start in range(0, len(coded), size):
            yield coded[start : start + size] + bytes(padding)


def jpeg(parameters: Parameters, product: Product, page: int, *, back: bool) -> bytes:
    """The same as one JPEG."""
    size = (parameters.area[2], height(parameters, product))
    whole = b"".join(_coded(picture, parameters) for picture in _strips(parameters, product, page, back=back))
    picture = Image.frombytes("RGB" if parameters.mode is Mode.RGB24 else "L", size, whole)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=parameters.quality)
    data = out.getvalue()
    if size[1] == parameters.area[3]:
        return data
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + UNKNOWN_HEIGHT.to_bytes(2, "big") + data[at + 2 :]


def _strips(parameters: Parameters, product: Product, page: int, *, back: bool) -> Iterator[Image.Image]:
    left, top, width, _ = parameters.area
    source = Source.FEEDER if parameters.feeder else Source.PLATEN
    if parameters.feeder and product.centered:
        left -= (product.feeder[0] * 10 - chart.SHEET[0]) // 2 * parameters.across // 1000
    box = chart.Box(left, top, width, height(parameters, product))
    resolution = (parameters.across, parameters.down)
    if back and product.passes == 2:
        yield chart.image(page, source, resolution, box, back=True).rotate(180)
    else:
        yield from chart.strips(page, source, resolution, box, back=back)


def _coded(picture: Image.Image, parameters: Parameters) -> bytes:
    if parameters.mode is Mode.RGB24:
        mixed = _mixed(picture, parameters.matrix)
        channels = zip(mixed.split(), CHANNEL_NAMES, strict=True)
        return Image.merge("RGB", [_toned(each, parameters, name) for each, name in channels]).tobytes()
    channel = DROPPED.get(parameters.color)
    grey = _toned(picture.convert("L") if channel is None else picture.getchannel(channel), parameters, "MONO")
    if parameters.mode is Mode.GRAY8:
        return grey.tobytes()
    limit = parameters.threshold
    return grey.point([255 if value >= limit else 0 for value in range(256)], "1").tobytes()


def _toned(channel: Image.Image, parameters: Parameters, name: str) -> Image.Image:
    """A host's gamma table; the built-in gammas leave the chart as it is."""
    table = parameters.tables.get(name)
    return channel if table is None else channel.point(list(table))


def _mixed(picture: Image.Image, matrix: bytes) -> Image.Image:
    if not matrix:
        return picture
    numbers = [(byte & 0x7F) * (-1 if byte & 0x80 else 1) / MATRIX_ONE for byte in matrix]
    places = [numbers[place] for row in MATRIX_PLACES for place in row]
    r, g, b = places[0:3], places[3:6], places[6:9]
    return picture.convert("RGB", (*r, 0, *g, 0, *b, 0))
