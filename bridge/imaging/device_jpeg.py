"""Pages that the device coded as JPEG itself: handed on where that is what was announced, else decoded.

Handing on costs nothing and loses nothing: only the head is rewritten, for the density and the application
segment of the format. Decoding spools the coded page (bounded by the quota) and lets a process of its own decode it
(jpeg_process.py), whose rows come through a pipe: the page is never whole in the bridge's memory.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from bridge.imaging import exif, jpeg_process, markers
from bridge.imaging.adjust import AS_SCANNED, Content
from bridge.imaging.errors import ImagingError
from bridge.imaging.spool import Spool
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded, Raster

# A4 at 600 ppi is 34.8 million pixels.
PIXELS_LIMIT = 40_000_000
# What the decoding process may allocate: Pillow has four bytes for a pixel; libjpeg keeps a progressive page's
# coefficients, two bytes each; and the program itself.
_PIXEL, _PROGRESSIVE_PIXEL, _PROGRAM = 4, 10, 64 * 1024 * 1024
# Bytes read from it at a time, whole rows.
_BAND_BYTES = 256 * 1024


def _jfif(target: Target) -> markers.Segment:
    return markers.jfif(target.resolution)


_APPLICATION = {
    "jfif": _jfif,
    "exif": exif.application,
    "pdf-a": _jfif,
}


class DeviceJpeg:
    """One page whose head has been read."""

    def __init__(self, page: Encoded) -> None:
        """Reads the head. Raises ImagingError where there is none, and DriverErrors."""
        if page.format != "jpeg":
            raise ImagingError(f"the device coded its page as {page.format}, which nobody here can read")
        self._chunks = page.chunks
        begin = b""
        while (head := markers.read(begin)) is None:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise ImagingError("damaged JPEG: it ends before its pixels begin")
            begin += chunk
        self.head = head
        self._rest = begin[head.size :]

    def fits(self, target: Target) -> bool:
        """Whether the page is, as it is, what was announced."""
        head = self.head
        every = (markers.BASELINE, markers.EXTENDED, markers.PROGRESSIVE)
        frames = {"jfif": every, "pdf-a": every, "exif": (markers.BASELINE,)}
        return (
            target.adjust == AS_SCANNED
            and target.content is not Content.HALFTONE
            and head.frame.marker in frames.get(target.format.name, ())
            and head.precision == 8
            and (head.width, head.height) == (target.width, target.height)
            and head.components == {Mode.GRAY8: 1, Mode.RGB24: 3}.get(target.mode)
            and head.adobe_transform in (None, 1)  # JFIF and Exif mean YCbCr
        )

    def handed_on(self, target: Target) -> Iterator[bytes]:
        """The page with the head that its format asks for."""
        head = self.head.with_application(_APPLICATION[target.format.name](target))
        yield head.coded() + self._rest
        yield from map(bytes, self._chunks)

    def decoded(self, target: Target, spool: Spool, held: ExitStack) -> Raster:
        """The page as rows, none below the announced height; the process ends with `held` at the latest.

        Raises ImagingError, SpoolFull and DriverErrors.
        """
        head = self.head
        most = target.scanned_size[1]
        # A device that does not know its page's height says 0, or 65535: what lies below is dropped anyway.
        height = min(head.height or most, most)
        if head.width * height > PIXELS_LIMIT:
            raise ImagingError(f"a JPEG of {head.width} by {height} pixels is too large to be decoded here")
        spool.append(head.with_height(height).coded() + self._rest)
        for chunk in self._chunks:
            spool.append(bytes(chunk))
        a_pixel = _PROGRESSIVE_PIXEL if head.frame.marker == markers.PROGRESSIVE else _PIXEL
        command = [sys.executable, "-P", jpeg_process.__file__, str(_PROGRAM + a_pixel * head.width * height)]
        process = held.enter_context(
            subprocess.Popen(  # noqa: S603  # our own program
                command, stdin=spool.file(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        )
        held.callback(process.kill)
        assert process.stdout is not None
        said = process.stdout.readline().split()
        if len(said) != 3:
            raise ImagingError(_why(process))
        spool.close()
        mode = Mode.GRAY8 if said[0] == b"L" else Mode.RGB24
        width, rows = int(said[1]), int(said[2])
        return Raster(
            width, rows, mode, target.resolution, _bands(process, process.stdout, mode.row_bytes(width), rows)
        )


def _bands(process: "subprocess.Popen[bytes]", out: IO[bytes], row_bytes: int, rows: int) -> Iterator[bytes]:
    left = rows * row_bytes
    while left:
        band = out.read(min(left, max(1, _BAND_BYTES // row_bytes) * row_bytes))
        if not band:
            raise ImagingError(_why(process))
        left -= len(band)
        yield band


def _why(process: "subprocess.Popen[bytes]") -> str:
    assert process.stderr is not None
    lines = process.stderr.read(4096).decode(errors="replace").strip().splitlines()
    process.wait()
    return lines[-1][:250] if lines else f"the JPEG decoder ended with status {process.returncode}"
