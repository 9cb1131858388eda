"""Whatever is seen of fax jobs, in whatever order: what their listeners are told keeps the law.

The moves that are allowed are written here by hand; the table under test must be total and allow nothing else."""

from datetime import UTC, datetime
from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from bridge.fax.faxcomex import JobStatus
from bridge.fax.job_status import FaxJobStatus, Property
from bridge.fax.notify import Callback, Notification
from bridge.translate.fax import step
from bridge.translate.fax_queue import FaxQueue, look
from bridge.translate.fax_transitions import BASES, TABLE, path
from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport, FaxSnapshot

S = JobStatus
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDS = {S.FAILED, S.RETRIES_EXCEEDED, S.COMPLETED, S.CANCELED}
# Which status may directly follow which.
MAY_FOLLOW = {
    S.PENDING: {S.INPROGRESS, S.CANCELING, S.CANCELED, S.FAILED},
    S.INPROGRESS: {S.PENDING, S.RETRYING, S.CANCELING, S.ROUTING, *ENDS},
    S.RETRYING: {S.PENDING, S.INPROGRESS, S.CANCELING, S.CANCELED, S.FAILED, S.RETRIES_EXCEEDED},
    S.CANCELING: ENDS,
    S.ROUTING: {S.CANCELING, *ENDS},
    **{end: set() for end in ENDS},
}

texts = st.none() | st.text(max_size=5)
counts = st.none() | st.integers(0, 2**33)
times = st.sampled_from((None, NOON))
reports = st.builds(
    FaxReport,
    native_id=st.sampled_from(("1", "2", "3")),
    direction=st.sampled_from(Direction),
    phase=st.sampled_from(FaxPhase),
    cause=st.none() | st.sampled_from(Cause),
    detail=texts,
    pages=counts,
    pages_done=counts,
    size=counts,
    line=st.none() | st.sampled_from(("ttyS0", "ttyS1")),
    remote_id=texts,
    local_id=texts,
    caller_id=texts,
    retries=counts,
    scheduled=times,
    began=times,
    ended=times,
)


def number(line: str) -> int:
    return int(line[-1]) + 1


def base(status: FaxJobStatus) -> JobStatus:
    return status.status & ~(S.PAUSED | S.NOLINE)


def test_the_table_is_total_and_allows_what_is_written_here_and_nothing_else() -> None:
    assert set(TABLE) == {None, *BASES}
    for before, seen in product((None, *BASES), BASES):
        passed = path(before, seen)
        steps = passed if before is None else (before, *passed)
        for one, other in pairwise(steps):
            assert other in MAY_FOLLOW[one], f"{before!r} seen {seen!r}: {one!r} then {other!r}"
        assert passed == () or passed[-1] is seen


@given(seens=st.lists(reports, min_size=1, max_size=12), direction=st.sampled_from(Direction))
def test_a_job_keeps_the_law_whatever_is_seen_of_it(seens: list[FaxReport], direction: Direction) -> None:
    told: list[FaxJobStatus] = []
    status: FaxJobStatus | None = None
    for seen in seens:
        transition = step(status, _of(seen, direction), number)
        status = transition.status
        told += transition.told
    assert told
    assert told[-1] == status
    for before, after in pairwise(told):
        assert before != after, "an event is a difference"
        assert base(before) is base(after) or base(after) in MAY_FOLLOW[base(before)]
        assert base(before) not in ENDS, "no status follows a terminal one"
        assert after.retries >= before.retries
        assert after.pages >= before.pages
        assert after.current_page >= before.current_page
        gone = before.known - after.known
        assert gone <= {Property.EXTENDED_STATUS_CODE, Property.EXTENDED_STATUS}, "what was known stays known"
    for each in told:
        if {Property.PAGES, Property.CURRENT_PAGE} <= each.known:
            assert each.current_page <= each.pages


@given(
    looks=st.lists(st.lists(reports, max_size=5, unique_by=lambda each: (each.direction, each.native_id)), max_size=8)
)
def test_a_listener_sees_each_job_added_changed_and_removed_in_that_order(looks: list[list[FaxReport]]) -> None:
    queue = FaxQueue()
    told: list[Notification] = []
    for seen in looks:
        looked = look(queue, FaxSnapshot("test", tuple(seen)), number)
        queue = looked.queue
        told += looked.told
    there: dict[str, FaxJobStatus | None] = {}
    for each in told:
        said = dict(each.arguments)
        match each.callback:
            case Callback.INCOMING_JOB_ADDED | Callback.OUTGOING_JOB_ADDED:
                assert said["job_id"] not in there
                there[str(said["job_id"])] = None
            case Callback.INCOMING_JOB_CHANGED | Callback.OUTGOING_JOB_CHANGED:
                before = there[str(said["job_id"])]
                assert before is None or base(before) not in ENDS, "after a terminal status there is only Removed"
                status = said["job_status"]
                assert isinstance(status, FaxJobStatus)
                there[str(said["job_id"])] = status
            case Callback.INCOMING_JOB_REMOVED | Callback.OUTGOING_JOB_REMOVED:
                del there[str(said["job_id"])]
    assert list(there.values()) == list(queue.jobs.values())


@given(seen=reports)
def test_the_same_look_twice_tells_nothing_more(seen: FaxReport) -> None:
    once = step(None, seen, number)
    again = step(once.status, seen, number)
    assert again.told == ()


def _of(seen: FaxReport, direction: Direction) -> FaxReport:
    return FaxReport(**{name: getattr(seen, name) for name in FaxReport.__slots__} | {"direction": direction})
