"""One scan on an ESC/I-2 scanner, from the parameters to the last sheet.

PARA says what, TRDT begins, IMG is asked again and again for whatever has come meanwhile; a cancel takes effect between
two of them. The scanner leaves by itself when the last image was sent or a trouble ended it.
Facts: spec dossier on device protocols (a); SANE epsonds, utsushi and Epson Scan 2 (the order, and what ends a scan).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from drivers.contract.capabilities import Source
from drivers.contract.document import ScanRequest
from drivers.contract.errors import CanceledAtDevice, DeviceGarbled, DeviceTimeout, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import JobReport, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci2 import observe, parameters, wire
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.model import Model, Path
from drivers.usb.esci2.observe import Condition
from drivers.usb.esci2.sides import Sides
from drivers.usb.esci2.wire import Head
from drivers.usb.family import Tell

WARM_SECONDS = 120.0  # the slowest lamp known takes about a minute
SILENT_SECONDS = 60.0  # without a byte: the carriage may go back in the middle of a page
CANCELED_SECONDS = 3.0  # for an answer when the reader has canceled: nobody waits for a dead scanner
STOPPING_SECONDS = 10.0
PAUSE = 0.1  # before asking a scanner again that was not ready; as utsushi and Epson Scan 2


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
        monotonic: Callable[[], float],
    ) -> None:
        self._dialogue, self._model, self._request = dialogue, model, request
        self._handover, self._tell_actor = handover, tell
        self._monotonic = monotonic
        self._feeder = request.source is not Source.PLATEN
        self._condition = Condition()
        self._pages = 0

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        asked = parameters.of(self._request, self._model)
        path = self._model.path(self._request.source)
        assert path is not None, "parameters.of has refused a source that is not there"
        with self._dialogue.session():
            self._ready(wire.PARAMETERS, asked.block())
            self._look()
            self._tell(Phase.SCANNING)
            self._ready(wire.START)
            self._pages_of(asked, path)

    def _pages_of(self, asked: parameters.Parameters, path: Path) -> None:
        sides = Sides(asked, path, self._handover, self._request.pages)
        try:
            self._transfer(sides)
        except ScanCanceled:
            self._cancel()
            raise
        finally:
            sides.close()

    def _transfer(self, sides: Sides) -> None:
        back = False
        heard = warm = self._monotonic()
        while not sides.enough:
            self._check()
            head, data = self._dialogue.ask(wire.IMAGE, seconds=self._patience)
            self._condition = replace(observe.condition(head), event=0)
            back = back if head.back is None else head.back
            if head.start is not None:
                sides.start(head.start, back=back)
                self._tell(Phase.SCANNING, percent=0)
            if data:
                sides.data(data, back=back)
                self._tell(Phase.SCANNING, percent=sides.percent)
            if head.end is not None:
                sides.end(head.end, back=back)
                self._told_of(sides)
            if head.faults:
                self._stopped(sides)
                return
            if head.cancel:
                self._cancel()
                raise CanceledAtDevice("canceled at the scanner")
            if head.left == 0 or (head.end is not None and not self._feeder):
                return
            now = self._monotonic()
            if data or head.start is not None or head.end is not None:
                heard = warm = now
            elif head.not_ready:
                self._not_ready(head, warm)
                heard = now
            elif now - heard > SILENT_SECONDS:
                raise ScanFailed(f"the scanner sends nothing since {SILENT_SECONDS:g} s")
            else:
                self._handover.pause(PAUSE)
        with suppress(DeviceGarbled, DeviceTimeout):  # all is there: it may have stopped by itself
            self._cancel()

    def _stopped(self, sides: Sides) -> None:
        """The scanner ended by itself: for want of paper, which is the normal end, or by a trouble."""
        if self._condition.empty and not observe.stopping(observe.troubles(self._condition)):
            if sides.on_their_way:
                self._fail("the paper ended in the middle of a page")
            if self._pages:
                return
        self._no_page()

    def _no_page(self) -> NoReturn:
        """A trouble, or nothing but an empty feeder."""
        if self._condition.empty and not observe.stopping(observe.troubles(self._condition)):
            self._tell(Phase.SCANNING, more=frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}))
            raise FeederEmpty("the document feeder is empty")
        self._fail()

    def _ready(self, code: bytes, block: bytes = b"") -> None:
        """A request, again until the scanner is ready for it. Raises ScanFailed, ScanCanceled."""
        began = self._monotonic()
        while True:
            self._check()
            head, _ = self._dialogue.ask(code, block, self._patience)
            self._condition = observe.condition(head)
            if not head.not_ready:
                break
            self._not_ready(head, began)
        if head.parameters == "FAIL":
            self._fail("the scanner refuses the parameters")
        if code == wire.START and head.faults:
            self._no_page()

    def _look(self) -> None:
        """Before anything moves: what is in the way of this scan. The feeder's troubles do not hinder the glass."""
        self._condition = observe.condition(*self._dialogue.table(wire.STATUS))
        unit = "ADF " if self._feeder else "FB  "
        in_the_way = tuple(fault for fault in self._condition.faults if fault.unit == unit)
        self._condition = replace(self._condition, faults=in_the_way)
        if self._condition.faults:
            self._no_page()

    def _not_ready(self, head: Head, since: float) -> None:
        """Wait a little. Raises ScanFailed after too long, or when somebody else has the scanner."""
        if head.not_ready == "RSVD":
            self._fail("somebody else has the scanner")
        if self._monotonic() - since > WARM_SECONDS:
            self._fail(f"the scanner did not get ready in {WARM_SECONDS:g} s")
        if self._condition.warming:
            self._tell(Phase.WARMING)
        self._handover.pause(PAUSE)

    def _patience(self) -> float:
        return CANCELED_SECONDS if self._handover.canceled else SILENT_SECONDS

    def _check(self) -> None:
        if self._handover.canceled:
            raise ScanCanceled

    def _cancel(self) -> None:
        """Stop the motor."""
        self._dialogue.ask(wire.CANCEL, seconds=STOPPING_SECONDS)

    def _told_of(self, sides: Sides) -> None:
        while self._pages < sides.done:
            self._pages += 1
            self._tell(Phase.SCANNING, lasting=True)

    def _fail(self, otherwise: str = "the scanner stopped and does not say why") -> NoReturn:
        """Tell the trouble, then end the scan by it."""
        if observe.stopping(observe.troubles(self._condition)):
            self._tell(Phase.STOPPED, lasting=True)
        raise ScanFailed(observe.explain(self._condition) or otherwise)

    def _tell(
        self, phase: Phase, percent: int | None = None, *, lasting: bool = False, more: frozenset[Trouble] = frozenset()
    ) -> None:
        unit = Unit.FEEDER if self._feeder else Unit.PLATEN
        job = JobReport(self._request.native_id, phase, self._pages, percent, unit)
        idle = observe.idle(self._condition, feeder=self._model.feeder is not None)
        readiness = Readiness.WARMING if phase is Phase.WARMING else Readiness.BUSY
        if idle.readiness is Readiness.STOPPED and phase is Phase.STOPPED:
            readiness = Readiness.STOPPED
        told = replace(idle, readiness=readiness, jobs=(job,), troubles=idle.troubles | more)
        self._tell_actor(told, lasting=lasting)
