"""What each run of an enumeration is judged by, on runs that are made up."""

from hil.faults.plan import Fault, Plan
from hil.scenario import model
from hil.scenario.enumeration import NEXT, rows
from hil.scenario.model import Scenario
from hil.scenario.runs import Outcome, Run
from hil.scenario.seen import Deed, Event, Got, Seen, Sort

TRANSFERS = 3


def judged(**second: object) -> dict[int, tuple[str, ...]]:
    """What is wrong with a cut at each transfer, where the run with the second one differs so."""

    def simulate(name: str, scenario: Scenario, plan: Plan | None) -> Run:
        struck = [] if plan is None else [plan.take(b"", inward=False) for _ in range(TRANSFERS)]
        cut = [each is not None and each.fault is Fault.CUT for each in struck]
        said = second if cut[1:2] == [True] else {}
        events = tuple(
            Event(5.0, client.name, event, 1, "Completed")
            for client in scenario.client
            for event in ("JobStatusEvent", "JobEndStateEvent")
            if (client.name, event) != said.get("untold")
        )
        got = {client.name: Got((100,), job=1) for client in scenario.client} | {NEXT: said.get("next", Got((100,)))}
        deeds = tuple(Deed(1.0, Sort.FAULT, "rig", "fault: delay") for each in struck if each is not None)
        left = said.get("left", ())
        return Run(name, scenario, Outcome.PASSED, "paper", seen=Seen(events, deeds, got=got), left=left)  # type: ignore[arg-type]

    found = rows("feeder", model.named("feeder"), (Fault.CUT,), simulate)
    return {row.transfer: row.wrong for row in found}


def test_a_run_that_keeps_what_it_must_is_right() -> None:
    assert judged() == dict.fromkeys(range(TRANSFERS + 1), ())


def test_the_next_client_must_get_its_page_and_the_same_as_on_a_good_link() -> None:
    busy = judged(next=Got(refused="ServerErrorTemporaryError"))
    assert busy[2] == ("the next client met ServerErrorTemporaryError, pages of () bytes",)
    assert judged(next=Got((99,)))[2] == ("the next client met pages of (99,) bytes",)
    assert [busy[other] for other in (0, 1, 3)] == [(), (), ()]


def test_a_job_must_end_for_everybody_by_both_its_events() -> None:
    client = model.named("feeder").client[0].name
    wrong = judged(untold=(client, "JobEndStateEvent"))[2]
    assert wrong == (f"{client} has no JobEndStateEvent of the end of job 1",)


def test_what_is_left_behind_is_wrong() -> None:
    assert judged(left=("a task",))[2] == ("it left a task behind",)
