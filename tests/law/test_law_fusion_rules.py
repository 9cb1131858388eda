"""Each rule of docs/decisions/0101-one-job-of-many-sources.md as a property that fails without it.

What the sources say is arbitrary but for what the rule is about; the job is looked at after every word.
"""

from dataclasses import dataclass
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from bridge.jobs.job import Job, JobSeen, Why
from bridge.translate import device
from bridge.translate.device import DeviceView
from bridge.wsscan.job import FINAL_STATES, JobState
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.unit.translate.test_translate_fuse import Scene

NEAR, FAR = "escl", "snmp"  # what brings the pages, and an onlooker
GOING: Final = (Phase.WARMING, Phase.SCANNING, Phase.STOPPED)
OVER: Final = {
    Phase.DONE: JobState.COMPLETED,
    Phase.CANCELED: JobState.CANCELED,
    Phase.FAILED: JobState.ABORTED,
}
UNDECIDED, ECHO, PATIENCE = 5.0, 60.0, 60.0  # seconds; the page says so


@dataclass(frozen=True)
class Word:
    """What a source says of the scan that runs, so many seconds after the word before."""

    source: str
    phase: Phase
    pages: int
    percent: int | None
    pause: float

    @property
    def report(self) -> JobReport:
        return JobReport(f"name-at-{self.source}", self.phase, self.pages, self.percent)


def words(*sources: str, phases: tuple[Phase, ...] = GOING, pause: float = 1.0) -> st.SearchStrategy[Word]:
    return st.builds(
        Word,
        st.sampled_from(sources),
        st.sampled_from(phases),
        st.integers(0, 9),
        st.none() | st.integers(0, 100),
        st.floats(0, pause),
    )


def scene(*onlookers: str) -> Scene:
    made = Scene()
    made.fusion.onlookers = frozenset(onlookers)
    return made


def the_job(of: Scene) -> Job:
    """The only one."""
    (job,) = (*of.book.active(), *of.book.history())
    return job


seconds = st.floats(0, 200).map(lambda value: round(value, 1))


@given(st.lists(words(NEAR, FAR), min_size=1, max_size=20))
def test_the_state_is_the_word_of_what_brings_the_pages_or_else_of_who_told(said: list[Word]) -> None:
    here, last = scene(FAR), dict[str, Phase]()
    for word in said:
        here.after(word.pause).says(word.source, word.report)
        last[word.source] = word.phase
        assert the_job(here).phase is last.get(NEAR, last.get(FAR))


@given(st.lists(words("snmp", "ledm"), min_size=1, max_size=20))
def test_where_nobody_brings_the_pages_the_state_is_the_word_of_who_told_first(said: list[Word]) -> None:
    here, last = scene("snmp", "ledm"), dict[str, Phase]()
    for word in said:
        here.after(word.pause).says(word.source, word.report)
        last[word.source] = word.phase
        assert the_job(here).phase is last[said[0].source]


@given(st.lists(words(NEAR, FAR), min_size=1, max_size=20))
def test_all_raise_the_count_and_none_lowers_it(said: list[Word]) -> None:
    here = scene(FAR)
    for place, word in enumerate(said, start=1):
        here.after(word.pause).says(word.source, word.report)
        assert the_job(here).scans_completed == max(each.pages for each in said[:place])


@given(words(NEAR, phases=(Phase.SCANNING,)), st.lists(words(FAR, phases=(Phase.SCANNING,)), max_size=20))
def test_percent_of_one_who_is_pages_behind_does_not_count(first: Word, said: list[Word]) -> None:
    here = scene(FAR).says(NEAR, first.report)
    for word in said:
        before = the_job(here)
        after = the_job(here.after(word.pause).says(word.source, word.report))
        if word.pages < before.scans_completed:
            assert after.percent == before.percent


@given(st.integers(0, 9), st.integers(0, 9), st.integers(5, 99))
def test_percent_of_one_who_is_at_the_same_page_counts(near: int, far: int, percent: int) -> None:
    here = scene(FAR).says(NEAR, JobReport("name-at-escl", Phase.SCANNING, near))
    here.after(2).says(FAR, JobReport("name-at-snmp", Phase.SCANNING, far, percent))
    assert the_job(here).percent == (None if far < near else percent)


