"""The two ways in which an ESC/I scanner sends one page, block by block.

`FS G`: a header that tells all block sizes, each block followed by an error byte. `ESC G`: a header before
each block, the last one marked. Every block but the last is answered with ACK, or with CAN to stop.
Facts: spec dossier on device protocols (a), SANE epson2 and epson (line sequence colour).
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from drivers.contract.errors import CanceledAtDevice
from drivers.contract.handover import ScanCanceled
from drivers.usb.esci import wire
from drivers.usb.esci.dialogue import MOVING_SECONDS, Dialogue
from drivers.usb.esci.parameters import Parameters
from drivers.usb.esci.rows import merge, swap_red_green

ACK = bytes([wire.ACK])
# How long a block may pause: the carriage may go back and the lamp be corrected in the middle of a page.
BLOCK_SECONDS = 60.0
# … and when the reader has canceled: the block in transit should end, but nobody waits for a dead scanner.
CANCELED_SECONDS = 3.0


class Stopped(Exception):
    """The scanner reports a fatal error, or that it is in use elsewhere; its condition says why."""


class PageTransfer(Protocol):
    """One page on its way."""

    def start(self) -> int:
        """Begin; returns how many lines will come, at most. Raises Stopped, DriverError."""

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Percent of the page so far, and image bytes. Raises Stopped, CanceledAtDevice, ScanCanceled, DriverError."""


class _Blocks:
    """What both ways share: patience, and the answer between two blocks."""

    def __init__(self, dialogue: Dialogue, asked: Parameters, canceled: Callable[[], bool]) -> None:
        self._dialogue = dialogue
        self._asked = asked
        self._canceled = canceled

    def _read(self, size: int) -> bytes:
        return self._dialogue.exchange.exactly(size, lambda: CANCELED_SECONDS if self._canceled() else BLOCK_SECONDS)

    def _next(self) -> None:
        if self._canceled():
            self._cancel()
            raise ScanCanceled
        self._dialogue.exchange.send(ACK)

    def _cancel(self) -> None:
        self._dialogue.spoiled = False  # between two blocks nothing is on its way
        self._dialogue.cancel()


class Extended(_Blocks):
    """`FS G`."""

    def __init__(self, dialogue: Dialogue, asked: Parameters, canceled: Callable[[], bool], mask: int = 0xFF) -> None:
        """`mask`: the bits of the error byte that mean something."""
        super().__init__(dialogue, asked, canceled)
        self._mask = mask
        self._transfer = wire.Transfer(0, 0, 0, 0)

    def start(self) -> int:
        data = self._dialogue.fixed(wire.FS_START, wire.FS_START_SIZE, MOVING_SECONDS)
        if data is None:
            raise Stopped
        self._transfer = wire.fs_start(data)
        if self._transfer.status & (wire.Status.FATAL | wire.Status.IN_USE):
            raise Stopped
        lines, rest = divmod(self._transfer.total, self._asked.row_bytes)
        if rest or not 0 < lines <= self._asked.lines:
            self._dialogue.spoiled = True
            raise wire.garbled(f"a page of {self._asked.lines} lines of {self._asked.row_bytes} bytes", data)
        return lines

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        transfer = self._transfer
        self._dialogue.spoiled = True
        for number in range(1, transfer.sizes + 1):
            size = transfer.block if number <= transfer.count else transfer.last
            data = self._read(size + 1)
            error = data[-1] & self._mask
            if error & wire.ErrorByte.CANCEL:
                self._cancel()
                raise CanceledAtDevice("canceled at the scanner")
            if error & (wire.ErrorByte.FATAL | wire.ErrorByte.IN_USE):
                raise Stopped
            yield number * 100 // transfer.sizes, data[:-1]
            if number < transfer.sizes:
                self._next()
        self._dialogue.spoiled = False


class Letters(_Blocks):
    """`ESC G`."""

    def __init__(
        self,
        dialogue: Dialogue,
        asked: Parameters,
        canceled: Callable[[], bool],
        *,
        block_mode: bool,
        line_sequence: bool,
        green_first_untrue: bool = False,
    ) -> None:
        """`block_mode`: headers carry a number of lines, and a block holds as many; `line_sequence`: colour comes
        as three blocks for each line; `green_first_untrue`: see drivers.quirks."""
        super().__init__(dialogue, asked, canceled)
        self._header_size = 6 if block_mode else 4
        self._line_sequence = line_sequence
        self._swap = asked.colour and not green_first_untrue
        self._header = b""

    def start(self) -> int:
        header = self._dialogue.fixed(wire.START, self._header_size, MOVING_SECONDS)
        if header is None:
            raise Stopped
        self._header = header
        self._size(header)
        return self._asked.lines

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        self._dialogue.spoiled = True
        sample = self._asked.depth // 8 or 1
        total = self._asked.lines * self._asked.row_bytes
        planes: dict[int, bytes] = {}
        moved = 0
        while True:
            data = self._read(self._size(self._header))
            colour = self._header[1] & wire.Status.COLOUR
            moved += len(data)
            percent = min(100, moved * 100 // total)
            if not self._line_sequence:
                if self._swap and colour == wire.Colour.GREEN:
                    data = swap_red_green(data, sample)
                yield percent, data
            else:
                planes[colour] = data
                if len(planes) == len(wire.Colour):
                    yield percent, self._line(planes, sample)
                    planes = {}
            if self._header[1] & wire.Status.AREA_END:
                break
            self._next()
            self._header = self._read(self._header_size)
        self._dialogue.spoiled = False

    def _size(self, header: bytes) -> int:
        """Data bytes that follow a block's header."""
        if header[0] != wire.STX:
            raise wire.garbled("a block header", header)
        if header[1] & (wire.Status.FATAL | wire.Status.IN_USE):
            raise Stopped
        size = int.from_bytes(header[2:4], "little")
        if self._header_size == 6:
            size *= int.from_bytes(header[4:6], "little")
        if size > wire.MAX_BLOCK:
            raise wire.garbled(f"a block of {size} bytes", header)
        return size

    def _line(self, planes: dict[int, bytes], sample: int) -> bytes:
        try:
            red, green, blue = planes[wire.Colour.RED], planes[wire.Colour.GREEN], planes[wire.Colour.BLUE]
        except KeyError as err:
            raise wire.garbled("a red, a green and a blue block", self._header) from err
        if not len(red) == len(green) == len(blue):
            raise wire.garbled("three colours of equal length", self._header)
        return merge(red, green, blue, sample)
