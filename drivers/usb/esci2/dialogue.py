"""Request and answer within a session, over one exchange.

A session is opened for each look and each scan and finished after it, a look's for asking only, so that nobody is
locked out (docs/decisions/0049-esci2-sessions.md). When something went wrong in one, the scanner is brought back: what
is still on its way is thrown away, and FIN is sent until something answers, because a scanner that lost a parameter
block takes requests for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout, DriverError
from drivers.usb.esci2 import wire
from drivers.usb.esci2.tokens import Token, read
from drivers.usb.esci2.wire import Head
from drivers.usb.exchange import ANSWER_SECONDS, DRAIN_SECONDS, Exchange

MOST_BLOCK = 1536  # bytes of a parameter block; every scanner on record says so
FINISHES = 16  # sent at once to one that may be waiting for the rest of such a block
ENTER_SECONDS = 1.0  # a scanner in which a session was left open says nothing to a second FS X

Patience = float | Callable[[], float]


class Dialogue:
    """One scanner, spoken to in whole requests."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._broken = False  # a session of ours ended in the middle of something
        self._fresh = True  # whoever had the scanner before may have left an answer unread, or a session open
        self._asks = True  # it knows sessions for asking

    @contextmanager
    def session(self, *, asking: bool = False) -> Iterator[None]:
        """The scanner is ours while the block lasts, or only asked. Raises DeviceBusy when it is somebody else's."""
        if self._broken:
            self.recover()
        if not (asking and self._asks and self._enter(wire.INQUIRY)):
            if not self._enter(wire.CONTROL):
                raise DeviceBusy("the scanner opens no session: somebody else has one")
            self._asks = self._asks and not asking
        try:
            yield
        finally:
            with suppress(DriverError):
                self._finish()

    def ask(self, code: bytes, parameters: bytes = b"", seconds: Patience = ANSWER_SECONDS) -> tuple[Head, bytes]:
        """One request, and its answer's head and data. Raises DeviceGarbled, DeviceTimeout, DeviceGone."""
        self._broken = True
        self.exchange.send(wire.request(code, len(parameters)))
        if parameters:
            self.exchange.send(parameters)
        limit = wire.MAX_CHUNK if code == wire.IMAGE else wire.MAX_TABLE
        head = wire.head(self.exchange.exactly(wire.HEAD_SIZE, seconds), limit)
        data = self.exchange.exactly(head.size, seconds) if head.size else b""
        if head.code != code:
            raise DeviceGarbled(f"the scanner answers {head.code!r} to {code!r}")
        self._broken = False
        return head, data

    def table(self, code: bytes) -> tuple[Head, tuple[Token, ...]]:
        """One request whose data are tokens."""
        head, data = self.ask(code)
        return head, tuple(read(data))

    def recover(self) -> None:
        """Bring back a scanner that is in the middle of whatever somebody began."""
        finish = wire.request(wire.FINISH)
        for _ in range(1 + MOST_BLOCK // (len(finish) * FINISHES)):
            if self._finished(finish):
                break
            self.exchange.send(finish * FINISHES)
        self._broken = False

    def _finished(self, finish: bytes) -> bool:
        """Whether a FIN is answered as it should be, or by one that has no session."""
        self.exchange.drain()
        self.exchange.send(finish)
        answer = self.exchange.link.read(wire.HEAD_SIZE, DRAIN_SECONDS)
        return answer[:4] == wire.FINISH or answer[:1] == wire.NAK

    def _enter(self, way: bytes) -> bool:
        if self._fresh:
            self.exchange.drain()
        try:
            opened = self._opened(way)
        except (DeviceGarbled, DeviceTimeout):
            self.recover()
            opened = self._opened(way)
        self._fresh = False
        return opened

    def _opened(self, way: bytes) -> bool:
        self.exchange.send(way)
        answer = self.exchange.exactly(1, ENTER_SECONDS)
        if answer not in {wire.ACK, wire.NAK}:
            raise DeviceGarbled(f"expected ACK or NAK, got {answer.hex()}")
        return answer == wire.ACK

    def _finish(self) -> None:
        if self._broken:
            self.recover()
        else:
            self.ask(wire.FINISH)
