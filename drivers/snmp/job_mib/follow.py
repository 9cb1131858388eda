"""Rows of the Job Monitoring MIB, look after look, as job reports.

Pure: `follow` is a function of what was known and one look. What it must hold against: an index that is given to
another job, an agent that restarts, a job that is gone before its end was seen, a row that was over when we came.
Spec: RFC 2707 §3.2, §3.3.9.1, §4. Which jobs are reported, and what an end that nobody saw is taken for:
docs/decisions/0058-jobs-of-the-job-monitoring-mib.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone

from drivers.contract.fax import Cause
from drivers.contract.observation import JobKind, JobReport, Phase
from drivers.snmp.job_mib.objects import FINAL, Reason, Service, State, spelled
from drivers.snmp.job_mib.table import JobRow, Key

LINGER = 3  # looks in which a job that ended is still reported
END_NOT_SEEN = "endNotSeen"  # a word of ours among the RFC's reasons

_PHASES = {
    State.PENDING: Phase.QUEUED,
    State.PENDING_HELD: Phase.HELD,
    State.PROCESSING: Phase.SCANNING,
    State.PROCESSING_STOPPED: Phase.STOPPED,
    State.CANCELED: Phase.CANCELED,
    State.ABORTED: Phase.FAILED,
    State.COMPLETED: Phase.DONE,
}
_OVER = frozenset({Phase.CANCELED, Phase.FAILED, Phase.DONE})
_BEGUN = frozenset({Phase.SCANNING, Phase.SENDING, Phase.STOPPED, Phase.CANCELLING, Phase.ABORTING})


@dataclass(frozen=True, slots=True)
class Followed:
    """One job that we report, or watch until it says what it is."""

    native_id: str
    row: JobRow
    phase: Phase
    pages: int | None
    left: int = 0  # looks in which it is still reported after its end
    why: tuple[str, ...] = ()
    called: bool = False  # its turn had come: a fax was on the line
    cause: Cause | None = None  # of a fax that ended badly

    @property
    def over(self) -> bool:
        return self.phase in _OVER


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one device's jobs."""

    prefix: str  # makes native ids unique over restarts of ours
    count: int = 0  # jobs that shared an index with another
    booted: datetime | None = None  # when the agent's uptime began; kept, so that times do not wobble
    jobs: Mapping[Key, Followed] = field(default_factory=dict)
    ended: tuple[Followed, ...] = ()  # whose row is gone, or another job's by now

    @property
    def active(self) -> tuple[Key, ...]:
        """Jobs that have not ended: each look must read their rows."""
        return tuple(key for key, job in self.jobs.items() if not job.over)

    @property
    def moving(self) -> bool:
        """Whether something is to be told soon. Nobody waits for news of a print job."""
        return any(
            (job.left or not job.over) and (kind_of(job.row.services) is not None or _scans(job))
            for job in (*self.ended, *self.jobs.values())
        )


def follow(track: Track, rows: Mapping[Key, JobRow | None], *, restarted: bool = False) -> Track:
    """The track after one more look. `rows` has every active job and each new one; None where its row is gone.

    `restarted`: the agent has begun anew, so rows tell of jobs since then, and what is not among them was lost.
    """
    jobs = {key: replace(job, left=max(job.left - 1, 0)) for key, job in track.jobs.items()}
    ended = [replace(job, left=job.left - 1) for job in track.ended if job.left > 1]
    count = track.count
    for key, row in rows.items():
        known = jobs.get(key)
        if row is None:
            if known is not None and not known.over:
                ended.append(_lost(known, restarted=restarted))
                del jobs[key]
            continue
        if known is not None and not (_named_alike(known, row) if restarted else _same(known, row)):
            if not known.over:
                ended.append(_lost(known, restarted=restarted))
            elif known.left:
                ended.append(known)
            known = None
            count += 1
        jobs[key] = _begun(track.prefix, key, row, count) if known is None else _advanced(known, row)
    jobs = {key: job for key, job in jobs.items() if job.left or not job.over}
    return replace(track, jobs=jobs, ended=tuple(ended), count=count)


def bad_calls(track: Track) -> tuple[Key, ...]:
    """Faxes that ended badly in this look and were on the line, as far as their rows tell."""
    return tuple(
        key
        for key, job in track.jobs.items()
        if job.left == LINGER
        and (job.phase is Phase.FAILED or (job.phase is Phase.CANCELED and job.called))
        and kind_of(job.row.services) in (JobKind.FAX_IN, JobKind.FAX_OUT)
    )


def explained(track: Track, key: Key, cause: Cause | None) -> Track:
    """The track that knows why that job's call failed."""
    return replace(track, jobs={**track.jobs, key: replace(track.jobs[key], cause=cause)})


def reports(track: Track) -> tuple[JobReport, ...]:
    """Ended jobs first; of the kinds we know to be scans or faxes."""
    told = [*track.ended, *(job for job in track.jobs.values() if job.left or not job.over)]
    return tuple(_report(job, kind, track.booted) for job in told if (kind := kind_of(job.row.services)) is not None)


def scanning(track: Track) -> bool:
    """Whether a job, be it a copy or a fax, uses the scanner now."""
    return any(job.phase in (Phase.SCANNING, Phase.STOPPED) and _scans(job) for job in track.jobs.values())


