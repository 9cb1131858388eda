"""A Fujitsu fi scanner behind its plug: SCSI commands in, answers out, over the body that ESC/I scanners have too.

Pure: `now` is an argument everywhere. One command at a time; one that waits for a motor or for rows is tried again
whenever something may have changed. Only what moves paper or needs the lamp wakes the scanner and restarts its sleep
timer. What the sensors told of a switch is forgotten with the telling.
Source: SANE fujitsu; its "what the host does" is this module's "what must be understood".
"""

from collections.abc import Callable, Iterable

from hil.devices.fujitsu import replies, sense
from hil.devices.fujitsu.paper import Paper
from hil.devices.fujitsu.product import FI_6230, Product
from hil.devices.fujitsu.sense import GOOD, Answer, Sense, Status, check
from hil.devices.mechanism import Mechanism, State
from hil.devices.stimuli import Plug, Stimulus
from hil.script import Script

# Done, or when to try again; None: when something has happened.
Attempt = Callable[[float], Answer | float | None]

FLATBED, LAMP_OFF, CANCEL, LAMP_ON, PANEL = 0x01, 0x03, 0x04, 0x05, 0x08
CARD_SLOT = 0x2F
CONTROLS = frozenset({0x00, FLATBED, LAMP_OFF, CANCEL, LAMP_ON, 0x06, 0x07, PANEL, 0x09, 0x0A, CARD_SLOT})
ROUSING = frozenset({0x1B, 0x28, 0x31})  # opcodes that wake it: scan, read, object position; and LAMP_ON
REQUEST_SENSE, INQUIRY = 0x03, 0x12  # which are answered whatever is going on
GET_ID = b"GET DEVICE ID   "


