"""One scan through SANE: the options, the frames, what its statuses mean.

Progress is counted in lines read against lines expected. SANE tells nothing while a scan runs but by the status of
the next call, so a trouble is known when the scan has ended by it.
Source: SANE standard 1.06, 4.4 (the order of calls), 4.2.7 (frames), 4.2.2 (statuses).
"""

import math
import time
from collections.abc import Iterator
from typing import Final, NoReturn

from drivers.actor.work import Tell
from drivers.contract.capabilities import Source
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceBusy,
    DeviceGarbled,
    DeviceRefused,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.sane import options as words
from drivers.sane import passes
from drivers.sane.model import MM, Dials, Model, SourceModel, resolution_now, widen
from drivers.sane.options import Parameters, parameters
from drivers.sane.panel import SOURCE
from drivers.sane.process import Child, Refused
from drivers.sane.protocol import SLOT, Frame, Status
from drivers.sane.protocol import Unit as Measure
from drivers.sane.rows import Rows

START_SECONDS: Final = 180.0  # some backends warm the lamp and calibrate within sane_start
SILENCE: Final = 60.0  # s without a byte
WARM_SECONDS: Final = 120.0
WARM_PAUSE: Final = 0.5
TELL_SECONDS: Final = 0.1  # between two tellings of how far a page is
BUSY_TRIES: Final = 3
A_BIT: Final = 0.25  # pixel, so that the last of whole pixels is one for a backend that counts in mm too
ROUNDED: Final = 8  # pixels
MOST_PAGES: Final = 10_000

_TROUBLES: Final = {
    Status.JAMMED: (TroubleKind.JAM, "paper is jammed in the document feeder"),
    Status.COVER_OPEN: (TroubleKind.COVER_OPEN, "the cover is open"),
    Status.HW_LOCKED: (TroubleKind.ATTENTION, "the transport lock of the scanner is closed"),
}