@given(words(NEAR), words(FAR), st.sampled_from([Phase.CANCELED, Phase.FAILED]))
def test_a_cancel_at_the_panel_is_the_reason_whoever_saw_it(near: Word, far: Word, end: Phase) -> None:
    here = scene(FAR).says(NEAR, near.report).says(FAR, far.report)
    here.says(FAR, JobReport("name-at-snmp", Phase.CANCELED, far.pages, at_panel=True))
    assert (the_job(here).state in FINAL_STATES, the_job(here).why) == (False, Why.PANEL)
    here.says(NEAR, JobReport("name-at-escl", end, near.pages))
    assert (the_job(here).state, the_job(here).why) == (OVER[end], Why.PANEL)


@given(words(NEAR), words(FAR), st.sampled_from(list(OVER)), st.floats(0, PATIENCE - 1), st.booleans())
def test_an_onlookers_end_counts_once_the_leader_is_silent_or_lists_the_job_no_more(
    near: Word, far: Word, end: Phase, later: float, silent: bool
) -> None:
    here = scene(FAR).says(NEAR, near.report).says(FAR, far.report)
    here.says(FAR, JobReport("name-at-snmp", end, far.pages))
    here.after(later).settled()
    assert the_job(here).phase is near.phase
    here.says(NEAR, readiness=Readiness.GONE if silent else Readiness.IDLE)
    assert the_job(here).state is OVER[end]


@given(words(NEAR), words(FAR), st.sampled_from(list(OVER)), st.lists(st.floats(1, 25), min_size=1, max_size=8))
def test_an_onlookers_end_counts_once_the_leader_has_said_otherwise_for_a_minute(
    near: Word, far: Word, end: Phase, pauses: list[float]
) -> None:
    here, passed = scene(FAR).says(NEAR, near.report).says(FAR, far.report), 0.0
    here.says(FAR, JobReport("name-at-snmp", end, far.pages))
    for place, pause in enumerate(pauses):
        passed += pause
        here.after(pause).says(FAR, JobReport("name-at-snmp", end, far.pages + place)).says(NEAR, near.report)
        if passed < PATIENCE - 0.001:
            assert the_job(here).phase is near.phase
        elif passed > PATIENCE + 0.001:
            assert the_job(here).state is OVER[end]
            return


@given(words(NEAR), st.lists(words(FAR), min_size=1, max_size=5), words(NEAR))
def test_a_source_that_is_gone_leads_nothing_until_it_is_back(near: Word, far: list[Word], back: Word) -> None:
    here = scene(FAR).says(NEAR, near.report)
    for word in far:
        here.says(FAR, word.report)
    here.says(NEAR, readiness=Readiness.GONE)
    assert the_job(here).phase is far[-1].phase
    here.says(FAR, far[0].report)
    assert the_job(here).phase is far[0].phase
    here.says(NEAR, back.report)
    assert the_job(here).phase is back.phase


@given(st.lists(words(FAR, phases=(*GOING, *OVER), pause=100.0), max_size=20))
def test_a_scan_of_ours_is_what_an_onlooker_tells_and_ends_with_its_document_alone(said: list[Word]) -> None:
    here = scene(FAR)
    job = here.ours(Phase.QUEUED, Phase.SCANNING)
    for word in said:
        here.after(word.pause).says(FAR, word.report).settled()
        assert (the_job(here).id, the_job(here).phase) == (job.id, Phase.SCANNING)
    here.see(the_job(here), JobSeen(Phase.DONE))
    assert the_job(here).state is JobState.COMPLETED


@given(st.sampled_from([*GOING, *OVER]), st.integers(0, 9), st.sampled_from([Phase.QUEUED, Phase.SCANNING]))
def test_what_brings_the_pages_tells_of_others_scans_beside_ours(phase: Phase, pages: int, mine: Phase) -> None:
    here = scene(FAR)
    here.ours(Phase.QUEUED, mine)
    assert len(here.says(NEAR, JobReport("name-at-escl", phase, pages)).jobs) == 2


@given(st.lists(st.sampled_from(GOING), min_size=1, max_size=5), st.sampled_from([NEAR, FAR]))
def test_scans_of_one_source_are_as_many_jobs(phases: list[Phase], source: str) -> None:
    reports = [JobReport(f"name-{place}", phase, 0) for place, phase in enumerate(phases)]
    assert len(scene(FAR).says(source, *reports).jobs) == len(phases)


