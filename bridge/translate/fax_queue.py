"""How one look at a fax system becomes the calls of IFaxServerNotify that its listeners are owed.

Pure: the queue before and the snapshot in, the queue after and the notifications out. A job is Added, then Changed with
each status it passes, and Removed when the system no longer shows it or uses its number for another fax; a job that
vanished without a terminal status is Removed all the same, since nobody saw how it ended.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bridge.fax.faxcomex import TERMINAL, JobStatus
from bridge.fax.job_status import FaxJobStatus
from bridge.fax.notify import Callback, Notification
from bridge.translate.fax import STATUS, step
from drivers.contract.fax import Direction, FaxLine, FaxReport, FaxSnapshot

Key = tuple[Direction, str]
"""A job within one source: its direction and its native id."""

_ADDED: Final = {Direction.INCOMING: Callback.INCOMING_JOB_ADDED, Direction.OUTGOING: Callback.OUTGOING_JOB_ADDED}
_CHANGED: Final = {Direction.INCOMING: Callback.INCOMING_JOB_CHANGED, Direction.OUTGOING: Callback.OUTGOING_JOB_CHANGED}
_REMOVED: Final = {Direction.INCOMING: Callback.INCOMING_JOB_REMOVED, Direction.OUTGOING: Callback.OUTGOING_JOB_REMOVED}
_ARCHIVED: Final = {
    (Direction.INCOMING, False): Callback.INCOMING_MESSAGE_ADDED,
    (Direction.INCOMING, True): Callback.INCOMING_MESSAGE_REMOVED,
    (Direction.OUTGOING, False): Callback.OUTGOING_MESSAGE_ADDED,
    (Direction.OUTGOING, True): Callback.OUTGOING_MESSAGE_REMOVED,
}


@dataclass(frozen=True, slots=True)
class FaxQueue:
    """All that is known of one source."""

    jobs: dict[Key, FaxJobStatus] = field(default_factory=dict)
    lines: tuple[FaxLine, ...] = ()
    blocked: tuple[bool, bool, bool] | None = None  # outgoing blocked, outgoing paused, incoming blocked
    activity: tuple[int, int, int, int] = (0, 0, 0, 0)  # incoming, routing, outgoing, queued


@dataclass(frozen=True, slots=True)
class Looked:
    """What follows from one look."""

    queue: FaxQueue
    told: tuple[Notification, ...]


def job_id(source: str, key: Key) -> str:
    """The name of a job for those who listen: unique over all sources, the same as long as the job is there."""
    return f"{source}:{key[0]}:{key[1]}"


def look(queue: FaxQueue, seen: FaxSnapshot, device_id: Callable[[str], int]) -> Looked:
    """The queue after `seen`."""
    told: list[Notification] = []
    jobs: dict[Key, FaxJobStatus] = {}
    reports = {(each.direction, each.native_id): each for each in seen.jobs}
    for key, before in queue.jobs.items():
        if key not in reports or _reused(before, reports[key]):
            told.append(Notification(_REMOVED[key[0]], (("job_id", job_id(seen.source, key)),)))
        else:
            jobs[key] = before
    for key, report in reports.items():
        name = job_id(seen.source, key)
        known = jobs.get(key)
        if known is None:
            told.append(Notification(_ADDED[key[0]], (("job_id", name),)))
        transition = step(known, report, device_id)
        jobs[key] = transition.status
        told += (Notification(_CHANGED[key[0]], (("job_id", name), ("job_status", each))) for each in transition.told)
    after = FaxQueue(jobs, seen.lines, _blocked(queue, seen), _activity(jobs))
    told += _around(queue, after, seen, device_id)
    return Looked(after, tuple(told))


def _reused(before: FaxJobStatus, report: FaxReport) -> bool:
    """A job that had ended begins anew: the system gave its number to another fax."""
    return before.status in TERMINAL and STATUS[report.phase] not in TERMINAL


def _around(
    before: FaxQueue, after: FaxQueue, seen: FaxSnapshot, device_id: Callable[[str], int]
) -> list[Notification]:
    """What is told beside the jobs: lines, calls, the archive, the queues, the counts."""
    told: list[Notification] = []
    for line in after.lines:
        if line not in before.lines:
            states = ("powered_off", "sending", "receiving", "ringing")
            said = tuple((state, getattr(line, state)) for state in states)
            told.append(Notification(Callback.DEVICE_STATUS_CHANGE, (("device_id", device_id(line.name)), *said)))
    for call in seen.calls:
        said = (("call_id", call.serial), ("device_id", device_id(call.line)), ("caller_id", call.number))
        told.append(Notification(Callback.NEW_CALL, said))
    for each in seen.archived:
        callback = _ARCHIVED[each.direction, each.removed]
        told.append(Notification(callback, (("message_id", each.message_id),)))
    if after.blocked is not None and after.blocked != before.blocked:
        names = ("outgoing_queue_blocked", "outgoing_queue_paused", "incoming_queue_blocked")
        told.append(Notification(Callback.QUEUES_STATUS_CHANGE, tuple(zip(names, after.blocked, strict=True))))
    if after.activity != before.activity:
        counted = ("incoming_messages", "routing_messages", "outgoing_messages", "queued_messages")
        told.append(Notification(Callback.SERVER_ACTIVITY_CHANGE, tuple(zip(counted, after.activity, strict=True))))
    return told


def _blocked(queue: FaxQueue, seen: FaxSnapshot) -> tuple[bool, bool, bool] | None:
    """What the source says of its queues; what it does not say is as before, at first: open."""
    said = (seen.outgoing_blocked, seen.outgoing_paused, seen.incoming_blocked)
    if said == (None, None, None):
        return queue.blocked
    was = queue.blocked or (False, False, False)
    first, second, third = (old if new is None else new for old, new in zip(was, said, strict=True))
    return first, second, third


def _activity(jobs: dict[Key, FaxJobStatus]) -> tuple[int, int, int, int]:
    """IFaxActivity: faxes being received, routed, sent, and waiting to be sent."""
    counts = [0, 0, 0, 0]
    for (direction, _), status in jobs.items():
        if status.status is JobStatus.ROUTING:
            counts[1] += 1
        elif status.status is JobStatus.INPROGRESS:
            counts[0 if direction is Direction.INCOMING else 2] += 1
        elif direction is Direction.OUTGOING and status.status not in TERMINAL:
            counts[3] += status.status is not JobStatus.CANCELING
    return counts[0], counts[1], counts[2], counts[3]
