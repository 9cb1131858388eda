"""One scan on a PIXMA, page by page.

Source: SANE pixma_mp150.c (`mp150_scan`, `wait_until_ready`, `mp150_fill_buffer`).
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from drivers.contract.capabilities import Source
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceTimeout,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import Feeder, JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.family import Tell
from drivers.usb.pixma import parameters, wire
from drivers.usb.pixma.dialogue import Busy, Dialogue, Refused
from drivers.usb.pixma.model import Model
from drivers.usb.pixma.parameters import Parameters
from drivers.usb.pixma.rows import Rows
from drivers.usb.pixma.session import FAILURES, Session
from drivers.usb.pixma.wire import Command, End

SOURCE = "usb"
READY_SECONDS = 120.0  # as SANE: some need so long
READY_PAUSE = 0.25
BLOCK_SECONDS = 60.0  # without a byte of the page
EMPTY_PAUSE = 0.01  # after a block without data

log = logging.getLogger(__name__)


class Scan:
    """The pages of one request."""

    def __init__(
        self,
        dialogue: Dialogue,
        model: Model,
        request: ScanRequest,
        handover: Handover,
        tell: Tell,
        *,
        seen: Snapshot,
        monotonic: Callable[[], float],
    ) -> None:
        """`seen`: what the last look showed."""
        self._dialogue, self._model, self._request = dialogue, model, request
        self._handover, self._tell_actor, self._monotonic = handover, tell, monotonic
        self._seen = seen
        self._feeder = request.source is not Source.PLATEN
        self._session = Session(dialogue, model, handover, monotonic)
        self._pages = 0

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        self._tell(Phase.SCANNING)
        try:
            self._all()
        except FAILURES as err:
            with suppress(*FAILURES):
                self._session.finish()
            if isinstance(err, DeviceTimeout) and self._handover.canceled:
                raise ScanCanceled from err
            raise
        try:
            self._session.finish()
        except FAILURES as err:  # nobody who has his pages is to lose them by it
            log.warning("the scan's end: %s; once more", err)
            with suppress(*FAILURES):
                self._session.finish()
        if self._pages == 0:
            self._tell(Phase.SCANNING, trouble=Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER))
            raise FeederEmpty("the document feeder is empty")

    def _all(self) -> None:
        self._session.wrap()
        more = self._paper()
        while more:
            self._session.begin(self._request.source, self._request.mode)
            more = self._page() and self._pages < (self._request.pages or (1 << 30 if self._feeder else 1))
            if self._model.session_per_page:
                self._session.abort()
            more = more and self._paper()

    # Pages.

    def _paper(self) -> bool:
        """Whether there is something to scan."""
        if not self._feeder:
            return True
        self._session.look_for_cancel()
        try:
            size = self._model.status_bytes
            found = wire.condition(self._dialogue.ask(Command.STATUS, wanted=size), self._model.generation)
        except (Refused, Busy) as err:
            raise ScanFailed("the scanner does not tell whether there is paper in its feeder") from err
        there = found.paper or (found.back and self._back)
        self._seen = replace(self._seen, feeder=Feeder.LOADED if found.paper else Feeder.EMPTY)
        return there

    @property
    def _back(self) -> bool:
        """Whether the next page is the back of the sheet that is in the path already."""
        return self._request.source is Source.FEEDER_DUPLEX and self._pages % 2 == 1

    def _page(self) -> bool:
        """Scan one page; False when the scanner has said that it is the last."""
        request, ppi = self._request, self._request.resolution[0]
        edges = parameters.edges(request.region, ppi)
        across, down = self._model.pixels(request.source, ppi)
        left, top, width, height = edges
        if left >= across or top >= down:
            raise ScanFailed("the region lies outside the scan area")
        wanted = parameters.parameters(self._model, request.source, request.mode, ppi, edges)
        if self._model.session_per_page:
            self._session.do(Command.PARAMETERS, parameters.old(wanted))
        else:
            data = parameters.new(wanted, calibrate=self._pages == 0, digits=self._model.digits)
            self._session.do(Command.PARAMETERS_3, data)
            self._session.do(Command.START_3)
        self._wait_until_ready()
        self._tell(Phase.SCANNING, percent=0)
        self._handover.page(Raster(width, height, request.mode, (ppi, ppi), iter(()), self._back))
        rows = Rows(wanted, width, height)
        end = self._image(wanted, rows)
        if white := rows.padding():
            self._handover.put(white)
        self._handover.end_page()
        self._pages += 1
        self._tell(Phase.SCANNING, lasting=True)
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
            self._tell(Phase.WARMING, trouble=Trouble(TroubleKind.CALIBRATING, Unit.PLATEN))
            self._session.pause(READY_PAUSE)

    def _is_ready(self) -> bool:
        if self._model.session_per_page:
            data = self._dialogue.ask(Command.STATUS, wanted=self._model.status_bytes)
            return wire.condition(data, self._model.generation).calibrated
        return wire.ready(self._dialogue.ask(Command.STATUS_3, wanted=wire.STATUS_3_BYTES))

    def _image(self, wanted: Parameters, rows: Rows) -> End:
        """All blocks of a page; returns what the last one said."""
        total, got, end = wanted.row_bytes * wanted.height, 0, End(0)
        heard = self._monotonic()
        while not (end & End.NO_DATA and end & End.PAGE):
            self._session.look_for_cancel()
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
                self._session.pause(EMPTY_PAUSE)
                continue
            while size:
                data = self._dialogue.piece(size, self._patience)
                size -= len(data)
                got += len(data)
                if got > total + wire.MOST_BLOCK:
                    raise wire.garbled(f"a page of {total} bytes", data)
                if whole := rows.add(data):
                    self._handover.put(whole)
                self._tell(Phase.SCANNING, percent=min(100, got * 100 // total))
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

    def _tell(
        self, phase: Phase, percent: int | None = None, *, lasting: bool = False, trouble: Trouble | None = None
    ) -> None:
        unit = Unit.FEEDER if self._feeder else Unit.PLATEN
        job = JobReport(self._request.native_id, phase, self._pages, percent, unit)
        snapshot = Snapshot(
            SOURCE,
            Readiness.WARMING if phase is Phase.WARMING else Readiness.BUSY,
            frozenset({trouble}) if trouble is not None else frozenset(),
            self._seen.feeder,
            (job,),
        )
        self._tell_actor(snapshot, lasting=lasting)
