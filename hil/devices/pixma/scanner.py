"""A Canon PIXMA of the mp150 command set: bytes in, bytes and interrupt packets out, over a body and an engine.

Pure: `now` is an argument everywhere. Each answer is a message: a host that reads over USB gets one message per read.
Status commands neither wake the scanner nor restart its sleep timer; everything else does.
What nobody has published is decided here: a jam, an open cover and a failure make the transfer fail as a cancel at the
panel does (0x1515), a command that is not understood is not answered, and one whose rest does not come is forgotten.
Source: SANE pixma_mp150.c; its "what the host does" is this module's "what must be understood".
"""

from collections import deque
from collections.abc import Iterable

from hil.devices.mechanism import Lamp, Mechanism, State
from hil.devices.pixma import envelope, packets, parameters, wire
from hil.devices.pixma.engine import Engine
from hil.devices.pixma.parameters import Parameters
from hil.devices.pixma.product import MX850, Product
from hil.devices.pixma.wire import Command, Status
from hil.devices.stimuli import Stimulus
from hil.script import Script

SETTINGS = frozenset({*wire.WITH_DATA, Command.START_3})  # what belongs into a session
MOST_INPUT = 64 * 1024
MOST_PACKETS = 16  # kept for a host that does not read them
FORGET = 0.5  # seconds after which the beginning of a command is forgotten


