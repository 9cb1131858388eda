"""Whatever is seen of a job, in whatever order and at whatever hour: what its subscribers are told keeps the law.

The rules are those of the dossier (WS-Scan JobStatus, sections 3, 4 and 4.1) and of decision 15 (Percent)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.translate import report
from bridge.translate.job import step
from bridge.wsscan.events import JobEndStateEvent, JobStatusEvent
from bridge.wsscan.job import JobState
from bridge.wsscan.year import Year, respell
from drivers.contract.observation import Phase
from tests.schema import schema

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FINAL = {"Completed", "Canceled", "Aborted"}

# Section 4.1, by hand: with which states a reason may stand. What is not named stands with none of these rules.
MATRIX = {
    "InvalidScanTicket": {"Aborted"},
    "DocumentFormatError": {"Aborted"},
    "ImageTransferError": {"Terminating", "Aborted"},
    "CompressionError": {"Terminating", "Aborted"},
    "JobCanceledAtDevice": {"Terminating", "Canceled"},
    "JobCompletedSuccessfully": {"Completed"},
    "JobCompletedWithErrors": {"Completed"},
    "JobCompletedWithWarnings": {"Completed"},
    "JobScanning": {"Processing"},
    "JobScanningAndTransfering": {"Processing"},
    "JobTransfering": {"Processing"},
    "JobTimedOut": {"Terminating", "Aborted"},
    "ScannerStopped": {"Processing", "Pending", "Pending-Held"},
}

seens = st.builds(
    JobSeen,
    phase=st.none() | st.sampled_from([phase for phase in Phase for _ in range(3 if phase is Phase.SCANNING else 1)]),
    pages=st.none() | st.integers(0, 12),
    percent=st.none() | st.integers(0, 100),
    sending=st.none() | st.booleans(),
    why=st.none() | st.sampled_from(Why),
)
# Mostly a clock that goes on by fractions of a second, now and then one that is set back or far ahead.
pauses = st.sampled_from([0.0, 0.2, 0.5, 1.0, 3.0]) | st.floats(-7200, 7200)
histories = st.lists(st.tuples(seens, pauses), max_size=40)
# A device that scans and scans: this is where percent lives.
running = st.builds(
    JobSeen, phase=st.just(Phase.SCANNING), pages=st.integers(0, 3), percent=st.none() | st.integers(0, 100)
)
scans = st.lists(st.tuples(running, st.sampled_from([0.1, 0.3, 0.7, 1.0])), max_size=60)


def new_job() -> Job:
    return Job(7, Kind.WSD, "Scan", "somebody", NOON)


def tell(history: list[tuple[JobSeen, float]]) -> tuple[list[tuple[Job, datetime]], int]:
    """What is told, when; and how many ends."""
    job, now, ends = new_job(), NOON, 0
    told: list[tuple[Job, datetime]] = []
    for seen, pause in history:
        now += timedelta(seconds=pause)
        transition = step(job, seen, now)
        if job.state is not None and job.state.value in FINAL:
            assert transition.told == ()
            assert not transition.ended
        if transition.ended:
            ends += 1
            assert transition.told[-1] == transition.job
        job = transition.job
        told += [(each, now) for each in transition.told]
    return told, ends


@given(histories)
def test_the_count_of_scans_never_falls(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for (before, _at), (after, _then) in pairwise(told):
        assert after.scans_completed >= before.scans_completed


@given(histories)
def test_a_job_ends_once_and_nothing_is_told_after_it(history: list[tuple[JobSeen, float]]) -> None:
    told, ends = tell(history)
    states = [str(job.state) for job, _ in told]
    assert not FINAL.intersection(states[:-1])
    assert ends == (1 if states and states[-1] in FINAL else 0)


@given(histories, seens)
def test_the_same_seen_twice_is_no_event(history: list[tuple[JobSeen, float]], seen: JobSeen) -> None:
    job, now = new_job(), NOON
    for earlier, pause in history:
        now += timedelta(seconds=pause)
        job = step(job, earlier, now).job
    once = step(job, seen, now)
    again = step(once.job, seen, now)
    assert again.told == ()
    assert not again.ended


@given(histories)
def test_every_event_differs_from_the_one_before(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for (before, _at), (after, _then) in pairwise(told):
        assert (before.state, before.reason, before.scans_completed, before.percent) != (
            after.state,
            after.reason,
            after.scans_completed,
            after.percent,
        )


@given(scans)
def test_percent_alone_is_told_in_steps_of_five_and_at_most_once_a_second(
    history: list[tuple[JobSeen, float]],
) -> None:
    told, _ = tell(history)
    last = None
    for (before, _at), (after, now) in pairwise(told):
        changed = (before.state, before.reason, before.scans_completed) != (
            after.state,
            after.reason,
            after.scans_completed,
        )
        if changed:
            continue
        assert after.percent is not None
        assert after.percent - (before.percent or 0) >= 5
        assert last is None or now - last >= timedelta(seconds=1)
        last = now


@given(histories)
def test_percent_stands_only_with_processing(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for job, _ in told:
        assert job.percent is None or (job.state is JobState.PROCESSING and 0 <= job.percent <= 100)


@given(histories)
def test_a_change_of_state_is_never_kept_back(history: list[tuple[JobSeen, float]]) -> None:
    job, now = new_job(), NOON
    for seen, pause in history:
        now += timedelta(seconds=pause)
        after = step(job, seen, now)
        changed = (job.state, job.reason, job.scans_completed) != (
            after.job.state,
            after.job.reason,
            after.job.scans_completed,
        )
        assert not changed or after.told
        if after.told:
            assert after.told[-1] == after.job
        job = after.job


@given(histories)
def test_reasons_stand_with_the_states_they_belong_to(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for job, _ in told:
        if job.reason is not None:
            assert str(job.state) in MATRIX[job.reason.value], (job.state, job.reason)


@given(histories)
def test_the_time_of_completion_stands_with_final_states_only(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for job, now in told:
        assert job.completed == (now if str(job.state) in FINAL else None)


@settings(max_examples=40)
@given(histories)
def test_every_event_is_valid_in_both_years(history: list[tuple[JobSeen, float]]) -> None:
    told, _ = tell(history)
    for job, _ in told:
        event = JobStatusEvent(job_status=report.job_status(job)).to_xml()
        for year in Year:
            schema.validate(respell(event, year), year)
        if str(job.state) in FINAL:
            end = JobEndStateEvent(job_end_state=report.job_end_state(job)).to_xml()
            for year in Year:
                schema.validate(respell(end, year), year)
