"""A Canon scanner, PIXMA or imageCLASS: bytes in, bytes and interrupt packets out, over a body and an engine.

Pure: `now` is an argument everywhere. Each answer is a message, some are two: a host that reads over USB gets one
message per read. Status commands neither wake the scanner nor restart its sleep timer; everything else does. Which
commands there are its product says. One whose rest does not come is forgotten.
"""

from collections import deque
from collections.abc import Iterable
from math import inf

from hil.devices.mechanism import State
from hil.devices.pixma.commands import Commands
from hil.devices.pixma.imageclass.commands import Imageclass
from hil.devices.pixma.mp150.commands import Mp150
from hil.devices.pixma.product import MX850, Product
from hil.devices.pixma.works import Works
from hil.devices.stimuli import Stimulus
from hil.script import Script

MOST_PACKETS = 16  # kept for a host that does not read them
FORGET = 0.5  # seconds after which the beginning of a command is forgotten


class PixmaScanner:
    """The scanner behind its plug, whichever plug."""

    def __init__(self, script: Script, now: float, product: Product = MX850) -> None:
        self.product = product
        self._works = Works(script, now, product)
        self._body, self._engine, self._talk = self._works.body, self._works.engine, self._works.talk
        self._commands: Commands = Imageclass(self._works) if product.imageclass is not None else Mp150(self._works)
        self._heard_at = now
        self._held: float | None = None  # a command waits until then
        self._packets: deque[bytes] = deque(maxlen=MOST_PACKETS)
        self._sensed = self._senses()

    # What a face uses.

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self._body.state

    @property
    def scanning(self) -> bool:
        """Between the start of a page and its last block, or its failure."""
        return self._engine.scanning

    @property
    def owes(self) -> bool:
        """An answer will come without anything more from the host."""
        return bool(self.answer) or self._works.asked is not None

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""
        return self._talk.answer

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""
        return self._talk.take(limit)

    def take_packet(self) -> bytes:
        """What the interrupt endpoint has to say; empty: nothing."""
        return self._packets.popleft() if self._packets else b""

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes, in pieces of any size."""
        if now > self._heard_at + FORGET:
            self._talk.heard.clear()
        self._heard_at = now
        self._talk.hear(data)
        self.update(now)

    def detach(self, now: float) -> None:
        """The host went away or reset the bus: a scan in flight and all that is unread are lost."""
        self._works.end(now)
        self._commands.forget()
        self._talk.forget()
        self._packets.clear()

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""
        for stimulus in stimuli:  # one by one: two presses at once are two
            self._body.update(now, (stimulus,))
            self._sense()
        wake = self._body.update(now)
        while self.state.plugged and self._step(now):
            wake = self._body.update(now)
        self._sense()
        if not self.state.plugged:
            self.detach(now)
            return self._body.update(now)
        due = (wake, self._engine.due(), self._due(), self._held)
        return min((each for each in due if each is not None), default=None)

    # Time.

    def _due(self) -> float | None:
        return None if self._works.asked is None else self._engine.block_at(*self._works.asked)

    def _step(self, now: float) -> bool:
        """Do one thing that is due; False: nothing is."""
        if self._engine.move(now):
            return True
        due = self._due()
        if due is not None and now >= due:
            self._block(now)
            return True
        return self._interpret(now)

    def _sense(self) -> None:
        """Tell of presses, and of whatever else the host would have to ask for."""
        if button := self._body.take_button():
            self._packets.append(self._commands.press(button))
        if self._sensed != (senses := self._senses()):
            self._sensed = senses
            if packet := self._commands.look():
                self._packets.append(packet)

    def _senses(self) -> tuple[bool, bool]:
        return self.state.paper, self._engine.calibrated

    # Bytes.

    def _interpret(self, now: float) -> bool:
        """Understand one command; False: not enough bytes yet, or it has to wait."""
        self._held = None
        data = bytes(self._talk.heard)
        size = self._commands.length(data)
        if not size:
            return False
        at = self._commands.at(data[:size], now)
        if at > now:
            self._held = at if at < inf else None
            return False
        self._commands.heed(self._talk.understood(size), now)
        return True

    def _block(self, now: float) -> None:
        if self._works.asked is None:
            return
        _, most = self._works.asked
        self._works.asked = None
        found = self._engine.block(now, most)
        if self.state.plugged:
            self._commands.image(found)
