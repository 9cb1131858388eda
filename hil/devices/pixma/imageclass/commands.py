"""The imageCLASS command set, as a scanner heeds it.

What nobody has published is decided here. A jam, an open cover, a failure and a cancel at the panel end the page and
say 0x1515. Generation 1 wants to be activated before each session, and keeps a sheet whose back waits from one session
to the next. A session is not begun before the carriage is home, and not while there is one. A page of the glass says
that there is no more paper. A command that is not understood is not answered. In generation 0 a session ends with its
page, and those that want to calibrate say that it has failed, and refuse a session without it.
Source: SANE pixma_imageclass.c, pixma_mp730.c (generation 0); their "what the host does" is this module's "what must be
understood".
"""

from math import inf

from hil.devices.mechanism import Lamp
from hil.devices.pixma.answers import Status
from hil.devices.pixma.imageclass import wire
from hil.devices.pixma.imageclass.wire import Command
from hil.devices.pixma.page import Block
from hil.devices.pixma.parameters import BYTES, DUPLEX, FEEDER, Parameters, read
from hil.devices.pixma.product import Shape
from hil.devices.pixma.works import Works

MARK = 0x1000
AREA, PARAMETERS_BYTES = 0x04, 0x2E
OLD_HEADER = 4  # of a block, without the status, which a read of generation 0 counts
MOST = 1 << 19  # bytes of a block, as far as the host says
LOADED, LOADED_2, BACK_WAITS, EMPTY = 0x00, 0x10, 0x51, 0x01
SECOND = 2  # the number of a button, where there are two
READY = 4  # the last of the steps in which generation 1 is activated


