"""An Epson ESC/I-2 scanner: bytes in, bytes out, over the body that the ESC/I one has too.

Pure: `now` is an argument everywhere. Answers are messages: a host that reads over USB gets one message per read, as
the real scanner sends head and data in transfers of their own. Only what moves something wakes the scanner.
Both sides of a sheet pass at once, so for stimuli that wait for "the Nth page" a sheet counts once.
Source: SANE epsonds, utsushi, Epson Scan 2; what they do is this module's "what must be understood". Where they say
nothing (a request out of step, a session in a session) it does what is hardest for the host.
"""

from collections import deque
from collections.abc import Iterable

from hil.devices.esci2 import tables, troubles, words
from hil.devices.esci2.engine import Engine
from hil.devices.esci2.parameters import Parameters, changed
from hil.devices.esci2.product import WF_8590, Product
from hil.devices.mechanism import Mechanism, State
from hil.devices.stimuli import Stimulus
from hil.devices.talk import Talk
from hil.script import Script

ACK, NAK = b"\x06", b"\x15"
FS = 0x1C
CONTROL, INQUIRY = b"X"[0], b"Y"[0]
ASKING = {b"FIN ", b"INFO", b"CAPA", b"CAPB", b"RESA", b"RESB", b"STAT"}
SETTING = ASKING | {b"PARA", b"PARB", b"MECH", b"TRDT"}
MOVING = {b"FIN ", b"CAN ", b"IMG "}
EVENT_PRESSED, EVENT_STOP = 0x01, 0x02


class Esci2Scanner:
    """The scanner behind its plug, whichever plug."""

    def __init__(self, script: Script, now: float, product: Product = WF_8590) -> None:
        self.product = product = product if script.length is None else product.reaching(script.length)
        self._body = Mechanism(script, now)
        self._parameters = Parameters()
        self._talk = Talk()
        self._events: deque[bytes] = deque(maxlen=8)
        self._session: int | None = None
        self._engine = Engine(self._body, script, product, self._say)
        self._stop_told = False

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
    def scanning(self) -> bool:
        """A page is on its way."""
        return self._engine.scanning

    @property
    def session(self) -> bool:
        """A host has opened one and not finished it."""
        return self._session is not None

    @property
    def owes(self) -> bool:
        """An answer will come without anything more from the host."""
        return bool(self.answer) or self._engine.owes

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""
        return self._talk.answer

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""
        return self._talk.take(limit)

    def event(self) -> bytes | None:
        """What the interrupt endpoint has to say."""
        if not self.product.interrupts:
            return None
        if self.state.button:
            self._events.append(bytes([EVENT_PRESSED, self._body.take_button(), 0, 0, 0, 0, 0, 0]))
        if self.state.canceled and not self._stop_told:
            self._events.append(bytes([EVENT_STOP, 0, 0, 0, 0, 0, 0, 0]))
        self._stop_told = self.state.canceled
        return self._events.popleft() if self._events else None

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes, in pieces of any size."""
        self._talk.hear(data)
        self.update(now)

    def detach(self, now: float) -> None:
        """The host went away or reset the bus: the session and all unread answers are lost."""
        self._engine.abandon(now)
        self._talk.forget()
        self._session = None

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""
        wake = self._body.update(now, stimuli)
        while self.state.plugged and (self._engine.step(now) or self._interpret(now)):
            wake = self._body.update(now)
        if not self.state.plugged:
            self.detach(now)
            return self._body.update(now)
        return min((each for each in (wake, self._engine.due()) if each is not None), default=None)

    # Bytes in.

    def _interpret(self, now: float) -> bool:
        """Understand one request; False: not enough bytes yet, or one is being answered."""
        if not self._talk.heard or self._engine.owes:
            return False
        if self._session is None:
            return self._open()
        if len(self._talk.heard) < 12:
            return False
        if not words.REQUEST.fullmatch(self._talk.heard[:12]):
            self._talk.heard.clear()
            self._say(b"UNKN")
            return True
        code, size = bytes(self._talk.heard[:4]), int(self._talk.heard[5:12], 16)
        if size > tables.BUFFER:
            self._talk.heard.clear()
            self._say(b"INVD")
            return True
        if len(self._talk.heard) < 12 + size:
            return False
        block = self._talk.understood(12 + size)[12:]
        self._request(code, block, now)
        return True

    def _open(self) -> bool:
        """FS X and FS Y; what is neither is no command here and is refused with all that came with it."""
        if self._talk.heard[0] == FS and len(self._talk.heard) < 2:
            return False
        lead, way = bytes(self._talk.heard[:1]), self._talk.heard[1] if len(self._talk.heard) > 1 else 0
        if lead[0] != FS or way not in (CONTROL, INQUIRY):
            self._talk.heard.clear()
            self._talk.say(NAK)
            return True
        del self._talk.heard[:2]
        if way == CONTROL and self.state.in_use:
            self._talk.say(NAK)
            return True
        self._session = way
        self._talk.say(ACK)
        return True

    def _request(self, code: bytes, block: bytes, now: float) -> None:
        allowed = ASKING if self._session == INQUIRY else MOVING if self._engine.transferring else SETTING
        if code not in SETTING | MOVING:
            self._say(b"UNKN")
        elif code not in allowed:
            self._say(b"INVD")
        elif self.state.in_use and code != b"FIN ":
            self._say(code, words.token("nrd", "RSVD"))
        elif code in MOVING:
            self._move(code, now)
        elif code in ASKING:
            self._tell(code)
        else:
            self._set(code, block, now)

    def _move(self, code: bytes, now: float) -> None:
        if code == b"IMG ":
            self._engine.want(now)
            return
        self._engine.abandon(now)
        if code == b"FIN ":
            self._session = None
        self._say(code)

    def _tell(self, code: bytes) -> None:
        match code:
            case b"INFO":
                self._say(code, b"", tables.information(self.product))
            case b"CAPA":
                self._say(code, b"", tables.capabilities(self.product))
            case b"RESA":
                self._say(code, words.token("par", "OK  "), self._parameters.told())
            case b"STAT":
                self._say(code, words.token("nrd", "WUP ") if self.state.warming else b"", self._status())
            case _:  # CAPB and RESB: nothing is said of backs alone
                self._say(code)

    def _set(self, code: bytes, block: bytes, now: float) -> None:
        match code:
            case b"PARA":
                new = changed(self._parameters, block, self.product)
                self._parameters = new or self._parameters
                self._say(code, words.token("par", "OK  " if new else "FAIL"))
            case b"TRDT":
                self._engine.start(self._parameters, now)
                self._say(code)
            case b"MECH":
                self._body.use(now)
                if block == b"#ADFEJCT":
                    self._body.eject()
                self._say(code)
            case _:  # PARB
                self._say(code, words.token("par", "FAIL"))

    def _status(self) -> bytes:
        told = troubles.told(self.state, feeder=True, glass=self.product.glass is not None)
        if not self.product.interrupts and self.state.button:
            told += words.token("PB ", self._body.take_button() & 0x03)
        return told

    # Bytes out.

    def _say(self, code: bytes, tokens: bytes = b"", data: bytes = b"") -> None:
        self._talk.say(words.head(code, tokens, len(data)), data)
