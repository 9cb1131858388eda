"""Which job a snapshot speaks of.

Pure, and the only place that decides it. A scan that the bridge started carries the bridge's own name for it, so
any source may report it; every other report is a job somebody started at the device itself, told apart by
(source, native id).
"""

import re
from dataclasses import dataclass
from typing import Final

from bridge.jobs.book import Book
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.wsscan.job import FINAL_STATES
from drivers.contract.observation import JobKind, JobReport, Phase, Snapshot

_OURS: Final = "wsd-"
# A device may call its own jobs what it likes, "wsd-archive" too: ours are told by the whole of the name.
_OUR_NAME: Final = re.compile(f"{_OURS}([1-9][0-9]{{0,9}})", re.ASCII)
_CANCEL: Final = frozenset({Phase.CANCELED, Phase.CANCELLING})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One job seen in a snapshot. `job_id` None: nobody knows it yet, it began at the device."""

    job_id: int | None
    report: JobReport
    seen: JobSeen
    ours: bool = False  # it bears the bridge's own name


def native_id(job_id: int) -> str:
    """The name that a scan of ours has on the device."""
    return f"{_OURS}{job_id}"


def attribute(snapshot: Snapshot, book: Book) -> tuple[Sighting, ...]:
    """Every job the snapshot speaks of that has not ended, in the snapshot's order."""
    sightings = []
    for report in (each for each in snapshot.jobs if each.kind is JobKind.SCAN):  # a fax is no WS-Scan job
        name = _OUR_NAME.fullmatch(report.native_id)
        job_id = int(name[1]) if name else book.linked(snapshot.source, report.native_id)
        job = None if job_id is None else book.get(job_id)
        if job is None and job_id is not None:
            continue  # it ended long ago and was forgotten, or another run of the bridge started it
        if job is not None and (job.state in FINAL_STATES or (name and job.kind is not Kind.WSD)):
            continue
        if name and job is not None:
            sightings.append(Sighting(job.id, report, _seen_ours(job, report), ours=True))
        else:
            sightings.append(Sighting(None if job is None else job.id, report, _seen_foreign(report)))
    return tuple(sightings)


def _seen_foreign(report: JobReport) -> JobSeen:
    why = None
    if report.phase in _CANCEL and report.at_panel:
        why = Why.PANEL
    elif report.phase is Phase.FAILED:
        why = Why.DEVICE
    return JobSeen(phase=report.phase, pages=report.pages, percent=report.percent, why=why)


def _seen_ours(job: Job, report: JobReport) -> JobSeen:
    """A scan of ours ends when its pages are delivered, not when the device is done. Snapshots wait in line, so one
    taken before the document ended may come after it: it no longer tells what the job is doing."""
    over = job.phase is Phase.SENDING or job.why is not None
    if over or report.phase in (Phase.DONE, Phase.CANCELED, Phase.FAILED):
        return JobSeen(pages=report.pages)
    why = Why.PANEL if report.phase in _CANCEL and report.at_panel else None
    return JobSeen(phase=report.phase, pages=report.pages, percent=report.percent, why=why)
