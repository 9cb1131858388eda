"""Two sources look at one device, each late, forgetful and sometimes gone: what subscribers are told keeps the law.

The rules are those of docs/decisions/0101-one-job-of-many-sources.md; test_law_fusion_rules has them one by one."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.scanner.hosted import HostedScanner
from bridge.wsscan.events import EventName, JobEndStateEvent, JobStatusEvent
from bridge.wsscan.job import FINAL_STATES, JobState
from bridge.wsscan.names import ScanElement
from bridge.wsscan.scanner import ScannerState
from drivers.contract.capabilities import Capabilities
from drivers.contract.driver import Device
from drivers.contract.identity import Identity
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCES = ("escl", "snmp")
OVER = (Phase.DONE, Phase.CANCELED, Phase.FAILED)
TROUBLES = (Trouble(TroubleKind.JAM, Unit.FEEDER), Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER))


class HandClock:
    """Time that a test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def nothing() -> None:
    """A device that has nothing to close."""


@dataclass
class Bench:
    """One hosted scanner with both sources, and what it told."""

    clock: HandClock = field(default_factory=HandClock)
    told: list[ScanElement] = field(default_factory=list)

    def __post_init__(self) -> None:
        identity, ids = Identity("escl-mfp:80", "HP", "MFP"), count(1)

        def tell(_name: EventName, event: ScanElement) -> None:
            self.told.append(event)

        self.scanner = HostedScanner(identity, lambda: next(ids), self.clock, tell)
        device = Device(identity, "escl+snmp", Capabilities(), (), None, nothing, onlookers=frozenset({"snmp"}))
        self.scanner.attach(device)

    def jobs(self) -> set[int]:
        return {each.job_status.job_id for each in self.told if isinstance(each, JobStatusEvent)}

    def told_of(self, job: int) -> list[tuple[JobState, int]]:
        """State and count of each event, in order."""
        own = [each.job_status for each in self.told if isinstance(each, JobStatusEvent)]
        return [(JobState(each.job_state), each.scans_completed.count) for each in own if each.job_id == job]

    def ends(self, job: int) -> int:
        ends = [each.job_end_state for each in self.told if isinstance(each, JobEndStateEvent)]
        return sum(each.job_id == job for each in ends)

    def keeps_the_law(self) -> None:
        """Counts never fall; a job ends at most once, and nothing is told after it."""
        for job in self.jobs():
            told = self.told_of(job)
            assert all(before[1] <= after[1] for before, after in pairwise(told))
            assert not any(state in FINAL_STATES for state, _ in told[:-1])
            assert self.ends(job) == (told[-1][0] in FINAL_STATES)


# Whatever a source may say: any phase at any time, pages that fall, names that come and go, silence in between.
reports = st.builds(
    JobReport,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(Phase),
    pages=st.none() | st.integers(0, 9),
    percent=st.none() | st.integers(0, 100),
    at_panel=st.booleans(),
)
looks = st.builds(
    Snapshot,
    st.sampled_from(SOURCES),
    st.sampled_from(Readiness),
    troubles=st.frozensets(st.sampled_from(TROUBLES)),
    jobs=st.lists(reports, max_size=2, unique_by=lambda each: each.native_id).map(tuple),
)
pauses = st.sampled_from([0.0, 0.3, 2.0, 6.0, 70.0])


@given(st.lists(st.tuples(looks, pauses), max_size=30))
def test_whatever_they_say_counts_do_not_fall_and_a_job_ends_once(said: list[tuple[Snapshot, float]]) -> None:
    bench = Bench()
    for look, pause in said:
        bench.scanner.look(look)
        bench.keeps_the_law()
        bench.clock.seconds += pause
        bench.scanner.settle()
        bench.keeps_the_law()


@given(st.lists(st.tuples(looks, pauses), max_size=30))
def test_whatever_they_said_nothing_latches(said: list[tuple[Snapshot, float]]) -> None:
    bench = Bench()
    names: dict[str, set[str]] = {source: set() for source in SOURCES}
    for look, pause in said:
        names[look.source] |= {job.native_id for job in look.jobs}
        bench.scanner.look(look)
        bench.clock.seconds += pause
    for source in SOURCES:  # everything is over, and then forgotten
        done = tuple(JobReport(name, Phase.DONE) for name in sorted(names[source]))
        bench.scanner.look(Snapshot(source, Readiness.IDLE, jobs=done))
    for source in SOURCES:
        bench.scanner.look(Snapshot(source, Readiness.IDLE))
    bench.clock.seconds += 70
    bench.scanner.settle()
    bench.keeps_the_law()
    assert list(bench.scanner.book.active()) == []
    assert all(bench.ends(job) == 1 for job in bench.jobs())
    assert bench.scanner.view.active == ()
    assert bench.scanner.view.explanation == ""