class Scan:
    """The pages of one request."""

    def __init__(
        self, child: Child, dials: Dials, model: Model, request: ScanRequest, *, handover: Handover, tell: Tell
    ) -> None:
        self._child, self._dials, self._request, self._handover = child, dials, request, handover
        self._source: SourceModel = model.sources[request.source]
        self._tell_actor = tell
        self._feeder = request.source in (Source.FEEDER, Source.FEEDER_DUPLEX)
        self._unit = Unit.FEEDER if self._feeder else Unit.FILM if request.source is Source.FILM else Unit.PLATEN
        self._pages = 0
        # No pixel more than was promised (bridge.translate.geometry): each row that is wider has to be cut.
        self._width = max(1, request.region.width * request.resolution[0] // 1000)
        self._height = max(1, request.region.height * request.resolution[1] // 1000)

    def run(self) -> None:
        """All pages. Raises ScanCanceled, CanceledAtDevice, FeederEmpty, ScanFailed and the other DriverErrors."""
        failed = True
        try:
            self._tell(Phase.SCANNING)
            self._set_up()
            while self._pages < self._wanted and (frame := self._start()) is not None:
                self._page(frame)
            failed = False
        finally:
            if self._child.alive:
                self._stop(quietly=failed)

    @property
    def _wanted(self) -> int:
        return self._request.pages or (MOST_PAGES if self._feeder else 1)

    def _canceled(self) -> bool:
        return self._handover.canceled

    def _stop(self, *, quietly: bool) -> None:
        try:
            self._child.stop()
        except DriverError:
            if not quietly:
                raise

    def _set_up(self) -> None:
        """Source, mode, resolution, area, in the order in which one limits the next."""
        request, dials = self._request, self._dials
        across, down = (words.words("options", kind) for kind in ("resolution", "resolution-down"))
        try:
            dials.turn(*((name, False) for name in words.words("options", "preview")))
            dials.turn(*self._source.select, *self._source.modes[request.mode])
            for names, value in ((across, request.resolution[0]), (down, request.resolution[1])):
                option = dials.options.first(names)
                if option is not None:
                    dials.turn((option.name, option.nearest(value)))
            widen(dials)
            region = request.region
            self._left = self._turn_edge("tl-x", region.x, 0)
            self._top = self._turn_edge("tl-y", region.y, 0)
            self._turn_edge("br-x", region.x, self._width)
            self._turn_edge("br-y", region.y, self._height)
            frame = parameters(dials.refresh().get("parameters"))
            if frame.pixels_per_line < self._left + self._width:
                self._turn_edge("br-x", region.x, self._width, ROUNDED)
            if 0 <= frame.lines < self._top + self._height:
                self._turn_edge("br-y", region.y, self._height, ROUNDED)
        except Refused as err:
            raise ScanFailed(f"the scanner does not take its settings: {err}") from err

    def _turn_edge(self, name: str, start: int, length: int, more: float = A_BIT) -> int:
        """Set one edge of the area, outwards where there are steps; pixels from there to what was asked for.

        `start`: 1/1000 inch; `length`: pixels from there on; `more`: pixels for backends that round down, epson2 to
        whole bytes of dots; what is too much is cut off here.
        """
        option = self._dials.options.get(name)
        ppi = self._request.resolution[0 if name.endswith("x") else 1]
        if option is None:
            return start * ppi // 1000
        unit = ppi / 1000 if option.unit is Measure.PIXEL else MM / 1000
        least = option.range[0] if option.range is not None and not length else 0.0
        wanted = (start + length * 1000 / ppi) * unit + least
        if option.range is not None and (step := option.range[2]) > 0:
            steps = (wanted - option.range[0]) / step
            wanted = option.range[0] + (math.ceil(steps - 1e-3) if length else math.floor(steps + 1e-3)) * step
        elif length and option.unit is Measure.MM:
            wanted += more * MM / ppi
        value = option.nearest(wanted)
        self._dials.turn((name, value))
        now = self._dials.options.get(name)
        got = now.value if now is not None and isinstance(now.value, int | float) else value
        return max(0, round(start * ppi / 1000 - (got - least) / unit * ppi / 1000))

    def _start(self) -> Parameters | None:
        """Begin a page; None when the feeder has no more. Waits while the lamp warms up."""
        deadline = time.monotonic() + WARM_SECONDS
        busy = 0
        while True:
            try:
                answer = self._child.ask("start", START_SECONDS, self._canceled)
                return parameters(answer.get("parameters"))
            except Refused as err:
                if err.status == Status.NO_DOCS and self._feeder and self._pages:
                    return None
                warming = err.status == Status.WARMING_UP and time.monotonic() < deadline
                busy += err.status == Status.DEVICE_BUSY
                if not warming and (err.status != Status.DEVICE_BUSY or busy >= BUSY_TRIES):
                    self._fail(err)
                self._tell(Phase.WARMING if warming else Phase.SCANNING)
            self._pause(WARM_PAUSE)

    def _pause(self, seconds: float) -> None:
        if self._handover.pause(seconds):
            raise ScanCanceled

    def _page(self, frame: Parameters) -> None:
        request = self._request
        chunks: Iterator[bytes | memoryview] = self._child.read(SILENCE, self._canceled)
        if frame.format in passes.COLOURS and frame.depth in (8, 16):
            chunks, frame = self._in_passes(frame), passes.whole(frame)
        samples = 3 if frame.format == Frame.RGB else 1
        if frame.depth * samples != request.mode.bits:
            raise DeviceGarbled(f"SANE delivers {samples} x {frame.depth} bits where {request.mode} was asked for")
        known = None if frame.lines < 0 else max(1, min(self._height, frame.lines - self._top))
        rows = Rows(request.mode, frame, left=self._left, top=self._top, width=self._width, height=known)
        expected = frame.lines if frame.lines > 0 else self._height
        ppi = round(resolution_now(self._dials.options))
        resolution = (ppi, request.resolution[1] if request.resolution[0] != request.resolution[1] else ppi)
        back = request.source is Source.FEEDER_DUPLEX and self._pages % 2 == 1
        self._handover.page(Raster(rows.width, known, request.mode, resolution, iter(()), back))
        percent, told = 0, time.monotonic()
        self._tell(Phase.SCANNING, percent)
        try:
            for data in chunks:
                whole = rows.add(data)
                if whole:
                    self._handover.put(whole)
                del data, whole  # their place is free when the reader lets go of it too
                now = min(99, rows.read * 100 // max(1, expected))
                if now != percent and time.monotonic() - told >= TELL_SECONDS:
                    percent, told = now, time.monotonic()
                    self._tell(Phase.SCANNING, percent)
        except Refused as err:
            self._fail(err)
        if not rows.delivered:
            raise ScanFailed("the scanner delivered a page without a row")
        while white := rows.padding():
            self._handover.put(white)
        self._handover.end_page()
        self._pages += 1
        self._tell(Phase.SCANNING, lasting=True)

    def _in_passes(self, frame: Parameters) -> Iterator[bytes]:
        """The page of which `frame` is the first colour, once all three are there."""
        with passes.Passes() as planes:
            while frame.format in passes.COLOURS:
                for data in self._child.read(SILENCE, self._canceled):
                    planes.add(Frame(frame.format), data)
                if frame.last_frame:
                    yield from planes.together(frame.depth, SLOT // 4)  # which are whole samples
                    return
                frame = parameters(self._child.ask("start", START_SECONDS, self._canceled).get("parameters"))
        raise DeviceGarbled(f"SANE: a frame of kind {frame.format} among three passes")

    def _fail(self, err: Refused) -> NoReturn:
        """End the scan by what SANE said. Raises as `run`."""
        if self._canceled():
            raise ScanCanceled from err
        match err.status:
            case Status.NO_DOCS if not self._pages:
                self._tell(Phase.SCANNING, troubles=frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}))
                raise FeederEmpty("the document feeder is empty") from err
            case Status.NO_DOCS:
                raise ScanFailed("the paper ended in the middle of a page") from err
            case Status.CANCELLED:
                raise CanceledAtDevice("the scan was canceled at the scanner") from err
            case Status.DEVICE_BUSY:
                raise DeviceBusy("the scanner is in use by another program") from err
            case Status.ACCESS_DENIED:
                raise DeviceRefused("the scanner denies access; SANE may want a password or other permissions") from err
            case Status.JAMMED | Status.COVER_OPEN | Status.HW_LOCKED:
                kind, text = _TROUBLES[Status(err.status)]
                unit = self._unit if kind is not TroubleKind.JAM else Unit.FEEDER
                self._tell(Phase.STOPPED, lasting=True, troubles=frozenset({Trouble(kind, unit)}), why=text)
                raise ScanFailed(text) from err
        raise ScanFailed(f"SANE: {err}") from err

    def _tell(
        self,
        phase: Phase,
        percent: int | None = None,
        *,
        lasting: bool = False,
        troubles: frozenset[Trouble] = frozenset(),
        why: str = "",
    ) -> None:
        job = JobReport(self._request.native_id, phase, self._pages, percent, self._unit)
        readiness = {Phase.WARMING: Readiness.WARMING, Phase.STOPPED: Readiness.STOPPED}.get(phase, Readiness.BUSY)
        self._tell_actor(Snapshot(SOURCE, readiness, troubles, jobs=(job,), explanation=why), lasting=lasting)
