"""One scanner's two doors: what is seen becomes events in order; jobs from the device's own panel."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from bridge.jobs.job import JobSeen, Kind
from bridge.translate.device import Condition, remembered
from bridge.translate.report import job_status, job_summary
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit


def panel(phase: Phase, pages: int = 0, user: str | None = None, *, at_panel: bool = False) -> Snapshot:
    report = JobReport("run-1", phase, pages, at_panel=at_panel, user=user)
    return Snapshot("snmp", Readiness.BUSY, jobs=(report,))


async def test_a_scan_started_at_the_panel_is_a_job_like_any_other(bench: Any) -> None:
    for snapshot in (panel(Phase.SCANNING), panel(Phase.SCANNING, 1), panel(Phase.SCANNING, 1), panel(Phase.DONE, 2)):
        bench.scanner.look(snapshot)
    assert bench.events(1) == [
        "Started 0",
        "Processing/JobScanning 0",
        "Processing/JobScanning 1",
        "Completed/JobCompletedSuccessfully 2",
        "END Completed 2",
    ]
    job = bench.scanner.book.get(1)
    assert (job.kind, job.user) == (Kind.PANEL, "Device")
    assert job.name.startswith("Scan at the device 2026-03-01 12:00:00")
    assert bench.scanner.book.paper(1) is None
    bench.scanner.look(panel(Phase.DONE, 2))  # the device goes on showing it
    assert bench.events(1)[-1] == "END Completed 2"
    assert bench.scanner.book.get(2) is None


async def test_what_an_earlier_run_told_is_not_over_before_every_observer_has_looked(bench: Any) -> None:
    jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
    bench.scanner.attach(replace(bench.scanner.device, observers=bench.scanner.device.observers * 2))
    bench.scanner.view = remembered([Condition(7, jam, bench.clock.now())], 70)
    bench.scanner.look(Snapshot("usb", Readiness.IDLE))
    assert [each.id for each in bench.scanner.view.active] == [7]
    bench.scanner.look(Snapshot("snmp", Readiness.IDLE))
    assert bench.scanner.view.active == ()


async def test_a_panel_job_canceled_at_the_panel_says_so(bench: Any) -> None:
    bench.scanner.look(panel(Phase.SCANNING))
    bench.scanner.look(panel(Phase.CANCELED, at_panel=True))
    assert bench.events(1)[-2:] == ["Canceled/JobCanceledAtDevice 0", "END Canceled 0"]


async def test_a_panel_job_whose_device_vanishes_ends(bench: Any) -> None:
    bench.scanner.look(panel(Phase.SCANNING))
    bench.scanner.look(replace(panel(Phase.SCANNING), readiness=Readiness.GONE, jobs=(), explanation="unplugged"))
    bench.scanner.abandon()
    assert bench.events(1)[-2:] == ["Aborted 0", "END Aborted 0"]
    assert bench.scanner.view.explanation == "unplugged"
    bench.scanner.look(Snapshot("snmp", Readiness.IDLE))
    assert bench.scanner.view.explanation == ""


async def test_a_job_that_two_sources_tell_of_says_who_says_what(bench: Any) -> None:
    bench.scanner.look(panel(Phase.SCANNING, 1))
    assert job_status(bench.scanner.book.get(1)).scans_completed.told_by is None
    bench.scanner.look(replace(panel(Phase.SCANNING, 2), source="escl"))
    told = job_status(bench.scanner.book.get(1)).scans_completed
    at = "2026-03-01T12:00:00Z"
    assert (told.count, told.told_by) == (2, f"snmp=scanning/1@{at} escl=scanning/2@{at}")
    bench.scanner.look(panel(Phase.DONE, 2))
    assert bench.events(1)[-1] == "END Completed 2"


@pytest.mark.parametrize("user", ["x" * 5000, "eve\x00\x1b[2J\n\ud800", "\x07", "  "])
async def test_a_name_from_a_device_fits_into_the_schema_whatever_it_is(bench: Any, user: str) -> None:
    bench.scanner.look(panel(Phase.SCANNING, user=user))
    bench.scanner.look(panel(Phase.DONE, user=user))
    assert bench.events(1)[-1] == "END Completed 0"
    shown = job_summary(bench.scanner.book.get(1)).to_xml()
    assert etree.fromstring(etree.tostring(shown)) is not None
    assert 0 < len(bench.scanner.book.get(1).user) <= 255


async def test_what_is_seen_of_an_unknown_job_is_nothing(bench: Any) -> None:
    assert bench.scanner.see(99, JobSeen(Phase.SCANNING)) is None
    assert bench.told == []


async def test_a_scan_of_ours_is_followed_by_the_snapshots_of_its_device(bench: Any) -> None:
    job = await bench.create()
    report = JobReport(f"wsd-{job}", Phase.WARMING)
    bench.scanner.look(Snapshot("usb", Readiness.WARMING, jobs=(report,)))
    assert bench.events(job)[-1] == "Processing 0"
    report = JobReport(f"wsd-{job}", Phase.SCANNING, 0, 50)
    bench.scanner.look(Snapshot("usb", Readiness.BUSY, jobs=(report,)))
    assert bench.events(job)[-1] == "Processing/JobScanning 0"
    assert bench.scanner.book.get(job).percent == 50
    bench.hand.page()
    bench.hand.scans[0].finish()
    await bench.retrieve(job)
    bench.scanner.look(Snapshot("usb", Readiness.BUSY, jobs=(report,)))


async def test_the_log_has_a_line_for_each_change_of_a_job_and_none_for_each_part_of_a_page(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = await bench.create()
    for percent in (10, 40, 70):
        await bench.clock.turn(2)
        bench.scanner.look(Snapshot("usb", Readiness.BUSY, jobs=(JobReport(f"wsd-{job}", Phase.SCANNING, 0, percent),)))
        assert bench.scanner.book.get(job).percent == percent
    lines = [record.getMessage().partition(": ")[2] for record in caplog.records if f"job={job}:" in record.message]
    assert lines == ["Started, 0 scanned", "Processing (JobScanning), 0 scanned"]
    bench.hand.page()
    bench.hand.scans[0].finish()
    await bench.retrieve(job)
