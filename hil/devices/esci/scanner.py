"""An Epson ESC/I scanner of command level B8: bytes in, bytes out, over the body in `mechanism`.

A film unit has a lamp of its own: the scanner warms up again when another light is chosen.

Pure: `now` is an argument everywhere. Answers are messages: a host that reads over USB gets one message per read, as
the real scanner sends each header and each payload in packets of its own.
Status and identity commands neither wake the scanner nor restart its sleep timer; everything else does.
Source: SANE epson2; its "what the host does" is this module's "what must be understood".
"""

from collections.abc import Iterable

from drivers.contract.capabilities import Source
from hil.devices.esci import replies
from hil.devices.esci.engine import ACKED, NAKED, Engine
from hil.devices.esci.parameters import LETTERS, Parameters, set_letter
from hil.devices.esci.product import GT_2500, Product
from hil.devices.mechanism import Mechanism, State
from hil.devices.stimuli import Stimulus
from hil.devices.talk import Talk
from hil.script import Script

ESC, FS = 0x1B, 0x1C
ON_GLASS = 64  # of the positions of `ESC p`

# Parameter bytes of the `ESC x` commands that take any; the one-byte ones are in `LETTERS`.
SIZES = {**dict.fromkeys(LETTERS, 1), b"p": 1, b"R": 4, b"A": 8, b"H": 2, b"z": 257, b"m": 9}


