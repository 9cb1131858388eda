"""Command and answer: one SCSI command after the other over one exchange, with sense data where there is any.

An answer that is late or no answer at all leaves the conversation `spoiled`; the next command first brings both ends
back to where a command begins, so one lost byte does not spoil all that follows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.contract.errors import DeviceTimeout
from drivers.usb.exchange import ANSWER_SECONDS, Exchange, Patience
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.sense import GOOD, Sense, Verdict, sense
from drivers.usb.link import Link

# Feeding a sheet, homing the carriage and the first rows of a page come before the answer to some commands.
MOVING_SECONDS = 60.0
BUSY_SECONDS = 60.0  # how long it may be busy with one thing; SANE waits as long
PAUSED_SECONDS = 600.0  # … and paused by somebody
STICKS = 4  # tries to get one status and nothing else; SANE has three
STICK_SECONDS = 2.0
REPEATS = 3  # of a command that was answered by a mere remark


@dataclass(frozen=True, slots=True)
class Reply:
    """How a command ended. `data` is what of the answer means something."""

    data: bytes = b""
    sense: Sense = GOOD
    busy: bool = False

    @property
    def verdict(self) -> Verdict:
        """What to do about it."""
        return Verdict.AGAIN if self.busy else self.sense.meaning.verdict


class Dialogue:
    """One scanner, spoken to in whole commands."""

    def __init__(self, link: Link, monotonic: Callable[[], float]) -> None:
        self.link = link
        self._exchange = Exchange(link, monotonic)
        self._monotonic = monotonic
        self.spoiled = True  # whoever had the scanner before may have left an answer unread

    def command(self, cdb: bytes, parameters: bytes = b"", size: int = 0, seconds: Patience = ANSWER_SECONDS) -> Reply:
        """One command, again when it was only remarked upon. `size` bytes at most are brought. Raises DriverError."""
        reply = self._once(cdb, parameters, size, seconds)
        for _ in range(REPEATS):
            if reply.verdict is not Verdict.AT_ONCE:
                break
            reply = self._once(cdb, parameters, size, seconds)
        return reply

    def settled(
        self,
        cdb: bytes,
        parameters: bytes = b"",
        size: int = 0,
        *,
        waiting: Callable[[Reply], None],
        seconds: Patience = MOVING_SECONDS,
    ) -> Reply:
        """The same, again while the scanner is busy; `waiting` waits a moment, and may raise. Raises DeviceTimeout."""
        since = self._monotonic()
        while (reply := self.command(cdb, parameters, size, seconds)).verdict in {Verdict.AGAIN, Verdict.PAUSED}:
            patience = PAUSED_SECONDS if reply.verdict is Verdict.PAUSED else BUSY_SECONDS
            if self._monotonic() - since >= patience:
                raise DeviceTimeout(f"the scanner is busy since {patience:g} s")
            waiting(reply)
        return reply

    def resynchronise(self) -> None:
        """Bring the scanner back to where a command begins. Raises DeviceTimeout.

        What is on its way is thrown away. A scanner that waits for parameters takes the first frame for them, one
        that still moves answers later: so a harmless command is sent until it brings one status and nothing else.
        """
        self.spoiled = True
        for _ in range(STICKS):
            self._exchange.drain()
            self._exchange.send(wire.frame(wire.TEST_UNIT_READY))
            try:
                answer = self._exchange.some(wire.STATUS_SIZE, STICK_SECONDS)
            except DeviceTimeout:
                continue
            if wire.is_status(answer) and not self._exchange.drain():
                self.spoiled = False
                return
        raise DeviceTimeout("the scanner does not come back to where a command begins")

    def _once(self, cdb: bytes, parameters: bytes, size: int, seconds: Patience) -> Reply:
        if self.spoiled:
            self.resynchronise()
        self.spoiled = True
        data, status = self._spoken(cdb, parameters, size, seconds)
        told = GOOD
        if size and not data and status == wire.ScsiStatus.GOOD:  # the answer to something else
            raise wire.garbled(f"data in answer to {cdb.hex(' ')}", data)
        if status not in {wire.ScsiStatus.GOOD, wire.ScsiStatus.BUSY}:
            answer, status_of_sense = self._spoken(wire.REQUEST_SENSE, b"", wire.SENSE_SIZE, ANSWER_SECONDS)
            if status_of_sense != wire.ScsiStatus.GOOD:
                raise wire.garbled("sense data", answer)
            told = sense(answer)
        self.spoiled = False
        if told.ili:
            # The scanner fills up what it has not; the bus cannot tell.
            data = data[: max(0, size - told.residual)]
        return Reply(data, told, busy=status == wire.ScsiStatus.BUSY)

    def _spoken(self, cdb: bytes, parameters: bytes, size: int, seconds: Patience) -> tuple[bytes, int]:
        """Data and SCSI status of one frame."""
        self._exchange.send(wire.frame(cdb))
        if parameters:
            self._exchange.send(parameters)
        data = b""
        while True:
            # Never less than a status is asked for: it may come instead of data.
            piece = self._exchange.some(max(size - len(data), wire.STATUS_SIZE), seconds)
            if wire.is_status(piece) and len(data) + len(piece) != size:
                return data, piece[wire.STATUS_AT]
            data += piece
            if len(data) > size:
                raise wire.garbled(f"{size} bytes and a status in answer to {cdb.hex(' ')}", piece)