class FujitsuScanner:
    """The scanner, whichever plug."""

    def __init__(self, script: Script, now: float, product: Product = FI_6230) -> None:
        self.product = product if script.length is None else product.reaching(script.length)
        self._script = script
        self._body = Mechanism(script, now)
        self._paper = Paper(self._body, script, self.product)
        self._sense = sense.NONE
        self._powered = True  # and the host has not been told yet
        self._function = 1
        self._diagnosis = b""
        self._attempt: Attempt | None = None
        self._answer: Answer | None = None
        self._wake: float | None = None

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self._body.state

    @property
    def scanning(self) -> bool:
        """Between the start of a sheet and its end, or its failure."""
        return self._paper.passing is not None

    @staticmethod
    def expects(cdb: bytes) -> int:
        """How many bytes of parameters follow a command."""
        match cdb[0]:
            case 0x15 | 0x1B:
                return cdb[4]
            case 0x1D:
                return int.from_bytes(cdb[3:5], "big")
            case 0x24 | 0x2A:
                return int.from_bytes(cdb[6:9], "big")
        return 0

    def begin(self, cdb: bytes, parameters: bytes, now: float) -> None:
        """Start a command; the one before must have been answered."""
        self._body.update(now)
        if cdb[0] in ROUSING:
            self._body.use(now)
        found = self._command(cdb, parameters, now)
        if isinstance(found, Answer):
            self._end(found)
        else:
            self._attempt = found
            self.update(now)

    def take(self) -> Answer | None:
        """The answer to that command, once."""
        answer, self._answer = self._answer, None
        return answer

    def detach(self, now: float) -> None:
        """The host went away or reset the bus: a scan in flight and an unread answer are lost."""
        self._attempt = self._answer = None
        self._paper.abandon(now)

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""
        given = tuple(stimuli)
        wake = self._body.update(now, given)
        if any(isinstance(each, Plug) for each in given):
            self._powered = True
        if not self.state.plugged:
            self.detach(now)
            return self._body.update(now)
        due = None
        if self._attempt is not None:
            found = self._attempt(now)
            if isinstance(found, Answer):
                self._end(found)
                wake = self._body.update(now)
            else:
                due = found
        return min((each for each in (wake, due) if each is not None), default=None)

    def _end(self, answer: Answer) -> None:
        self._attempt, self._answer, self._sense = None, answer, answer.sense

    def _command(self, cdb: bytes, parameters: bytes, now: float) -> Answer | Attempt:
        if cdb[0] == INQUIRY:
            return self._inquiry(cdb)
        if cdb[0] == REQUEST_SENSE:
            return self._request_sense(cdb)
        if cdb[1] >> 5:
            return check(sense.BAD_UNIT)
        if self._powered:
            self._powered = False
            return check(sense.POWER_ON)
        if self.state.in_use:
            return Answer(Status.BUSY)
        paper = self._paper
        known: dict[int, Callable[[], Answer | Attempt]] = {
            0x00: paper.ready,
            0x15: lambda: paper.mode_select(parameters),
            0x16: lambda: GOOD,  # reserve
            0x17: lambda: GOOD,  # release
            0x1A: lambda: paper.mode_sense(cdb),
            0x1B: lambda: paper.scan(parameters, now),
            0x1C: lambda: self._tell(self._diagnosis, int.from_bytes(cdb[3:5], "big")),
            0x1D: lambda: self._diagnose(parameters),
            0x24: lambda: paper.set_window(parameters),
            0x28: lambda: paper.read(cdb),
            0x2A: lambda: paper.ways.send(cdb, parameters) if paper.ways is not None else check(sense.UNKNOWN_COMMAND),
            0x31: lambda: paper.position(cdb[1] & 0x07, now),
            0xC2: lambda: self._hardware(cdb),
            0xF1: lambda: self._control(cdb, now),
        }
        return known.get(cdb[0], lambda: check(sense.UNKNOWN_COMMAND))()

    def _diagnose(self, parameters: bytes) -> Answer:
        if self._paper.ways is not None and self._paper.ways.diagnose(parameters):
            return GOOD
        self._diagnosis = replies.identity(self._script.serial) if parameters == GET_ID else b""
        return GOOD if self._diagnosis else check(sense.BAD_FIELD)

    def _inquiry(self, cdb: bytes) -> Answer:
        if not cdb[1] & 1:
            return self._tell(replies.inquiry(self.product), cdb[4])
        return self._tell(replies.vital(self.product), cdb[4]) if cdb[2] == 0xF0 else check(sense.BAD_FIELD)

    def _request_sense(self, cdb: bytes) -> Answer:
        told: Sense = self._sense
        if self._powered and told is sense.NONE:
            self._powered, told = False, sense.POWER_ON
        return self._tell(told.pack(), cdb[4])

    def _hardware(self, cdb: bytes) -> Answer:
        told = replies.hardware(self.state, self.product, flatbed=self._paper.flatbed, function=self._function)
        self._body.take_button()
        return self._tell(told, int.from_bytes(cdb[7:9], "big"))

    def _control(self, cdb: bytes, now: float) -> Answer:
        if cdb[1] & 0x10:
            return self._paper.image_ready(cdb, now)
        function = cdb[1] & 0x0F | cdb[2] << 4
        if function not in CONTROLS or (function == FLATBED and self.product.platen is None):
            return check(sense.BAD_FIELD)
        if function == CARD_SLOT and not self.product.card_slot:
            return check(sense.BAD_FIELD)
        if function in (0x00, FLATBED, CARD_SLOT):
            self._paper.choose(flatbed=function == FLATBED, slot=function == CARD_SLOT)
        elif function == CANCEL:
            self._paper.abandon(now)
        elif function == PANEL and cdb[5] & 0x10:
            self._function = cdb[5] & 0x0F
        elif function == LAMP_ON:
            self._body.use(now)
            return check(sense.NOT_READY) if self.state.warming else GOOD
        return GOOD

    @staticmethod
    def _tell(data: bytes, size: int) -> Answer:
        return Answer(data=data[:size])
