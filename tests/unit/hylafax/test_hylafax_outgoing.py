"""Jobs that are sent: listings and events put together."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport, Operation
from drivers.hylafax.details import Details
from drivers.hylafax.events import Heard
from drivers.hylafax.listings import ListedJob, ListedModem
from drivers.hylafax.outgoing import HISTORY, Outgoing, phase
from drivers.hylafax.words import Event, JobState
from drivers.hylafax.xferfaxlog import Record

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
JOB = ListedJob("7", JobState.READY, "ttyS0", 0, 12, 0, 3, 0, 3, NOW, "")
MODEMS = {"ttyS0": ListedModem("ttyS0", "Ours", attended=True, status="")}


def following(*listed: ListedJob) -> Outgoing:
    outgoing = Outgoing()
    outgoing.see(listed)
    return outgoing


def report(outgoing: Outgoing) -> FaxReport:
    (only,) = outgoing.reports(MODEMS)
    return only


def hear(outgoing: Outgoing, event: Event, pages: int | None = None) -> bool:
    return outgoing.hear(Heard(event, NOW, job="7", pages=pages))


@pytest.mark.parametrize(
    ("letter", "tried", "expected"),
    [
        ("T", False, FaxPhase.HELD),
        ("T", True, FaxPhase.WAITING_HELD),
        ("P", False, FaxPhase.QUEUED),
        ("P", True, FaxPhase.QUEUED),
        ("S", False, FaxPhase.QUEUED),
        ("S", True, FaxPhase.WAITING),
        ("B", False, FaxPhase.NO_LINE),
        ("W", True, FaxPhase.NO_LINE),
        ("R", False, FaxPhase.INITIALIZING),
        ("D", True, FaxPhase.DONE),
        ("F", False, FaxPhase.FAILED),
        ("?", False, None),
    ],
)
def test_a_state_letter_is_a_phase(letter: str, tried: bool, expected: FaxPhase | None):
    assert phase(replace(JOB, state=JobState(letter), dials=int(tried)), None) is expected


@pytest.mark.parametrize(("dials", "tries"), [(12, 0), (13, 0), (1, 3)])
def test_a_failure_after_the_last_try_is_given_up(dials: int, tries: int):
    assert phase(replace(JOB, state=JobState.FAILED, dials=dials, tries=tries), 333) is FaxPhase.GIVEN_UP


def test_a_job_without_a_limit_is_never_spent():
    assert not replace(JOB, max_dials=0, max_tries=0, dials=99, tries=99).spent


@pytest.mark.parametrize("code", [344, 345])
def test_who_kills_his_job_cancels_it_even_after_the_last_try(code: int):
    assert phase(replace(JOB, state=JobState.FAILED, dials=12), code) is FaxPhase.CANCELED


def test_a_job_whose_kill_was_heard_is_canceling_and_then_canceled():
    outgoing = following(replace(JOB, state=JobState.ACTIVE))
    hear(outgoing, Event.JOB_KILL)
    assert report(outgoing).phase is FaxPhase.CANCELLING
    outgoing.see((replace(JOB, state=JobState.FAILED),))
    assert report(outgoing).phase is FaxPhase.CANCELED


def test_a_call_goes_its_way():
    outgoing = following(replace(JOB, state=JobState.ACTIVE))
    phases = []
    for event in (Event.SEND_BEGIN, Event.SEND_CALL, Event.SEND_CONNECTED):
        assert hear(outgoing, event)
        phases.append(report(outgoing).phase)
    assert hear(outgoing, Event.SEND_PAGE, 1)
    assert phases == [FaxPhase.INITIALIZING, FaxPhase.DIALING, FaxPhase.ANSWERED]
    assert report(outgoing).phase is FaxPhase.TRANSMITTING
    assert (report(outgoing).pages_done, report(outgoing).pages, report(outgoing).began) == (1, 3, NOW)


def test_a_page_that_is_sent_again_counts_once():
    outgoing = following(replace(JOB, state=JobState.ACTIVE))
    for page in (1, 2, 2, 1):
        hear(outgoing, Event.SEND_PAGE, page)
    assert report(outgoing).pages_done == 2
    outgoing.see((replace(JOB, state=JobState.ACTIVE, pages_done=1),))  # older than what was heard
    assert report(outgoing).pages_done == 2


def test_an_event_from_before_does_not_set_a_waiting_job_on_the_line():
    outgoing = following(replace(JOB, state=JobState.SLEEPING, dials=1, status="Busy signal detected"))
    hear(outgoing, Event.SEND_CALL)
    assert report(outgoing).phase is FaxPhase.WAITING


def test_retries_are_the_calls_after_the_first():
    outgoing = following(replace(JOB, state=JobState.ACTIVE))
    seen = []
    for attempt in (1, 2, 3):
        hear(outgoing, Event.SEND_BEGIN)
        hear(outgoing, Event.SEND_CALL)
        seen.append(report(outgoing).retries)
        outgoing.see((replace(JOB, state=JobState.ACTIVE, dials=attempt),))  # hfaxd counts during the call
        seen.append(report(outgoing).retries)
    assert seen == [0, 0, 1, 1, 2, 2]


def test_the_last_failure_is_told_while_the_job_waits_and_not_while_it_calls():
    outgoing = following(replace(JOB, state=JobState.SLEEPING, dials=1, status="Busy signal detected"))
    assert outgoing.asking == [("7", False)]
    outgoing.learn("7", Details(1, None, 4711))
    assert outgoing.asking == []
    assert (report(outgoing).cause, report(outgoing).detail) == (Cause.BUSY, "Busy signal detected")
    outgoing.see((replace(JOB, state=JobState.ACTIVE, dials=1, status="Busy signal detected"),))
    assert (report(outgoing).cause, report(outgoing).detail, report(outgoing).size) == (None, None, 4711)


def test_what_was_learned_stays_when_the_documents_are_gone():
    outgoing = following(replace(JOB, tries=1))
    outgoing.learn("7", Details(0, "Acme", 4711))
    outgoing.see((replace(JOB, state=JobState.DONE, tries=1, pages_done=3),))
    assert outgoing.asking == [("7", True)]
    outgoing.learn("7", Details(0, None, None))
    assert (report(outgoing).remote_id, report(outgoing).size) == ("Acme", 4711)


def test_a_finished_job_does_not_change_by_late_events():
    outgoing = following(replace(JOB, state=JobState.DONE))
    assert not hear(outgoing, Event.SEND_PAGE, 9)
    assert report(outgoing).pages_done == 0
    assert report(outgoing).scheduled is None


def test_a_number_that_is_used_again_is_another_job():
    outgoing = following(replace(JOB, state=JobState.DONE, pages_done=3, dials=4))
    outgoing.see((JOB,))
    assert (report(outgoing).pages_done, report(outgoing).retries) == (0, 0)


def test_a_job_that_is_listed_no_longer_is_gone():
    outgoing = following(JOB)
    assert outgoing.missing(()) == ["7"]
    outgoing.see(())
    assert outgoing.reports(MODEMS) == ()


@pytest.mark.parametrize(
    ("reason", "expected", "cause"),
    [
        ("", FaxPhase.DONE, Cause.COMPLETED),
        ("No answer from remote", FaxPhase.FAILED, Cause.NO_ANSWER),
        ("Unspecified Transmit Phase C error", FaxPhase.FAILED, None),
        # what a job that is removed on the line leaves in the log of HylaFAX 6.0.7
        ("Call aborted by user", FaxPhase.CANCELED, Cause.CALL_ABORTED),
    ],
)
def test_the_log_tells_once_how_a_job_ended_that_nobody_saw(reason: str, expected: FaxPhase, cause: Cause | None):
    outgoing = following(JOB)
    outgoing.see(())
    outgoing.tell_end("7", Record("SEND", "ttyS0", "7", "", "Acme", 3, reason))
    told = report(outgoing)
    assert (told.native_id, told.direction, told.phase, told.cause) == ("7", Direction.OUTGOING, expected, cause)
    assert (told.pages_done, told.remote_id, told.detail) == (3, "Acme", reason or None)
    outgoing.see(())
    assert outgoing.reports(MODEMS) == ()


def test_a_job_that_is_killed_and_deleted_before_a_look_is_canceled_once():
    outgoing = following(JOB)
    assert outgoing.hear(Heard(Event.JOB_KILL, NOW, job="7"))
    outgoing.see(())
    told = report(outgoing)
    assert (told.native_id, told.phase, told.cause) == ("7", FaxPhase.CANCELED, Cause.CALL_ABORTED)
    assert told.can == frozenset()
    outgoing.see(())
    assert outgoing.reports(MODEMS) == ()


def test_the_history_at_the_start_is_bounded_and_stays_so():
    finished = tuple(replace(JOB, id=str(number), state=JobState.DONE) for number in range(1, 100))
    outgoing = following(*finished, replace(JOB, id="100"))
    shown = [each.native_id for each in outgoing.reports(MODEMS)]
    assert shown == [str(number) for number in range(100 - HISTORY, 101)]
    outgoing.see(finished)
    assert len(outgoing.reports(MODEMS)) == HISTORY


def test_an_undefined_state_keeps_what_was_known():
    outgoing = following(replace(JOB, state=JobState.SLEEPING, dials=1))
    outgoing.see((replace(JOB, state=JobState.UNDEFINED),))
    assert report(outgoing).phase is FaxPhase.WAITING


def test_without_events_pages_tell_that_it_is_sent():
    outgoing = following(replace(JOB, state=JobState.ACTIVE))
    outgoing.see((replace(JOB, state=JobState.ACTIVE, pages_done=1),))
    assert report(outgoing).phase is FaxPhase.TRANSMITTING


def test_what_may_be_done_follows_the_state():
    assert report(following(JOB)).can == {Operation.VIEW, Operation.PAUSE, Operation.DELETE}
    assert report(following(replace(JOB, state=JobState.SUSPENDED))).can == {
        Operation.VIEW,
        Operation.RESUME,
        Operation.DELETE,
    }
    assert report(following(replace(JOB, state=JobState.ACTIVE))).can == {Operation.VIEW, Operation.DELETE}
