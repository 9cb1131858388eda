"""Rows into a Windows bitmap, through the spool because its last row comes first.

WS-Scan says no more of dib than its name. This is the bitmap as a FILE, BITMAPFILEHEADER in front: WIA's word for
the same thing (WIA_IPA_FORMAT, WiaImgFmt_BMP) is the DIB file, the header-less one is another constant, and
sane-airscan both finds and decodes dib images by that header. It takes the palette's length from
biClrUsed alone, so that is stated. Bottom-up, because that is what every reader of bitmaps knows.

Spec: [MS-WMF] 2.2.2.3 BitmapInfoHeader; Windows GDI, BITMAPFILEHEADER.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import repeat

from PIL import Image

from bridge.imaging.spool import Spool
from bridge.imaging.target import Strips, Target
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 512 * 1024

_FILE_HEADER_SIZE = 14
_INFO_HEADER_SIZE = 40
_LEVEL = 1  # the spool is there for minutes at most

# Pillow's mode, the coding of the rows that come, the coding of the rows that leave.
_CODING = {Mode.LINEART: ("1", "1", "1"), Mode.GRAY8: ("L", "L", "L"), Mode.RGB24: ("RGB", "RGB", "BGR")}


def encode(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:
    """Every strip turned over, deflated and spooled; then the header and the strips, last first."""

    def ready(strip: bytes) -> tuple[int, bytes]:
        over = _turned_over(strip, target)
        return len(over), zlib.compress(over, _LEVEL)

    places: list[tuple[int, int]] = []
    for _, coded in in_order(ready, strips(repeat(max(1, STRIP_BYTES // target.row_bytes)))):
        places.append((spool.size, len(coded)))
        spool.append(coded)
    yield _head(target)
    for offset, size in reversed(places):
        yield zlib.decompress(spool.read(offset, size))


def _turned_over(strip: bytes, target: Target) -> bytes:
    mode, come, leave = _CODING[target.mode]
    rows = len(strip) // target.row_bytes
    image = Image.frombytes(mode, (target.width, rows), strip, "raw", come, 0, 1)
    return image.tobytes("raw", leave, target.padded_row_bytes, -1)


def _head(target: Target) -> bytes:
    colours = {Mode.LINEART: 2, Mode.GRAY8: 256, Mode.RGB24: 0}[target.mode]
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(0, 256, 255 if colours == 2 else 1))
    pixels_at = _FILE_HEADER_SIZE + _INFO_HEADER_SIZE + 4 * colours
    size = target.padded_row_bytes * target.height
    per_metre = (round(ppi / 0.0254) for ppi in target.resolution)
    return (
        struct.pack("<2sIHHI", b"BM", pixels_at + size, 0, 0, pixels_at)
        + struct.pack("<IiiHHI", _INFO_HEADER_SIZE, target.width, target.height, 1, target.mode.bits, 0)
        + struct.pack("<IiiII", size, *per_metre, colours, colours)
        + palette[: 4 * colours]
    )
