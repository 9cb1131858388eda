"""Rows into one single-page TIFF: uncompressed while they arrive, G4 through the spool.

Little-endian, the directory first, in strips. Uncompressed, every size is known before the first row; G4's
are known after the last. One-bit pixels are BlackIsZero in both, the polarity WS-Scan asks for.

Spec: TIFF 6.0 (baseline; section 11 for T.6); WS-Scan polarity: black 0, white 1.
"""

import io
from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat

from PIL import Image

from bridge.imaging import tags
from bridge.imaging.errors import ImagingError
from bridge.imaging.exif import described
from bridge.imaging.spool import Spool
from bridge.imaging.tags import Entry, Kind
from bridge.imaging.target import Strips, Target
from drivers.contract.capabilities import Mode

STRIP_BYTES = 256 * 1024
G4_ROWS = 128

_UNCOMPRESSED, _G4 = 1, 4
_BLACK_IS_ZERO, _RGB = 1, 2
_STRIP_OFFSETS, _STRIP_BYTE_COUNTS = 273, 279


def encode_uncompressed(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:  # noqa: ARG001  # an Encoder
    """The head leaves together with the first rows."""
    rows = max(1, STRIP_BYTES // target.row_bytes)
    whole, rest = divmod(target.height, rows)
    sizes = [rows * target.row_bytes] * whole + ([rest * target.row_bytes] if rest else [])
    head = _head(target, rows, _UNCOMPRESSED, sizes)
    for strip in strips(repeat(rows)):
        yield head + (_little_endian(strip) if target.mode in (Mode.GRAY16, Mode.RGB48) else strip)
        head = b""


def encode_g4(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:
    """Every strip coded and spooled, then the directory, then the strips."""
    sizes: list[int] = []
    for strip in strips(repeat(G4_ROWS)):
        coded = _t6(strip, target)
        spool.append(coded)
        sizes.append(len(coded))
    yield _head(target, G4_ROWS, _G4, sizes)
    at = 0
    while at < spool.size:
        part = min(STRIP_BYTES, spool.size - at)
        yield spool.read(at, part)
        at += part


def _head(target: Target, rows: int, compression: int, sizes: Sequence[int]) -> bytes:
    samples = 3 if target.mode in (Mode.RGB24, Mode.RGB48) else 1
    entries = [
        Entry(254, Kind.LONG, [0]),  # NewSubfileType
        Entry(256, Kind.LONG, [target.width]),  # ImageWidth
        Entry(257, Kind.LONG, [target.height]),  # ImageLength
        Entry(258, Kind.SHORT, [target.mode.bits // samples] * samples),  # BitsPerSample
        Entry(259, Kind.SHORT, [compression]),
        Entry(262, Kind.SHORT, [_RGB if samples == 3 else _BLACK_IS_ZERO]),  # PhotometricInterpretation
        Entry(274, Kind.SHORT, [1]),  # Orientation: as one reads it
        Entry(277, Kind.SHORT, [samples]),  # SamplesPerPixel
        Entry(278, Kind.LONG, [min(rows, target.height)]),  # RowsPerStrip
        Entry(_STRIP_BYTE_COUNTS, Kind.LONG, sizes),
        Entry(284, Kind.SHORT, [1]),  # PlanarConfiguration: pixel by pixel
        *described(target),
    ]
    if compression == _G4:
        entries.append(Entry(293, Kind.LONG, [0]))  # T6Options
    # The offsets' values do not change the size of the directory.
    start = 8 + len(tags.directory([*entries, Entry(_STRIP_OFFSETS, Kind.LONG, [0] * len(sizes))], 8))
    offsets = []
    for size in sizes:
        offsets.append(start)
        start += size
    return tags.header() + tags.directory([*entries, Entry(_STRIP_OFFSETS, Kind.LONG, offsets)], 8)


def _little_endian(strip: bytes) -> bytes:
    samples = array("H", strip)
    samples.byteswap()
    return samples.tobytes()


def _t6(strip: bytes, target: Target) -> bytes:
    """One strip as T.6 data, taken out of a TIFF that libtiff writes."""
    rows = len(strip) // target.row_bytes
    image = Image.frombytes("1", (target.width, rows), strip, "raw", "1", 0, 1)
    file = io.BytesIO()
    image.save(file, "TIFF", compression="group4", tiffinfo={278: rows})
    with Image.open(io.BytesIO(file.getvalue())) as written:
        directory = written.tag_v2  # type: ignore[attr-defined]
        offsets, counts = directory[_STRIP_OFFSETS], directory[_STRIP_BYTE_COUNTS]
        if len(offsets) != 1 or directory[262] != _BLACK_IS_ZERO or directory.get(266, 1) != 1:
            raise ImagingError("this machine's libtiff writes G4 in a way that cannot be joined")
        return file.getvalue()[offsets[0] : offsets[0] + counts[0]]
