"""From the lines a PIXMA sends to the rows the contract promises. Pure."""

from drivers.usb.pixma.parameters import Parameters


class Rows:
    """Cuts a page's bytes into whole rows of exactly the width and number that were promised."""

    def __init__(self, sent: Parameters, width: int, height: int) -> None:
        """`width` and `height` are what was promised, in pixels; what does not come is white."""
        self._sent = sent
        self._samples = sent.mode.bits // 8
        self._row = self._samples * width
        self._skip = self._samples * sent.skip
        self._left = height
        self._rest = b""

    def add(self, data: bytes) -> bytes:
        """Whole rows out of what came so far, none beyond the promised height."""
        data = self._rest + data if self._rest else data
        size = self._sent.row_bytes
        count = len(data) // size
        self._rest = data[count * size :]
        count = min(count, self._left)
        self._left -= count
        lines = (data[at : at + size] for at in range(0, count * size, size))
        if self._sent.passes > 1:
            lines = (self._together(line) for line in lines)
        start, end = self._skip, self._skip + self._row
        return b"".join(line[start:end].ljust(self._row, b"\xff") for line in lines)

    def padding(self) -> bytes:
        """White rows for what the scanner did not send."""
        count, self._left = self._left, 0
        return b"\xff" * (count * self._row)

    def _together(self, line: bytes) -> bytes:
        """The parts of a line of high resolution, pixel by pixel: the first of each, then the second of each."""
        passes, samples = self._sent.passes, self._samples
        part = len(line) // passes
        result = bytearray(line)
        for number in range(passes):
            for sample in range(samples):
                source = line[number * part + sample : (number + 1) * part : samples]
                result[number * samples + sample :: passes * samples] = source
        return bytes(result)
