"""Jobs that are sent: what the listings and the events say of each, put together.

A listing says what state a job is in; while it is active the events say how far the call is. Pages and tries never
fall: a listing may be a moment older than the last event, and a page that is sent again was confirmed before.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport
from drivers.hylafax import words
from drivers.hylafax.details import Details
from drivers.hylafax.events import Heard
from drivers.hylafax.listings import ListedJob, ListedModem
from drivers.hylafax.words import Event, JobState
from drivers.hylafax.xferfaxlog import Record

HISTORY: Final = 50  # finished jobs that are shown at the start
_FINISHED: Final = frozenset({JobState.DONE, JobState.FAILED})


@dataclass(slots=True)
class _Job:
    listed: ListedJob
    call: FaxPhase | None = None  # of the attempt that is made now, from events
    pages: int = 0  # confirmed
    attempts: int = 0  # calls, the present one included
    before: int = 0  # when the present one began
    killed: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    details: Details = field(default_factory=Details)
    asked: tuple[object, ...] | None = None  # what was listed when details were read

    @property
    def finished(self) -> bool:
        return self.listed.state in _FINISHED


class Outgoing:
    """All of them."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._old: frozenset[str] | None = None  # finished before we came, and not shown
        self._left: dict[str, FaxReport] = {}  # gone while nobody looked; told once

    def hear(self, heard: Heard) -> bool:
        """Whether it changes what is shown. What it changes of a job's state, a listing will tell."""
        job = self._jobs.get(heard.job)
        if job is None or job.finished:
            return False
        match heard.event:
            case Event.JOB_KILL:
                job.killed = True
                return True
            case Event.SEND_BEGIN:
                job.began = job.ended = None
                job.before = job.attempts
            case Event.SEND_CALL:
                job.attempts = max(job.attempts, job.before + 1)
            case Event.SEND_CONNECTED:
                job.began = heard.at
            case Event.SEND_PAGE:
                job.pages = max(job.pages, heard.pages or 0)
            case Event.SEND_END:
                job.ended = heard.at
        if (phase := words.CALLING.get(heard.event)) is None:
            return heard.event is Event.SEND_END
        job.call = phase
        return True

    def see(self, listed: tuple[ListedJob, ...]) -> None:
        """A listing."""
        finished = sorted((each.id for each in listed if each.state in _FINISHED), key=_age)
        if self._old is None:
            self._old = frozenset(finished[:-HISTORY])
        self._old &= frozenset(finished)
        self._left.clear()
        for each in listed:
            if each.id not in self._old:
                self._see(each)
        shown = {each.id for each in listed}
        for name, job in self._jobs.items():
            if name not in shown and job.killed and not job.finished:
                self._left[name] = _removed(job)
        self._jobs = {name: job for name, job in self._jobs.items() if name in shown}

    def _see(self, listed: ListedJob) -> None:
        job = self._jobs.get(listed.id)
        if job is None or (job.finished and listed.state not in _FINISHED):
            job = self._jobs[listed.id] = _Job(listed)  # a number that is used again is another job
        if listed.state is JobState.UNDEFINED:
            return
        if listed.state is not JobState.ACTIVE:
            job.call = None
        elif job.call is None and listed.pages_done > job.pages and job.listed.state is JobState.ACTIVE:
            job.call = FaxPhase.TRANSMITTING  # without events the pages alone tell
        job.listed = listed
        job.pages = max(job.pages, listed.pages_done)
        job.attempts = max(job.attempts, listed.dials)

    @property
    def asking(self) -> list[tuple[str, bool]]:
        """Jobs whose details may be other ones now, and whether each is finished."""
        return [(name, job.finished) for name, job in self._jobs.items() if job.asked != _asked(job.listed)]

    def learn(self, name: str, details: Details) -> None:
        if job := self._jobs.get(name):
            job.asked = _asked(job.listed)
            old = job.details
            job.details = Details(details.code, details.remote_id or old.remote_id, details.size or old.size)

    def missing(self, listed: tuple[ListedJob, ...]) -> list[str]:
        """Jobs that were not finished and are listed no longer: they ended while nobody looked."""
        shown = {each.id for each in listed}
        return [name for name, job in self._jobs.items() if name not in shown and not job.finished]

    def tell_end(self, name: str, record: Record) -> None:
        """What the server's log has of a job that is gone; shown until the next listing. After `see`."""
        code = words.logged(record.reason)
        failed = FaxPhase.CANCELED if code in words.KILLED else FaxPhase.FAILED
        self._left[name] = FaxReport(
            name,
            Direction.OUTGOING,
            failed if record.reason else FaxPhase.DONE,
            cause=words.cause(code, record.reason),
            detail=record.reason or None,
            pages_done=record.pages,
            line=record.modem or None,
            remote_id=record.remote_id or None,
        )

    def reports(self, modems: dict[str, ListedModem]) -> tuple[FaxReport, ...]:
        return (*(_report(job, modems) for job in self._jobs.values()), *self._left.values())

    @property
    def sending(self) -> frozenset[str]:
        """The modems that are at it."""
        return frozenset(job.listed.modem for job in self._jobs.values() if job.listed.state is JobState.ACTIVE)

    @property
    def archived(self) -> frozenset[str]:
        """What was sent and is kept."""
        return frozenset(name for name, job in self._jobs.items() if job.listed.state is JobState.DONE)


def phase(listed: ListedJob, code: int | None, *, killed: bool = False) -> FaxPhase | None:
    """Of a job by its listing alone; None: it says nothing."""
    if listed.state is JobState.FAILED:
        if killed or code in words.KILLED:
            return FaxPhase.CANCELED
        return FaxPhase.GIVEN_UP if listed.spent else FaxPhase.FAILED
    tried = words.TRIED.get(listed.state) if listed.tried else None
    return tried or words.PHASES.get(listed.state)


def _report(job: _Job, modems: dict[str, ListedModem]) -> FaxReport:
    listed = job.listed
    code = words.CALL_SUCCESSFUL if listed.state is JobState.DONE else job.details.code
    now = phase(listed, code, killed=job.killed) or FaxPhase.QUEUED
    if listed.state is JobState.ACTIVE:
        now = FaxPhase.CANCELLING if job.killed else job.call or now
    # A code of an attempt before is not how this one goes.
    over = listed.state is JobState.DONE or (listed.state is not JobState.ACTIVE and bool(listed.status or code))
    modem = modems.get(listed.modem)
    return FaxReport(
        listed.id,
        Direction.OUTGOING,
        now,
        cause=words.cause(code, listed.status) if over else None,
        detail=listed.status or None if over else None,
        pages=listed.pages or None,
        pages_done=job.pages,
        size=job.details.size,
        line=listed.modem or None,
        remote_id=job.details.remote_id,
        local_id=modem.local_id or None if modem else None,
        retries=max(job.attempts - 1, 0),
        scheduled=None if job.finished else listed.scheduled,  # of a finished job it is when that was
        began=job.began,
        ended=job.ended,
        can=words.OPERATIONS.get(listed.state),
    )


def _removed(job: _Job) -> FaxReport:
    """Killed, and deleted before a look: nothing lists it, and where it was not on the line no log has it."""
    told = _report(job, {})
    return replace(told, phase=FaxPhase.CANCELED, cause=Cause.CALL_ABORTED, scheduled=None, can=frozenset())


def _asked(listed: ListedJob) -> tuple[object, ...]:
    return listed.state in _FINISHED, listed.status, listed.tries, listed.dials


def _age(name: str) -> tuple[int, str]:
    """Jobs are numbered as they come."""
    return (int(name), "") if name.isdecimal() else (0, name)
