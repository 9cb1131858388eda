"""The mp150 command set, as a scanner heeds it.

What nobody has published is decided here: a jam, an open cover and a failure make the transfer fail as a cancel at the
panel does (0x1515), and a command that is not understood is not answered.
Source: SANE pixma_mp150.c; its "what the host does" is this module's "what must be understood".
"""

from math import inf

from hil.devices.mechanism import Lamp
from hil.devices.pixma.answers import Status
from hil.devices.pixma.mp150 import envelope, packets, parameters, wire
from hil.devices.pixma.mp150.wire import Command
from hil.devices.pixma.page import Block
from hil.devices.pixma.parameters import Parameters
from hil.devices.pixma.works import Works

SETTINGS = frozenset({*wire.WITH_DATA, Command.START_3})  # what belongs into a session
_ABORT = Command.ABORT.to_bytes(2, "big")


class Mp150:
    """As hil.devices.pixma.commands."""

    def __init__(self, works: Works) -> None:
        self._works, self._product = works, works.product
        self._enveloped = False
        self._source = self._gamma = b""
        self._parameters: Parameters | None = None  # set, and in generation 3 not yet started

    def length(self, pending: bytes) -> int:
        if self._is_envelope(pending):
            return len(pending)
        size = wire.size(pending) if len(pending) >= wire.HEADER else 0
        return size if len(pending) >= size else 0

    def at(self, command: bytes, now: float) -> float:
        waits = self._works.asked is not None and command[:2] != _ABORT and not self._is_envelope(command)
        return inf if waits else now

    def heed(self, command: bytes, now: float) -> None:
        if self._is_envelope(command):
            self._envelope(command, now)
        elif sum(command[wire.HEADER :]) & 0xFF:
            self._works.say(wire.answer(Status.FAILED))
        elif self._works.state.in_use:
            self._works.say(wire.answer(Status.BUSY))
        elif self._product.enveloped and not self._enveloped:
            self._works.say(wire.answer(Status.FAILED))
        else:
            self._command(int.from_bytes(command[:2], "big"), command, now)

    def image(self, found: tuple[Block, bytes] | None) -> None:
        self._works.say(wire.answer(Status.FAILED) if found is None else wire.image(*found))

    def press(self, button: int) -> bytes:
        return packets.press(button, self._product)

    def look(self) -> bytes:
        return packets.look(self._product)

    def forget(self) -> None:
        self._enveloped = False

    def _is_envelope(self, message: bytes) -> bool:
        return message.startswith(envelope.OPENING) and self._product.enveloped

    def _envelope(self, message: bytes, now: float) -> None:
        name = envelope.operation(message)
        detail = ""
        if self._works.state.in_use:
            detail = "DeviceBusy"
        elif self._works.state.fatal:
            detail = "DeviceCheckError"
        elif name == envelope.SHIFT:
            self._enveloped = True
        elif name == envelope.END:
            self._works.end(now)
            self._enveloped = False
        elif name != envelope.START:
            detail = "InvalidOperation"
        self._works.say(envelope.response(name, detail=detail))

    def _command(self, command: int, data: bytes, now: float) -> None:
        length, body = int.from_bytes(data[14:16], "big"), data[wire.HEADER :]
        later = self._product.generation > 2
        match command:
            case Command.STATUS if length == self._product.status_bytes:
                self._works.say(wire.answer(Status.OK, self._status()))
            case Command.STATUS_3 if later and length == 8:
                self._works.say(wire.answer(Status.OK, bytes([self._works.engine.calibrated, *bytes(6)])))
            case Command.ERROR if length == 16:
                self._works.say(wire.answer(Status.OK, bytes(15)))
            case Command.START:
                self._works.say(wire.answer(self._start(now)))
            case Command.ABORT:
                self._works.end(now)
                self._works.say(wire.answer(Status.OK))
            case Command.READ if self._works.session and int.from_bytes(data[12:16], "big") > wire.BLOCK_HEADER:
                self._works.asked = (now, int.from_bytes(data[12:16], "big") - wire.BLOCK_HEADER)
            case Command.TIME:
                self._works.say(wire.answer(Status.OK))
            case Command.READ:
                self._works.say(wire.answer(Status.FAILED))
            case _ if command in SETTINGS:
                done = self._works.session and not self._works.engine.scanning and self._set(command, body, now)
                self._works.say(wire.answer(Status.OK if done else Status.FAILED))
            case _:
                pass  # not understood, not answered

    def _start(self, now: float) -> Status:
        if self._works.session or now < self._works.engine.home_at:
            return Status.BUSY
        if self._works.state.fatal:
            return Status.FAILED
        self._works.body.use(now)
        self._works.session = True
        self._source = self._gamma = b""
        self._parameters = None
        return Status.OK

    def _set(self, command: int, body: bytes, now: float) -> bool:
        """What belongs into a session, between pages."""
        later = self._product.generation > 2
        match command:
            case Command.SOURCE if not later and len(body) == 12:
                self._source = body
            case Command.GAMMA if len(body) > 8:
                # four bytes of head, the table, three of nothing and the checksum
                self._gamma = body[4 : 4 + int.from_bytes(body[2:4], "big") - 4]
            case Command.PARAMETERS if not later:
                wanted = parameters.old(body, self._source, self._product)
                if wanted is None:
                    return False
                self._works.engine.start(wanted, self._gamma, now)
            case Command.PARAMETERS_3 if later:
                self._parameters = parameters.new(body, self._product)
                return self._parameters is not None
            case Command.START_3 if later and self._parameters is not None:
                self._works.engine.start(self._parameters, self._gamma, now)
                self._parameters = None
            case _:
                return False
        return True

    def _status(self) -> bytes:
        """The data of F320, without its checksum."""
        state, data = self._works.state, bytearray(self._product.status_bytes - 1)
        feeds = self._product.feeder > 0
        data[1] = not (feeds and (state.sheets > 0 or (state.path is not None and not state.path.back)))
        data[2] = not (state.path is not None and state.path.back)
        data[7] = state.lamp is Lamp.ON
        data[8 if self._product.generation == 1 else 9] = self._works.engine.calibrated
        return bytes(data)
