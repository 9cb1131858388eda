"""From the bytes a scanner sends to the rows the contract promises. Pure.

The contract: RGB of each pixel together, 16-bit samples big-endian, black and white with 1 = white (which is
what ESC/I sends; SANE inverts it because SANE wants 1 = black).
"""

from collections import deque

from drivers.contract.capabilities import Mode


def swap_red_green(data: bytes, sample: int) -> bytes:
    """Blocks marked "green first" in pixel sequence come as G R B. `sample` is the bytes of one sample."""
    result = bytearray(data)
    for byte in range(sample):
        pixel = 3 * sample
        result[byte::pixel], result[byte + sample :: pixel] = data[byte + sample :: pixel], data[byte::pixel]
    return bytes(result)


def merge(red: bytes, green: bytes, blue: bytes, sample: int) -> bytes:
    """One line of three colours that came one after another."""
    result = bytearray(3 * len(red))
    for position, plane in enumerate((red, green, blue)):
        for byte in range(sample):
            result[position * sample + byte :: 3 * sample] = plane[byte::sample]
    return bytes(result)


def big_endian(data: bytes) -> bytes:
    """ESC/I sends 16-bit samples low byte first."""
    result = bytearray(data)
    result[0::2], result[1::2] = data[1::2], data[0::2]
    return bytes(result)


_INVERSE = bytes(255 - value for value in range(256))


def negative(data: bytes) -> bytes:
    """The picture that a negative shows. The scanner sends the light that comes through; SANE's epson inverts it."""
    return data.translate(_INVERSE)


class Shift:
    """Undo the distance between the colour sensors of D-level scanners.

    The red of a line arrives `distance` lines before its green, the blue as many after. Takes `distance` lines
    more at either end than it gives; `missing` of them do not exist above the first one.
    """

    def __init__(self, distance: int, missing: int = 0) -> None:
        self._distance = distance
        self._missing = missing
        self._lines: deque[bytes] = deque(maxlen=2 * distance + 1)

    def line(self, line: bytes) -> bytes | None:
        """The next line that is complete."""
        self._lines.extend([line] * (1 + self._missing))
        self._missing = 0
        if len(self._lines) <= 2 * self._distance:
            return None
        result = bytearray(self._lines[self._distance])
        result[0::3] = self._lines[0][0::3]
        result[2::3] = self._lines[-1][2::3]
        return bytes(result)


class Rows:
    """Cuts a page's bytes into whole rows of exactly the width that was promised."""

    def __init__(
        self,
        mode: Mode,
        scanned: int,
        wanted: int,
        height: int,
        shift: Shift | None = None,
        *,
        inverted: bool = False,
    ) -> None:
        """`scanned` and `wanted` are pixels of one row, `height` the rows promised; `inverted`: of a negative."""
        self._mode = mode
        self._scanned = mode.row_bytes(scanned)
        self._wanted = mode.row_bytes(wanted)
        self._left = height
        self._shift = shift
        self._inverted = inverted
        self._rest = b""

    def add(self, data: bytes) -> bytes:
        """Whole rows out of what came so far, none beyond the promised height."""
        if self._rest:
            data = self._rest + data
        whole = len(data) // self._scanned * self._scanned
        self._rest, data = data[whole:], data[:whole]
        if self._inverted:
            data = negative(data)
        if self._mode in {Mode.GRAY16, Mode.RGB48}:
            data = big_endian(data)
        if self._shift is None and self._scanned == self._wanted:
            result = data[: self._left * self._wanted]
        else:
            lines = (data[at : at + self._scanned] for at in range(0, whole, self._scanned))
            if self._shift is not None:
                lines = (moved for line in lines if (moved := self._shift.line(line)) is not None)
            result = b"".join(line[: self._wanted].ljust(self._wanted, b"\xff") for line in lines)
            result = result[: self._left * self._wanted]
        self._left -= len(result) // self._wanted
        return result

    def padding(self) -> bytes:
        """White rows for what the scanner left out at the end of its area."""
        count, self._left = self._left, 0
        return b"\xff" * (count * self._wanted)
