"""Motors and carriage: feeding, ejecting, and the page that is being scanned, block by block.

Pure like everything here: `step(now)` does one thing that is due. Answers go out through `say`.
"""

import struct
from collections.abc import Callable, Iterator, Mapping

from drivers.contract.capabilities import Source
from hil.devices.esci import pixels, replies
from hil.devices.esci.parameters import OPTION_DUPLEX, Parameters
from hil.devices.esci.product import Product
from hil.devices.esci.scan import Scan
from hil.devices.mechanism import Mechanism
from hil.script import Script

ACKED, NAKED = bytes([replies.ACK]), bytes([replies.NAK])
ERROR_FATAL, ERROR_CANCEL = 0x80, 0x10  # the byte behind every block of FS G


class Engine:
    """What moves. `scanning` is between the start of a page and its last block, or its failure."""

    def __init__(self, body: Mechanism, script: Script, product: Product, say: Callable[[bytes], None]) -> None:
        self._body, self._script, self._product, self._say = body, script, product, say
        self._parameters = Parameters()  # of the page that was started last
        self._gammas: Mapping[str, bytes] = {}
        self._later: tuple[float, Callable[[float], None]] | None = None  # a motor runs, then this happens
        self._scan: Scan | None = None
        self._extended = True  # the scan was started by FS G
        self._wanted = False  # the host has asked for the next block

    @property
    def scanning(self) -> bool:
        """A page is under way."""
        return self._scan is not None

    @property
    def feeding(self) -> bool:
        """A motor runs; commands wait."""
        return self._later is not None

    @property
    def owes_block(self) -> bool:
        """The host waits for a block."""
        return self._scan is not None and self._wanted

    def due(self) -> float | None:
        """When something moves next to where it is wanted."""
        if self._later is not None:
            return self._later[0]
        if self._scan is not None and self._wanted:
            return self._scan.ready_at(self._speed())
        return None

    def step(self, now: float) -> bool:
        """Do one thing that is due; False: nothing is."""
        due = self.due()
        if due is None or now < due:
            return False
        if self._later is not None:
            _, then = self._later
            self._later = None
            then(now)
        elif self._scan is not None:
            self._block(self._scan, now)
        return True

    def want(self) -> None:
        """The host acknowledged a block and so asks for the next."""
        self._wanted = True

    def abandon(self, now: float) -> None:
        """A page that will not be finished."""
        self._later = None
        self._wanted = False
        if self._scan is not None:
            self._scan = None
            self._body.end_page(now)

    def _speed(self) -> float:
        return self._script.speed / self._body.state.slow

    def eject(self, now: float) -> None:
        """`FF`: move the sheet in the path out."""
        self._body.use(now)
        if self._body.state.path is None:
            self._say(ACKED)
            return

        def out(_: float) -> None:
            self._body.eject()
            self._say(ACKED)

        self._later = (now + self._script.feed, out)

    def feed(self, parameters: Parameters, now: float) -> None:
        """`PF`: bring the next sheet to where it can be scanned."""
        self._body.use(now)
        if not self._feeds(parameters) or self._body.state.feeder_blocked or not self._body.state.paper:
            self._say(NAKED)
            return
        self._later = (now + self._feed_time(), lambda _: self._say(ACKED if self._body.feed() else NAKED))

    def _feed_time(self) -> float:
        fed = self._body.state.path is not None and not self._body.state.path.back
        return 0.0 if fed else self._script.feed * self._body.state.slow

    def start(self, parameters: Parameters, gammas: Mapping[str, bytes], now: float, *, extended: bool) -> None:
        """`FS G` (extended) or `ESC G`."""
        self._parameters, self._gammas = parameters, dict(gammas)
        self._body.use(now)
        self._body.update(now)
        self._extended = extended
        if self._refuses():
            self._fail()
        elif self._feeds(parameters):
            self._later = (now + self._feed_time(), self._begin)
        else:
            self._begin(now)

    def _refuses(self) -> bool:
        state, parameters = self._body.state, self._parameters
        if state.fatal or state.in_use or state.warming or not parameters.valid(self._product) or self._blocked():
            return True
        return self._feeds(parameters) and not state.paper

    def _feeds(self, parameters: Parameters) -> bool:
        return self._product.source(parameters.option) is Source.FEEDER

    def _blocked(self) -> bool:
        """Whether the unit that is selected waits for a person."""
        state = self._body.state
        match self._product.source(self._parameters.option):
            case Source.PLATEN:
                return False
            case Source.FILM:
                return state.cover_open
            case _:
                return state.feeder_blocked

    def _fail(self) -> None:
        if self._extended:
            self._say(replies.start(self._body.state, failed=True))
        else:
            self._say(self._line_header(0, 0, replies.FATAL))

    def _begin(self, now: float) -> None:
        parameters = self._parameters
        if self._refuses() or (self._feeds(parameters) and not self._body.feed()):
            self._fail()
            return
        self._body.begin_page(now)
        self._body.page_at(0, now)
        if self._faulty():
            self._body.end_page(now)
            self._fail()
            return
        scan = Scan(
            self._content(),
            parameters.row_bytes,
            parameters.height,
            parameters.block_lines,
            now,
            apart=self._script.lastblock == "apart",
        )
        self._scan, self._wanted = scan, True
        if self._extended:
            self._say(replies.start(self._body.state, *scan.announced))

    def _content(self) -> Iterator[bytes]:
        """What the sensor sees. Film is sent as the light comes through it, a negative too: SANE's epson backend, which
        selects it with `ESC N`, inverts it itself."""
        path, source = self._body.state.path, self._product.source(self._parameters.option)
        if source is Source.FEEDER and path is not None:
            return pixels.rows(self._parameters, path.number, Source.FEEDER, self._gammas, back=path.back)
        lying = Source.FILM if source is Source.FILM else Source.PLATEN
        return pixels.rows(self._parameters, self._body.state.original, lying, self._gammas)

    def _faulty(self) -> bool:
        return self._body.state.fatal or self._blocked()

    def _block(self, scan: Scan, now: float) -> None:
        """The next block is ready: hand it over with whatever has happened meanwhile."""
        self._body.page_at(scan.percent, now)
        if not self._body.state.plugged:
            return
        lines, size = scan.next_lines, scan.next_lines * self._parameters.row_bytes
        failed, canceled = self._faulty(), self._body.state.canceled
        data = bytes(size) if failed else scan.take(now)
        self._wanted = False
        if self._extended:
            error = (ERROR_FATAL if failed else 0) | (ERROR_CANCEL if canceled else 0)
            self._say(data + bytes([error]))
        elif failed or canceled:  # this mode has no word for cancel
            self._say(self._line_header(0, 0, replies.FATAL))
            failed = True
        else:
            end = replies.AREA_END if scan.finished else 0
            self._say(self._line_header(self._parameters.row_bytes, lines, end))
            self._say(data)
        if failed:
            self._scan = None
            self._body.end_page(now)
        elif scan.finished:
            self._scan = None
            self._body.end_page(now, turn=self._parameters.option == OPTION_DUPLEX)

    def _line_header(self, size: int, lines: int, flags: int) -> bytes:
        """Before each block of `ESC G`: with a line count only when `ESC d` asked for blocks."""
        state = replies.status(self._body.state) | flags
        if self._parameters.block_lines:
            return struct.pack("<BBHH", replies.STX, state, size, lines)
        return struct.pack("<BBH", replies.STX, state, size)
