"""Bytes of a SANE frame become rows of the contract: cut to the area asked for, 1 = white, big-endian.

Source: SANE standard 1.06, 3.2 (a 1 is black in line art; 16-bit samples come in the machine's own order).
"""

import sys
from array import array
from typing import Final

from drivers.contract.capabilities import Mode
from drivers.contract.errors import DeviceGarbled
from drivers.sane.options import Parameters

_MOST_PIXELS: Final = 400_000
_PIECE: Final = 64 * 1024
_INVERT: Final = bytes(255 - each for each in range(256))


class Rows:
    """The rows of one page."""

    def __init__(self, mode: Mode, frame: Parameters, *, left: int, top: int, width: int, height: int | None) -> None:
        """`left`, `top`: pixels and rows that come before the area; `height` None: as many as come.

        Raises DeviceGarbled when the frame cannot be of that mode.
        """
        needed = mode.row_bytes(frame.pixels_per_line)
        if not 0 < frame.pixels_per_line <= _MOST_PIXELS or not needed <= frame.bytes_per_line <= 8 * _MOST_PIXELS:
            raise DeviceGarbled(f"SANE: {frame.pixels_per_line} pixels in {frame.bytes_per_line} bytes of {mode}")
        per_pixel = mode.bits
        left = min(left, frame.pixels_per_line - 1)
        if mode is Mode.LINEART:
            left -= left % 8  # a shift by bits would cost more than the few pixels are worth
        self.width = min(width, frame.pixels_per_line - left)
        self.height = height
        self.read = 0  # rows, with those above the area
        self.delivered = 0
        self._mode = mode
        self._line = frame.bytes_per_line
        self._skip = top
        self._from = left * per_pixel // 8
        self._to = self._from + mode.row_bytes(self.width)
        self._held = bytearray()

    def add(self, data: bytes | memoryview) -> bytes | memoryview:
        """The whole rows that are complete now; where nothing is to be done to them they are where they were."""
        if self._held or len(data) % self._line:
            self._held += data
            end = len(self._held) // self._line * self._line
            data = bytes(memoryview(self._held)[:end])
            del self._held[:end]
        whole = memoryview(data)
        count = len(whole) // self._line
        self.read += count
        if self._skip:
            skipped = min(self._skip, count)
            self._skip -= skipped
            whole = whole[skipped * self._line :]
        if self.height is not None:
            whole = whole[: (self.height - self.delivered) * self._line]
        self.delivered += len(whole) // self._line
        return self._rendered(whole)

    def padding(self) -> bytes:
        """White for the rows that did not come, a piece at a time; b"" when none is missing."""
        missing = 0 if self.height is None else self.height - self.delivered
        row = self._to - self._from
        rows = min(missing, max(1, _PIECE // row))
        self.delivered += rows
        return b"\xff" * (rows * row)

    def _rendered(self, whole: memoryview) -> bytes | memoryview:
        rows: bytes | memoryview = whole
        if self._from or self._to != self._line:
            starts = range(0, len(whole), self._line)
            rows = b"".join([whole[start + self._from : start + self._to] for start in starts])
        if self._mode is Mode.LINEART:
            return bytes(rows).translate(_INVERT)
        if self._mode in (Mode.GRAY16, Mode.RGB48) and sys.byteorder == "little":
            words = array("H", bytes(rows))
            words.byteswap()
            return words.tobytes()
        return rows
