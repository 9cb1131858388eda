"""Which job a snapshot speaks of.

Pure, and the only place that decides it. A scan that the bridge started carries the bridge's own name for it, so
any source may report it; every other report is a job somebody started at the device itself, told apart by
(source, native id).
"""

from dataclasses import dataclass

from bridge.jobs.book import Book
from bridge.jobs.job import JobSeen, Why
from bridge.wsscan.job import FINAL_STATES
from drivers.contract.observation import JobReport, Phase, Snapshot

_OURS = "wsd-"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One job seen in a snapshot. `job_id` None: nobody knows it yet, it began at the device."""

    job_id: int | None
    report: JobReport
    seen: JobSeen


def native_id(job_id: int) -> str:
    """The name that a scan of ours has on the device."""
    return f"{_OURS}{job_id}"


def attribute(snapshot: Snapshot, book: Book) -> tuple[Sighting, ...]:
    """Every job the snapshot speaks of that has not ended, in the snapshot's order."""
    sightings = []
    for report in snapshot.jobs:
        ours = report.native_id.startswith(_OURS)
        job_id = int(report.native_id.removeprefix(_OURS)) if ours else book.linked(snapshot.source, report.native_id)
        job = None if job_id is None else book.get(job_id)
        if (job is not None and job.state in FINAL_STATES) or (ours and job is None):
            continue
        sightings.append(Sighting(None if job is None else job.id, report, _seen(report, ours=ours)))
    return tuple(sightings)


def _seen(report: JobReport, *, ours: bool) -> JobSeen:
    """The report in the core's words. A scan of ours ends when its pages are delivered, not when the device is done."""
    phase: Phase | None = report.phase
    if ours and report.phase in (Phase.DONE, Phase.CANCELED, Phase.FAILED):
        phase = None
    why = None
    if report.phase in (Phase.CANCELED, Phase.CANCELLING) and report.at_panel:
        why = Why.PANEL
    elif report.phase is Phase.FAILED:
        why = Why.DEVICE
    return JobSeen(phase=phase, pages=report.pages, percent=report.percent, why=None if ours else why)
