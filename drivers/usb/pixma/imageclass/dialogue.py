"""Command and answer of the imageCLASS set over one exchange."""

from drivers.usb.exchange import Exchange, Patience
from drivers.usb.pixma import answers
from drivers.usb.pixma.answers import Status
from drivers.usb.pixma.imageclass import wire
from drivers.usb.pixma.imageclass.model import Model
from drivers.usb.pixma.imageclass.wire import Block, Read
from drivers.usb.pixma.talk import Talk


class Dialogue:
    """One scanner, spoken to in whole commands."""

    def __init__(self, exchange: Exchange, model: Model) -> None:
        self.exchange = exchange
        self._model = model
        self._talk = talk = Talk(exchange, wire.ANSWER_HEADER, wire.command)
        self.ask, self.piece, self.spoil, self.abort = talk.ask, talk.piece, talk.spoil, talk.abort

    def block(self, what: Read, seconds: Patience) -> Block:
        """Ask for image bytes (generation 0 is not told `what` for); those that follow are to be taken with `piece`.
        Raises Refused, Busy."""

        def step() -> tuple[Status, Block | None]:
            old = self._model.generation == 0
            self.exchange.send(wire.old_read() if old else wire.read(self._model.reading, what))
            answer = self.exchange.some(wire.BLOCK_HEADER if self._model.apart else wire.FIRST, seconds)
            found = answers.status(answer)
            if found is not Status.OK:  # whatever else comes with it
                return found, None
            header = wire.OLD_BLOCK_HEADER if old else wire.BLOCK_HEADER
            if len(answer) < header:
                raise answers.garbled(f"a block's header of {header} bytes", answer)
            return found, wire.old_block(answer) if old else wire.block(answer)

        found, block = self._talk.clean(step)
        answers.check(found)
        assert block is not None
        return block
