"""Command and answer: the three shapes of ESC/I commands over one exchange.

A NAK is an answer (`None`), not an error; what is neither raises DeviceGarbled. After an error the next
command first throws away what is still on its way, so one lost byte does not spoil all that follows.
"""

from collections.abc import Callable
from typing import TypeVar

from drivers.contract.errors import DeviceGarbled, DeviceTimeout
from drivers.usb.esci import wire
from drivers.usb.exchange import ANSWER_SECONDS, Exchange

_T = TypeVar("_T")

NAK = bytes([wire.NAK])
# Waking the lamp, homing the carriage and loading a sheet come before the answer to some commands.
MOVING_SECONDS = 60.0
LONGEST_PARAMETER = 64  # bytes: FS W


class Dialogue:
    """One scanner, spoken to in whole commands. `quiet` commands are those that never wake it."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.spoiled = True  # whoever had the scanner before may have left an answer unread

    def block(self, command: bytes, seconds: float = ANSWER_SECONDS) -> tuple[int, bytes] | None:
        """An information block: its status byte and payload; None when the scanner does not know the command."""
        return self._clean(lambda: self._block(command, seconds))

    def fixed(self, command: bytes, size: int, seconds: float = ANSWER_SECONDS) -> bytes | None:
        """An answer of that many bytes; None when the scanner does not know the command."""
        return self._clean(lambda: self._fixed(command, size, seconds))

    def simple(self, command: bytes, value: bytes = b"", seconds: float = ANSWER_SECONDS) -> bool:
        """A command and, when it was acknowledged, its parameter. False: one of the two was refused."""
        return self._clean(lambda: all(self._acknowledged(part, seconds) for part in (command, value) if part))

    def cancel(self) -> None:
        """CAN instead of ACK after a block: ends the page."""
        self._clean(lambda: self._acknowledged(bytes([wire.CAN]), MOVING_SECONDS))

    def recover(self) -> None:
        """Bring back a scanner that waits in the middle of a transfer somebody else began."""
        self.exchange.drain()
        self.exchange.send(bytes([wire.CAN]))
        self.exchange.drain()
        self.exchange.send(wire.RESET)
        if not self.exchange.drain():
            self._feed()
        self.spoiled = True

    def _feed(self) -> None:
        """A scanner that waits for the rest of a parameter takes commands for it: until it has had enough."""
        for _ in range(LONGEST_PARAMETER // len(wire.RESET)):
            self.exchange.send(wire.RESET)
            if self.exchange.drain():  # which may have been about the parameter
                self.exchange.send(wire.RESET)
                self.exchange.drain()
                return

    def _clean(self, step: Callable[[], _T]) -> _T:
        if self.spoiled:
            self.exchange.drain()
        self.spoiled = True
        result = step()
        self.spoiled = False
        return result

    def _block(self, command: bytes, seconds: float) -> tuple[int, bytes] | None:
        header = self._fixed(command, 4, seconds)
        if header is None:
            return None
        status, length = wire.header(header)
        return status, self.exchange.exactly(length) if length else b""

    def _fixed(self, command: bytes, size: int, seconds: float) -> bytes | None:
        self.exchange.send(command)
        first = self.exchange.some(size, seconds)
        if first == NAK:
            return None
        try:
            return first + self.exchange.exactly(size - len(first))
        except DeviceTimeout as err:
            raise wire.garbled(f"{size} bytes in answer to {command.hex(' ')}", first) from err

    def _acknowledged(self, data: bytes, seconds: float) -> bool:
        self.exchange.send(data)
        answer = self.exchange.exactly(1, seconds)
        if answer[0] not in {wire.ACK, wire.NAK}:
            raise DeviceGarbled(f"expected ACK or NAK, got {answer.hex()}")
        return answer[0] == wire.ACK
