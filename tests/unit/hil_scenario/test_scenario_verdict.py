"""What counts as wrong. Events are written by hand."""

from hil.scenario import model
from hil.scenario.seen import Event, Seen
from hil.scenario.verdict import complaints, fits, satisfied

HEAD = 'title = "x"\n[[client]]\nname = "ada"\n'


def job(at: float, state: str, scans: int = 0, *reasons: str, number: int = 7, client: str = "ada") -> Event:
    return Event(at, client, "JobStatusEvent", number, state, reasons, scans)


def end(at: float, state: str, scans: int = 0, *reasons: str, number: int = 7) -> Event:
    return Event(at, "ada", "JobEndStateEvent", number, state, reasons, scans)


GOOD = (job(1, "Started"), job(1.5, "Processing"), job(9, "Completed", 1), end(9.1, "Completed", 1))


def said(text: str, *events: Event) -> tuple[str, ...]:
    return complaints(model.parse(HEAD + text, "here"), Seen(events=events))


def test_events_in_order_with_others_between_are_right():
    assert said('[[expect]]\nstate = "Started"\n[[expect]]\nstate = "Completed"\n', *GOOD) == ()


def test_the_wrong_order_is_said_with_where_it_came():
    (found,) = said('[[expect]]\nstate = "Completed"\n[[expect]]\nstate = "Started"\n', *GOOD)
    assert found.startswith("ada: expectation 2 (JobStatus Started) did not come after JobStatus job 7 Completed")
    assert found.endswith("it came before, at 1.000 s")


def test_one_event_cannot_be_two():
    assert said('[[expect]]\nstate = "Started"\n[[expect]]\nstate = "Started"\n', *GOOD)


def test_windows_of_time_hold_to_their_edges():
    expected = '[[expect]]\nstate = "Started"\n[[expect]]\nstate = "Completed"\n'
    assert said(expected + "at = [9, 9]\nwithin = [8, 8]\n", *GOOD) == ()
    (late,) = said(expected + "at = [0, 8.9]\n", *GOOD)
    assert "came at 9.000 s, not from 0 to 8.9 s" in late
    (slow,) = said(expected + "within = [0, 7]\n", *GOOD)
    assert "came 8.000 s after the one before, not 0 to 7 s" in slow


def test_jobs_are_counted_in_the_order_in_which_they_were_told():
    others = (job(2, "Pending", number=3), job(10, "Completed", 1, number=3), end(10, "Completed", 1, number=3))
    expected = '[[expect]]\njob = 2\nstate = "Pending"\n[[job]]\nstate = "Completed"\n[[job]]\nstate = "Completed"\n'
    assert said(expected, *GOOD, *others) == ()
    (more,) = said('[[job]]\nstate = "Completed"\n', *GOOD, *others)
    assert more == "there were 2 jobs, not 1"


def test_no_reason_is_asked_for_by_an_empty_one():
    match = model.Match(reason="")
    assert fits(match, job(1, "Processing"), {7: 1})
    assert not fits(match, job(1, "Processing", 0, "JobScanning"), {7: 1})


def test_what_must_never_come_is_said_once_for_each_time():
    assert len(said('[[expect]]\n[[never]]\nstate = "Processing"\n', *GOOD)) == 1


def test_what_every_subscriber_may_rely_on_is_always_looked_at():
    ok = '[[expect]]\nstate = "Started"\n'
    assert said(ok, *GOOD, job(10, "Processing", 0)) == (
        "ada: the images of job 7 were counted back",
        "ada: job 7 was told of after its end",
    )
    assert said(ok, *GOOD, end(11, "Completed", 1)) == ("ada: job 7 ended 2 times",)
    assert said(ok, *GOOD[:3], end(9, "Aborted", 1)) == ("ada: job 7 ended Completed and Aborted",)


def test_it_is_over_when_all_has_come_and_every_job_has_ended():
    scenario = model.parse(HEAD + '[[expect]]\nstate = "Completed"\n', "here")
    assert not satisfied(scenario, GOOD[:3])
    assert satisfied(scenario, GOOD)
    assert not satisfied(scenario, (*GOOD, job(10, "Started", number=8)))


def test_a_run_that_was_not_over_or_whose_tape_differs_is_never_right():
    scenario = model.parse(HEAD + '[[expect]]\nstate = "Started"\n', "here")
    assert complaints(scenario, Seen(events=GOOD, over=False)) == ("it was not over after 120 s",)
    assert complaints(scenario, Seen(events=GOOD, failure="line 3: byte 1")) == (
        "the device is not what it should be: line 3: byte 1",
    )
