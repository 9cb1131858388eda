"""The sides of one sheet on their way: from the bytes a scanner sends to the rows the contract promises.

A duplex scanner sees both sides at once and has memory for a part of them only, so they are read in turn, a block of
each. The front goes on as it comes; the back waits in a spool, on disk when it is large, until the front is done.
"""

import tempfile
from collections.abc import Iterator
from typing import IO

from drivers.contract.capabilities import Mode
from drivers.usb.esci.rows import Rows
from drivers.usb.fujitsu.window import Order, Window

IN_MEMORY = 4 * 1024 * 1024
CHUNK = 128 * 1024
# It sends ink: black is 255, or a set bit. The contract has light.
_LIGHT = bytes(255 - value for value in range(256))


class Side:
    """One side: how much of it has come, and its rows."""

    def __init__(self, number: int, window: Window, width: int, height: int) -> None:
        """The window's rows are `window.width` pixels; `width` and `height` were promised."""
        self.number = number
        self._window = window
        self._rows = Rows(window.mode, window.width, width, height)
        self._total = window.lines * window.row_bytes
        self._got = 0
        self._ended = False

    @property
    def left(self) -> int:
        """Bytes still to come; 0: the side is whole."""
        return 0 if self._ended else self._total - self._got

    @property
    def got(self) -> int:
        """Bytes that have come."""
        return self._got

    @property
    def percent(self) -> int:
        """How much of it has come."""
        return 100 if self._ended else self._got * 100 // self._total

    def end(self) -> None:
        """The paper ended before the window did."""
        self._ended = True

    def add(self, data: bytes) -> bytes:
        """The whole rows that so become known."""
        self._got += len(data)
        return self._rows.add(self._ordered(data.translate(_LIGHT)))

    def padding(self) -> bytes:
        """White rows for what did not come."""
        return self._rows.padding()

    def _ordered(self, data: bytes) -> bytes:
        """RGB of each pixel together; `data` is whole rows."""
        if self._window.mode is not Mode.RGB24 or self._window.order is Order.RGB:
            return data
        result = bytearray(data)
        if self._window.order is Order.BGR:
            result[0::3], result[2::3] = data[2::3], data[0::3]
            return bytes(result)
        width, row = self._window.width, self._window.row_bytes
        for start in range(0, len(data) - row + 1, row):
            for plane in range(3):
                result[start + plane : start + row : 3] = data[start + plane * width : start + (plane + 1) * width]
        return bytes(result)


class Spool:
    """Rows of one page that must wait. Raises OSError where there is no room for them."""

    def __init__(self, row_bytes: int) -> None:
        self._chunk = max(1, CHUNK // row_bytes) * row_bytes
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed by `close`

    def add(self, rows: bytes) -> None:
        self._file.write(rows)

    def chunks(self) -> Iterator[bytes]:
        """Everything, from its beginning, in whole rows."""
        self._file.seek(0)
        while data := self._file.read(self._chunk):
            yield data

    def close(self) -> None:
        """Throw it away; may be called twice."""
        self._file.close()
