"""How one post-scan job that was seen becomes the events its device is owed.

Pure, and the law is the one of scan jobs (`bridge.translate.transitions`): a job is Creating while its images arrive,
Pending when EndPostScanJob was heard, Started and Processing while its filters work. An event carries all current
values; it is owed when the state, the reasons or a filter changed, not for each image.
Spec: DSM PostScanJobStatusEvent, PostScanJobEndStateEvent; [MS-BDSRR] JobStatusType.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bridge.dsm import job as dsm
from bridge.dsm.job import FilterState, FilterStateReason, JobStateReason
from bridge.translate.transitions import path
from bridge.wsscan.job import FINAL_STATES, JobState
from drivers.contract.observation import Phase

FINAL_FILTER_STATES: Final = frozenset(FilterState) - {FilterState.PENDING, FilterState.PROCESSING}


@dataclass(frozen=True, slots=True)
class FilterRun:
    """One filter of one job."""

    dialect: str
    state: FilterState = FilterState.PENDING
    reasons: tuple[FilterStateReason, ...] = ()


@dataclass(frozen=True, slots=True)
class PostScanJob:
    """One job, from CreatePostScanJob to its place in the history."""

    token: str
    process_id: str
    process_name: str
    user: str
    created: datetime
    filters: tuple[FilterRun, ...]
    state: JobState | None = None  # None: nothing was told of it yet
    reason: JobStateReason = JobStateReason.NONE
    images: int = 0
    completed: datetime | None = None


@dataclass(frozen=True, slots=True)
class PostScanSeen:
    """What was newly seen of one job. None: nothing new on this."""

    phase: Phase | None = None
    images: int | None = None  # accepted so far
    filters: tuple[FilterRun, ...] | None = None  # all of them
    reason: JobStateReason | None = None  # why it ended


@dataclass(frozen=True, slots=True)
class Transition:
    """The job as it is now, and each state of it that must be told, in order."""

    job: PostScanJob
    told: tuple[PostScanJob, ...]  # one PostScanJobStatusEvent each
    ended: bool  # the last of `told` is final: one PostScanJobEndStateEvent is owed after it


def step(job: PostScanJob, seen: PostScanSeen, now: datetime) -> Transition:
    """The job after `seen`. A job that ended does not change."""
    if job.state in FINAL_STATES:
        return Transition(job, (), ended=False)
    states = path(job.state, seen.phase) if seen.phase is not None else ()
    after, told = job, list[PostScanJob]()
    for state in states or ((job.state,) if job.state is not None else ()):
        final = state in FINAL_STATES
        filters = after.filters if seen.filters is None else tuple(map(_forward, after.filters, seen.filters))
        after = replace(
            after,
            state=state,
            reason=_reason(state, seen.reason, filters) if final else JobStateReason.NONE,
            images=max(after.images, seen.images or 0),
            filters=tuple(_ended(each, state) for each in filters) if final else filters,
            completed=now if final else None,
        )
        if _worth_telling(told[-1] if told else job, after):
            told.append(after)
    return Transition(after, tuple(told), ended=after.state in FINAL_STATES)


def _forward(before: FilterRun, seen: FilterRun) -> FilterRun:
    """A filter that has ended does not begin again."""
    return before if before.state in FINAL_FILTER_STATES else seen


def _ended(run: FilterRun, state: JobState) -> FilterRun:
    """No filter of a job that is over is still to come: it was canceled with it."""
    if run.state in FINAL_FILTER_STATES or state is JobState.COMPLETED:
        return run
    return replace(run, state=FilterState.CANCELED)


def _reason(state: JobState, why: JobStateReason | None, filters: tuple[FilterRun, ...]) -> JobStateReason:
    """The reason of a final state: the given one where it goes with the state, else what the filters did."""
    if why is not None and why in dsm.REASONS[state]:
        return why
    if state is JobState.CANCELED:
        return JobStateReason.CANCELED
    if state is JobState.ABORTED:
        return JobStateReason.PROCESSING_FAILED
    states = {each.state for each in filters}
    if FilterState.COMPLETED_WITH_ERRORS in states:
        return JobStateReason.COMPLETED_WITH_ERRORS
    if FilterState.COMPLETED_WITH_WARNINGS in states:
        return JobStateReason.COMPLETED_WITH_WARNINGS
    return JobStateReason.COMPLETED_SUCCESSFULLY


def _worth_telling(before: PostScanJob, after: PostScanJob) -> bool:
    return (before.state, before.reason, before.filters) != (after.state, after.reason, after.filters)


def status(job: PostScanJob) -> dsm.JobStatus:
    """What PostScanJobStatusEvent and GetPostScanJobElements say of it."""
    assert job.state is not None  # nobody is told of a job before its first state
    return dsm.JobStatus(
        job_token=job.token,
        job_state=job.state,
        job_state_reasons=dsm.JobStateReasons.of(job.reason),
        filter_statuses=_statuses(job),
        images_received=job.images,
        job_created_time=job.created,
        job_completed_time=job.completed,
    )


def end_state(job: PostScanJob) -> dsm.PostScanJobEndState:
    """What PostScanJobEndStateEvent says of a job that ended."""
    assert job.state in FINAL_STATES
    return dsm.PostScanJobEndState(
        job_token=job.token,
        psp_identifier=job.process_id,
        psp_display_name=job.process_name,
        job_originating_user_name=job.user,
        job_completed_state=job.state,
        job_completed_state_reasons=dsm.JobStateReasons.of(job.reason),
        filter_completed_statuses=_statuses(job),
        images_received=job.images,
        job_completed_time=job.completed,
    )


def _statuses(job: PostScanJob) -> dsm.FilterStatuses:
    return dsm.FilterStatuses(
        filter_status=tuple(
            dsm.FilterStatus(
                dialect=each.dialect,
                filter_state=each.state,
                filter_state_reasons=dsm.FilterStateReasons.of(*each.reasons),
            )
            for each in job.filters
        )
    )
