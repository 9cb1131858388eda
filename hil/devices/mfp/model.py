"""An HP-like network MFP as a function of time and stimuli: feeder, glass, panel, and the scan-upload handshake.

`Press` starts a scan at the panel: from the feeder when paper lies in it, else from the glass. The host that fetches
the images is part of the model: it answers newpage with start, and done or aborted with idle.
Spec: HP-LASERJET-COMMON-MIB scan-upload, scan-upload-error; error numbers as HPLIP has them.
Pure: `now` is an argument (monotonic seconds), nothing happens between calls. Same words as `hil.devices.esci`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from hil.devices.stimuli import (
    After,
    At,
    CancelAtPanel,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    Happening,
    InUse,
    Jam,
    LoadPaper,
    Plug,
    Press,
    RemovePaper,
    Slow,
    Stimulus,
    Unplug,
)
from hil.script import Script

ROWS = 3508  # A4 at 300 ppi
QUICKEST = 0.02  # seconds of a page when the script says "as fast as asked for"
HOLD = 0.5  # seconds until the host has noticed the end and sets idle
TURN = 0.1  # seconds from the host's start to the device's active, after the first page


class Upload(IntEnum):
    """scan-upload."""

    IDLE = 1
    START = 2
    ACTIVE = 3
    ABORTED = 4
    DONE = 5
    NEWPAGE = 6


class UploadError(IntEnum):
    """scan-upload-error."""

    NONE = 0
    JAM = 207
    STOP_KEY = 210
    NO_DOCUMENT = 211
    COVER_OPEN = 213
    BUSY = 216


RUNNING = frozenset({Upload.START, Upload.ACTIVE, Upload.NEWPAGE})


@dataclass(frozen=True, slots=True)
class State:
    """Everything a test (or a person standing next to the MFP) can see. Counters count over its life."""

    upload: Upload = Upload.IDLE
    error: UploadError = UploadError.NONE
    sheets: int = 0  # waiting in the feeder, without the one in the path
    from_feeder: bool = False
    page: int = 0  # of the running scan, from 1; 0 before its first
    cover_open: bool = False
    jammed: bool = False
    fatal: bool = False
    in_use: bool = False
    button: bool = False  # the scan key is lit until the scan it started is over
    plugged: bool = True
    slow: float = 1.0
    adf_pages: int = 320
    flatbed_pages: int = 150
    jams: int = 2


class Mfp:
    """One MFP; see the module."""

    def __init__(self, script: Script, now: float) -> None:
        self._script = script
        self._began = now
        self._state = State(sheets=script.adf)
        self._due: float | None = None  # when the upload state changes by itself
        self._page_began = now
        self._armed: list[tuple[int, float, Happening]] = []  # pages still to begin, percent, what
        self._timers: list[tuple[float, Happening]] = []
        self.update(now, script.stimuli)

    @property
    def state(self) -> State:
        """As of the last `update`."""
        return self._state

    @property
    def began(self) -> float:
        """When it was switched on."""
        return self._began

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let what is due happen in its order, then `stimuli`; returns when something is due next."""
        while (due := self._wake_at()) is not None and due <= now:
            self._one_step(due)
        for stimulus in stimuli:
            match stimulus:
                case At(page, percent, happening):
                    self._armed.append((page, percent, happening))
                case After(seconds, happening):
                    self._timers.append((now + seconds, happening))
                case _:
                    self._happen(stimulus, now)
        return self._wake_at()

    def _wake_at(self) -> float | None:
        due = [when for when, _ in self._timers] + [self._moment(percent) for percent, _ in self._armed_here()]
        return min([*due, *([] if self._due is None else [self._due])], default=None)

    def _one_step(self, now: float) -> None:
        for timer in self._timers:
            if timer[0] <= now:
                self._timers.remove(timer)
                return self._happen(timer[1], now)
        for percent, happening in self._armed_here():
            if self._moment(percent) <= now:
                self._armed.remove((0, percent, happening))
                return self._happen(happening, now)
        return self._move_on(now)

    # The page under way.

    def _page_seconds(self) -> float:
        speed = self._script.speed
        return (max(ROWS / speed, QUICKEST) if speed else QUICKEST) * self._state.slow

    def _moment(self, percent: float) -> float:
        return self._page_began + self._page_seconds() * percent / 100

    def _armed_here(self) -> list[tuple[float, Happening]]:
        if self._state.upload is not Upload.ACTIVE:
            return []
        return sorted(((p, what) for pages, p, what in self._armed if pages == 0), key=lambda each: each[0])

    # The handshake.

    def _move_on(self, now: float) -> None:
        match self._state.upload:
            case Upload.START:
                self._begin_page(now)
            case Upload.ACTIVE:
                self._end_page(now)
            case Upload.NEWPAGE:
                self._go(Upload.START, now, TURN)
            case _:
                self._state = replace(self._state, page=0, button=False)
                self._go(Upload.IDLE, now, None)

    def _go(self, upload: Upload, now: float, seconds: float | None) -> None:
        self._state = replace(self._state, upload=upload)
        self._due = None if seconds is None else now + seconds

    def _press(self, now: float) -> None:
        state = self._state
        if state.upload in RUNNING:
            return
        feeder = state.sheets > 0
        self._state = replace(state, from_feeder=feeder, page=0, button=True, error=UploadError.NONE)
        blocked = {UploadError.BUSY: state.in_use, UploadError.NONE: state.fatal}
        if feeder:
            blocked |= {UploadError.JAM: state.jammed, UploadError.COVER_OPEN: state.cover_open}
        why = next((error for error, on in blocked.items() if on), None)
        if why is not None:
            self._abort(why, now)
        else:
            self._go(Upload.START, now, self._script.warmup)

    def _begin_page(self, now: float) -> None:
        state = self._state
        if state.from_feeder and not state.sheets:
            return self._abort(UploadError.NO_DOCUMENT, now)
        self._state = replace(state, page=state.page + 1, sheets=state.sheets - state.from_feeder)
        self._page_began = now
        self._armed = [(pages - 1, percent, what) for pages, percent, what in self._armed if pages > 0]
        return self._go(Upload.ACTIVE, now, self._page_seconds())

    def _end_page(self, now: float) -> None:
        state = self._state
        if state.from_feeder:
            self._state = replace(state, adf_pages=state.adf_pages + 1)
        else:
            self._state = replace(state, flatbed_pages=state.flatbed_pages + 1)
        if state.from_feeder and state.sheets:
            self._go(Upload.NEWPAGE, now, self._script.feed)
        else:
            self._go(Upload.DONE, now, HOLD)

    def _abort(self, error: UploadError, now: float) -> None:
        self._state = replace(self._state, error=error)
        self._go(Upload.ABORTED, now, HOLD)

    # Things that happen.

    def _happen(self, happening: Happening, now: float) -> None:  # noqa: PLR0912 (one line for each thing)
        state = self._state
        feeding = state.upload in RUNNING and state.from_feeder
        match happening:
            case LoadPaper(sheets):
                self._state = replace(state, sheets=state.sheets + sheets)
            case RemovePaper():
                self._state = replace(state, sheets=0)
            case Jam() | DoubleFeed():  # its MIB has no word for a double feed
                self._state = replace(state, jammed=True, jams=state.jams + 1)
                if feeding:
                    self._abort(UploadError.JAM, now)
            case Cover(open=True):
                self._state = replace(state, cover_open=True)
                if feeding:
                    self._abort(UploadError.COVER_OPEN, now)
            case Cover(open=False):
                self._state = replace(state, cover_open=False, jammed=False)
            case Clear():
                self._state = replace(state, cover_open=False, jammed=False, fatal=False)
            case Press():
                self._press(now)
            case CancelAtPanel():
                if state.upload in RUNNING:
                    self._abort(UploadError.STOP_KEY, now)
            case Fatal():
                self._state = replace(state, fatal=True)
                if state.upload in RUNNING:
                    self._abort(UploadError.NONE, now)
            case Slow(factor):
                self._slow_down(factor, now)
            case InUse(taken):
                self._state = replace(state, in_use=taken)
            case Unplug() | Plug():
                self._state = replace(state, plugged=isinstance(happening, Plug))
            case _:
                pass  # what lies on the glass does not show in SNMP

    def _slow_down(self, factor: float, now: float) -> None:
        """The part of the page that is done stays done."""
        done = min((now - self._page_began) / self._page_seconds(), 1.0)
        self._state = replace(self._state, slow=factor)
        if self._state.upload is Upload.ACTIVE:
            self._page_began = now - done * self._page_seconds()
            self._due = self._page_began + self._page_seconds()
