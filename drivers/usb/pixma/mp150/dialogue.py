"""Command and answer of the mp150 set over one exchange."""

from drivers.usb.exchange import Exchange, Patience
from drivers.usb.pixma import answers
from drivers.usb.pixma.answers import End, Status
from drivers.usb.pixma.mp150 import envelope, wire
from drivers.usb.pixma.mp150.envelope import Operation
from drivers.usb.pixma.talk import Talk


class Dialogue:
    """One scanner, spoken to in whole commands."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._talk = talk = Talk(exchange, wire.ANSWER_HEADER, wire.command)
        self.ask, self.piece, self.spoil, self.abort = talk.ask, talk.piece, talk.spoil, talk.abort

    def block(self, most: int, seconds: Patience) -> tuple[End, int]:
        """Ask for image bytes; what ends with them and how many follow, which are to be taken with `piece`."""

        def step() -> tuple[Status, tuple[End, int]]:
            self.exchange.send(wire.read(most))
            found = self._talk.status(seconds)
            head = self.exchange.exactly(wire.BLOCK_HEADER, seconds) if found is Status.OK else bytes(8)
            return found, wire.block(head, most)

        found, block = self._talk.clean(step)
        answers.check(found)
        return block

    def wrap(self, operation: Operation) -> None:
        """The XML around a scan. Raises DeviceBusy, ScanFailed."""

        def step() -> bytes:
            self.exchange.send(envelope.message(operation))
            answer = b""
            while envelope.ANSWER_END not in answer and len(answer) < envelope.MOST_ANSWER:
                answer += self.exchange.some(envelope.MOST_ANSWER)
            return answer

        refusal = self._talk.clean(lambda: envelope.refusal(step()))
        if refusal is not None:
            raise refusal
