"""Feeder and carriage: a page from the moment it is asked for to its last block. Knows no command.

Pure: `now` is an argument. Whatever keeps a page from being scanned makes it `broken`; the protocol has one word for
all of that, so the engine needs no more.
"""

from collections.abc import Iterator

from hil.devices.mechanism import Lamp, Mechanism
from hil.devices.pixma import pixels
from hil.devices.pixma.page import Block, Page
from hil.devices.pixma.parameters import Parameters
from hil.devices.pixma.product import Product
from hil.script import Script

PATIENCE = 0.5  # seconds after which a host that wants a block is told that there is none yet


class Engine:
    """What moves."""

    def __init__(self, body: Mechanism, script: Script, product: Product) -> None:
        self._body, self._script, self._product = body, script, product
        self._wanted: Parameters | None = None  # the page that was asked for last
        self._gamma = b""
        self._fed_at: float | None = None  # a page was asked for, and begins then at the earliest
        self._page: Page | None = None
        self._over: Block | None = None  # the page was given whole; this is still to be said
        self.broken = False
        self.home_at = 0.0  # until then the carriage is on its way back

    @property
    def starting(self) -> bool:
        """Feeding, warming, calibrating."""
        return self._fed_at is not None

    @property
    def scanning(self) -> bool:
        """A page is asked for and not yet given whole."""
        return self.starting or self._page is not None

    @property
    def calibrated(self) -> bool:
        """The host may ask for blocks, be it to learn that there are none."""
        return not self.starting and self._body.state.lamp is Lamp.ON

    def start(self, wanted: Parameters, gamma: bytes, now: float) -> None:
        """A page is asked for."""
        self._body.use(now)
        self._wanted, self._gamma = wanted, gamma
        self._page, self._over, self.broken = None, None, False
        feeding = self._script.feed * self._body.state.slow
        path = self._body.state.path
        self._fed_at = now + (feeding if wanted.feeder and path is None else 0.0)

    def stop(self, now: float, *, keep: bool = False) -> None:
        """The session is over, or the host is gone; the carriage goes home. `keep`: the sheet in the path stays."""
        if self._page is not None:
            self._body.end_page(now)
        elif not self._body.state.feeder_blocked and not keep:
            self._body.eject()
        moved = self._wanted is not None
        self._wanted, self._page, self._over, self._fed_at, self.broken = None, None, None, None, False
        if moved:
            self.home_at = now + self._script.feed

    def due(self) -> float | None:
        """When `move` has something to do, as far as it is not the lamp that is waited for."""
        return None if self._fed_at is None or self._body.state.warming else self._fed_at

    def move(self, now: float) -> bool:
        """Begin the page that was asked for, when it is time."""
        wanted, due = self._wanted, self.due()
        if wanted is None or due is None or now < due:
            return False
        self._fed_at = None
        if self._body.state.fatal or (wanted.feeder and not self._body.feed()):
            self.broken = True
            return True
        self._body.begin_page(now)
        self._body.page_at(0, now)
        if self._faulty(wanted):
            self._break(now)
        else:
            self._page = self._begun(wanted, now)
        return True

    def block_at(self, asked: float, most: int) -> float:
        """When a host that asked then for so many bytes gets an answer."""
        if self._page is None or self._page.finished:
            return asked
        return min(self._page.ready_at(self._script.speed / self._body.state.slow, most), asked + PATIENCE)

    def block(self, now: float, most: int) -> tuple[Block, bytes] | None:
        """The next block; one without data where none is ready, None where there will be none."""
        page, wanted = self._page, self._wanted
        if self.starting:
            return Block.DATA, b""
        if self._over is not None:
            over, self._over = self._over, None
            return over, b""
        if page is None or wanted is None or self.broken:
            return None
        if now < page.ready_at(self._script.speed / self._body.state.slow, most):
            return Block.DATA, b""
        self._body.page_at(page.percent(most), now)
        if self._faulty(wanted) or self._body.state.canceled:
            self._break(now)
            return None
        data = page.take(now, most)
        if not page.finished:
            return Block.DATA, data
        self._page = None
        self._body.end_page(now, turn=wanted.duplex)
        end = Block.NO_DATA | Block.PAGE_END
        if wanted.feeder and not self._body.state.paper:
            end |= Block.NO_PAPER
        if self._script.lastblock == "rest":
            return end, data
        self._over = end
        return Block.NO_DATA, data

    def _faulty(self, wanted: Parameters) -> bool:
        return self._body.state.fatal or (wanted.feeder and self._body.state.feeder_blocked)

    def _break(self, now: float) -> None:
        self.broken, self._page = True, None
        self._body.end_page(now)

    def _begun(self, wanted: Parameters, now: float) -> Page:
        rows, row_bytes, height = self._content(wanted), wanted.row_bytes, wanted.height
        if self._product.jpeg and wanted.feeder:
            coded = pixels.jpeg(rows, wanted)
            rows, row_bytes, height = iter([coded]), len(coded), 1
        room, least = self._product.room, self._product.least_block
        return Page(rows, row_bytes, height, now, room=room, least=least)

    def _content(self, wanted: Parameters) -> Iterator[bytes]:
        path = self._body.state.path
        if wanted.feeder and path is not None:
            return pixels.rows(wanted, path.number, self._gamma, self._product, back=path.back)
        return pixels.rows(wanted, self._body.state.original, self._gamma, self._product)
