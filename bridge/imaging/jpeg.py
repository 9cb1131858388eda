"""Rows into one JPEG while they arrive, on two cores.

Each strip is coded as a JPEG of its own, with the same tables; the coded pixels are then joined by restart
markers behind one header that states the whole height. A restart after every row of MCUs lets strips have
any number of them, so the first can be small. libjpeg's downsampling does not look beyond an MCU row: the
pixels are those of a page coded in one piece.

Spec: ITU-T T.81 B.2.1, E.1.4 (RSTm counts modulo 8), JFIF 1.02, Exif 2.3.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import BinaryIO, Self

from PIL import Image

from bridge.imaging import exif, markers
from bridge.imaging.adjust import Content
from bridge.imaging.spool import Spool
from bridge.imaging.target import Strips, Target
from bridge.imaging.workers import in_order
from drivers.contract.capabilities import Mode

# Above it the colour is kept at full resolution, for whoever wants the best.
FULL_COLOUR_QUALITY = 90
# What a strip holds at most where a row of MCUs is not larger: eight rows of A4 colour at 600 ppi. Three are in memory
# at once.
STRIP_BYTES = 2 * 1024 * 1024


def encode_jfif(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:  # noqa: ARG001  # an Encoder
    """JPEG/JFIF with its density."""
    yield from _joined(strips, target, markers.jfif(target.resolution), halved=halves_colour(target))


def halves_colour(target: Target) -> bool:
    """Whether colour is kept at half resolution: not for the best, nor for text, whose edges would fray."""
    return target.quality < FULL_COLOUR_QUALITY and target.content is not Content.TEXT


def encode_exif(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:  # noqa: ARG001  # an Encoder
    """JPEG/Exif; its colour is always at half resolution, as the standard wants (table 13 knows no 4:4:4)."""
    yield from _joined(strips, target, exif.application(target), halved=True)


def _joined(strips: Strips, target: Target, application: markers.Segment, *, halved: bool) -> Iterator[bytes]:
    colour = target.mode is Mode.RGB24
    side = 16 if colour and halved else 8  # of an MCU, in pixels
    interval = -(-target.width // side)
    widths = list(_mcu_rows(target.height, side, max(1, STRIP_BYTES // (side * target.row_bytes))))

    at = start = 0
    with (
        Coder(target, halved=halved, restarts=True) as coder,
        closing(in_order(coder.coded, strips(rows * side for rows in widths))) as coded,  # before the coder's files are
    ):
        for index, jpeg in enumerate(coded):
            if at:
                before = bytes((0xFF, 0xD0 + (at - 1) % 8))
            else:
                head = markers.read(jpeg)
                assert head is not None
                start = head.size  # of every strip: they differ in the number of rows that it states
                before = head.with_height(target.height).with_application(application).with_restarts(interval).coded()
            yield b"".join((before, _renumbered(jpeg, start, widths[index], at)))
            at += widths[index]
    yield markers.EOI


def _mcu_rows(height: int, side: int, most: int) -> Iterator[int]:
    """Rows of MCUs of each strip: powers of two up to 8, each at a multiple of itself, the first 1."""
    most = min(8, 1 << (most.bit_length() - 1))
    total = -(-height // side)
    at = 0
    while at < total:
        rows = min(most, at & -at) if at else 1
        yield min(rows, total - at)
        at += rows


class Coder:
    """Strips of one page as complete JPEGs, if wanted with a restart after every row of MCUs. For several threads.

    Each uses one picture and one file for all its strips: to get and to clear them anew would cost a tenth of the page.
    """

    def __init__(self, target: Target, *, halved: bool, restarts: bool) -> None:
        self._target = target
        self._mode = "RGB" if target.mode is Mode.RGB24 else "L"
        self._subsampling = 2 if halved and target.mode is Mode.RGB24 else 0
        self._restart_rows = 1 if restarts else 0
        self._own = threading.local()
        self._files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def coded(self, strip: bytes) -> bytes:
        """One strip."""
        image, file = self._picture(strip), self._file()
        file.seek(0)
        image.save(
            file,
            "JPEG",
            quality=max(1, min(100, self._target.quality)),
            subsampling=self._subsampling,
            restart_marker_rows=self._restart_rows,
        )
        return os.pread(file.fileno(), file.tell(), 0)

    def _picture(self, strip: bytes) -> Image.Image:
        size = (self._target.width, len(strip) // self._target.row_bytes)
        if self._mode == "L":  # of which Pillow needs no copy
            return Image.frombuffer("L", size, strip, "raw", "L", 0, 1)
        image: Image.Image | None = getattr(self._own, "image", None)
        if image is None or image.size != size:
            image = self._own.image = Image.new(self._mode, size)
        image.frombytes(strip, "raw", self._mode, 0, 1)
        return image

    def _file(self) -> BinaryIO:
        """Only with a true descriptor does Pillow let go of the interpreter's lock."""
        file: BinaryIO | None = getattr(self._own, "file", None)
        if file is None:
            file = os.fdopen(os.memfd_create("strip"), "r+b", buffering=0)
            self._own.file = self._files.enter_context(file)
        return file


def _renumbered(jpeg: bytes, start: int, rows: int, at: int) -> memoryview:
    """The coded pixels from `start`. RST0, RST1, … between the strip's rows become those of MCU row `at` and on."""
    if not at % 8:
        return memoryview(jpeg)[start : -len(markers.EOI)]
    pixels = bytearray(memoryview(jpeg)[start : -len(markers.EOI)])
    place = 0
    for number in range(rows - 1):
        # FF is always stuffed between markers
        place = pixels.index(bytes((0xFF, 0xD0 + number)), place) + 1
        pixels[place] = 0xD0 + (at + number) % 8
    return memoryview(pixels)
