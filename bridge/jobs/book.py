"""The memory of one scanner's jobs: those under way, and a bounded history of those that ended.

Ids come from a callable, so that the state directory can promise that none is used twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bridge.jobs.job import Job, Kind
from bridge.wsscan.job import FINAL_STATES
from bridge.wsscan.ticket import DocumentFinalParameters, ImageInformation, ScanTicket

# A finished job is answered for (ClientErrorNoImagesAvailable, GetJobElements) at least this long, and the newest
# ones much longer.
KEPT: Final = timedelta(minutes=10)
HISTORY: Final = 50
# No client can make the bridge remember more than this, whatever it does within ten minutes.
HISTORY_MOST: Final = 1000
# Devices go on listing jobs that ended; their names are known longer than the jobs, or each would be new again.
NATIVE_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Paper:
    """What a client and the bridge agreed on when a job was created; None for jobs nobody created over WSD."""

    token: str
    ticket: ScanTicket
    final: DocumentFinalParameters
    images: ImageInformation
    creator: str  # address of the peer
    document_names: tuple[str, ...] = ()


class Book:
    """All jobs of one scanner, by JobId."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._jobs: dict[int, Job] = {}
        self._papers: dict[int, Paper] = {}
        self._native: dict[tuple[str, str], int] = {}

    def open(self, kind: Kind, name: str, user: str, now: datetime, paper: Paper | None = None) -> Job:
        """A new job, of which nothing has been told yet."""
        job = Job(self._next_id(), kind, name, user, now)
        self._jobs[job.id] = job
        if paper is not None:
            self._papers[job.id] = paper
        return job

    def put(self, job: Job) -> None:
        """Remember what a job is now, and forget the oldest that ended."""
        self._jobs[job.id] = job
        if job.completed is not None:
            self._prune(job.completed)

    def discard(self, job_id: int) -> None:
        """Forget a job of which nothing was ever told."""
        self._forget(job_id)

    def get(self, job_id: int) -> Job | None:
        """The job of that id, as long as it is remembered."""
        return self._jobs.get(job_id)

    def paper(self, job_id: int) -> Paper | None:
        """What was agreed on for that job."""
        return self._papers.get(job_id)

    def name_document(self, job_id: int, name: str) -> None:
        """A client gave the next image of that job a name."""
        paper = self._papers[job_id]
        self._papers[job_id] = replace(paper, document_names=(*paper.document_names, name))

    def link(self, source: str, native_id: str, job_id: int) -> None:
        """From now on what `source` says of its job `native_id` is about this job."""
        self._native[source, native_id] = job_id
        if len(self._native) > NATIVE_MOST:
            self._native.pop(next(iter(self._native)))

    def linked(self, source: str, native_id: str) -> int | None:
        """The job that a source's own name stands for, which may be forgotten by now."""
        return self._native.get((source, native_id))

    def active(self) -> Iterator[Job]:
        """Jobs that have not ended, oldest first."""
        return (job for job in self._jobs.values() if job.state not in FINAL_STATES)

    def history(self) -> Iterator[Job]:
        """Jobs that ended, newest first."""
        ended = [job for job in self._jobs.values() if job.completed is not None]
        return iter(sorted(ended, key=lambda job: (job.completed or job.created, job.id), reverse=True))

    def _prune(self, now: datetime) -> None:
        for place, job in enumerate(self.history()):
            age = now - (job.completed or now)
            if place >= HISTORY_MOST or (place >= HISTORY and age > KEPT):
                self._forget(job.id)

    def _forget(self, job_id: int) -> None:
        self._jobs.pop(job_id, None)
        self._papers.pop(job_id, None)
