"""From the lines a scanner sends to the rows the contract promises. Pure."""

from collections.abc import Callable
from typing import Final

from drivers.usb.pixma.area import Area

Order = Callable[[bytes], bytes]  # a line as it comes, pixel by pixel


class Rows:
    """Cuts a page's bytes into whole rows of exactly the width and number that were promised."""

    def __init__(self, sent: Area, width: int, height: int, order: Order | None = None) -> None:
        """`width` and `height` are what was promised, in pixels; what does not come is white. `order`: where a line
        does not come so already."""
        samples = 1 if order is grayed else sent.mode.bits // 8
        self._size: Final = sent.row_bytes
        self._order: Final = order
        self._row = samples * width
        self._skip = samples * sent.skip
        self._left = height
        self._rest = b""

    def add(self, data: bytes) -> bytes:
        """Whole rows out of what came so far, none beyond the promised height."""
        data = self._rest + data if self._rest else data
        size = self._size
        count = len(data) // size
        self._rest = data[count * size :]
        count = min(count, self._left)
        self._left -= count
        lines = (data[at : at + size] for at in range(0, count * size, size))
        if self._order is not None:
            lines = (self._order(line) for line in lines)
        start, end = self._skip, self._skip + self._row
        return b"".join(line[start:end].ljust(self._row, b"\xff") for line in lines)

    def padding(self) -> bytes:
        """White rows for what the scanner did not send."""
        count, self._left = self._left, 0
        return b"\xff" * (count * self._row)


def together(passes: int, samples: int) -> Order:
    """The parts of a line of high resolution: the first pixel of each, then the second of each."""

    def order(line: bytes) -> bytes:
        part = len(line) // passes
        result = bytearray(line)
        for number in range(passes):
            for sample in range(samples):
                source = line[number * part + sample : (number + 1) * part : samples]
                result[number * samples + sample :: passes * samples] = source
        return bytes(result)

    return order


def mixed(line: bytes) -> bytes:
    """A line that comes as all of its red, all of its green, all of its blue."""
    width = len(line) // 3
    result = bytearray(line)
    for sample in range(3):
        result[sample::3] = line[sample * width : (sample + 1) * width]
    return bytes(result)


_RED, _GREEN, _BLUE = (bytes(round(weight * value) for value in range(256)) for weight in (0.299, 0.587, 0.114))


def grayed(line: bytes) -> bytes:
    """The grey of a line that comes as all of its red, all of its green, all of its blue."""
    width = len(line) // 3
    planes = (
        line[number * width : (number + 1) * width].translate(weighted)
        for number, weighted in enumerate((_RED, _GREEN, _BLUE))
    )
    return bytes(map(sum, zip(*planes, strict=True)))
