"""Colours that a scanner takes in three passes, put together again: planes are kept in files, then read side by side.

Source: SANE standard 1.06, 3.2.1 (frames RED, GREEN, BLUE may come in any order).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Final, Self

from drivers.contract.errors import DeviceGarbled
from drivers.sane.options import Parameters
from drivers.sane.protocol import Frame

COLOURS: Final = (Frame.RED, Frame.GREEN, Frame.BLUE)
MOST_BYTES: Final = 1024 * 1024 * 1024  # of one plane: A4 at 2400 ppi has half of it


class Passes:
    """The planes of one page; used as a context manager, which removes them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._planes = {colour: self._stack.enter_context(TemporaryFile()) for colour in COLOURS}  # noqa: SIM115
        self._sizes = dict.fromkeys(COLOURS, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def add(self, colour: Frame, data: bytes | memoryview) -> None:
        """More of that plane. Raises DeviceGarbled when it never ends."""
        self._sizes[colour] += len(data)
        if self._sizes[colour] > MOST_BYTES:
            raise DeviceGarbled(f"SANE: a plane of more than {MOST_BYTES} bytes")
        self._planes[colour].write(data)

    def together(self, depth: int, piece: int) -> Iterator[bytes]:
        """Samples of the three by turns, `piece` bytes of each plane at a time; as far as all three go."""
        for plane in self._planes.values():
            plane.seek(0)
        size, left = depth // 8, min(self._sizes.values())
        while left > 0:
            count = min(piece, left)
            left -= count
            mixed = bytearray(3 * count)
            for place, colour in enumerate(COLOURS):
                data = self._planes[colour].read(count)
                for byte in range(size):
                    mixed[place * size + byte :: 3 * size] = data[byte::size]
            yield bytes(mixed)


def whole(frame: Parameters) -> Parameters:
    """The frame as if its colours had come together."""
    told = {"format": Frame.RGB, "last_frame": 1, "bytes_per_line": 3 * frame.bytes_per_line}
    return frame.model_copy(update=told)