ended = st.tuples(st.sampled_from([(NEAR, FAR), (FAR, NEAR)]), st.sampled_from(list(OVER)))


def one_that_ended(sources: tuple[str, str], end: Phase) -> Scene:
    """As the first of the sources told it."""
    here = scene(FAR).says(sources[0], JobReport("one", Phase.SCANNING, 0))
    return here.says(sources[0], JobReport("one", end, 1), readiness=Readiness.IDLE)


@given(ended, st.sampled_from(list(OVER)), seconds)
def test_a_scan_first_told_as_over_is_one_that_ended_within_a_minute(
    of: tuple[tuple[str, str], Phase], end: Phase, later: float
) -> None:
    here = one_that_ended(*of).after(later).says(of[0][1], JobReport("two", end, 1))
    assert len(here.jobs) == (1 if later <= ECHO else 2)


@given(ended, st.floats(0, 10), st.floats(0, 10), st.sampled_from([*GOING, *OVER]))
def test_a_scan_told_as_running_is_undecided_until_five_seconds_after_the_one_that_ended(
    of: tuple[tuple[str, str], Phase], later: float, longer: float, then: Phase
) -> None:
    source = of[0][1]
    later, longer = round(later), round(longer)  # 5.0 s is not a matter of the last bit
    here = one_that_ended(*of).after(later).says(source, JobReport("two", Phase.SCANNING, 0))
    assert len(here.jobs) == (1 if later <= UNDECIDED else 2)
    here.after(longer).says(source, JobReport("two", then, 1))
    another = later > UNDECIDED or (then in GOING and (longer >= UNDECIDED or later + longer > UNDECIDED))
    assert len(here.jobs) == (2 if another else 1)


@given(st.sampled_from(GOING), st.floats(0, 10), st.sampled_from(GOING))
def test_a_scan_told_while_one_of_ours_waits_is_undecided_for_five_seconds(
    phase: Phase, later: float, then: Phase
) -> None:
    here, later = scene(FAR), round(later, 1)
    job = here.ours(Phase.QUEUED)
    assert len(here.says(FAR, JobReport("a", phase, 0)).jobs) == 1
    late = scene(FAR)
    late.ours(Phase.QUEUED)
    late.says(FAR, JobReport("a", phase, 0)).after(later).says(FAR, JobReport("a", then, 0))
    assert len(late.jobs) == (1 if later < UNDECIDED else 2)
    here.see(job, JobSeen(Phase.SCANNING))
    here.after(1).says(FAR, JobReport("a", then, 1))
    assert len(here.jobs) == 1
    assert [told.source for told in here.fusion.provenance(job.id)] == [FAR]


@given(st.sampled_from(list(OVER)), st.integers(0, 9))
def test_what_is_over_while_one_of_ours_waits_was_another(end: Phase, pages: int) -> None:
    here = scene(FAR)
    job = here.ours(Phase.QUEUED)
    here.says(FAR, JobReport("a", end, pages))
    assert here.fusion.provenance(job.id) == ()
    assert len(here.jobs) == 2


TROUBLES: Final = tuple(Trouble(kind, Unit.FEEDER) for kind in (TroubleKind.JAM, TroubleKind.COVER_OPEN))


@given(
    st.lists(
        st.tuples(st.sampled_from([NEAR, FAR]), st.sampled_from(Readiness), st.frozensets(st.sampled_from(TROUBLES))),
        min_size=1,
        max_size=20,
    )
)
def test_troubles_are_the_union_and_gone_is_who_brings_the_pages(
    looks: list[tuple[str, Readiness, frozenset[Trouble]]],
) -> None:
    view, last = DeviceView(onlookers=frozenset({FAR})), dict[str, Snapshot]()
    for source, readiness, troubles in looks:
        last[source] = Snapshot(source, readiness, frozenset() if readiness is Readiness.GONE else troubles)
        view = device.look(view, last[source], Scene().now)
        assert {each.trouble for each in view.active} == frozenset().union(*(each.troubles for each in last.values()))
        closest = last.get(NEAR, last.get(FAR))
        assert closest is not None
        assert view.is_gone is (closest.readiness is Readiness.GONE)