class Imageclass:
    """As hil.devices.pixma.commands."""

    def __init__(self, works: Works) -> None:
        assert works.product.imageclass is not None
        self._works, self._product = works, works.product
        self._shape: Shape = works.product.imageclass
        self._active = self._calibrated = self._over = False
        self._feeder = self._duplex = self._chosen = False
        self._parameters: Parameters | None = None  # set and not yet started

    def length(self, pending: bytes) -> int:
        size = wire.size(pending, self._product.generation) if len(pending) >= wire.HEADER else 0
        return size if len(pending) >= size else 0

    def at(self, command: bytes, now: float) -> float:
        code = int.from_bytes(command[:2], "big")
        if self._works.asked is not None and code != Command.ABORT:
            return inf
        if code == Command.START and not self._works.session:
            return max(now, self._works.engine.home_at)
        return now

    def heed(self, command: bytes, now: float) -> None:
        code, body = int.from_bytes(command[:2], "big"), command[wire.HEADER :]
        mirrored = code == Command.ACTIVATE
        if code in wire.WITH_DATA and not wire.sums(body, tail=self._shape.tail, mirrored=mirrored):
            self._works.say(wire.answer(Status.FAILED))
        elif self._works.state.in_use:
            self._works.say(wire.answer(Status.BUSY))
        elif code == Command.READ and self._product.generation == 0:
            self._old_read(int.from_bytes(command[7:9], "big"), now)
        elif code in wire.READS:
            self._read(code, command[8], now)
        else:
            self._command(code, int.from_bytes(command[7:9], "big"), body, now)

    def image(self, found: tuple[Block, bytes] | None) -> None:
        if self._product.generation == 0:
            self._over = found is not None and bool(found[0] & Block.PAGE_END)
            self._works.say(wire.answer(Status.FAILED) if found is None else wire.old_block(*found))
            return
        if found is None:
            self._works.say(wire.header(Status.FAILED, self._end(last=True)))
            return
        said, data = found
        ended = self._end(last=not self._feeder or bool(said & Block.NO_PAPER))
        head = wire.header(Status.OK, ended if said & Block.PAGE_END else Block.DATA, len(data))
        if self._shape.joined and len(data) >= self._product.least_block:
            self._works.say(head + data)
        else:
            self._works.say(head, data)

    def press(self, button: int) -> bytes:
        if self._shape.short_packets:
            return bytes(7) + b"\x10"
        return bytes(15) + (b"\x02" if self._shape.buttons > 1 and button != SECOND else b"\x01")

    def look(self) -> bytes:
        return b"" if self._shape.short_packets else bytes(12) + b"\x40" + bytes(3)

    def forget(self) -> None:
        self._active = False

    def _end(self, *, last: bool) -> Block:
        """What is said with a page's end."""
        return wire.ANY | Block.NO_PAPER if last and self._product.generation == 2 else wire.ANY

    def _command(self, code: int, length: int, body: bytes, now: float) -> None:
        say = self._works.say
        match code:
            case Command.STATUS if length == 12:
                say(wire.answer(Status.OK, self._status()))
            case Command.ERROR if length == 16:
                say(wire.answer(Status.OK, bytes(15)))
            case Command.CALIBRATE if self._shape.calibrates:
                self._calibrated = True
                say(wire.answer(Status.FAILED))
            case Command.ACTIVATE if self._product.generation < 2 and length == 10:
                self._active = body[3] == READY
                say(wire.answer(Status.OK))
            case Command.START:
                say(wire.answer(self._start(now)))
            case Command.ABORT:
                self._finish(now)
                say(wire.answer(Status.OK))
            case Command.SOURCE | Command.PARAMETERS:
                done = self._works.session and not self._works.engine.scanning and self._set(code, body, now)
                say(wire.answer(Status.OK if done else Status.FAILED))
            case _:
                pass  # not understood, not answered

    def _finish(self, now: float) -> None:
        self._works.end(now, keep=self._duplex and self._product.generation < 2)
        self._active = self._calibrated = self._over = False

    def _start(self, now: float) -> Status:
        if self._over:
            self._works.end(now, keep=self._duplex)
            self._over = False
        if self._works.session:
            return Status.BUSY
        ready = self._active or self._product.generation == 2
        if self._works.state.fatal or not ready or (self._shape.calibrates and not self._calibrated):
            return Status.FAILED
        self._works.body.use(now)
        self._works.session = True
        self._chosen = self._calibrated = False
        self._parameters = None
        return Status.OK

    def _set(self, code: int, body: bytes, now: float) -> bool:
        if code == Command.SOURCE:
            self._chosen, self._feeder, self._duplex = True, body[0] == FEEDER, body[5] == DUPLEX
            if not self._duplex:
                self._works.body.eject()  # a sheet whose back nobody wants any more
            return len(body) == 10 and body[5] in ((DUPLEX, self._shape.one_side) if self._feeder else (0,))
        if len(body) != PARAMETERS_BYTES or not self._chosen:
            return False
        area = body[AREA : AREA + BYTES]
        self._parameters = read(area, MARK, feeder=self._feeder, duplex=self._duplex, product=self._product)
        if self._product.generation == 0 and self._parameters is not None:
            self._works.engine.start(self._parameters, b"", now)
        return self._parameters is not None

    def _old_read(self, wanted: int, now: float) -> None:
        if self._works.session and self._parameters is not None and wanted > OLD_HEADER:
            self._works.asked = (now, wanted - OLD_HEADER)
        else:
            self._works.say(wire.answer(Status.FAILED))

    def _read(self, code: int, what: int, now: float) -> None:
        if code != self._shape.read:
            return  # not understood, not answered
        if what == wire.BEGIN and self._works.session and self._parameters is not None:
            self._works.engine.start(self._parameters, b"", now)
            self._parameters = None
            self._works.say(wire.header(Status.OK, Block.DATA))
        elif what == wire.GO_ON and self._works.session:
            self._works.asked = (now, MOST)
        else:
            self._works.say(wire.answer(Status.FAILED))

    def _status(self) -> bytes:
        """The data of F320, without its checksum."""
        state, data = self._works.state, bytearray(11)
        if state.path is not None and state.path.back:
            data[1] = BACK_WAITS if self._product.generation > 0 else LOADED
        elif state.paper and self._product.feeder:
            data[1] = LOADED_2 if self._product.generation == 2 else LOADED
        else:
            data[1] = EMPTY
        data[7] = state.lamp is Lamp.ON
        data[8] = self._works.engine.calibrated
        return bytes(data)
