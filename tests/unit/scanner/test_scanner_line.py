"""The line before the scanner: clients take turns, one client's jobs stay in order, nobody waits for ever."""

from typing import Any, cast

import pytest

from bridge.scanner.line import Line
from bridge.scanner.open_job import OpenJob


def job(number: int) -> OpenJob:
    nothing = cast("Any", None)
    return OpenJob(number, nothing, nothing)


def line(first: str, *waiting: tuple[str, int]) -> Line:
    """`first` has the scanner, the others came in this order."""
    found = Line(8)
    found.pass_by(first)
    for client, number in waiting:
        found.add(client, job(number))
    return found


def order(found: Line) -> list[int]:
    return [found.take().id for _ in range(len(found))]


def test_one_clients_jobs_are_scanned_as_they_came() -> None:
    assert order(line("a", ("a", 2), ("a", 3), ("a", 4))) == [2, 3, 4]


def test_a_second_client_waits_for_one_job_of_the_first_not_for_all() -> None:
    assert order(line("a", ("a", 2), ("a", 3), ("a", 4), ("b", 5))) == [5, 2, 3, 4]


def test_clients_take_turns() -> None:
    found = line("a", ("a", 2), ("a", 3), ("b", 4), ("b", 5), ("c", 6))
    # After the first client's turn each has one, the others before it or in the order they came; then each a second.
    assert order(found) == [4, 2, 6, 3, 5]


def test_newcomers_without_end_do_not_keep_a_job_waiting() -> None:
    found = line("a", ("a", 1), ("a", 2), ("a", 3))
    taken = []
    for number in range(10, 20):
        found.add(f"new {number}", job(number))
        taken.append(found.take().id)
    assert [number for number in taken if number < 10] == [1, 2, 3]
    assert taken.index(3) <= 6


def test_a_job_that_was_cancelled_is_passed_over() -> None:
    found = Line(8)
    found.pass_by("a")
    gone = job(2)
    found.add("a", gone)
    found.add("a", job(3))
    assert gone in found
    found.remove(gone)
    assert gone not in found
    assert order(found) == [3]
    with pytest.raises(IndexError):
        found.take()


def test_one_client_fills_its_line_and_others_still_find_a_place() -> None:
    found = Line(8)
    for number in range(8):
        assert found.admits("a")
        found.add("a", job(number))
    assert not found.admits("a")
    for number in range(24):
        assert found.admits(f"other {number}")
        found.add(f"other {number}", job(100 + number))
        assert not found.admits(f"other {number}")
    assert not found.admits("one too many")
    assert len(found) == 32
