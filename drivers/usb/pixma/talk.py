"""Questions and answers over one exchange, in whichever of Canon's command sets.

After an error the next question first throws away what is still on its way, so one lost byte does not spoil all that
follows.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from drivers.contract.errors import DeviceTimeout
from drivers.usb.exchange import ANSWER_SECONDS, Exchange, Patience
from drivers.usb.pixma import answers
from drivers.usb.pixma.answers import Status

_T = TypeVar("_T")

ABORT = 0xEF20  # of a session, in all sets
ANSWER_BYTES = 64 * 1024
STATUSES = frozenset(status.to_bytes(2, "big") for status in Status)
MOST_LEFT = 64  # pieces of a block that may come before the answer to an abort


class Writes(Protocol):
    """How a set writes a command."""

    def __call__(self, code: int, data: bytes = b"", wanted: int = 0) -> bytes:
        """`wanted` counts the bytes of the answer's data, with its checksum."""


class Talk:
    """What a dialogue is made of."""

    def __init__(self, exchange: Exchange, header: int, command: Writes) -> None:
        """`header`: bytes that every answer begins with, the first two of which are its status."""
        self.exchange = exchange
        self._spoiled = True  # whoever had the scanner before may have left an answer unread
        self._header, self._command = header, command

    def spoil(self) -> None:
        """What is on its way is to be thrown away."""
        self._spoiled = True

    def clean(self, step: Callable[[], _T]) -> _T:
        """One step, after which nothing is on its way; or, where it raises, before the next."""
        if self._spoiled:
            self.exchange.drain()
        self._spoiled = True
        result = step()
        self._spoiled = False
        return result

    def ask(self, command: int, data: bytes = b"", *, wanted: int = 0, seconds: Patience = ANSWER_SECONDS) -> bytes:
        """The data of the answer, `wanted` bytes with their checksum, which is left out. Raises Refused, Busy."""

        def step() -> tuple[Status, bytes]:
            self.exchange.send(self._command(command, data, wanted))
            found = self.status(seconds)
            return found, answers.data(self.exchange.exactly(wanted)) if found is Status.OK and wanted else b""

        found, answer = self.clean(step)
        answers.check(found)
        return answer

    def status(self, seconds: Patience) -> Status:
        """The header of an answer. Raises DeviceGarbled, DeviceTimeout."""
        first = self.exchange.some(self._header, seconds)
        try:
            return answers.status(first + self.exchange.exactly(self._header - len(first)))
        except DeviceTimeout as err:
            raise answers.garbled(f"an answer of {self._header} bytes", first) from err

    def piece(self, most: int, seconds: Patience) -> bytes:
        """1…most bytes of a block."""
        return self.clean(lambda: self.exchange.some(most, seconds))

    def abort(self) -> None:
        """End the session, at once whatever is on its way. Raises DeviceTimeout when the scanner does not answer."""
        self._spoiled = True  # and stays so: an older answer may be taken for this one
        self.exchange.send(self._command(ABORT))
        for _ in range(MOST_LEFT):
            answer = self.exchange.some(ANSWER_BYTES)
            if len(answer) == self._header and answer[:2] in STATUSES:
                return