@given(st.lists(st.tuples(looks, pauses), max_size=30), st.sampled_from(SOURCES))
def test_one_that_falls_silent_keeps_nothing_alive(said: list[tuple[Snapshot, float]], silent: str) -> None:
    bench = Bench()
    (other,) = set(SOURCES) - {silent}
    names: set[str] = set()
    for look, pause in said:
        names |= {job.native_id for job in look.jobs if look.source == other}
        bench.scanner.look(look)
        bench.clock.seconds += pause
    bench.scanner.look(Snapshot(silent, Readiness.GONE, explanation="silent"))
    both = {job.id for job in bench.scanner.book.active() if other in _sources(bench, job.id)}
    done = tuple(JobReport(name, Phase.DONE) for name in sorted(names))
    bench.scanner.look(Snapshot(other, Readiness.IDLE, jobs=done))
    bench.scanner.settle()
    bench.keeps_the_law()
    assert not both & {job.id for job in bench.scanner.book.active()}
    assert bench.scanner.view.active == ()
    assert (bench.scanner.gone, bench.scanner.view.is_gone) == (False, silent == "escl")


def _sources(bench: Bench, job: int) -> set[str]:
    return {told.source for told in bench.scanner.fusion.provenance(job)}


# What really happens: scans of some pages one after the other, each page a second; looks fall where they like.


@dataclass(frozen=True)
class Eye:
    """One source: how late its looks are, how far apart, and which of them are lost."""

    source: str
    pace: float
    delay: float
    lost: frozenset[int]


def eyes(source: str) -> st.SearchStrategy[Eye]:
    """Late by at most the time in which a scan that has just ended may still be told."""
    return st.builds(
        Eye,
        st.just(source),
        st.sampled_from([0.3, 0.5, 1.0, 2.0]),
        st.sampled_from([0.0, 0.2, 1.0, 2.5]),
        st.frozensets(st.integers(0, 200), max_size=60),
    )


@dataclass(frozen=True)
class Truth:
    """One scan."""

    began: float
    pages: int
    end: Phase

    @property
    def ended(self) -> float:
        return self.began + self.pages

    def report(self, name: str, at: float) -> JobReport | None:
        if not self.began <= at < self.ended + 20:
            return None
        pages = min(int(at - self.began), self.pages)
        phase = self.end if at >= self.ended else Phase.SCANNING
        return JobReport(name, phase, pages, at_panel=phase is Phase.CANCELED)


scans = st.lists(st.tuples(st.integers(1, 6), st.sampled_from([9.0, 14.0, 30.0]), st.sampled_from(OVER)), max_size=4)


def happened(plan: list[tuple[int, float, Phase]]) -> list[Truth]:
    found, at = [], 5.0
    for pages, pause, end in plan:
        found.append(Truth(at, pages, end))
        at += pages + pause
    return found


def shows(eye: Eye, truths: list[Truth], at: float) -> Snapshot:
    """What the device showed `delay` ago."""
    then = at - eye.delay
    told = [truth.report(f"{eye.source}-{place}", then) for place, truth in enumerate(truths)]
    jobs = tuple(each for each in told if each is not None)
    busy = any(each.phase is Phase.SCANNING for each in jobs)
    return Snapshot(eye.source, Readiness.BUSY if busy else Readiness.IDLE, jobs=jobs)


@given(scans, eyes("escl"), eyes("snmp"))
def test_each_scan_is_one_job_with_its_pages_and_its_end(
    plan: list[tuple[int, float, Phase]], near: Eye, far: Eye
) -> None:
    bench, truths = Bench(), happened(plan)
    end = (truths[-1].ended if truths else 0.0) + 40
    moments = sorted(
        (turn * eye.pace, eye.source, eye)
        for eye in (replace(near, lost=frozenset()), far)
        for turn in range(int(end / eye.pace))
        if turn not in eye.lost
    )
    for at, _, eye in moments:
        bench.clock.seconds = at
        bench.scanner.look(shows(eye, truths, at))
        bench.keeps_the_law()
    bench.scanner.settle()
    assert len(bench.jobs()) == len(truths)
    states = {Phase.DONE: JobState.COMPLETED, Phase.CANCELED: JobState.CANCELED, Phase.FAILED: JobState.ABORTED}
    for job, truth in zip(sorted(bench.jobs()), truths, strict=True):
        assert bench.told_of(job)[-1] == (states[truth.end], truth.pages)
        assert bench.ends(job) == 1
    assert bench.scanner.view.is_gone is False
    status = ScannerState.IDLE
    assert bench.scanner._summary is None or bench.scanner._summary.scanner_state is status