class PixmaScanner:
    """The scanner behind its plug, whichever plug."""

    def __init__(self, script: Script, now: float, product: Product = MX850) -> None:
        self.product = product
        self._body = Mechanism(script, now)
        self._engine = Engine(self._body, script, product)
        self._input = bytearray()
        self._input_at = now
        self._output: deque[memoryview] = deque()
        self._packets: deque[bytes] = deque(maxlen=MOST_PACKETS)
        self._enveloped = self._session = False
        self._source = self._gamma = b""
        self._parameters: Parameters | None = None  # set, and in generation 3 not yet started
        self._asked: tuple[float, int] | None = None  # the host wants a block: since when, how many bytes at most
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
        return bool(self._output) or self._asked is not None

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""
        return len(self._output[0]) if self._output else 0

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""
        head = self._output.popleft()
        if limit < len(head):
            self._output.appendleft(head[limit:])
        return bytes(head[:limit])

    def take_packet(self) -> bytes:
        """What the interrupt endpoint has to say; empty: nothing."""
        return self._packets.popleft() if self._packets else b""

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes, in pieces of any size."""
        if now > self._input_at + FORGET:
            self._input.clear()
        self._input_at = now
        self._input += data[: MOST_INPUT - len(self._input)]
        self.update(now)

    def detach(self, now: float) -> None:
        """The host went away or reset the bus: a scan in flight and all that is unread are lost."""
        self._end(now)
        self._enveloped = False
        self._input.clear()
        self._output.clear()
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
        return min((each for each in (wake, self._engine.due(), self._due()) if each is not None), default=None)

    # Time.

    def _due(self) -> float | None:
        return None if self._asked is None else self._engine.block_at(*self._asked)

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
            self._packets.append(packets.press(button, self.product))
        if self._sensed != (senses := self._senses()):
            self._sensed = senses
            if packet := packets.look(self.product):
                self._packets.append(packet)

    def _senses(self) -> tuple[bool, bool]:
        return self.state.paper, self._engine.calibrated

    # Bytes in.

    def _interpret(self, now: float) -> bool:
        """Understand one command; False: not enough bytes yet, or the one before still waits for its block."""
        data = bytes(self._input)
        if data.startswith(envelope.OPENING) and self.product.enveloped:
            self._input.clear()
            self._envelope(data, now)
            return True
        if len(data) < wire.HEADER or len(data) < (size := wire.size(data)):
            return False
        command = data[:2]
        if self._asked is not None and command != Command.ABORT.to_bytes(2, "big"):
            return False
        del self._input[:size]
        if sum(data[wire.HEADER : size]) & 0xFF:
            self._say(wire.answer(Status.FAILED))
        elif self.state.in_use:
            self._say(wire.answer(Status.BUSY))
        elif self.product.enveloped and not self._enveloped:
            self._say(wire.answer(Status.FAILED))
        else:
            self._command(int.from_bytes(command, "big"), data[:size], now)
        return True

    def _envelope(self, message: bytes, now: float) -> None:
        name = envelope.operation(message)
        detail = ""
        if self.state.in_use:
            detail = "DeviceBusy"
        elif self.state.fatal:
            detail = "DeviceCheckError"
        elif name == envelope.SHIFT:
            self._enveloped = True
        elif name == envelope.END:
            self._end(now)
            self._enveloped = False
        elif name != envelope.START:
            detail = "InvalidOperation"
        self._say(envelope.response(name, detail=detail))

    def _command(self, command: int, data: bytes, now: float) -> None:
        length, body = int.from_bytes(data[14:16], "big"), data[wire.HEADER :]
        later = self.product.generation > 2
        match command:
            case Command.STATUS if length == self.product.status_bytes:
                self._say(wire.answer(Status.OK, self._status()))
            case Command.STATUS_3 if later and length == 8:
                self._say(wire.answer(Status.OK, bytes([self._engine.calibrated, *bytes(6)])))
            case Command.ERROR if length == 16:
                self._say(wire.answer(Status.OK, bytes(15)))
            case Command.START:
                self._say(wire.answer(self._start(now)))
            case Command.ABORT:
                self._end(now)
                self._say(wire.answer(Status.OK))
            case Command.READ if self._session and int.from_bytes(data[12:16], "big") > wire.BLOCK_HEADER:
                self._asked = (now, int.from_bytes(data[12:16], "big") - wire.BLOCK_HEADER)
            case Command.TIME:
                self._say(wire.answer(Status.OK))
            case Command.READ:
                self._say(wire.answer(Status.FAILED))
            case _ if command in SETTINGS:
                done = self._session and not self._engine.scanning and self._set(command, body, now)
                self._say(wire.answer(Status.OK if done else Status.FAILED))
            case _:
                pass  # not understood, not answered

    def _start(self, now: float) -> Status:
        if self._session or now < self._engine.home_at:
            return Status.BUSY
        if self.state.fatal:
            return Status.FAILED
        self._body.use(now)
        self._session = True
        self._source = self._gamma = b""
        self._parameters = None
        return Status.OK

    def _set(self, command: int, body: bytes, now: float) -> bool:
        """What belongs into a session, between pages."""
        later = self.product.generation > 2
        match command:
            case Command.SOURCE if not later and len(body) == 12:
                self._source = body
            case Command.GAMMA if len(body) > 8:
                # four bytes of head, the table, three of nothing and the checksum
                self._gamma = body[4 : 4 + int.from_bytes(body[2:4], "big") - 4]
            case Command.PARAMETERS if not later:
                wanted = parameters.old(body, self._source, self.product)
                if wanted is None:
                    return False
                self._engine.start(wanted, self._gamma, now)
            case Command.PARAMETERS_3 if later:
                self._parameters = parameters.new(body, self.product)
                return self._parameters is not None
            case Command.START_3 if later and self._parameters is not None:
                self._engine.start(self._parameters, self._gamma, now)
                self._parameters = None
            case _:
                return False
        return True

    def _end(self, now: float) -> None:
        """The session is over, however it was."""
        self._asked = None
        if self._session:
            self._session = False
            self._engine.stop(now)

    # Bytes out.

    def _status(self) -> bytes:
        """The data of F320, without its checksum."""
        state, data = self.state, bytearray(self.product.status_bytes - 1)
        feeds = self.product.feeder > 0
        data[1] = not (feeds and (state.sheets > 0 or (state.path is not None and not state.path.back)))
        data[2] = not (state.path is not None and state.path.back)
        data[7] = state.lamp is Lamp.ON
        data[8 if self.product.generation == 1 else 9] = self._engine.calibrated
        return bytes(data)

    def _block(self, now: float) -> None:
        if self._asked is None:
            return
        _, most = self._asked
        self._asked = None
        found = self._engine.block(now, most)
        if self.state.plugged:
            self._say(wire.answer(Status.FAILED) if found is None else wire.image(*found))

    def _say(self, message: bytes) -> None:
        self._output.append(memoryview(message))
