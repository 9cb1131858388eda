"""One scan on an ESC/I scanner, from the parameters to the last sheet.

A cancel takes effect between two blocks, where the protocol has room for CAN.
Facts: spec dossier on device protocols (a), SANE epson2 (the order of commands, and when paper is looked for).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from drivers.contract.capabilities import FilmKind, Source
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.errors import CanceledAtDevice, DeviceGarbled, DeviceGone, DeviceTimeout, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import (
    ButtonPress,
    JobReport,
    Phase,
    Readiness,
    Snapshot,
    Trouble,
    TroubleKind,
    Unit,
)
from drivers.usb.esci import model as models
from drivers.usb.esci import observe, parameters, wire
from drivers.usb.esci.dialogue import MOVING_SECONDS, Dialogue
from drivers.usb.esci.model import Model
from drivers.usb.esci.parameters import Parameters
from drivers.usb.esci.rows import Rows, Shift
from drivers.usb.esci.transfer import Extended, Letters, PageTransfer, Stopped
from drivers.usb.family import Tell

WARM_SECONDS = 120.0  # SANE waits 14 times 5 s; the slowest lamp known takes about a minute
WARM_PAUSE = 0.2
START_ATTEMPTS = 3
_UNITS = {Source.PLATEN: Unit.PLATEN, Source.FILM: Unit.FILM}  # the others are the feeder


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
        look: Callable[[], wire.Condition],
        presses: Callable[[], tuple[ButtonPress, ...]],
        monotonic: Callable[[], float],
    ) -> None:
        self._dialogue = dialogue
        self._model = model
        self._request = request
        self._handover = handover
        self._tell_actor = tell
        self._look = look
        self._presses = presses
        self._monotonic = monotonic
        self._unit = _UNITS.get(request.source, Unit.FEEDER)
        self._feeder = self._unit is Unit.FEEDER
        self._negative = request.film in {FilmKind.COLOUR_NEGATIVE, FilmKind.GREY_NEGATIVE}
        self._condition = wire.Condition()
        self._pages = 0

    def run(self) -> None:
        """All pages. Raises as drivers.usb.family.Family.scan."""
        moved = False
        try:
            if self._ready():
                self._tell(Phase.SCANNING)
                if self._model.level.reset:
                    self._dialogue.simple(wire.RESET, seconds=MOVING_SECONDS)
                moved = True
                while self._page() and not self._enough() and self._ready():
                    pass
            if self._pages == 0:
                self._tell(Phase.SCANNING, more=frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}))
                raise FeederEmpty("the document feeder is empty")
        except (ScanCanceled, CanceledAtDevice):
            self._eject(moved)
            raise
        except (DeviceGarbled, DeviceTimeout):
            with suppress(DeviceGarbled, DeviceTimeout, DeviceGone):
                self._dialogue.recover()
            raise
        self._eject(moved)

    def _enough(self) -> bool:
        return self._pages >= (self._request.pages or (1 << 30 if self._feeder else 1))

    @property
    def _back(self) -> bool:
        """Whether the next page is the back of the sheet that is in the path already."""
        return self._request.source is Source.FEEDER_DUPLEX and self._pages % 2 == 1

    def _page(self) -> bool:
        """Scan one page; False when there is no more paper."""
        asked, width, height, shift = self._parameters()
        self._configure(asked)
        # Some scanners know of paper only after they were told which unit is to be used.
        if not self._ready():
            return False
        fed = not (self._feeder and self._model.feeds and not self._back)
        if not fed and not self._dialogue.simple(wire.FEED, seconds=MOVING_SECONDS) and not self._ready():
            return False
        started = self._start(asked)
        if started is None:
            return False
        transfer, lines = started
        height = min(height, lines - (asked.lines - height)) if lines < asked.lines else height
        rows = Rows(asked.mode, asked.width, width, max(1, height), shift, inverted=self._negative)
        self._tell(Phase.SCANNING, percent=0)
        # From here on a cancel must reach the transfer, which alone knows when CAN may be sent.
        with suppress(ScanCanceled):
            self._handover.page(Raster(width, max(1, height), asked.mode, asked.resolution, iter(()), self._back))
        try:
            for percent, data in transfer.blocks():
                if whole := rows.add(data):
                    with suppress(ScanCanceled):
                        self._handover.put(whole)
                self._tell(Phase.SCANNING, percent=percent)
        except Stopped as err:
            self._condition = self._look()
            self._fail(err)
        if white := rows.padding():
            self._handover.put(white)
        self._handover.end_page()
        self._pages += 1
        self._condition = self._look()
        self._tell(Phase.SCANNING, lasting=True, presses=self._presses())
        return True

    def _parameters(self) -> tuple[Parameters, int, int, Shift | None]:
        """What to ask for; the width and height that will be delivered; the colour shift to undo."""
        request, model = self._request, self._model
        left, top, width, height = parameters.pixels(request.region, request.resolution)
        across, down = models.area(model, request.source, request.resolution)
        if left >= across or top >= down:
            raise ScanFailed("the region lies outside the scan area")
        height = min(height, down - top)
        distance = models.colour_shift(model, request.mode, request.resolution[1])
        first = max(0, top - distance)
        scanned = parameters.fit(width, left, across)
        option = parameters.OPTION_OFF
        if self._feeder:
            duplex = request.source is Source.FEEDER_DUPLEX
            option = parameters.OPTION_DUPLEX if duplex else parameters.OPTION_ON
        most = parameters.MAX_BLOCK_LINES
        if self._unit is Unit.FILM:
            option, most = parameters.OPTION_ON, parameters.MAX_FILM_LINES
        lines = height + 2 * distance - (distance - (top - first))
        asked = Parameters(
            mode=request.mode,
            resolution=request.resolution,
            left=left,
            top=first,
            width=scanned,
            lines=min(lines, down - first),
            option=option,
            block_lines=parameters.block_lines(
                model.level,
                request.mode.row_bytes(scanned),
                lines,
                request.mode,
                model.quirk.least_block_lines,
                most=most,
            ),
            film=parameters.FILM_NEGATIVE if self._negative else parameters.FILM_POSITIVE,
        )
        shift = Shift(distance, missing=distance - (top - first)) if distance else None
        return asked, width, height, shift

    def _configure(self, asked: Parameters) -> None:
        if self._model.extended:
            commands = [(wire.FS_PARAMETERS, parameters.fs_block(asked, self._model.level))]
        else:
            commands = parameters.letters(
                asked, self._model.level, option=self._model.option, film=self._unit is Unit.FILM
            )
        if self._model.focus:
            above = parameters.FOCUS_FILM if self._unit is Unit.FILM else parameters.FOCUS_GLASS
            commands.append((wire.SET_FOCUS, bytes([above])))
        for command, value in commands:
            if not self._dialogue.simple(command, value, MOVING_SECONDS):
                self._condition = self._look()
                what = " the film unit, which may be switched off:" if self._unit is Unit.FILM else ""
                self._fail(None, f"the scanner refuses{what} {command!r} with {value.hex(' ')}")

    def _start(self, asked: Parameters) -> tuple[PageTransfer, int] | None:
        """Begin the transfer, if need be again after warming up; None when there is no more paper."""
        level = self._model.level
        for _ in range(START_ATTEMPTS):
            transfer: PageTransfer
            if self._model.extended:
                transfer = Extended(self._dialogue, asked, self._canceled, self._model.quirk.error_byte_mask)
            else:
                by_line = asked.colour and not level.pixel_sequence
                transfer = Letters(
                    self._dialogue,
                    asked,
                    self._canceled,
                    block_mode=level.block_lines and not by_line,
                    line_sequence=by_line,
                    green_first_untrue=self._model.quirk.green_first_untrue,
                )
            try:
                return transfer, transfer.start()
            except Stopped:
                if not self._ready():
                    return None
                self._handover.pause(WARM_PAUSE)
        raise ScanFailed("the scanner does not begin to scan and does not say why")

    def _ready(self) -> bool:
        """Wait while the lamp warms up; False when the next sheet is not there. Raises ScanFailed, ScanCanceled."""
        deadline = self._monotonic() + WARM_SECONDS
        while True:
            self._condition = self._look()
            if self._canceled():
                raise ScanCanceled
            if not self._condition.warming:
                break
            self._tell(Phase.WARMING)
            if self._monotonic() > deadline:
                raise ScanFailed(f"the lamp did not warm up in {WARM_SECONDS:g} s")
            self._handover.pause(WARM_PAUSE)
        if self._condition.fatal or self._blocking():
            if self._no_paper() and not self._blocking():
                return False
            self._fail(None)
        return not self._no_paper()

    def _no_paper(self) -> bool:
        return self._feeder and not self._back and self._condition.feeder.empty

    def _blocking(self) -> frozenset[Trouble]:
        """Troubles in the way of this scan; those of a unit that it does not use are not."""
        found = observe.stopping(observe.troubles(self._condition))
        aside = {Unit.FEEDER, Unit.FILM} - {self._unit}
        return frozenset(trouble for trouble in found if trouble.unit not in aside)

    def _fail(self, cause: Exception | None, otherwise: str = "the scanner stopped and does not say why") -> NoReturn:
        """Tell the trouble, then end the scan by it."""
        found = observe.stopping(observe.troubles(self._condition))
        if self._feeder and self._condition.feeder.empty and not found:
            otherwise = "the paper ended in the middle of a page"
        if found:
            self._tell(Phase.STOPPED, lasting=True)
        raise ScanFailed(observe.explain(found) or otherwise) from cause

    def _eject(self, moved: bool) -> None:
        """Put out a sheet that is still in the path; a scanner that has none there says NAK, which is fine."""
        if moved and self._feeder and self._model.level.eject:
            self._dialogue.simple(wire.EJECT, seconds=MOVING_SECONDS)

    def _canceled(self) -> bool:
        return self._handover.canceled

    def _tell(
        self,
        phase: Phase,
        percent: int | None = None,
        *,
        lasting: bool = False,
        presses: tuple[ButtonPress, ...] = (),
        more: frozenset[Trouble] = frozenset(),
    ) -> None:
        job = JobReport(self._request.native_id, phase, self._pages, percent, self._unit)
        idle = observe.idle(self._condition, presses)
        readiness = Readiness.WARMING if phase is Phase.WARMING else Readiness.BUSY
        if idle.readiness is Readiness.STOPPED and phase is Phase.STOPPED:
            readiness = Readiness.STOPPED
        snapshot: Snapshot = replace(idle, readiness=readiness, jobs=(job,), troubles=idle.troubles | more)
        self._tell_actor(snapshot, lasting=lasting or bool(presses))
