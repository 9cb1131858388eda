"""An HP-like network MFP as a function of time and stimuli: feeder, glass, panel, and the scan-upload handshake.

`Press` starts a scan at the panel: from the feeder when paper lies in it, else from the glass. The host that fetches
the images is part of the model: it answers newpage with start, and done or aborted with idle. `scan` starts one for a
network client, which fetches the images itself. One scan at a time, and each is a job.
Pure: `now` is an argument (monotonic seconds), nothing happens between calls. Same words as `hil.devices.esci`.
"""

from collections.abc import Iterable
from dataclasses import replace

from hil.devices.mfp import alerts, fax
from hil.devices.mfp.fax import Fax
from hil.devices.mfp.jobs import Job, JobState, Reason, kept
from hil.devices.mfp.schedule import Schedule
from hil.devices.mfp.state import RUNNING, State, Upload, UploadError
from hil.devices.stimuli import (
    After,
    At,
    CancelAtPanel,
    ChangeOriginal,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    FaxCall,
    HangUp,
    Happening,
    InUse,
    Jam,
    LoadPaper,
    Offline,
    Plug,
    Press,
    RemovePaper,
    Restart,
    Slow,
    Stimulus,
    Unplug,
)
from hil.script import Script

__all__ = ["Mfp", "Occupied", "Prevented", "State", "Upload", "UploadError"]

ROWS = 3508  # A4 at 300 ppi
QUICKEST = 0.02  # seconds of a page when the script says "as fast as asked for"
HOLD = 0.5  # seconds until the host has noticed the end and sets idle
TURN = 0.1  # seconds from the host's start to the device's active, after the first page
PATIENCE = 60.0  # seconds in which a network client must fetch the next image

_BROKEN = (JobState.ABORTED, Reason.BY_DEVICE)
_ENDS = {UploadError.STOP_KEY: (JobState.CANCELED, Reason.AT_DEVICE)}


class Occupied(Exception):
    """Another scan has the scanner."""


class Prevented(Exception):
    """The scan cannot begin: no paper, a jam, an open cover, broken hardware."""


