"""One scan on an imageCLASS, page by page.

Before generation 2 there is a session for each page, and an activation before and after it. In generation 0 the session
ends with the page. Generation 2 keeps its session while the feeder has paper. Source: SANE pixma_imageclass.c
(`iclass_scan`, `iclass_fill_buffer`, `iclass_finish_scan`), pixma_mp730.c (`step1`, `mp730_finish_scan`).
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Raster
from drivers.contract.errors import CanceledAtDevice, DeviceTimeout, DriverError, ScanFailed
from drivers.contract.handover import Handover
from drivers.usb.pixma import answers, area, ending
from drivers.usb.pixma.answers import Busy, End, Refused
from drivers.usb.pixma.area import Area
from drivers.usb.pixma.imageclass import parameters, wire
from drivers.usb.pixma.imageclass.dialogue import Dialogue
from drivers.usb.pixma.imageclass.model import Model
from drivers.usb.pixma.imageclass.wire import Command, Read
from drivers.usb.pixma.report import Report
from drivers.usb.pixma.rows import Rows, grayed, mixed
from drivers.usb.pixma.steps import BUSY_SECONDS, Steps

BLOCK_SECONDS = 60.0  # without a byte of the page
EMPTY_PAUSE = 0.1  # after a block without data, as SANE
EJECT_SECONDS = 8.0  # as SANE: a sheet that was scanned on both sides needs so long to leave, before the abort
SETTLE_SECONDS = 10.0  # as SANE
PAUSE = 0.2
BEFORE, AFTER = (0, 4), (0,)  # how generation 1 is activated
PIECE = 0x4000  # SANE reads no more at once

log = logging.getLogger(__name__)


class Scan:
    """The pages of one request."""

    def __init__(
        self, dialogue: Dialogue, model: Model, handover: Handover, report: Report, monotonic: Callable[[], float]
    ) -> None:
        self._dialogue, self._model, self._handover, self._monotonic = dialogue, model, handover, monotonic
        self._report, self._request = report, report.request
        self._feeder = self._request.source is not Source.PLATEN
        self._steps = Steps(dialogue, handover, monotonic)
        self._begun = self._whole = False

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        ending.whole(self._all, self._finish, self._handover, self._report)

    def _all(self) -> None:
        most = self._request.pages or (1 << 30 if self._feeder else 1)
        more = self._look() or not self._feeder
        while more:
            self._begin()
            end = self._page()
            more = self._feeder and self._report.pages < most and not end & End.NO_PAPER
            if more and self._model.session_per_page:
                self._finish()
            more = more and self._look()

    # A session.

    def _begin(self) -> None:
        """Where it is not begun already."""
        if self._begun:
            return
        if self._model.settles and not self._report.pages:
            self._report.warming()
            self._wait(SETTLE_SECONDS)
        if self._model.ccd:
            self._activate(AFTER)
            self._calibrate()
        self._activate(BEFORE)
        self._begun = True
        self._steps.start()
        self._steps.do(Command.SOURCE, parameters.select_source(self._model, self._request.source))

    def _finish(self) -> None:
        """Back to where another scan can begin, whatever happened. Raises DriverError; called again it only aborts."""
        if not self._begun:
            return
        if self._whole:
            self._whole = False
            self._begun = self._settle()
        if self._begun:
            self._dialogue.abort()
            self._begun = False

    def _settle(self) -> bool:
        """After the last page of a session, as SANE; whether the session has to be ended."""
        self._look()
        if self._model.generation == 0:
            more = self._look()
            self._activate(AFTER)
            return more and self._feeder and self._model.lingers
        self._activate(AFTER)
        self._look()
        if self._request.source is Source.FEEDER_DUPLEX:
            self._wait(EJECT_SECONDS)
        return True

    def _wait(self, seconds: float) -> None:
        until = self._monotonic() + seconds
        while self._monotonic() < until:
            self._steps.pause(PAUSE)

    def _calibrate(self) -> None:
        """Whatever it answers: with some models it fails each time."""
        self._steps.look_for_cancel()
        try:
            self._dialogue.ask(Command.CALIBRATE, seconds=BUSY_SECONDS)
        except Busy:
            pass
        except Refused:
            self._explain()

    def _look(self) -> bool:
        """Whether the feeder holds paper, be it the sheet whose back is to come."""
        self._steps.look_for_cancel()
        try:
            answer = self._dialogue.ask(Command.STATUS, wanted=wire.STATUS_BYTES)
            found = wire.condition(answer, self._model.generation)
        except (Refused, Busy) as err:
            raise ScanFailed("the scanner does not tell whether there is paper in its feeder") from err
        self._report.paper(loaded=found.paper)
        return found.paper

    def _activate(self, steps: tuple[int, ...]) -> None:
        if self._model.activated:
            for step in steps:
                self._steps.do(Command.ACTIVATE, parameters.activate(self._model, step))

    # Pages.

    def _page(self) -> End:
        """Scan one page; returns what its last block said."""
        request, ppi = self._request, self._request.resolution[0]
        promised = area.edges(request.region, ppi, self._model.pixels(request.source, ppi))
        mode = Mode.RGB24 if ppi > self._model.gray_ppi else request.mode
        wanted = parameters.page(self._model, request.source, mode, ppi, promised)
        self._steps.do(Command.PARAMETERS, parameters.parameters(self._model, wanted))
        if self._model.generation > 0:
            self._block(Read.BEGIN)
        self._report.scanning(0)
        back = request.source is Source.FEEDER_DUPLEX and self._report.pages % 2 == 1
        self._handover.page(Raster(promised.width, promised.height, request.mode, (ppi, ppi), iter(()), back))
        order = mixed if self._model.in_planes and mode is Mode.RGB24 else None
        rows = Rows(wanted, promised.width, promised.height, order if mode is request.mode else grayed)
        self._whole = False
        end = self._image(wanted, rows)
        self._whole = True
        if white := rows.padding():
            self._handover.put(white)
        self._handover.end_page()
        self._report.page_done()
        return end

    def _image(self, wanted: Area, rows: Rows) -> End:
        """All blocks of a page; returns what the last one said."""
        total, got, end = wanted.row_bytes * wanted.height, 0, End(0)
        heard = self._monotonic()
        while not self._ended(end):
            self._steps.look_for_cancel()
            end, data, rest = self._block(Read.BLOCK)
            if not data and not rest and not self._ended(end):
                if self._monotonic() > heard + BLOCK_SECONDS:
                    raise DeviceTimeout(f"no image data from the scanner in {BLOCK_SECONDS:g} s")
                self._steps.pause(EMPTY_PAUSE)
                continue
            while data or rest:
                if not data:
                    data = self._dialogue.piece(min(rest, PIECE), self._patience)
                    rest -= len(data)
                got += len(data)
                if got > total + wire.MOST_BLOCK:
                    raise answers.garbled(f"a page of {total} bytes", data)
                if whole := rows.add(data):
                    self._handover.put(whole)
                self._report.scanning(min(100, got * 100 // total))
                data = b""
            heard = self._monotonic()  # a reader may have taken its time
        if not got:
            raise ScanFailed("the scanner ended the page before its first line: its display may say why")
        return end

    def _ended(self, end: End) -> bool:
        both = End.PAGE | End.NO_DATA
        return bool(end) if self._model.generation > 0 else end & both == both

    def _block(self, what: Read) -> tuple[End, bytes, int]:
        """What ends with a block, what came with its header, and how many bytes follow."""
        try:
            block = self._dialogue.block(what, self._patience)
        except Refused as err:
            self._stopped(err)
        except Busy:
            return End(0), b"", 0
        return block.end, block.data, block.rest

    # Ends.

    def _stopped(self, cause: Exception) -> NoReturn:
        """0x1515 while a page is under way. Raises CanceledAtDevice."""
        self._explain()
        raise CanceledAtDevice("canceled at the scanner, or stopped by what its display says") from cause

    def _explain(self) -> None:
        with suppress(DriverError, Refused, Busy):  # nobody has explained what it says; it may help somebody to
            log.info("error information: %s", self._dialogue.ask(Command.ERROR, wanted=wire.ERROR_BYTES).hex(" "))

    def _patience(self) -> float:
        return 0.0 if self._handover.canceled else BLOCK_SECONDS
