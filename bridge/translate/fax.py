"""How one fax job that was seen becomes the IFaxJobStatus values its listeners are owed.

Pure, like `bridge.translate.job`: every change of a fax job goes through `step`, an event is a difference, and what was
known once stays known, but for the state of the call. Pages and Retries never fall; CurrentPage rises with confirmed
pages only, and never above Pages.
The tables are the fax dossier's sections 4.1 and 4.4 in the words of `drivers.contract.fax`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from bridge.fax.faxcomex import MODIFIERS, TERMINAL, JobExtendedStatus, JobOperations, JobStatus, JobType
from bridge.fax.job_status import ALWAYS, LONG_MAX, TEXT_MAX, FaxJobStatus, Property
from bridge.translate.fax_transitions import path
from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport, Operation

STATUS: Final = MappingProxyType(
    {
        FaxPhase.QUEUED: JobStatus.PENDING,
        FaxPhase.HELD: JobStatus.PENDING | JobStatus.PAUSED,
        FaxPhase.NO_LINE: JobStatus.PENDING | JobStatus.NOLINE,
        FaxPhase.WAITING: JobStatus.RETRYING,
        FaxPhase.WAITING_HELD: JobStatus.RETRYING | JobStatus.PAUSED,
        FaxPhase.INITIALIZING: JobStatus.INPROGRESS,
        FaxPhase.DIALING: JobStatus.INPROGRESS,
        FaxPhase.ANSWERED: JobStatus.INPROGRESS,
        FaxPhase.TRANSMITTING: JobStatus.INPROGRESS,
        FaxPhase.RECEIVING: JobStatus.INPROGRESS,
        FaxPhase.STOPPED: JobStatus.INPROGRESS,  # NOLINE is not allowed here
        FaxPhase.CANCELLING: JobStatus.CANCELING,
        FaxPhase.ROUTING: JobStatus.ROUTING,
        FaxPhase.DONE: JobStatus.COMPLETED,
        FaxPhase.CANCELED: JobStatus.CANCELED,
        FaxPhase.FAILED: JobStatus.FAILED,
        FaxPhase.GIVEN_UP: JobStatus.RETRIES_EXCEEDED,
    }
)

CALL: Final = MappingProxyType(
    {
        FaxPhase.NO_LINE: JobExtendedStatus.LINE_UNAVAILABLE,
        FaxPhase.INITIALIZING: JobExtendedStatus.INITIALIZING,
        FaxPhase.DIALING: JobExtendedStatus.DIALING,
        FaxPhase.ANSWERED: JobExtendedStatus.ANSWERED,
        FaxPhase.TRANSMITTING: JobExtendedStatus.TRANSMITTING,
        FaxPhase.RECEIVING: JobExtendedStatus.RECEIVING,
        FaxPhase.DONE: JobExtendedStatus.CALL_COMPLETED,
    }
)
"""What the phase itself says of the call; in the others its cause does, where there is one."""

CAUSE: Final = MappingProxyType(
    {
        Cause.COMPLETED: JobExtendedStatus.CALL_COMPLETED,
        Cause.BUSY: JobExtendedStatus.BUSY,
        Cause.NO_ANSWER: JobExtendedStatus.NO_ANSWER,
        Cause.BAD_ADDRESS: JobExtendedStatus.BAD_ADDRESS,
        Cause.NO_DIAL_TONE: JobExtendedStatus.NO_DIAL_TONE,
        Cause.DISCONNECTED: JobExtendedStatus.DISCONNECTED,
        Cause.FATAL_ERROR: JobExtendedStatus.FATAL_ERROR,
        Cause.CALL_DELAYED: JobExtendedStatus.CALL_DELAYED,
        Cause.CALL_BLACKLISTED: JobExtendedStatus.CALL_BLACKLISTED,
        Cause.NOT_FAX_CALL: JobExtendedStatus.NOT_FAX_CALL,
        Cause.LINE_UNAVAILABLE: JobExtendedStatus.LINE_UNAVAILABLE,
        Cause.CALL_ABORTED: JobExtendedStatus.CALL_ABORTED,
        Cause.PARTIALLY_RECEIVED: JobExtendedStatus.PARTIALLY_RECEIVED,
    }
)

OPERATIONS: Final = MappingProxyType(
    {
        Operation.VIEW: JobOperations.VIEW,
        Operation.PAUSE: JobOperations.PAUSE,
        Operation.RESUME: JobOperations.RESUME,
        Operation.RESTART: JobOperations.RESTART,
        Operation.DELETE: JobOperations.DELETE,
    }
)

_ON_THE_LINE: Final = frozenset({FaxPhase.ANSWERED, FaxPhase.TRANSMITTING})


@dataclass(frozen=True, slots=True)
class Transition:
    """What follows from one look: the job as it is now, and each of its statuses that must be told, in order."""

    status: FaxJobStatus
    told: tuple[FaxJobStatus, ...]


def step(before: FaxJobStatus | None, seen: FaxReport, device_id: Callable[[str], int]) -> Transition:
    """The job after `seen`. `device_id` gives a line its number, always the same. A terminal job does not change."""
    if before is not None and before.status in TERMINAL:
        return Transition(before, ())
    wanted = STATUS[seen.phase]
    bases = path(None if before is None else before.status, wanted)
    told: list[FaxJobStatus] = []
    now = before
    for status in bases[:-1]:
        now = _entered(now, status, replace(seen, phase=_PASSING, cause=None, detail=None, ended=None), device_id)
        told.append(now)
    if bases or before is None or before.status & ~MODIFIERS == wanted & ~MODIFIERS:
        now = _entered(now, wanted, seen, device_id)
    assert now is not None  # a job not known before always has a path
    if now != (told[-1] if told else before):
        told.append(now)
    return Transition(now, tuple(told))


# In progress, as a look that came too late must assume.
_PASSING: Final = FaxPhase.STOPPED


def _entered(
    before: FaxJobStatus | None, status: JobStatus, seen: FaxReport, device_id: Callable[[str], int]
) -> FaxJobStatus:
    news: dict[Property, Any] = {}
    pages, current = _pages(before, status, seen)
    news[Property.PAGES] = pages
    news[Property.CURRENT_PAGE] = current
    news[Property.SIZE] = _long(seen.size)
    news[Property.DEVICE_ID] = None if seen.line is None else device_id(seen.line)
    ours, theirs = _text(seen.local_id), _text(seen.remote_id)
    incoming = seen.direction is Direction.INCOMING
    news[Property.CSID], news[Property.TSID] = (ours, theirs) if incoming else (theirs, ours)
    retries = _long(seen.retries)
    news[Property.RETRIES] = None if retries is None else max(retries, before.retries if before else 0)
    news[Property.SCHEDULED_TIME] = seen.scheduled
    news[Property.TRANSMISSION_START] = seen.began
    news[Property.TRANSMISSION_END] = seen.ended
    news[Property.CALLER_ID] = _text(seen.caller_id)
    news[Property.ROUTING_INFORMATION] = _text(seen.routing)
    if seen.can is not None:
        news[Property.AVAILABLE_OPERATIONS] = JobOperations(sum(OPERATIONS[each] for each in seen.can))
    code, text = _call(seen)
    kind = JobType.SEND if not incoming else JobType.ROUTING if status is JobStatus.ROUTING else JobType.RECEIVE
    known = (before.known if before else ALWAYS) | {name for name, value in news.items() if value is not None}
    known = known - {Property.EXTENDED_STATUS_CODE} if code is None else known | {Property.EXTENDED_STATUS_CODE}
    known = known | {Property.EXTENDED_STATUS} if text else known - {Property.EXTENDED_STATUS}
    base = before or FaxJobStatus(status, kind)
    return replace(
        base,
        status=status,
        job_type=kind,
        extended_status_code=JobExtendedStatus.NONE if code is None else code,
        extended_status=text,
        known=known,
        **{name.field: value for name, value in news.items() if value is not None},
    )


def _pages(before: FaxJobStatus | None, status: JobStatus, seen: FaxReport) -> tuple[int | None, int | None]:
    """Pages and CurrentPage; None: nothing new on it."""
    was = (before.pages, before.current_page) if before else (0, 0)
    done, pages = _long(seen.pages_done), _long(seen.pages)
    if seen.direction is Direction.INCOMING:
        pages = max((each for each in (pages, done) if each is not None), default=None)
        current = done
    else:
        # The page after the last confirmed one is on the line, but only while there is a line.
        busy = status is JobStatus.INPROGRESS and seen.phase in _ON_THE_LINE
        current = None if done is None else _long(done + busy)
    pages = None if pages is None else max(pages, *was)
    current = None if current is None else max(current, was[1])
    bound = pages if pages is not None else was[0] if before and Property.PAGES in before.known else None
    return pages, current if bound is None or current is None else min(current, bound)


def _call(seen: FaxReport) -> tuple[JobExtendedStatus | None, str]:
    """ExtendedStatusCode, None where nobody knows, and ExtendedStatus, which goes with a code of the provider's own."""
    if seen.cause is not None and (seen.phase not in CALL or seen.cause is Cause.PARTIALLY_RECEIVED):
        return CAUSE[seen.cause], ""
    if seen.phase in CALL:
        return CALL[seen.phase], ""
    if seen.detail:
        return JobExtendedStatus.PROPRIETARY, seen.detail[:TEXT_MAX]
    quiet = seen.phase in (FaxPhase.QUEUED, FaxPhase.HELD)
    return (JobExtendedStatus.NONE if quiet else None), ""


def _long(value: int | None) -> int | None:
    return None if value is None else min(value, LONG_MAX)


def _text(value: str | None) -> str | None:
    return None if value is None else value[:TEXT_MAX]
