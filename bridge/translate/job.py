"""How one job that was seen becomes the events its subscribers are owed.

Pure: no clock, no socket; `now` is an argument. Every change of a job goes through `step`, whoever saw it, so no
change can forget its event. An event is a difference: what equals the last thing told is not told again.
Spec: WS-Scan JobStatus, JobStatusEvent, JobEndStateEvent.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bridge.jobs.job import Job, JobSeen
from bridge.translate.reasons import reason
from bridge.translate.transitions import path
from bridge.wsscan.job import FINAL_STATES, JobState
from drivers.contract.observation import Phase

# Progress inside a page is an extension of ours: worth an event in steps of five, and not more often than this.
PERCENT_STEP: Final = 5
PERCENT_PACE: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Transition:
    """What follows from one look: the job as it is now, and each state of it that must be told, in order."""

    job: Job
    told: tuple[Job, ...]  # one JobStatusEvent each
    ended: bool  # the last of `told` is final: one JobEndStateEvent is owed after it


def step(job: Job, seen: JobSeen, now: datetime) -> Transition:
    """The job after `seen`. Raises TransitionError for a cell the law does not have (it has all)."""
    if job.state in FINAL_STATES:
        return Transition(job, (), ended=False)
    after = _merge(job, seen)
    told: list[Job] = []
    states = path(job.state, seen.phase) if seen.phase is not None else ()
    for state in states or _same(job.state):
        after = _enter(after, state, seen, now)
        if _worth_telling(told[-1] if told else job, after, now):
            after = replace(after, percent_told=now)
            told.append(after)
    if not told and after.percent != job.percent:
        # Kept back: the next percent is compared with the last one told, not with this.
        after = replace(after, percent=job.percent)
    return Transition(after, tuple(told), ended=after.state in FINAL_STATES)


def _same(state: JobState | None) -> tuple[JobState, ...]:
    return () if state is None else (state,)


def _merge(job: Job, seen: JobSeen) -> Job:
    """What is known after this look; what it did not show stays. Time flows one way: pages never fall."""
    return replace(
        job,
        phase=job.phase if seen.phase is None or _outdated(job.state, seen.phase) else seen.phase,
        sending=job.sending if seen.sending is None else seen.sending,
        why=job.why or seen.why,
    )


def _outdated(state: JobState | None, phase: Phase) -> bool:
    """A device that still says "scanning" does not take back a cancel."""
    return state is JobState.TERMINATING and phase not in (Phase.DONE, Phase.CANCELED, Phase.FAILED)


def _enter(job: Job, state: JobState, seen: JobSeen, now: datetime) -> Job:
    """The job on its way into (or staying in) one state of the path.

    Pages seen late belong to Processing and what follows it: Started is told with what was known before.
    """
    pages = job.scans_completed
    if state is not JobState.STARTED and seen.pages is not None:
        pages = max(pages, seen.pages)
    percent = job.percent
    if state in FINAL_STATES or state is not JobState.PROCESSING:
        percent = None
    elif seen.percent is not None and (pages > job.scans_completed or seen.percent > (job.percent or 0)):
        percent = seen.percent
    elif pages > job.scans_completed:
        percent = None
    return replace(
        job,
        state=state,
        reason=reason(state, job.phase, job.sending, job.why),
        scans_completed=pages,
        percent=percent,
        completed=now if state in FINAL_STATES else None,
    )


def _worth_telling(before: Job, after: Job, now: datetime) -> bool:
    if (before.state, before.reason, before.scans_completed) != (after.state, after.reason, after.scans_completed):
        return True
    if after.percent is None or after.percent - (before.percent or 0) < PERCENT_STEP:
        return False
    waited = None if before.percent_told is None else now - before.percent_told
    return waited is None or not timedelta(0) <= waited < PERCENT_PACE
