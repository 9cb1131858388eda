"""Command and answer over one exchange.

After an error the next command first throws away what is still on its way, so one lost byte does not spoil all that
follows.
"""

from collections.abc import Callable
from typing import TypeVar

from drivers.contract.errors import DeviceTimeout
from drivers.usb.exchange import ANSWER_SECONDS, Exchange, Patience
from drivers.usb.pixma import envelope, wire
from drivers.usb.pixma.envelope import Operation
from drivers.usb.pixma.wire import Command, End, Status

_T = TypeVar("_T")

ANSWER_BYTES = 64 * 1024
STATUSES = frozenset(status.to_bytes(2, "big") for status in Status)
MOST_LEFT = 64  # pieces of a block that may come before the answer to an abort


class Refused(Exception):
    """0x1515: the command failed, be it that somebody pressed cancel at the scanner."""


class Busy(Exception):
    """0x1414: not now."""


class Dialogue:
    """One scanner, spoken to in whole commands."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.spoiled = True  # whoever had the scanner before may have left an answer unread

    def ask(self, command: Command, data: bytes = b"", *, wanted: int = 0, seconds: Patience = ANSWER_SECONDS) -> bytes:
        """The data of the answer, `wanted` bytes with their checksum, which is left out. Raises Refused, Busy."""

        def step() -> tuple[Status, bytes]:
            self.exchange.send(wire.command(command, data, wanted))
            found = self._status(seconds)
            return found, wire.data(self.exchange.exactly(wanted)) if found is Status.OK and wanted else b""

        found, answer = self._clean(step)
        _raise_for(found)
        return answer

    def block(self, most: int, seconds: Patience) -> tuple[End, int]:
        """Ask for image bytes; what ends with them and how many follow, which are to be taken with `piece`."""

        def step() -> tuple[Status, tuple[End, int]]:
            self.exchange.send(wire.read(most))
            found = self._status(seconds)
            head = self.exchange.exactly(wire.BLOCK_HEADER, seconds) if found is Status.OK else bytes(8)
            return found, wire.block(head, most)

        found, block = self._clean(step)
        _raise_for(found)
        return block

    def piece(self, most: int, seconds: Patience) -> bytes:
        """1…most bytes of a block."""
        return self._clean(lambda: self.exchange.some(most, seconds))

    def wrap(self, operation: Operation) -> None:
        """The XML around a scan. Raises DeviceBusy, ScanFailed."""

        def step() -> bytes:
            self.exchange.send(envelope.message(operation))
            answer = b""
            while envelope.ANSWER_END not in answer and len(answer) < envelope.MOST_ANSWER:
                answer += self.exchange.some(envelope.MOST_ANSWER)
            return answer

        refusal = self._clean(lambda: envelope.refusal(step()))
        if refusal is not None:
            raise refusal

    def abort(self) -> None:
        """End the session, at once whatever is on its way. Raises DeviceTimeout when the scanner does not answer."""
        self.spoiled = True  # and stays so: an older answer may be taken for this one
        self.exchange.send(wire.command(Command.ABORT))
        for _ in range(MOST_LEFT):
            answer = self.exchange.some(ANSWER_BYTES)
            if len(answer) == wire.ANSWER_HEADER and answer[:2] in STATUSES:
                return

    def _status(self, seconds: Patience) -> Status:
        first = self.exchange.some(wire.ANSWER_HEADER, seconds)
        try:
            return wire.status(first + self.exchange.exactly(wire.ANSWER_HEADER - len(first)))
        except DeviceTimeout as err:
            raise wire.garbled(f"an answer of {wire.ANSWER_HEADER} bytes", first) from err

    def _clean(self, step: Callable[[], _T]) -> _T:
        if self.spoiled:
            self.exchange.drain()
        self.spoiled = True
        result = step()
        self.spoiled = False
        return result


def _raise_for(status: Status) -> None:
    if status is Status.FAILED:
        raise Refused
    if status is Status.BUSY:
        raise Busy
