"""Two sources of one device, scene by scene: whose word counts, and which scans are the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bridge.jobs.book import Book
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.translate import device
from bridge.translate.device import DeviceView, look
from bridge.translate.fuse import Fusion
from bridge.translate.job import step
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


class Scene:
    """A book, its fusion, and the clock on the wall."""

    def __init__(self) -> None:
        ids = count(1)
        self.book = Book(lambda: next(ids))
        self.fusion = Fusion()
        self.fusion.onlookers = frozenset({"snmp"})
        self.now = NOON

    def after(self, seconds: float) -> "Scene":
        self.now += timedelta(seconds=seconds)
        return self

    def says(self, source: str, *reports: JobReport, readiness: Readiness = Readiness.BUSY) -> "Scene":
        snapshot = Snapshot(source, readiness, jobs=reports)
        for sighting in self.fusion.sight(snapshot, self.book, self.now):
            job = None if sighting.job_id is None else self.book.get(sighting.job_id)
            if job is None:
                job = self.book.open(Kind.PANEL, "scan", "Device", self.now)
                self.book.link(source, sighting.report.native_id, job.id)
            self.see(job, self.fusion.weigh(job, source, sighting, self.now))
        return self.settled()

    def settled(self) -> "Scene":
        for job_id, seen in self.fusion.settle(self.book, self.now):
            job = self.book.get(job_id)
            assert job is not None
            self.see(job, seen)
        return self

    def see(self, job: Job, seen: JobSeen) -> Job:
        after = step(job, seen, self.now).job
        self.book.put(after)
        return after

    def ours(self, *phases: Phase) -> Job:
        job = self.book.open(Kind.WSD, "scan", "somebody", self.now)
        for phase in phases:
            job = self.see(job, JobSeen(phase))
        return job

    @property
    def jobs(self) -> list[tuple[JobState | None, int]]:
        found = sorted((*self.book.active(), *self.book.history()), key=lambda job: job.id)
        return [(job.state, job.scans_completed) for job in found]


def scanning(name: str, pages: int | None = 0, phase: Phase = Phase.SCANNING, *, at_panel: bool = False) -> JobReport:
    return JobReport(name, phase, pages, at_panel=at_panel)


def test_a_scan_told_by_two_sources_is_one_job() -> None:
    scene = Scene().says("escl", scanning("7")).after(1).says("snmp", scanning("run-1"))
    assert scene.jobs == [(JobState.PROCESSING, 0)]
    assert [(told.source, told.native_id) for told in scene.fusion.provenance(1)] == [("escl", "7"), ("snmp", "run-1")]


def test_either_raises_the_count_and_neither_lowers_it() -> None:
    scene = Scene().says("escl", scanning("7", 1)).says("snmp", scanning("a", 3)).says("escl", scanning("7", 2))
    assert scene.jobs == [(JobState.PROCESSING, 3)]


def test_an_onlookers_end_waits_for_the_word_of_what_brings_the_pages() -> None:
    scene = Scene().says("snmp", scanning("a")).says("escl", scanning("7", 1))
    scene.says("snmp", scanning("a", 2, Phase.FAILED))
    assert scene.jobs == [(JobState.PROCESSING, 2)]
    assert scene.says("escl", scanning("7", 2, Phase.DONE)).jobs == [(JobState.COMPLETED, 2)]


def test_it_counts_at_once_when_that_falls_silent() -> None:
    scene = (
        Scene().says("escl", scanning("7", 1)).says("snmp", scanning("a", 2)).says("snmp", scanning("a", 2, Phase.DONE))
    )
    assert scene.jobs == [(JobState.PROCESSING, 2)]
    assert scene.says("escl", readiness=Readiness.GONE).jobs == [(JobState.COMPLETED, 2)]


def test_it_counts_when_that_lists_the_scan_no_more() -> None:
    scene = (
        Scene().says("escl", scanning("7", 1)).says("snmp", scanning("a", 2)).says("snmp", scanning("a", 2, Phase.DONE))
    )
    assert scene.says("escl", readiness=Readiness.IDLE).jobs == [(JobState.COMPLETED, 2)]


def test_it_counts_after_a_minute_whatever_that_says() -> None:
    scene = (
        Scene().says("escl", scanning("7", 1)).says("snmp", scanning("a", 1)).says("snmp", scanning("a", 1, Phase.DONE))
    )
    assert scene.after(59).settled().jobs == [(JobState.PROCESSING, 1)]
    assert scene.after(1).settled().jobs == [(JobState.COMPLETED, 1)]


def test_a_leader_that_falls_silent_leaves_its_place_to_the_other() -> None:
    scene = Scene().says("escl", scanning("7", 1, Phase.STOPPED)).says("snmp", scanning("a", 1))
    assert [job.phase for job in scene.book.active()] == [Phase.STOPPED]
    scene.says("escl", readiness=Readiness.GONE)
    assert [job.phase for job in scene.book.active()] == [Phase.SCANNING]


def test_what_brings_the_pages_leads_though_it_came_second() -> None:
    scene = Scene().says("snmp", scanning("a", 0, Phase.STOPPED)).says("escl", scanning("7", 0))
    scene.says("snmp", scanning("a", 1, Phase.STOPPED))
    assert [job.phase for job in scene.book.active()] == [Phase.SCANNING]


def test_a_scan_that_one_first_tells_as_over_is_the_one_that_ended() -> None:
    scene = Scene().says("escl", scanning("7")).says("escl", scanning("7", 1, Phase.DONE))
    assert scene.after(20).says("snmp", scanning("a", 1, Phase.DONE)).jobs == [(JobState.COMPLETED, 1)]


def test_one_that_is_late_still_tells_of_a_scan_that_just_ended() -> None:
    scene = Scene().says("escl", scanning("7")).says("escl", scanning("7", 1, Phase.DONE))
    scene.after(2).says("snmp", scanning("a")).after(2).says("snmp", scanning("a", 1, Phase.DONE))
    assert scene.jobs == [(JobState.COMPLETED, 1)]


def test_one_that_goes_on_telling_it_for_five_seconds_means_another_scan() -> None:
    scene = Scene().says("escl", scanning("7")).says("escl", scanning("7", 1, Phase.DONE))
    scene.after(2).says("snmp", scanning("a"))
    assert scene.fusion.undecided == {"snmp"}
    scene.after(5).says("snmp", scanning("a"))
    assert scene.jobs == [(JobState.COMPLETED, 1), (JobState.PROCESSING, 0)]
    assert scene.fusion.undecided == frozenset()


def test_an_onlooker_that_tells_of_our_scan_tells_of_no_other() -> None:
    scene = Scene()
    job = scene.ours(Phase.QUEUED, Phase.SCANNING)
    scene.says("snmp", scanning("a", 2)).says("snmp", scanning("a", 2, Phase.DONE))
    assert scene.jobs == [(JobState.PROCESSING, 2)]
    scene.see(scene.book.get(job.id) or job, JobSeen(Phase.DONE))
    assert scene.says("snmp", scanning("a", 5, Phase.DONE)).jobs == [(JobState.COMPLETED, 2)]


def test_our_scan_may_be_told_before_the_device_has_said_that_it_takes_it() -> None:
    scene = Scene()
    job = scene.ours(Phase.QUEUED)
    scene.says("snmp", scanning("a"))
    assert len(scene.jobs) == 1
    scene.see(job, JobSeen(Phase.SCANNING))
    assert scene.after(1).says("snmp", scanning("a", 1)).jobs == [(JobState.PROCESSING, 1)]


def test_what_brings_the_pages_knows_our_scans_from_others() -> None:
    scene = Scene()
    scene.ours(Phase.QUEUED, Phase.SCANNING)
    assert len(scene.says("escl", scanning("7")).jobs) == 2


def test_a_cancel_at_the_panel_that_only_the_onlooker_sees_is_why_our_scan_ended() -> None:
    scene = Scene()
    job = scene.ours(Phase.QUEUED, Phase.SCANNING)
    scene.says("snmp", scanning("a")).says("snmp", scanning("a", 0, Phase.CANCELED, at_panel=True))
    found = scene.book.get(job.id)
    assert found is not None
    assert (found.state, found.why) == (JobState.PROCESSING, Why.PANEL)


def test_two_scans_that_one_source_tells_are_two_jobs() -> None:
    scene = Scene().says("escl", scanning("7"), scanning("8", phase=Phase.QUEUED))
    assert len(scene.says("snmp", scanning("a"), scanning("b", phase=Phase.QUEUED)).jobs) == 2


def test_a_device_with_one_source_holds_nothing_back() -> None:
    scene = Scene()
    scene.fusion.onlookers = frozenset()
    scene.ours(Phase.QUEUED)
    scene.says("snmp", scanning("a")).says("snmp", scanning("a", 1, Phase.DONE)).says("snmp", scanning("b"))
    assert scene.jobs[1:] == [(JobState.COMPLETED, 1), (JobState.PROCESSING, 0)]


@pytest.mark.parametrize(
    ("near", "far", "state"),
    [
        (Readiness.IDLE, Readiness.GONE, ScannerState.IDLE),
        (Readiness.GONE, Readiness.IDLE, ScannerState.STOPPED),
        (Readiness.GONE, Readiness.GONE, ScannerState.STOPPED),
        (Readiness.IDLE, Readiness.BUSY, ScannerState.PROCESSING),
        (Readiness.BUSY, Readiness.STOPPED, ScannerState.STOPPED),
    ],
)
def test_it_is_gone_when_all_say_so_or_what_brings_the_pages(
    near: Readiness, far: Readiness, state: ScannerState
) -> None:
    view = DeviceView(onlookers=frozenset({"snmp"}))
    view = look(look(view, Snapshot("escl", near), NOON), Snapshot("snmp", far), NOON)
    assert device.state(view, scanning=False) is state


def test_a_trouble_is_there_until_nobody_says_so_and_it_is_known_who_does() -> None:
    shows: Callable[[str, bool], Snapshot] = lambda source, on: Snapshot(  # noqa: E731
        source, Readiness.STOPPED if on else Readiness.IDLE, frozenset({JAM} if on else ())
    )
    view = look(look(DeviceView(), shows("escl", True), NOON), shows("snmp", True), NOON)
    assert [(each.trouble, device.told_by(view, each.trouble)) for each in view.active] == [(JAM, ("escl", "snmp"))]
    view = look(view, shows("escl", False), NOON)
    assert device.told_by(view, JAM) == ("snmp",)
    gone = replace(shows("snmp", False), readiness=Readiness.GONE)
    assert look(view, gone, NOON).active == ()
