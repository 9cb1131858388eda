"""What moves paper and light: sources, windows, mode pages, feeding, and the image on its way to the host.

A duplex pass is one page for what is armed in scripts (`jam@2`): both sides pass at once. When the page is shorter
than its window (auto length detection, MODE SELECT page 3C) the last block is filled up, and EOM, ILI and the residual
tell how much of it means something.
"""

from collections.abc import Callable, Iterator

from drivers.contract.capabilities import Mode, Source
from hil import chart
from hil.devices.fujitsu import pixels, replies, sense
from hil.devices.fujitsu import window as windows
from hil.devices.fujitsu.passing import Passing, Side
from hil.devices.fujitsu.product import Product
from hil.devices.fujitsu.sense import GOOD, Answer, Sense, Status, check
from hil.devices.fujitsu.ways import LAMP_PAGE, Ways
from hil.devices.fujitsu.window import BACK, FRONT, Window
from hil.devices.mechanism import Mechanism
from hil.script import Script

LOAD, EJECT, HALT = 1, 0, 4
IMAGE, PIXEL_SIZE = 0x00, 0x80
AUTO_LENGTH = 0x80  # byte 3 of mode page 3C

Attempt = Callable[[float], Answer | float | None]


class Paper:
    """See the module."""

    def __init__(self, body: Mechanism, script: Script, product: Product) -> None:
        self._body, self._script, self._product = body, script, product
        self.flatbed = False
        self._from_slot = product.card_slot  # where no card is ever put in
        self.passing: Passing | None = None
        self.ways = Ways() if product.ways else None
        self._windows: dict[int, Window] = {}
        self._pages: dict[int, bytes] = {}

    def choose(self, *, flatbed: bool, slot: bool = False) -> None:
        """The source of what comes next."""
        self.flatbed, self._from_slot = flatbed, slot

    def mode_select(self, parameters: bytes) -> Answer:
        """One page behind a header of four bytes."""
        page = parameters[replies.MODE_HEADER :]
        if len(page) < 2 or len(page) < 2 + page[1]:
            return check(sense.Sense(5, 0x1A))
        if page[0] not in replies.MODE_PAGES:
            return check(sense.bad_parameter(replies.MODE_HEADER))
        self._pages[page[0]] = page[2:]
        return GOOD

    def mode_sense(self, cdb: bytes) -> Answer | Attempt:
        """One page; SANE takes any shorter answer than it asked for as a page that is not there."""
        code = cdb[2] & 0x3F
        if self.ways is not None and code == LAMP_PAGE:
            return lambda _: None  # for ever
        if code not in replies.MODE_PAGES:
            return check(sense.BAD_FIELD)
        return Answer(data=replies.mode_page(code, self._pages.get(code, b""), cdb[4]))

    def set_window(self, parameters: bytes) -> Answer:
        """Areas of the sides to scan."""
        found = windows.read(parameters, self._product, flatbed=self.flatbed)
        if isinstance(found, Sense):
            return check(found)
        self._windows = {each.side: each for each in found}
        if self.ways is not None:
            self.ways.windowed()
        return GOOD

    def ready(self) -> Answer:
        """TEST UNIT READY."""
        between = self.passing is None and self._body.state.path is not None
        return check(sense.NOT_READY) if self.ways is not None and between else GOOD

    def position(self, action: int, now: float) -> Answer | Attempt:
        """OBJECT POSITION: load or eject a sheet, or halt."""
        if action == HALT:
            self.abandon(now)
            return GOOD
        if self.passing is not None or action not in (LOAD, EJECT):
            return check(sense.SEQUENCE if self.passing is not None else sense.BAD_FIELD)
        if self.flatbed:
            return GOOD
        due = now + self._script.feed * self._body.state.slow

        def moved(at: float) -> Answer | float | None:
            if (wrong := self._wrong()) is not None:
                return check(wrong)
            if action == LOAD and self._body.state.warming:
                return check(sense.NOT_READY)
            if action == LOAD and self.ways is not None:
                out_of_turn = self.ways.position(paper=self._body.state.paper)
                if out_of_turn is not None:
                    return check(out_of_turn)
            if action == LOAD and (self._from_slot or not self._body.state.paper):
                return check(sense.HOPPER_EMPTY)
            if at < due and not (action == LOAD and self._body.state.path is not None):
                return due
            if action == EJECT:
                self._body.eject()
                return GOOD
            return GOOD if self._body.feed() else check(sense.HOPPER_EMPTY)

        return moved

    def scan(self, sides: bytes, now: float) -> Answer:
        """SCAN: the paper begins to pass."""
        if (wrong := self._wrong()) is not None:
            return check(wrong)
        if self._body.state.warming:
            return check(sense.NOT_READY)
        chosen = [self._windows.get(side) for side in sides]
        asked = [each for each in chosen if each is not None]
        if not asked or len(asked) < len(chosen) or len(set(sides)) < len(sides):
            return check(sense.BAD_WINDOWS)
        if len({(each.mode, each.resolution, each.height) for each in asked}) > 1:
            return check(sense.BAD_WINDOWS)
        if self.passing is not None or (not self.flatbed and self._body.state.path is None):
            return check(sense.SEQUENCE)
        if self.ways is not None and (unprepared := self.ways.scan(asked[0])) is not None:
            return check(unprepared)
        self._body.begin_page(now)
        self._body.page_at(0, now)
        if (wrong := self._wrong()) is not None:
            self._body.end_page(now)
            return check(wrong)
        self.passing = Passing(
            [Side(each, self._rows(each)) for each in asked], self._length(asked[0]), self._product.memory, now
        )
        return GOOD

    def read(self, cdb: bytes) -> Answer | Attempt:
        """READ: rows of one side, or how large its image is."""
        kind, number, size = cdb[2], cdb[5], int.from_bytes(cdb[6:9], "big")
        window = self._windows.get(number)
        if kind == PIXEL_SIZE and window is not None:
            detected = self._length(window) if self._auto_length and self.passing is None else 0
            return Answer(data=replies.pixel_size(window, window.height, detected)[:size])
        if kind != IMAGE or number not in (FRONT, BACK):
            return check(sense.BAD_FIELD)

        def attempt(now: float) -> Answer | float | None:
            found = self._awaited(number, size, now)
            if found is None:
                return self._taken(number, size, now)
            if self.ways is not None and (isinstance(found, float) or found.sense == sense.NO_DATA_YET):
                return Answer(Status.CHECK, bytes(size), sense.NO_DATA_YET)  # as much as was asked for, of nothing
            return found

        return attempt

    def image_ready(self, cdb: bytes, now: float) -> Answer:
        """SCANNER CONTROL with RIC: whether so many bytes of a side could be read."""
        found = self._awaited(cdb[2], int.from_bytes(cdb[6:9], "big"), now)
        if found is None:
            return GOOD
        return found if isinstance(found, Answer) else check(sense.NO_DATA_YET)

    def abandon(self, now: float) -> None:
        """A page that will not be finished."""
        if self.passing is not None:
            self.passing = None
            self._body.end_page(now)
        elif self._body.state.path is not None and not self._body.state.feeder_blocked:
            self._body.eject()

    def _awaited(self, number: int, size: int, now: float) -> Answer | float | None:
        """Why that cannot be read now: what is wrong, or when it can be; None: it can."""
        if (wrong := self._wrong()) is not None:
            self.abandon(now)
            return check(wrong)
        passing = self.passing
        side = passing.sides.get(number) if passing is not None else None
        if passing is None or side is None:
            return check(sense.SEQUENCE)
        if self._body.state.canceled:
            self.abandon(now)
            return check(sense.STOP_BUTTON)
        speed = self._script.speed / self._body.state.slow
        passing.pass_on(now, speed)
        ready = passing.ready_at(side, size, speed)
        if ready is None:
            return check(sense.NO_DATA_YET)
        return ready if ready > now else None

    def _taken(self, number: int, size: int, now: float) -> Answer | None:
        passing = self.passing
        assert passing is not None
        side = passing.sides[number]
        self._body.page_at(passing.percent(side, size), now)
        if not self._body.state.plugged:
            return None
        if (wrong := self._wrong()) is not None or self._body.state.canceled:
            self.abandon(now)
            return check(wrong if wrong is not None else sense.STOP_BUTTON)
        data = passing.take(side, size)
        if passing.finished:
            self.passing = None
            self._body.end_page(now)
        if len(data) == size:
            return Answer(data=data)
        short = Sense(eom=True, ili=True, residual=size - len(data))
        return Answer(Status.CHECK, data.ljust(size, b"\0"), short)

    def _wrong(self) -> Sense | None:
        state = self._body.state
        if state.fatal:
            return sense.MECHANICAL
        if self.flatbed:
            return None
        reasons = (
            (state.jammed, sense.JAM),
            (state.double_fed, sense.DOUBLE_FEED),
            (state.cover_open, sense.COVER_OPEN),
        )
        return next((reason for is_so, reason in reasons if is_so), None)

    @property
    def _auto_length(self) -> bool:
        page = self._pages.get(replies.MODE_AUTO, b"")
        asked = len(page) > 1 and bool(page[1] & AUTO_LENGTH)
        return not self.flatbed and (asked or self._product.ends_with_paper)

    def _length(self, window: Window) -> int:
        if not self._auto_length:
            return window.height
        return max(1, min(window.height, chart.SHEET[1] * window.resolution[1] // 1000 - window.top))

    def _rows(self, window: Window) -> Iterator[bytes]:
        dropout = (self._pages.get(replies.MODE_DROPOUT, b"\0") or b"\0")[0]
        order, mode = self._product.order, window.mode
        assert mode in (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
        back = window.side == BACK
        code = dropout >> 4 if back else dropout & 0x0F
        path = self._body.state.path
        if self.flatbed or path is None:
            return pixels.rows(window, self._body.state.original, Source.PLATEN, order, code)
        return pixels.rows(window, path.number, Source.FEEDER, order, code, back=back)