class Mfp:
    """One MFP; see the module."""

    def __init__(self, script: Script, now: float) -> None:
        self._script = script
        self._began = now
        self._state = State(sheets=script.adf, original=script.original)
        self._due: float | None = None  # when the upload state, or the network scan, changes by itself
        self._moving = False  # a page is under way
        self._page_began = now
        self._numbered = 0  # jobs
        self._schedule = Schedule()
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
            self._watch(due)
        for stimulus in stimuli:
            if isinstance(stimulus, At | After):
                self._schedule.arm(stimulus, now)
            else:
                self._happen(stimulus, now)
                self._watch(now)
        return self._wake_at()

    def _watch(self, now: float) -> None:
        """What is the matter now stands in the table of alerts."""
        state = self._state
        job = state.running
        live = {
            alerts.JAM: state.jammed,
            alerts.OPEN: state.cover_open,
            alerts.EMPTY: state.upload is Upload.ABORTED and state.error is UploadError.NO_DOCUMENT,
            alerts.WARMING: job is not None and job.reason is Reason.STARTING,
            alerts.LAMP: state.fatal,
            alerts.OFFLINE: state.offline,
        }
        self._state = replace(state, alerts=state.alerts.now(live, now))

    def _wake_at(self) -> float | None:
        due = (self._schedule.timer, self._moment(), self._due, fax.next_due(self._state.faxes))
        return min((each for each in due if each is not None), default=None)

    def _one_step(self, now: float) -> None:
        if (happening := self._schedule.take_timer(now)) is not None:
            return self._happen(happening, now)
        if (due := fax.next_due(self._state.faxes)) is not None and due <= now:
            self._state = replace(self._state, faxes=fax.moved(self._state.faxes, now))
            return None
        percent, moment = self._schedule.percent, self._moment()
        if percent is not None and moment is not None and moment <= now:
            return self._happen(self._schedule.take_percent(percent), now)
        job = self._state.running
        return self._next(job, now) if job is not None and not job.at_panel else self._move_on(now)

    # The page under way.

    def percent(self, now: float) -> float:
        """How much of the page under way is scanned, 0…100."""
        return max(0.0, min(100.0, (now - self._page_began) * 100 / self._page_seconds()))

    def _page_seconds(self) -> float:
        speed = self._script.speed
        return (max(ROWS / speed, QUICKEST) if speed else QUICKEST) * self._state.slow

    def _moment(self) -> float | None:
        """When the page under way has come to where something is armed."""
        percent = self._schedule.percent
        if percent is None or not self._moving:
            return None
        return self._page_began + self._page_seconds() * percent / 100

    def _feed(self, now: float) -> None:
        """The next sheet comes, or the carriage goes."""
        state = self._state
        self._state = replace(state, page=state.page + 1, sheets=state.sheets - state.from_feeder)
        self._moving, self._page_began = True, now
        self._schedule.page_begins()
        if (job := state.running) is not None:
            self._keep(job.page_under_way(self._state.page if job.from_feeder else state.original, now))

    def _fed(self, now: float) -> None:
        """It is through."""
        state, self._moving = self._state, False
        if state.from_feeder:
            self._state = replace(state, adf_pages=state.adf_pages + 1)
        else:
            self._state = replace(state, flatbed_pages=state.flatbed_pages + 1)
        if (job := state.running) is not None:
            self._keep(job.page_through(now))

    # Jobs.

    def _keep(self, job: Job) -> None:
        self._state = replace(self._state, jobs=kept(self._state.jobs, job))

    def _open(self, *, at_panel: bool, feeder: bool, duplex: bool, now: float) -> Job:
        self._numbered += 1
        job = Job(self._numbered, at_panel, feeder, duplex, now)
        self._state = replace(self._state, from_feeder=feeder, page=0)
        self._keep(job)
        return job

    def _end(self, state: JobState, reason: Reason, now: float) -> None:
        """The running job, if there is one, is over; a page under way is lost."""
        job = self._state.running
        if job is not None:
            self._keep(job.end(state, reason, now))
        self._moving = False

    def _why_not(self, *, feeder: bool) -> UploadError | None:
        """What keeps a scan from beginning."""
        state = self._state
        if state.in_use:
            return UploadError.BUSY
        if state.fatal or state.offline:
            return UploadError.NONE
        if feeder and (state.jammed or state.doublefed):
            return UploadError.JAM
        return UploadError.COVER_OPEN if feeder and state.cover_open else None

    # A network client's scan.

    def scan(self, *, feeder: bool, duplex: bool, now: float) -> Job:
        """Begin one. Raises Occupied, Prevented."""
        self.update(now)
        state = self._state
        if state.running is not None or state.upload is not Upload.IDLE:
            raise Occupied
        match self._why_not(feeder=feeder):
            case UploadError.BUSY:
                raise Occupied
            case None if feeder and not state.sheets:
                raise Prevented
            case None:
                job = self._open(at_panel=False, feeder=feeder, duplex=duplex, now=now)
                self._due = now + self._script.warmup
                return job
            case _:
                raise Prevented

    def fetched(self, number: int, now: float) -> None:
        """The client has the next image of that job whole."""
        job = self.job(number)
        if job is None:
            return
        self._keep(job := replace(job, fetched=job.fetched + 1))
        if job.over or not job.scanned_all:
            return
        self._due = now + PATIENCE
        if job.fetched >= len(job.images):
            self._due = None
            self._end(JobState.COMPLETED, Reason.DONE, now)

    def cancel(self, number: int, now: float) -> bool:
        """The client wants no more of that job; False when there is no such job."""
        self.update(now)
        job = self.job(number)
        if job is not None and job == self._state.running and not job.at_panel:
            self._due = None
            self._end(JobState.CANCELED, Reason.BY_CLIENT, now)
        return job is not None

    def job(self, number: int) -> Job | None:
        """The job of that number, as long as it is remembered."""
        return next((each for each in self._state.jobs if each.number == number), None)

    def _next(self, job: Job, now: float) -> None:
        if job.scanned_all:  # and nobody fetches
            self._due = None
            return self._end(JobState.ABORTED, Reason.TIMED_OUT, now)
        if not self._moving:
            self._feed(now)
            self._due = now + self._page_seconds()
            return None
        self._fed(now)
        more = job.from_feeder and self._state.sheets
        self._due = now + (self._script.feed if more else PATIENCE)
        if not more and (job := self._state.running or job):
            self._keep(replace(job, scanned_all=True, reason=Reason.TRANSFERRING))
        return None

    # The handshake of a scan at the panel.

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
        if state.upload in RUNNING or state.running is not None:
            return
        feeder = state.sheets > 0
        self._open(at_panel=True, feeder=feeder, duplex=False, now=now)
        self._state = replace(self._state, button=True, error=UploadError.NONE)
        why = self._why_not(feeder=feeder)
        if why is not None:
            self._abort(why, now)
        else:
            self._go(Upload.START, now, self._script.warmup)

    def _begin_page(self, now: float) -> None:
        if self._state.from_feeder and not self._state.sheets:
            return self._abort(UploadError.NO_DOCUMENT, now)
        self._feed(now)
        return self._go(Upload.ACTIVE, now, self._page_seconds())

    def _end_page(self, now: float) -> None:
        self._fed(now)
        if self._state.from_feeder and self._state.sheets:
            self._go(Upload.NEWPAGE, now, self._script.feed)
        else:
            self._end(JobState.COMPLETED, Reason.DONE, now)
            self._go(Upload.DONE, now, HOLD)

    def _abort(self, error: UploadError, now: float) -> None:
        self._end(*_ENDS.get(error, _BROKEN), now)
        self._state = replace(self._state, error=error)
        self._go(Upload.ABORTED, now, HOLD)

    def _stop(self, error: UploadError, now: float) -> None:
        """Whatever runs ends by `error`."""
        job = self._state.running
        if self._state.upload in RUNNING:
            self._abort(error, now)
        elif job is not None and not job.at_panel and not job.scanned_all:
            self._due = None
            self._end(*_ENDS.get(error, _BROKEN), now)

    # Things that happen.

    def _happen(self, happening: Happening, now: float) -> None:  # noqa: PLR0912 (one line for each thing)
        state = self._state
        match happening:
            case LoadPaper(sheets):
                self._state = replace(state, sheets=state.sheets + sheets)
            case RemovePaper():
                self._state = replace(state, sheets=0)
            case ChangeOriginal(number):
                self._state = replace(state, original=number)
            case Jam() | DoubleFeed():  # its MIB has no word for a double feed
                double = isinstance(happening, DoubleFeed)
                self._state = replace(state, jammed=True, doublefed=double, jams=state.jams + 1)
                self._stop_feeding(UploadError.JAM, now)
            case Cover(open=True):
                self._state = replace(state, cover_open=True)
                self._stop_feeding(UploadError.COVER_OPEN, now)
            case Cover(open=False):
                self._state = replace(state, cover_open=False, jammed=False, doublefed=False)
            case Clear():
                self._state = replace(state, cover_open=False, jammed=False, doublefed=False, fatal=False)
            case Press():
                self._press(now)
            case CancelAtPanel():
                self._stop(UploadError.STOP_KEY, now)
            case Fatal():
                self._state = replace(state, fatal=True)
                self._stop(UploadError.NONE, now)
            case Offline(taken):
                self._state = replace(state, offline=taken)
                if taken:
                    self._stop(UploadError.NONE, now)
            case Restart():
                self._restart(now)
            case FaxCall(incoming, pages):
                self._numbered += 1
                call = Fax(self._numbered, incoming, pages, now)
                self._state = replace(state, faxes=fax.called(state.faxes, call, now))
            case HangUp():
                self._state = replace(state, faxes=fax.hung_up(state.faxes, now))
            case Slow(factor):
                self._slow_down(factor, now)
            case InUse(taken):
                self._state = replace(state, in_use=taken)
            case Unplug() | Plug():
                self._state = replace(state, plugged=isinstance(happening, Plug))
                if (job := state.running) is not None and not job.at_panel:  # who should fetch it is cut off
                    self._due = None
                    self._end(*_BROKEN, now)

    def _restart(self, now: float) -> None:
        """What ran is lost and what was remembered is forgotten; what counts over its life goes on."""
        fresh = State(alerts=self._state.alerts)  # their counters do not fall in a life
        kept = ("sheets", "original", "cover_open", "jammed", "doublefed", "plugged", "slow")
        counters = ("adf_pages", "flatbed_pages", "jams")
        self._state = replace(fresh, **{name: getattr(self._state, name) for name in (*kept, *counters)})
        self._began, self._due, self._moving, self._numbered = now, None, False, 0

    def _stop_feeding(self, error: UploadError, now: float) -> None:
        """What the feeder suffers stops nothing on the glass."""
        if self._state.from_feeder:
            self._stop(error, now)

    def _slow_down(self, factor: float, now: float) -> None:
        """The part of the page that is done stays done."""
        done = min((now - self._page_began) / self._page_seconds(), 1.0)
        self._state = replace(self._state, slow=factor)
        if self._moving:
            self._page_began = now - done * self._page_seconds()
            self._due = self._page_began + self._page_seconds()