class EsciScanner:
    """The scanner behind its plug, whichever plug."""

    def __init__(self, script: Script, now: float, product: Product = GT_2500) -> None:
        self.product = product = product if script.length is None else product.reaching(script.length)
        self._body = Mechanism(script, now)
        self._parameters = Parameters()
        self._gammas: dict[str, bytes] = {}
        self._focus = ON_GLASS
        self._talk = Talk()
        self._waits: tuple[bytes, bytes] | None = None  # lead-in and letter of a command whose parameters are to come
        self._engine = Engine(self._body, script, product, self._talk.say)

    # What a face uses.

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self._body.state

    @property
    def parameters(self) -> Parameters:
        """What the host has set."""
        return self._parameters

    @property
    def focus(self) -> int:
        """Where the lens was put."""
        return self._focus

    @property
    def scanning(self) -> bool:
        """Between the start of a page and its last block, or its failure."""
        return self._engine.scanning

    @property
    def owes(self) -> bool:
        """An answer will come without anything more from the host."""
        return bool(self.answer) or self._engine.due() is not None

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""
        return self._talk.answer

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""
        return self._talk.take(limit)

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes, in pieces of any size."""
        self._talk.hear(data)
        self.update(now)

    def detach(self, now: float) -> None:
        """The host went away or reset the bus: a scan in flight and all unread answers are lost."""
        self._engine.abandon(now)
        self._talk.forget()
        self._waits = None

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""
        wake = self._body.update(now, stimuli)
        if not self.state.plugged:
            self.detach(now)
            return self._body.update(now)
        while self._step(now):
            wake = self._body.update(now)
            if not self.state.plugged:
                self.detach(now)
                return self._body.update(now)
        return min((each for each in (wake, self._engine.due()) if each is not None), default=None)

    # Time.

    def _step(self, now: float) -> bool:
        """Do one thing that is due; False: nothing is."""
        if self._engine.feeding or (self._engine.owes_block and self._talk.heard[:1] != bytes([replies.CAN])):
            return self._engine.step(now)
        return self._interpret(now)

    # Bytes in.

    def _interpret(self, now: float) -> bool:
        """Understand one command or one answer to a block; False: not enough bytes yet."""
        if not self._talk.heard:
            return False
        if self._waits is not None:
            return self._parameter(*self._waits, now)
        first = self._talk.heard[0]
        if self._engine.scanning:
            return self._reply_to_block(first, now)
        if first in (ESC, FS):
            if len(self._talk.heard) < 2:
                return False
            letter = self._talk.understood(2)[1:]
            (self._escape if first == ESC else self._extended_command)(letter, now)
            return True
        del self._talk.heard[0]
        match first:
            case 0x0C:  # FF
                self._engine.eject(now)
            case 0x19:  # PF
                self._engine.feed(self._parameters, now)
            case replies.CAN:
                self._talk.say(ACKED)  # nothing to cancel is no error
            case replies.ACK:
                pass  # a host that acknowledges the last block too
            case _:
                self._talk.say(NAKED)
        return True

    def _reply_to_block(self, first: int, now: float) -> bool:
        if first == replies.ACK:
            del self._talk.heard[0]
            self._engine.want()
        elif first == replies.CAN:
            del self._talk.heard[0]
            self._engine.abandon(now)
            self._talk.say(ACKED)
        else:  # neither: the host has forgotten the scan, so does the scanner
            self._engine.abandon(now)
        return True

    def _escape(self, letter: bytes, now: float) -> None:
        answers = {b"F": b"", b"I": replies.identity(self.product), b"S": replies.conditions(self._parameters)}
        if letter in answers:
            self._say_block(answers[letter])
        elif letter == b"f":
            self._say_block(replies.extended_status(self.state, self._parameters, self.product))
        elif letter == b"!":
            self._say_block(bytes([self._body.take_button()]))
        elif letter == b"q" and self.product.focus:
            self._say_block(bytes([0, self._focus]))
        elif letter in SIZES and (letter != b"p" or self.product.focus):
            self._body.use(now)
            self._waits = (b"\x1b", letter)
            self._talk.say(ACKED)
        elif letter == b"@":
            self._body.use(now)
            self._take(Parameters(), now)
            self._gammas.clear()
            self._talk.unsay()
            self._talk.say(ACKED)
        elif letter == b"G":
            self._engine.start(self._parameters, self._gammas, now, extended=False)
        else:
            self._talk.say(NAKED)

    def _extended_command(self, letter: bytes, now: float) -> None:
        match letter:
            case b"I":
                self._talk.say(replies.extended_identity(self.product))
            case b"F":
                self._talk.say(replies.scanner_status(self.state, self._parameters, self.product))
            case b"S":
                self._talk.say(self._parameters.pack())
            case b"W":
                self._body.use(now)
                self._waits = (b"\x1c", letter)
                self._talk.say(ACKED)
            case b"G":
                self._engine.start(self._parameters, self._gammas, now, extended=True)
            case _:
                self._talk.say(NAKED)

    def _parameter(self, lead: bytes, letter: bytes, now: float) -> bool:
        size = 64 if lead == b"\x1c" else SIZES[letter]
        if len(self._talk.heard) < size:
            return False
        value = self._talk.understood(size)
        self._waits = None
        self._body.use(now)
        if lead == b"\x1c":
            new: Parameters | None = Parameters.unpack(value)
            new = new if new is not None and new.valid(self.product) else None
        elif letter == b"z":
            new = self._set_gamma(value)
        elif letter == b"p":
            self._focus = value[0]
            new = self._parameters
        elif letter == b"m":
            new = self._parameters  # colour matrix: remembered nowhere, the chart stays as it is
        else:
            new = set_letter(letter, value, self._parameters, self.product)
        if new is None:
            self._talk.say(NAKED)
        else:
            self._take(new, now)
            self._talk.say(ACKED)
        return True

    def _take(self, new: Parameters, now: float) -> None:
        """Go by these from now on."""
        before, after = (Source.FILM is self.product.source(each.option) for each in (self._parameters, new))
        if before != after:
            self._body.change_lamp(now)
        self._parameters = new

    def _set_gamma(self, value: bytes) -> Parameters | None:
        """`ESC z`: a channel's letter (M: all) and its 256 values."""
        channels = {b"R": "R", b"G": "G", b"B": "B", b"M": "RGB"}.get(value[:1])
        if channels is None:
            return None
        self._gammas.update(dict.fromkeys(channels, value[1:]))
        return self._parameters

    # Bytes out.

    def _say_block(self, payload: bytes) -> None:
        self._talk.say(replies.header(self.state, len(payload)), payload)
