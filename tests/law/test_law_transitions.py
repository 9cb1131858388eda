"""The table of transitions against a referee written by hand from the dossier (WS-Scan, section 4 and 4.1)."""

from itertools import pairwise

import pytest

from bridge.translate.transitions import TABLE, path
from bridge.wsscan.job import JobState
from drivers.contract.observation import Phase

# "Transition table to implement": from → to. "(new)" is None. Nothing leaves the last three.
EDGES: dict[str | None, set[str]] = {
    None: {"Creating", "Started", "Pending"},
    "Creating": {"Started", "Pending", "Terminating", "Aborted"},
    "Started": {"Pending", "Processing", "Terminating", "Aborted", "Canceled"},
    "Pending": {"Pending-Held", "Processing", "Started", "Terminating", "Canceled", "Aborted"},
    "Pending-Held": {"Pending", "Processing", "Terminating", "Canceled", "Aborted"},
    "Processing": {"Pending", "Terminating", "Completed", "Canceled", "Aborted"},
    "Terminating": {"Canceled", "Aborted"},
    "Completed": set(),
    "Canceled": set(),
    "Aborted": set(),
}
FINAL = {"Completed", "Canceled", "Aborted"}
CELLS = [(state, phase) for state in (None, *JobState) for phase in Phase]


def where(state: JobState | None, phase: Phase) -> JobState | None:
    """The state a job is in after that cell."""
    return (path(state, phase) or (state,))[-1]


def test_the_table_has_a_row_for_every_state_and_for_a_new_job() -> None:
    assert set(TABLE) == {None, *JobState}
    assert {None if state is None else state.value for state in TABLE} == set(EDGES)


@pytest.mark.parametrize(("state", "phase"), CELLS)
def test_every_step_of_every_path_is_an_edge(state: JobState | None, phase: Phase) -> None:
    steps = (state, *path(state, phase))
    for before, after in pairwise(steps):
        assert after is not None
        assert after.value in EDGES[None if before is None else before.value], (steps, before, after)


@pytest.mark.parametrize(("state", "phase"), CELLS)
def test_no_path_passes_a_final_state_and_none_leaves_one(state: JobState | None, phase: Phase) -> None:
    steps = path(state, phase)
    assert not FINAL.intersection(step.value for step in steps[:-1])
    if state is not None and state.value in FINAL:
        assert steps == ()


@pytest.mark.parametrize(("state", "phase"), CELLS)
def test_started_is_transient(state: JobState | None, phase: Phase) -> None:
    steps = path(state, phase)
    assert not steps or steps[-1] is not JobState.STARTED
    for before, after in pairwise(steps):
        if before is JobState.STARTED:
            assert after is JobState.PROCESSING


@pytest.mark.parametrize(("state", "phase"), CELLS)
def test_no_state_is_passed_twice_and_none_into_itself(state: JobState | None, phase: Phase) -> None:
    steps = path(state, phase)
    assert len(set(steps)) == len(steps)
    assert state not in steps


@pytest.mark.parametrize(("state", "phase"), CELLS)
def test_the_same_phase_again_moves_nothing(state: JobState | None, phase: Phase) -> None:
    after = where(state, phase)
    # A job that was only begun (Started) cannot be met there, so this holds of all that can be.
    assert path(after, phase) == ()


@pytest.mark.parametrize("state", [None, *JobState])
@pytest.mark.parametrize("phase", [Phase.DONE, Phase.CANCELED, Phase.FAILED])
def test_an_end_that_was_seen_is_an_end(state: JobState | None, phase: Phase) -> None:
    after = where(state, phase)
    assert after is not None
    assert after.value in FINAL


@pytest.mark.parametrize("phase", list(Phase))
def test_a_terminating_job_never_completes_and_is_never_taken_back(phase: Phase) -> None:
    ends = {Phase.DONE: "Canceled", Phase.CANCELED: "Canceled", Phase.FAILED: "Aborted"}
    after = where(JobState.TERMINATING, phase)
    assert after is not None
    assert after.value == ends.get(phase, "Terminating")


@pytest.mark.parametrize("state", [None, *JobState])
def test_only_a_device_that_is_done_completes_a_job_and_only_after_processing(state: JobState | None) -> None:
    for phase in Phase:
        steps = (state, *path(state, phase))
        if JobState.COMPLETED in steps[1:]:
            assert phase is Phase.DONE
            assert steps[steps.index(JobState.COMPLETED) - 1] is JobState.PROCESSING


# What the founding document and decision 8 say in so many words.
@pytest.mark.parametrize(
    ("state", "phase", "told"),
    [
        (None, Phase.QUEUED, ["Pending"]),
        (None, Phase.SCANNING, ["Started", "Processing"]),
        (None, Phase.WARMING, ["Started", "Processing"]),
        (JobState.PENDING, Phase.SCANNING, ["Started", "Processing"]),
        (None, Phase.DONE, ["Started", "Processing", "Completed"]),
        (None, Phase.HELD, ["Pending", "Pending-Held"]),
        (JobState.PENDING_HELD, Phase.SCANNING, ["Processing"]),
        (JobState.PENDING, Phase.CANCELED, ["Canceled"]),
        (JobState.PROCESSING, Phase.CANCELLING, ["Terminating"]),
        (JobState.PROCESSING, Phase.STOPPED, []),
        (JobState.PROCESSING, Phase.QUEUED, ["Pending"]),
        (JobState.PROCESSING, Phase.FAILED, ["Aborted"]),
        (JobState.CREATING, Phase.CANCELED, ["Terminating", "Canceled"]),
    ],
)
def test_the_cells_that_documents_name(state: JobState | None, phase: Phase, told: list[str]) -> None:
    assert [step.value for step in path(state, phase)] == told
