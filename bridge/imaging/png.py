"""Rows into one PNG while they arrive, on two cores.

Each strip is deflated on its own, without a final block, and ends on a byte (sync flush): the strips one
after the other are one valid deflate stream. The filter is Up, done as one subtraction of pictures.

Spec: PNG (W3C, third edition) 5.2, 9, 10; RFC 1950, 1951.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import chain, repeat

from PIL import Image, ImageChops

from bridge.imaging.spool import Spool
from bridge.imaging.target import Strips, Target
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRIP_BYTES = 512 * 1024
# Level 1: on a scan's noise the higher levels cost up to five times as long for 5 %.
LEVEL = 1

_COLOUR_TYPE = {Mode.LINEART: (1, 0), Mode.GRAY8: (8, 0), Mode.GRAY16: (16, 0), Mode.RGB24: (8, 2), Mode.RGB48: (16, 2)}
_ZLIB_HEADER = b"\x78\x01"
_LAST_BLOCK = b"\x03\x00"  # final, fixed codes, empty


def encode(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:  # noqa: ARG001  # an Encoder
    """The head leaves together with the first rows, so that a page without any is still no page."""
    checksum = zlib.adler32(b"")

    def filtered() -> Iterator[bytes]:
        nonlocal checksum
        above = bytes(target.row_bytes)
        for strip in strips(_rows(target)):
            ready = _filtered(strip, above, target)
            above = strip[-target.row_bytes :]
            checksum = zlib.adler32(ready, checksum)
            yield ready

    head = SIGNATURE + _head(target)
    start = _ZLIB_HEADER
    for deflated in in_order(_deflated, filtered()):
        yield head + _chunk(b"IDAT", start + deflated)
        head = start = b""
    yield _chunk(b"IDAT", _LAST_BLOCK + struct.pack(">I", checksum)) + _chunk(b"IEND", b"")


def _rows(target: Target) -> Iterator[int]:
    return chain([16], repeat(max(1, STRIP_BYTES // target.row_bytes)))


def _head(target: Target) -> bytes:
    depth, colour_type = _COLOUR_TYPE[target.mode]
    header = struct.pack(">IIBBBBB", target.width, target.height, depth, colour_type, 0, 0, 0)
    per_metre = (round(ppi / 0.0254) for ppi in target.resolution)
    return _chunk(b"IHDR", header) + _chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1))


def _filtered(strip: bytes, above: bytes, target: Target) -> bytes:
    """The rows, each behind the number of its filter: None for lineart (12.7), else Up. `above` is the row before."""
    size = (target.row_bytes, len(strip) // target.row_bytes)
    rows = Image.frombuffer("L", size, strip, "raw", "L", 0, 1)
    kind = 0
    if target.mode is not Mode.LINEART:
        kind = 2
        shifted = above + strip[: -target.row_bytes]
        rows = ImageChops.subtract_modulo(rows, Image.frombuffer("L", size, shifted, "raw", "L", 0, 1))
    ready = Image.new("L", (size[0] + 1, size[1]), kind)
    ready.paste(rows, (1, 0))
    return ready.tobytes()


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
