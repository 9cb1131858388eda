"""Which job a snapshot speaks of: ours by the name we gave it, everybody else's by (source, native id)."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bridge.jobs.book import HISTORY_MOST, Book
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.translate.attribution import attribute, native_id
from bridge.translate.job import step
from drivers.contract.observation import JobKind, JobReport, Phase, Readiness, Snapshot

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def book() -> Book:
    ids = count(1)
    return Book(lambda: next(ids))


def opened(jobs: Book, kind: Kind, *seen: JobSeen, now: datetime = NOON) -> Job:
    job = jobs.open(kind, "name", "user", now)
    for each in seen:
        job = step(job, each, now).job
        jobs.put(job)
    return job


def shows(*reports: JobReport, source: str = "usb") -> Snapshot:
    return Snapshot(source, Readiness.BUSY, jobs=reports)


def test_a_scan_of_ours_is_known_by_its_name_from_any_source() -> None:
    jobs = book()
    job = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING))
    for source in ("usb", "snmp"):
        (sighting,) = attribute(shows(JobReport(native_id(job.id), Phase.SCANNING, 1, 40), source=source), jobs)
        assert sighting.job_id == job.id
        assert sighting.seen == JobSeen(Phase.SCANNING, pages=1, percent=40)


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.CANCELED, Phase.FAILED])
def test_a_scan_of_ours_does_not_end_with_the_device(phase: Phase) -> None:
    jobs = book()
    job = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING))
    (sighting,) = attribute(shows(JobReport(native_id(job.id), phase, 2)), jobs)
    assert sighting.seen == JobSeen(pages=2)


def test_a_look_from_before_the_end_of_the_scan_tells_of_its_pages_only() -> None:
    jobs = book()
    job = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING), JobSeen(Phase.SENDING))
    (sighting,) = attribute(shows(JobReport(native_id(job.id), Phase.SCANNING, 2, 90)), jobs)
    assert sighting.seen == JobSeen(pages=2)
    failed = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING), JobSeen(Phase.STOPPED, why=Why.DEVICE))
    (sighting,) = attribute(shows(JobReport(native_id(failed.id), Phase.SCANNING)), jobs)
    assert sighting.seen == JobSeen()


def test_a_cancel_at_the_panel_is_told_of_a_scan_of_ours_while_it_stops() -> None:
    jobs = book()
    job = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING))
    (sighting,) = attribute(shows(JobReport(native_id(job.id), Phase.CANCELLING, at_panel=True)), jobs)
    assert sighting.seen == JobSeen(Phase.CANCELLING, why=Why.PANEL)


def test_scans_of_an_earlier_run_of_the_bridge_are_nobodys() -> None:
    assert attribute(shows(JobReport("wsd-99", Phase.SCANNING)), book()) == ()


@pytest.mark.parametrize(
    "name", ["wsd-", "wsd-archive", "wsd-01", "wsd-\u0661", "wsd-1 ", "wsd-1_0", "wsd--1", "7", "", "wsd"]
)
def test_a_name_that_only_looks_like_ours_is_somebody_elses_job(name: str) -> None:
    jobs = book()
    opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING))
    (sighting,) = attribute(shows(JobReport(name, Phase.SCANNING)), jobs)
    assert sighting.job_id is None


def test_a_panel_job_cannot_be_spoken_of_by_our_names() -> None:
    jobs = book()
    job = opened(jobs, Kind.PANEL, JobSeen(Phase.SCANNING))
    assert attribute(shows(JobReport(native_id(job.id), Phase.FAILED)), jobs) == ()


def test_a_panel_job_is_known_by_its_source_and_name() -> None:
    jobs = book()
    (sighting,) = attribute(shows(JobReport("7", Phase.SCANNING), source="snmp"), jobs)
    assert sighting.job_id is None
    job = opened(jobs, Kind.PANEL, JobSeen(Phase.SCANNING))
    jobs.link("snmp", "7", job.id)
    (sighting,) = attribute(shows(JobReport("7", Phase.DONE, 3), source="snmp"), jobs)
    assert (sighting.job_id, sighting.seen) == (job.id, JobSeen(Phase.DONE, pages=3))
    (sighting,) = attribute(shows(JobReport("7", Phase.SCANNING), source="usb"), jobs)
    assert sighting.job_id is None


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (JobReport("7", Phase.CANCELED, at_panel=True), Why.PANEL),
        (JobReport("7", Phase.CANCELLING, at_panel=True), Why.PANEL),
        (JobReport("7", Phase.CANCELED), None),
        (JobReport("7", Phase.FAILED), Why.DEVICE),
        (JobReport("7", Phase.DONE, at_panel=True), None),
    ],
)
def test_why_a_panel_job_ended(report: JobReport, why: Why | None) -> None:
    (sighting,) = attribute(shows(report), book())
    assert (sighting.seen.phase, sighting.seen.why) == (report.phase, why)


def test_a_job_that_ended_is_spoken_of_no_more() -> None:
    jobs = book()
    panel = opened(jobs, Kind.PANEL, JobSeen(Phase.DONE))
    jobs.link("snmp", "7", panel.id)
    ours = opened(jobs, Kind.WSD, JobSeen(Phase.DONE))
    reports = (JobReport("7", Phase.DONE), JobReport(native_id(ours.id), Phase.SCANNING))
    assert attribute(shows(*reports, source="snmp"), jobs) == ()


def test_a_device_that_never_forgets_its_jobs_makes_none_new() -> None:
    jobs, now = book(), NOON
    for name in range(HISTORY_MOST + 20):
        now += timedelta(minutes=11)
        (sighting,) = attribute(shows(JobReport(str(name), Phase.DONE)), jobs)
        job = opened(jobs, Kind.PANEL, sighting.seen, now=now)
        jobs.link("usb", str(name), job.id)
    everything = [JobReport(str(name), Phase.DONE) for name in range(HISTORY_MOST + 20)]
    assert attribute(shows(*everything), jobs) == ()


def test_the_order_of_the_snapshot_is_kept() -> None:
    jobs = book()
    job = opened(jobs, Kind.WSD, JobSeen(Phase.SCANNING))
    reports = (JobReport("a", Phase.DONE), JobReport(native_id(job.id), Phase.SCANNING), JobReport("b", Phase.QUEUED))
    assert [sighting.job_id for sighting in attribute(shows(*reports), jobs)] == [None, job.id, None]


@pytest.mark.parametrize("kind", [JobKind.FAX_IN, JobKind.FAX_OUT])
def test_a_fax_is_no_scan_job(kind: JobKind) -> None:
    fax, scan = JobReport("fax-1", Phase.SCANNING, kind=kind), JobReport("scan-1", Phase.SCANNING)
    assert [each.report for each in attribute(shows(fax, scan, source="snmp"), book())] == [scan]
