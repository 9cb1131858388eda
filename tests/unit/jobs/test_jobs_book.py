"""The memory of a scanner's jobs: bounded, and true for at least ten minutes."""

from datetime import UTC, datetime, timedelta
from itertools import count

from bridge.jobs.book import HISTORY, HISTORY_MOST, Book
from bridge.jobs.job import Job, JobSeen, Kind
from bridge.translate.job import step
from drivers.contract.observation import Phase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def book() -> Book:
    ids = count(1)
    return Book(lambda: next(ids))


def ended(jobs: Book, now: datetime) -> Job:
    job = step(jobs.open(Kind.WSD, "n", "u", now), JobSeen(Phase.DONE), now).job
    jobs.put(job)
    return job


def test_jobs_under_way_are_active_and_ended_ones_history_newest_first() -> None:
    jobs = book()
    first, second = ended(jobs, NOON), ended(jobs, NOON + timedelta(seconds=1))
    running = step(jobs.open(Kind.WSD, "n", "u", NOON), JobSeen(Phase.SCANNING), NOON).job
    jobs.put(running)
    assert list(jobs.active()) == [running]
    assert list(jobs.history()) == [second, first]


def test_a_finished_job_is_remembered_for_ten_minutes_however_many_follow() -> None:
    jobs = book()
    oldest = ended(jobs, NOON)
    for number in range(HISTORY + 20):
        ended(jobs, NOON + timedelta(seconds=number))
    assert jobs.get(oldest.id) is not None
    ended(jobs, NOON + timedelta(minutes=10, seconds=1))
    assert jobs.get(oldest.id) is None


def test_the_newest_jobs_are_remembered_for_longer() -> None:
    jobs = book()
    oldest = ended(jobs, NOON)
    for number in range(HISTORY - 1):
        ended(jobs, NOON + timedelta(days=number))
    assert jobs.get(oldest.id) is not None


def test_no_client_fills_the_memory() -> None:
    jobs = book()
    for _ in range(HISTORY_MOST + 10):
        ended(jobs, NOON)
    assert len(list(jobs.history())) == HISTORY_MOST


def test_a_job_that_is_under_way_is_never_forgotten() -> None:
    jobs = book()
    running = jobs.open(Kind.WSD, "n", "u", NOON)
    for number in range(HISTORY_MOST + 10):
        ended(jobs, NOON + timedelta(hours=number))
    assert jobs.get(running.id) is running


def test_a_discarded_job_leaves_nothing_and_its_id_is_not_used_again() -> None:
    jobs = book()
    first = jobs.open(Kind.WSD, "n", "u", NOON)
    jobs.discard(first.id)
    jobs.discard(first.id)
    assert jobs.get(first.id) is None
    assert jobs.paper(first.id) is None
    assert jobs.open(Kind.WSD, "n", "u", NOON).id == first.id + 1


def test_a_clock_set_back_forgets_nobody_too_early() -> None:
    jobs = book()
    late = ended(jobs, NOON + timedelta(days=365))
    for _ in range(HISTORY + 5):
        ended(jobs, NOON)
    assert jobs.get(late.id) is not None
