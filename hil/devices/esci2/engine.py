"""Motors and carriage in the data state: from TRDT to the last image, a trouble, CAN or FIN.

Pure: `step(now)` does one thing that is due. An IMG is answered when the next piece is ready, or with nothing when that
takes longer than `HOLD`, so that the host can say something else meanwhile.
"""

from collections.abc import Callable

from hil.devices.esci2 import words
from hil.devices.esci2.parameters import Parameters
from hil.devices.esci2.product import Product
from hil.devices.esci2.sheet import Piece, Sheet
from hil.devices.esci2.troubles import cause
from hil.devices.mechanism import Mechanism
from hil.script import Script

HOLD = 0.5  # seconds
IMAGE = b"IMG "

Say = Callable[..., None]  # (code, tokens, data)


class Engine:
    """What moves. `transferring` is the data state, `scanning` within it a sheet on its way."""

    def __init__(self, body: Mechanism, script: Script, product: Product, say: Say) -> None:
        self._body, self._script, self._product, self._say = body, script, product, say
        self._parameters = Parameters()
        self._left: int | None = None  # images still to come of those asked for; None: all there are
        self._fed_at: float | None = None  # when the motor has brought the next sheet
        self._sheet: Sheet | None = None
        self._asked_at: float | None = None  # the host waits for the answer to an IMG since then
        self.transferring = False

    @property
    def scanning(self) -> bool:
        """A page is on its way."""
        return self._sheet is not None

    @property
    def owes(self) -> bool:
        """The host waits for an answer to IMG."""
        return self._asked_at is not None

    def due(self) -> float | None:
        """When something happens next that the host waits for."""
        if self._asked_at is None:
            return None
        if self._body.state.warming or not self.transferring:
            return self._asked_at
        ready = self._fed_at
        if self._sheet is not None:
            ready = self._sheet.ready_at(self._speed())
        limit = self._asked_at + HOLD
        return self._asked_at if ready is None else max(self._asked_at, min(ready, limit))

    def start(self, parameters: Parameters, now: float) -> None:
        """TRDT: the lamp goes on; what is in the way is told by the first IMG."""
        self._parameters = parameters
        self._left = parameters.images or None
        if self._left is not None and parameters.duplex:
            self._left += self._left % 2
        self.transferring = True
        self._body.use(now)
        self._body.update(now)
        self._next_sheet(now)

    def want(self, now: float) -> None:
        """IMG."""
        self._asked_at = now

    def abandon(self, now: float) -> None:
        """CAN, FIN, or the host has gone."""
        self._asked_at = None
        self._leave(now)

    def step(self, now: float) -> bool:
        """Do one thing that is due; False: nothing is."""
        due = self.due()
        if due is None or now < due:
            return False
        state = self._body.state
        if state.warming:
            self._answer(words.token("nrd", "WUP "))
            if self._fed_at is not None:
                self._fed_at = max(self._fed_at, now)
        elif (tokens := self._trouble()) is not None:
            self._leave(now)
            self._answer(tokens)
        elif state.canceled:
            self._answer(words.token("atn", "CAN "))
        elif self._sheet is None:
            self._begin(now)
        elif self._sheet.ready_at(self._speed()) > now:
            self._answer(b"")
        elif self._sheet.next is not None:
            self._piece(self._sheet, self._sheet.next, now)
        return True

    def _begin(self, now: float) -> None:
        if self._fed_at is not None and self._fed_at > now:
            self._answer(b"")
            return
        if self._parameters.feeder and not self._body.feed():
            self._leave(now)
            self._answer(words.token("err", "ADF ", "PE  "))
            return
        self._fed_at = None
        path = self._body.state.path
        number = path.number if self._parameters.feeder and path else self._body.state.original
        self._body.begin_page(now)
        self._sheet = Sheet(self._parameters, self._product, number, now)
        self._body.page_at(0, now)

    def _piece(self, sheet: Sheet, piece: Piece, now: float) -> None:
        """The next piece is ready: hand it over, unless something happened meanwhile."""
        self._body.page_at(piece.percent, now)
        if not self._body.state.plugged or self._trouble() is not None or self._body.state.canceled:
            return  # seen by the next step
        sheet.take(now)
        tokens = piece.tokens
        if piece.last:
            tokens += self._page_done(sheet, now)
        self._answer(tokens, piece.data)

    def _page_done(self, sheet: Sheet, now: float) -> bytes:
        """What is told beside the end of a page: how many images are left."""
        if self._left is not None:
            self._left = max(0, self._left - 1)
        if sheet.next is not None:  # the other side is still to come
            return b"" if self._left is None else words.token("lft", self._left)
        self._sheet = None
        self._body.end_page(now)
        if not self._parameters.feeder:
            self.transferring = False
            return b""
        if self._left == 0 or (self._left is None and not self._body.state.paper):
            self.transferring = False
            return words.token("lft", 0)
        self._next_sheet(now)
        return b"" if self._left is None else words.token("lft", self._left)

    def _next_sheet(self, now: float) -> None:
        feeding = self._parameters.feeder and self._body.state.path is None and self._body.state.paper
        self._fed_at = now + (self._script.feed * self._body.state.slow if feeding else 0.0)

    def _trouble(self) -> bytes | None:
        state = self._body.state
        if state.fatal:
            return words.token("err", "ADF " if self._parameters.feeder else "FB  ", "ERR ")
        found = cause(state) if self._parameters.feeder else None
        return words.token("err", "ADF ", found) if found else None

    def _leave(self, now: float) -> None:
        """Back to the state in which parameters are set."""
        self.transferring = False
        self._fed_at = None
        if self._sheet is not None:
            self._sheet = None
            self._body.end_page(now)

    def _speed(self) -> float:
        return self._script.speed / self._body.state.slow

    def _answer(self, tokens: bytes, data: bytes = b"") -> None:
        self._asked_at = None
        self._say(IMAGE, tokens, data)
