"""Jobs and the device as the elements that go on the wire.

Pure; the words were chosen elsewhere (`reasons`, `device`), here they are only put in their places.
Spec: WS-Scan JobStatus, JobSummary, JobEndState, ScannerStatus.
"""

from datetime import datetime

from bridge.jobs.job import Job
from bridge.translate.device import COMPONENTS, Condition, DeviceView, reasons, state
from bridge.wsscan.job import (
    JobEndState,
    JobState,
    JobStateReason,
    JobStateReasons,
    JobStatus,
    JobSummary,
    ScansCompleted,
)
from bridge.wsscan.scanner import (
    ActiveConditions,
    ConditionHistory,
    ConditionHistoryEntry,
    DeviceCondition,
    DeviceConditionCleared,
    ScannerStateReasons,
    ScannerStatus,
    StatusSummary,
)


def job_status(job: Job) -> JobStatus:
    """The body of a JobStatusEvent."""
    return JobStatus(
        job_id=job.id,
        job_state=job.state or JobState.PENDING,
        job_state_reasons=None if job.reason is None else JobStateReasons.of(job.reason),
        scans_completed=_scans(job),
        job_created_time=job.created,
        job_completed_time=job.completed,
    )


def job_summary(job: Job) -> JobSummary:
    """One line of ActiveJobs or JobHistory."""
    return JobSummary(
        job_id=job.id,
        job_name=job.name,
        job_originating_user_name=job.user,
        job_state=job.state or JobState.PENDING,
        job_state_reasons=None if job.reason is None else JobStateReasons.of(job.reason),
        scans_completed=_scans(job),
    )


def job_end_state(job: Job) -> JobEndState:
    """The body of the one JobEndStateEvent of a job that ended."""
    return JobEndState(
        job_id=job.id,
        job_completed_state=job.state or JobState.ABORTED,
        job_completed_state_reasons=JobStateReasons.of(job.reason or JobStateReason.NONE),
        job_name=job.name,
        job_originating_user_name=job.user,
        scans_completed=_scans(job),
        job_completed_time=job.completed,
    )


def scanner_status(view: DeviceView, now: datetime, *, scanning: bool) -> ScannerStatus:
    """The ScannerStatus section."""
    found = reasons(view, scanning=scanning)
    history = tuple(_history(condition) for condition in view.history if condition.words.condition is not None)
    return ScannerStatus(
        scanner_current_time=now,
        scanner_state=state(view, scanning=scanning),
        scanner_state_reasons=ScannerStateReasons(scanner_state_reason=found) if found else None,
        active_conditions=ActiveConditions(
            device_condition=tuple(
                device_condition(condition) for condition in view.active if condition.words.condition is not None
            )
        ),
        condition_history=ConditionHistory(condition_history_entry=history) if history else None,
    )


def status_summary(view: DeviceView, *, scanning: bool) -> StatusSummary:
    """The body of a ScannerStatusSummaryEvent."""
    found = reasons(view, scanning=scanning)
    return StatusSummary(
        scanner_state=state(view, scanning=scanning),
        scanner_state_reasons=ScannerStateReasons(scanner_state_reason=found) if found else None,
    )


def condition_cleared(condition: Condition) -> DeviceConditionCleared:
    """The body of a ScannerStatusConditionClearedEvent."""
    return DeviceConditionCleared(condition_id=condition.id, condition_clear_time=condition.cleared or condition.since)


def device_condition(condition: Condition) -> DeviceCondition:
    """One active condition; only for troubles that have a condition name."""
    words = condition.words
    if words.condition is None:
        raise ValueError(f"{condition.trouble.kind} has no condition name")
    return DeviceCondition(
        condition_id=condition.id,
        time=condition.since,
        name=words.condition,
        component=COMPONENTS[condition.trouble.unit],
        severity=words.severity,
    )


def _history(condition: Condition) -> ConditionHistoryEntry:
    active = device_condition(condition)
    return ConditionHistoryEntry(
        condition_id=active.condition_id,
        time=active.time,
        name=active.name,
        component=active.component,
        severity=active.severity,
        clear_time=condition.cleared or condition.since,
    )


def _scans(job: Job) -> ScansCompleted:
    return ScansCompleted(count=job.scans_completed, percent=job.percent, told_by=" ".join(job.told_by) or None)
