"""One scan on a PIXMA, page by page.

Source: SANE pixma_mp150.c (`mp150_scan`, `wait_until_ready`, `mp150_fill_buffer`).
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from drivers.contract.capabilities import Source
from drivers.contract.document import Encoded, Raster
from drivers.contract.errors import CanceledAtDevice, DeviceTimeout, DriverError, ScanFailed
from drivers.contract.handover import Handover
from drivers.usb.pixma import answers, area, ending
from drivers.usb.pixma.answers import Busy, End, Refused
from drivers.usb.pixma.area import Area
from drivers.usb.pixma.mp150 import parameters, wire
from drivers.usb.pixma.mp150.dialogue import Dialogue
from drivers.usb.pixma.mp150.model import Model
from drivers.usb.pixma.mp150.session import Session
from drivers.usb.pixma.mp150.wire import Command
from drivers.usb.pixma.report import Report
from drivers.usb.pixma.rows import Rows, together

READY_SECONDS = 120.0  # as SANE: some need so long
READY_PAUSE = 0.25
BLOCK_SECONDS = 60.0  # without a byte of the page
EMPTY_PAUSE = 0.01  # after a block without data

log = logging.getLogger(__name__)


class Scan:
    """The pages of one request."""

    def __init__(
        self, dialogue: Dialogue, model: Model, handover: Handover, report: Report, monotonic: Callable[[], float]
    ) -> None:
        self._dialogue, self._model, self._handover, self._monotonic = dialogue, model, handover, monotonic
        self._report, self._request = report, report.request
        self._feeder = self._request.source is not Source.PLATEN
        self._session = Session(dialogue, model, handover, monotonic)
        self._steps = self._session.steps

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        ending.whole(self._all, self._session.finish, self._handover, self._report)

    def _all(self) -> None:
        self._session.wrap()
        more = self._paper()
        while more:
            self._session.begin(self._request.source, self._request.mode)
            more = self._page() and self._report.pages < (self._request.pages or (1 << 30 if self._feeder else 1))
            if self._model.session_per_page:
                self._session.abort()
            more = more and self._paper()

    # Pages.

    def _paper(self) -> bool:
        """Whether there is something to scan."""
        if not self._feeder:
            return True
        self._steps.look_for_cancel()
        try:
            size = self._model.status_bytes
            found = wire.condition(self._dialogue.ask(Command.STATUS, wanted=size), self._model.generation)
        except (Refused, Busy) as err:
            raise ScanFailed("the scanner does not tell whether there is paper in its feeder") from err
        there = found.paper or (found.back and self._back)
        self._report.paper(loaded=found.paper)
        return there

    @property
    def _back(self) -> bool:
        """Whether the next page is the back of the sheet that is in the path already."""
        return self._request.source is Source.FEEDER_DUPLEX and self._report.pages % 2 == 1

    def _page(self) -> bool:
        """Scan one page; False when the scanner has said that it is the last."""
        request, ppi = self._request, self._request.resolution[0]
        promised = area.edges(request.region, ppi, self._model.pixels(request.source, ppi))
        wanted = parameters.parameters(self._model, request.source, request.mode, ppi, promised)
        if self._model.session_per_page:
            self._steps.do(Command.PARAMETERS, parameters.old(wanted))
        else:
            data = parameters.new(
                wanted,
                calibrate=self._report.pages == 0,
                digits=self._model.digits,
                coded=self._model.codes(request.source),
            )
            self._steps.do(Command.PARAMETERS_3, data)
            self._steps.do(Command.START_3)
        self._wait_until_ready()
        if self._model.codes(request.source):
            self._handover.page(Encoded("jpeg", iter(()), self._back))
            end = self._image(wanted, None)
        else:
            self._report.scanning(0)
            header = Raster(promised.width, promised.height, request.mode, (ppi, ppi), iter(()), self._back)
            self._handover.page(header)
            order = together(wanted.passes, request.mode.bits // 8) if wanted.passes > 1 else None
            rows = Rows(wanted, promised.width, promised.height, order)
            end = self._image(wanted, rows)
            if white := rows.padding():
                self._handover.put(white)
        self._handover.end_page()
        self._report.page_done()
        return not end & End.NO_PAPER

    def _wait_until_ready(self) -> None:
        """While it feeds, warms up and calibrates."""
        deadline = self._monotonic() + READY_SECONDS
        while True:
            try:
                ready = self._is_ready()
            except Refused as err:
                self._stopped(err)
            except Busy:
                ready = False
            if ready:
                return
            if self._monotonic() > deadline:
                raise ScanFailed(f"the scanner did not become ready in {READY_SECONDS:g} s")
            self._report.warming()
            self._steps.pause(READY_PAUSE)

    def _is_ready(self) -> bool:
        if self._model.session_per_page:
            data = self._dialogue.ask(Command.STATUS, wanted=self._model.status_bytes)
            return wire.condition(data, self._model.generation).calibrated
        return wire.ready(self._dialogue.ask(Command.STATUS_3, wanted=wire.STATUS_3_BYTES))

    def _image(self, wanted: Area, rows: Rows | None) -> End:
        """All blocks of a page, coded where there are no `rows`; returns what the last one said."""
        total, got, end = wanted.row_bytes * wanted.height, 0, End(0)
        heard = self._monotonic()
        while not (end & End.NO_DATA and end & End.PAGE):
            self._steps.look_for_cancel()
            try:
                most = wire.LAST_BLOCK if end & End.NO_DATA else wire.MOST_BLOCK
                end, size = self._dialogue.block(most, self._patience)
            except Refused as err:
                self._stopped(err)
            except Busy:
                size = 0
            if not size and not end & End.PAGE:
                if self._monotonic() > heard + BLOCK_SECONDS:
                    raise DeviceTimeout(f"no image data from the scanner in {BLOCK_SECONDS:g} s")
                self._steps.pause(EMPTY_PAUSE)
                continue
            while size:
                data = self._dialogue.piece(size, self._patience)
                size -= len(data)
                got += len(data)
                if got > total + wire.MOST_BLOCK:
                    raise answers.garbled(f"a page of {total} bytes", data)
                if whole := data if rows is None else rows.add(data):
                    self._handover.put(whole)
                self._report.scanning(None if rows is None else min(100, got * 100 // total))
            heard = self._monotonic()  # a reader may have taken its time
        return end

    # Ends.

    def _stopped(self, cause: Exception) -> NoReturn:
        """0x1515 while a page is under way. Raises CanceledAtDevice."""
        with suppress(DriverError, Refused, Busy):  # nobody has explained what it says; it may help somebody to
            log.info("error information: %s", self._dialogue.ask(Command.ERROR, wanted=wire.ERROR_BYTES).hex(" "))
        raise CanceledAtDevice("canceled at the scanner, or stopped by what its display says") from cause

    def _patience(self) -> float:
        return 0.0 if self._handover.canceled else BLOCK_SECONDS