def kind_of(services: Service | None) -> JobKind | None:
    """A fax that is also scanned or printed is a fax; what is scanned and printed is a copy, and no job of ours."""
    if services is None:
        return None
    if Service.FAX_IN in services:
        return JobKind.FAX_IN
    if Service.FAX_OUT in services:
        return JobKind.FAX_OUT
    return JobKind.SCAN if Service.SCAN in services and Service.PRINT not in services else None


def _scans(job: Followed) -> bool:
    return Service.SCAN in (job.row.services or Service(0))


def _begun(prefix: str, key: Key, row: JobRow, count: int) -> Followed:
    native_id = f"{prefix}-{key[0]}.{key[1]}" + (f".{count}" if count else "")
    return _advanced(Followed(native_id, row, Phase.ARRIVING, None), row)


def _advanced(job: Followed, row: JobRow) -> Followed:
    """Attributes may go before the row does (RFC 2707, jmGeneralAttributePersistence): what was known stays."""
    before = job.row
    row = replace(
        row,
        services=before.services if row.services is None else row.services,
        owner=row.owner or before.owner,
        name=row.name or before.name,
        pages_requested=row.pages_requested or before.pages_requested,
        submitted=row.submitted or before.submitted,
        started=row.started or before.started,
        completed=row.completed or before.completed,
    )
    counts = [count for count in (job.pages, row.pages) if count is not None]
    phase = phase_of(row) or job.phase  # a state of "unknown" tells nothing
    left = job.left if job.over else LINGER if phase in _OVER else 0
    pages = max(counts, default=None)
    called = job.called or phase in _BEGUN or bool(row.started) or bool(pages)
    return replace(job, row=row, phase=phase, pages=pages, left=left, called=called)


def _same(job: Followed, row: JobRow) -> bool:
    """Whether the row is still this job's: what is said of a job's beginning never changes, and it does not go back."""
    before = job.row
    if job.over and row.state is not None and row.state is not State.UNKNOWN and row.state not in FINAL:
        return False
    fixed = (
        (before.submitted, row.submitted),
        (before.owner, row.owner),
        (before.name, row.name),
        (before.services, row.services),
    )
    if any(old and new and old != new for old, new in fixed):
        return False
    fell = row.pages is not None and job.pages is not None and row.pages < job.pages
    return not (fell and row.state in (State.PENDING, State.PENDING_HELD))


def _named_alike(job: Followed, row: JobRow) -> bool:
    """Whether a row that stands there after a restart may be the same job: times count from the new start."""
    before = job.row
    return bool(row.name or row.owner) and (before.name, before.owner) == (row.name, row.owner)


def phase_of(row: JobRow) -> Phase | None:
    """What the job is doing; None where the row does not say."""
    reasons = row.reasons
    match row.state:
        case None | State.UNKNOWN:
            return None
        case State.PENDING | State.PENDING_HELD if Reason.JOB_INCOMING in reasons:
            return Phase.ARRIVING
        case State.PROCESSING if Reason.PROCESSING_TO_STOP_POINT in reasons:
            return Phase.ABORTING if Reason.ABORTED_BY_SYSTEM in reasons else Phase.CANCELLING
        case State.PROCESSING if Reason.DEVICE_STOPPED in reasons:
            return Phase.STOPPED
        case State.PROCESSING if Reason.JOB_OUTGOING in reasons and Service.SCAN in (row.services or Service(0)):
            return Phase.SENDING
        case state:
            return _PHASES[state]


def _lost(job: Followed, *, restarted: bool) -> Followed:
    """It ended while nobody looked. A restart ends it for sure; pages that are missing speak against a good end."""
    wanted = job.row.pages_requested
    short = job.pages is not None and wanted is not None and job.pages < wanted
    phase = Phase.FAILED if restarted or short else Phase.DONE
    if job.phase in (Phase.CANCELLING, Phase.ABORTING):
        phase = Phase.CANCELED if job.phase is Phase.CANCELLING else Phase.FAILED
    return replace(job, phase=phase, left=LINGER, why=("deviceRestarted" if restarted else END_NOT_SEEN,))


def _report(job: Followed, kind: JobKind, booted: datetime | None) -> JobReport:
    row = job.row
    at_panel = Reason.JOB_CANCELED_AT_DEVICE in row.reasons and job.phase in (Phase.CANCELED, Phase.CANCELLING)
    return JobReport(
        job.native_id,
        job.phase,
        job.pages,
        at_panel=at_panel,
        user=row.owner or None,
        kind=kind,
        name=row.name or None,
        reasons=(*(spelled(each) for each in row.reasons), *job.why),
        message=row.message or None,
        pages_expected=row.pages_requested,
        submitted=moment(row.submitted, booted),
        started=moment(row.started, booted),
        ended=moment(row.completed, booted),
        cause=job.cause,
    )


def moment(told: int | bytes | None, booted: datetime | None) -> datetime | None:
    """A JmTimeStampTC (seconds since the agent booted) or a DateAndTime (RFC 2579); without a zone it tells nothing."""
    if isinstance(told, bytes):
        return _date_and_time(told)
    if not told or booted is None:
        return None
    try:
        return booted + timedelta(seconds=told)
    except OverflowError:
        return None


def _date_and_time(raw: bytes) -> datetime | None:
    if len(raw) != 11 or raw[8:9] not in (b"+", b"-"):
        return None
    offset = timedelta(hours=raw[9], minutes=raw[10]) * (1 if raw[8:9] == b"+" else -1)
    try:
        said = datetime(
            int.from_bytes(raw[:2], "big"), raw[2], raw[3], raw[4], raw[5], min(raw[6], 59), tzinfo=timezone(offset)
        )
        return said.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
