"""Rows into TIFF: a page's coding and its directory, whichever place in a file they get.

Little-endian, in strips. One-bit pixels are BlackIsZero in every coding, the polarity WS-Scan asks for. A JPEG page
is made of strips that share their tables (JPEGTables) and are otherwise JPEGs of their own.

Spec: TIFF 6.0 (baseline; sections 10 and 11 for T.4 and T.6; 22 is superseded), TIFF Technical Note 2 for JPEG;
WS-Scan polarity: black 0, white 1.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat

from bridge.imaging import fax, jpeg, markers, tags
from bridge.imaging.exif import described
from bridge.imaging.tags import Entry, Kind
from bridge.imaging.target import Strips, Target
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

STRIP_BYTES = 256 * 1024
JPEG_ROWS = 64  # a multiple of every MCU

_BLACK_IS_ZERO, _RGB, _YCBCR = 1, 2, 6
_STRIP_OFFSETS = 273


@dataclass(frozen=True, slots=True)
class Coding:
    """How pixels lie in the file."""

    compression: int
    rows: Callable[[Target], int]  # of a strip
    coded: Callable[[Strips, Target], Iterator[bytes]]  # the strips
    fields: Callable[[Target], list[Entry]]  # what only this coding has to say


def raw_rows(target: Target) -> int:
    return max(1, STRIP_BYTES // target.row_bytes)


def raw_sizes(target: Target) -> list[int]:
    """The bytes of each uncompressed strip, known before the first row."""
    rows = raw_rows(target)
    whole, rest = divmod(target.height, rows)
    return [rows * target.row_bytes] * whole + ([rest * target.row_bytes] if rest else [])


def _raw(strips: Strips, target: Target) -> Iterator[bytes]:
    for strip in strips(repeat(raw_rows(target))):
        yield _little_endian(strip) if target.mode in (Mode.GRAY16, Mode.RGB48) else strip


def _little_endian(strip: bytes) -> bytes:
    samples = array("H", strip)
    samples.byteswap()
    return samples.tobytes()


def _fax(code: Callable[[bytes, Target], bytes], strips: Strips, target: Target) -> Iterator[bytes]:
    return (code(strip, target) for strip in strips(repeat(fax.ROWS)))


def _jpeg(strips: Strips, target: Target) -> Iterator[bytes]:
    def code(strip: bytes) -> bytes:
        whole = coder.coded(strip)
        head = markers.read(whole)
        assert head is not None
        own = [
            segment for segment in head.segments if segment.marker in markers.FRAMES or segment.marker == markers.SOS
        ]
        return markers.SOI + b"".join(segment.coded() for segment in own) + whole[head.size :]

    with jpeg.Coder(target, halved=jpeg.halves_colour(target), restarts=False) as coder:
        yield from in_order(code, strips(repeat(JPEG_ROWS)))


def _jpeg_fields(target: Target) -> list[Entry]:
    halved = jpeg.halves_colour(target)
    entries = [Entry(347, Kind.UNDEFINED, _tables(target, halved=halved))]  # JPEGTables
    if target.mode is Mode.RGB24:
        entries += [
            Entry(530, Kind.SHORT, [2, 2] if halved else [1, 1]),  # YCbCrSubSampling
            Entry(531, Kind.SHORT, [1]),  # YCbCrPositioning: centred, as libjpeg does it
            Entry(532, Kind.RATIONAL, [0, 255, 128, 255, 128, 255]),  # ReferenceBlackWhite
        ]
    return entries


def _tables(target: Target, *, halved: bool) -> bytes:
    """The tables of every strip: those of any picture of that quality."""
    with jpeg.Coder(target, halved=halved, restarts=False) as coder:
        sample = coder.coded(bytes(target.row_bytes))
    head = markers.read(sample)
    assert head is not None
    tables = [segment for segment in head.segments if segment.marker in (markers.DQT, markers.DHT)]
    return markers.SOI + b"".join(segment.coded() for segment in tables) + markers.EOI


def _no_fields(target: Target) -> list[Entry]:  # noqa: ARG001  # a Coding's
    return []


UNCOMPRESSED = Coding(1, raw_rows, _raw, _no_fields)
G3_MH = Coding(3, lambda _: fax.ROWS, partial(_fax, fax.g3), lambda _: [Entry(292, Kind.LONG, [0])])  # T4Options
G4 = Coding(4, lambda _: fax.ROWS, partial(_fax, fax.g4), lambda _: [Entry(293, Kind.LONG, [0])])  # T6Options
JPEG = Coding(7, lambda _: JPEG_ROWS, _jpeg, _jpeg_fields)


def directory(
    target: Target, coding: Coding, sizes: Sequence[int], at: int, *, data_at: int | None = None, following: int = 0
) -> bytes:
    """The page's directory at offset `at`; its strips one after the other from `data_at` on, None: right behind it.
    Its own size depends on none of the offsets."""
    samples = 3 if target.mode in (Mode.RGB24, Mode.RGB48) else 1
    colour = _YCBCR if coding is JPEG else _RGB
    entries = [
        Entry(254, Kind.LONG, [2 if target.format.multi_page else 0]),  # NewSubfileType: a page of several
        Entry(256, Kind.LONG, [target.width]),  # ImageWidth
        Entry(257, Kind.LONG, [target.height]),  # ImageLength
        Entry(258, Kind.SHORT, [target.mode.bits // samples] * samples),  # BitsPerSample
        Entry(259, Kind.SHORT, [coding.compression]),
        Entry(262, Kind.SHORT, [colour if samples == 3 else _BLACK_IS_ZERO]),  # PhotometricInterpretation
        Entry(274, Kind.SHORT, [1]),  # Orientation: as one reads it
        Entry(277, Kind.SHORT, [samples]),  # SamplesPerPixel
        Entry(278, Kind.LONG, [min(coding.rows(target), target.height)]),  # RowsPerStrip
        Entry(279, Kind.LONG, sizes),  # StripByteCounts
        Entry(284, Kind.SHORT, [1]),  # PlanarConfiguration: pixel by pixel
        *described(target),
        *coding.fields(target),
    ]
    if data_at is None:
        data_at = at + len(tags.directory([*entries, Entry(_STRIP_OFFSETS, Kind.LONG, [0] * len(sizes))], at))
    offsets = []
    for size in sizes:
        offsets.append(data_at)
        data_at += size
    return tags.directory([*entries, Entry(_STRIP_OFFSETS, Kind.LONG, offsets)], at, following)
