"""Black and white pixels as fax machines code them: T.4 one-dimensional (G3 MH) and T.6 (G4), by libtiff.

A strip coded on its own is what TIFF wants. One stream for a whole page is what PDF wants: there each strip is coded
behind the last row of the one before, whose own bits are then taken away, bit by bit, for T.6 knows no bytes.

Spec: ITU-T T.4, T.6; TIFF 6.0 sections 10 and 11.
"""

import io
from collections.abc import Iterator
from itertools import repeat
from typing import Final

from PIL import Image

from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Strips, Target

ROWS: Final = 128

_STRIP_OFFSETS, _STRIP_BYTE_COUNTS = 273, 279
_BLACK_IS_ZERO = 1
# The end of a T.6 block, twice the end-of-line code.
_END, _END_BITS = 0x001001, 24
_INVERTED = bytes(255 - value for value in range(256))


def g4(strip: bytes, target: Target) -> bytes:
    """One strip as T.6 data that stands alone."""
    return _coded(strip, target, "group4")


def g3(strip: bytes, target: Target) -> bytes:
    """One strip as T.4 data, one-dimensional, each row behind an end-of-line code."""
    return _coded(strip, target, "group3")


def _coded(strip: bytes, target: Target, compression: str) -> bytes:
    """Taken out of a TIFF that libtiff writes."""
    rows = len(strip) // target.row_bytes
    image = Image.frombytes("1", (target.width, rows), strip, "raw", "1", 0, 1)
    file = io.BytesIO()
    image.save(file, "TIFF", compression=compression, tiffinfo={278: rows})
    with Image.open(io.BytesIO(file.getvalue())) as written:
        directory = written.tag_v2  # type: ignore[attr-defined]
        offsets, counts = directory[_STRIP_OFFSETS], directory[_STRIP_BYTE_COUNTS]
        usual = directory[262] == _BLACK_IS_ZERO and directory.get(266, 1) == 1 and directory.get(292, 0) == 0
        if len(offsets) != 1 or not usual:
            raise ImagingError(f"this machine's libtiff writes {compression} in a way that cannot be joined")
        return file.getvalue()[offsets[0] : offsets[0] + counts[0]]


def joined_g4(strips: Strips, target: Target) -> Iterator[bytes]:
    """The page as one T.6 stream in which paper is fax's white: a reader turns black runs into 0 again."""
    above = b""
    left, left_bits = 0, 0  # what does not fill a byte yet
    for strip in strips(repeat(ROWS)):
        rows = strip.translate(_INVERTED)
        value, bits = _bits(above + rows, target)
        if above:
            bits -= _bits(above, target)[1]
            value &= (1 << bits) - 1
        value |= left << bits
        bits += left_bits
        whole, left_bits = divmod(bits, 8)
        left = value & ((1 << left_bits) - 1)
        yield (value >> left_bits).to_bytes(whole, "big")
        above = rows[-target.row_bytes :]
    bits = left_bits + _END_BITS
    spare = -bits % 8
    yield (((left << _END_BITS) | _END) << spare).to_bytes((bits + spare) // 8, "big")


def _bits(rows: bytes, target: Target) -> tuple[int, int]:
    """The rows in T.6 without the end of the block, as a number and how many bits of it count."""
    data = g4(rows, target)
    value = int.from_bytes(data, "big")
    spare = (value & -value).bit_length() - 1
    value >>= spare
    if value & ((1 << _END_BITS) - 1) != _END:
        raise ImagingError("this machine's libtiff ends G4 in a way that cannot be joined")
    return value >> _END_BITS, 8 * len(data) - spare - _END_BITS
