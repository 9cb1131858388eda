"""Several sources that look at one device: whose word counts for which job.

Pure but for what it remembers, and `now` is an argument. The rules (docs/decisions/0101-one-job-of-many-sources.md):
a scan told by two sources is one job, because a scanner does one scan at a time; one source leads and its word is
the job's phase, the acquirer's where that tells the job; the others raise the page count, and their word for the end
counts once the leader does not know better; a source that is GONE leads nothing. A scan of ours ends with its document.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bridge.jobs.book import Book
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.translate.attribution import Sighting, attribute
from bridge.wsscan.job import FINAL_STATES
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot

SETTLE: Final = timedelta(seconds=5)  # in which a scan that one source still tells may be the one that just ended
ECHO: Final = timedelta(seconds=60)  # in which one that is first told as over may be one that ended
PATIENCE: Final = timedelta(seconds=60)  # in which the leader's word holds against another's that the job is over
MOST_UNDECIDED: Final = 100
MOST_JOBS: Final = 1100  # more than a scanner's book keeps

_OVER: Final = frozenset({Phase.DONE, Phase.CANCELED, Phase.FAILED})
_WAITING: Final = frozenset({Phase.ARRIVING, Phase.QUEUED, Phase.HELD, None})


@dataclass(frozen=True, slots=True)
class Told:
    """What one source told of one job last; `at`: when it told that first."""

    source: str
    native_id: str
    at: datetime
    phase: Phase
    pages: int | None

    def __str__(self) -> str:
        """`snmp=scanning/2@2026-03-01T12:00:00Z`; a source that does not count has no pages."""
        pages = "" if self.pages is None else f"/{self.pages}"
        return f"{self.source}={self.phase}{pages}@{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class _Word:
    """The same as `step` takes it; `since`: when that phase was first told."""

    told: Told
    seen: JobSeen
    since: datetime


class Fusion:
    """One device's sources and jobs. `onlookers`: the sources that look on, beside the one that brings the pages; none
    where there is one source only, or nobody who brings any."""

    def __init__(self) -> None:
        self.onlookers: frozenset[str] = frozenset()
        self._running: dict[str, frozenset[str] | None] = {}  # names of jobs not over, by source; None: it is silent
        self._words: dict[int, dict[str, _Word]] = {}  # by job and source, who told first stands first
        self._leaders: dict[int, str] = {}
        self._undecided: dict[tuple[str, str], datetime] = {}  # since when it is told

    def provenance(self, job_id: int) -> tuple[Told, ...]:
        """Who told what of that job, and when; who told of it first stands first."""
        return tuple(word.told for word in self._words.get(job_id, {}).values())

    def sight(self, snapshot: Snapshot, book: Book, now: datetime) -> Iterator[Sighting]:
        """The jobs that a look speaks of; a sighting without a job is one that is to be opened, linked and `weigh`ed
        before the next is asked for."""
        source = snapshot.source
        running = frozenset(each.native_id for each in snapshot.jobs if each.phase not in _OVER)
        self._running[source] = None if snapshot.readiness is Readiness.GONE else running
        for sighting in attribute(snapshot, book):
            report = sighting.report
            if sighting.job_id is not None:
                yield sighting
                continue
            key = (source, report.native_id)
            same = self._same(source, report, book, now)
            if same is None and self._may_be_known(source, report, book, now) and self._is_fresh(key, now):
                self._undecided.setdefault(key, now)
                self._forget_undecided()
                continue
            self._undecided.pop(key, None)
            if same is None:
                yield sighting
                continue
            book.link(source, report.native_id, same.id)
            self._note(same, source, sighting, now)
            if same.state not in FINAL_STATES:
                yield replace(sighting, job_id=same.id)

    @property
    def undecided(self) -> frozenset[str]:
        """The sources that told of scans which may yet turn out to be others'."""
        return frozenset(source for source, _ in self._undecided)

    def weigh(self, job: Job, source: str, sighting: Sighting, now: datetime) -> JobSeen:
        """What follows from it for that job."""
        self._note(job, source, sighting, now)
        seen = sighting.seen
        if job.kind is Kind.WSD:
            return seen if sighting.ours else self._aside(job, seen)
        leader = self._leaders[job.id] = self._leader(job.id)
        return seen if source == leader else self._aside(job, seen)

    def settle(self, book: Book, now: datetime) -> Iterator[tuple[int, JobSeen]]:
        """What must be said again because a leader fell silent, or let go of a job that another saw end."""
        for job in [job for job in book.active() if job.kind is Kind.PANEL and len(self._words.get(job.id, {})) > 1]:
            words, leader = self._words[job.id], self._leader(job.id)
            if leader != self._leaders.get(job.id):
                self._leaders[job.id] = leader
                yield job.id, words[leader].seen
                continue
            ends = [word for word in words.values() if word.told.phase in _OVER]
            listed = words[leader].told.native_id in (self._running.get(leader) or ())
            if ends and not (listed and now - ends[0].since < PATIENCE):
                yield job.id, ends[0].seen

    # Whose word counts.

    def _note(self, job: Job, source: str, sighting: Sighting, now: datetime) -> None:
        if job.id not in self._words and len(self._words) >= MOST_JOBS:
            del self._words[next(iter(self._words))]
        words = self._words.setdefault(job.id, {})
        report, before = sighting.report, words.get(source)
        if before is not None and (before.told.phase, before.told.pages) == (report.phase, report.pages):
            return
        since = before.since if before is not None and before.told.phase is report.phase else now
        words[source] = _Word(Told(source, report.native_id, now, report.phase, report.pages), sighting.seen, since)

    def _leader(self, job_id: int) -> str:
        known = sorted(self._words[job_id], key=lambda source: source in self.onlookers)  # stable: else who told first
        return next((source for source in known if self._running.get(source) is not None), known[0])

    @staticmethod
    def _aside(job: Job, seen: JobSeen) -> JobSeen:
        """What a source says beside the leader: pages, the part of the page that all are at, a cancel at the panel."""
        current = seen.pages is not None and seen.pages >= job.scans_completed
        return JobSeen(
            pages=seen.pages,
            percent=seen.percent if current else None,
            why=Why.PANEL if seen.why is Why.PANEL else None,
        )

    # Which job it is.

    def _same(self, source: str, report: JobReport, book: Book, now: datetime) -> Job | None:
        """The job that another source tells of under another name."""
        over = report.phase in _OVER
        active = [job for job in book.active() if self._open_to(job, source)]
        if over:
            ended = (job for job in book.history() if job.completed is not None and now - job.completed <= ECHO)
            echoes = [job for job in ended if self._open_to(job, source)]
            if past := [*reversed(echoes), *(job for job in active if _is_done_with(job))]:
                return past[0]
        active = [job for job in active if not _is_done_with(job)]
        alike = [job for job in active if (job.phase in _WAITING) is (report.phase in _WAITING)]
        return next(iter(alike or (active if over else ())), None)

    def _may_be_known(self, source: str, report: JobReport, book: Book, now: datetime) -> bool:
        """Whether a scan that is no known one may turn out to be one: it has just ended for others, or is about to
        begin for us."""
        if report.phase in _OVER:
            return False
        just = (job for job in book.history() if job.completed is not None and now - job.completed <= SETTLE)
        if any(self._open_to(job, source) for job in (*just, *book.active())):
            return True
        ours = any(job.kind is Kind.WSD and job.phase in _WAITING for job in book.active())
        return ours and source in self.onlookers

    def _open_to(self, job: Job, source: str) -> bool:
        """Whether that source may mean this job: it has no other name for it, and others tell of it."""
        if source in self._words.get(job.id, {}):
            return False
        if job.kind is Kind.WSD:
            return source in self.onlookers and job.phase not in _WAITING
        return bool(self._words.get(job.id))

    def _is_fresh(self, key: tuple[str, str], now: datetime) -> bool:
        """Whether it has not been told for too long to be another's."""
        return now - self._undecided.get(key, now) < SETTLE

    def _forget_undecided(self) -> None:
        while len(self._undecided) > MOST_UNDECIDED:
            del self._undecided[next(iter(self._undecided))]


def _is_done_with(job: Job) -> bool:
    """A job of ours whose scan is over, though its client has not all of it."""
    return job.kind is Kind.WSD and (job.phase is Phase.SENDING or (job.phase is Phase.STOPPED and job.why is not None))
