"""The whole bridge over the simulated scanner by hand-turned clock: its button, and a bad cable at its transfers.

Here is one transfer in thirty; all of them: tests/system/test_sane_fujitsu_faults.py.
"""

import pytest

from hil.faults.plan import USB, Fault, Plan, Planned
from hil.scenario import enumeration, model, runs
from hil.scenario.runs import Outcome
from hil.scenario.seen import Lane

DUPLEX = """
title = "Small"
[device]
family = "fujitsu"
script = "warmup=0,speed=600,adf=1,feed=0"
[[client]]
name = "ada"
source = "duplex"
height = 400
resolution = 50
[[expect]]
state = "Completed"
scans = 2
"""

BUTTON = """
title = "Button"
[device]
family = "fujitsu"
script = "adf=1,warmup=0,speed=1200,feed=0"
[[client]]
name = "ada"
does = "invited"
destination = "Ada's PC"
source = "duplex"
[[client]]
name = "bob"
does = "watch"
[[stimulus]]
do = "press"
when = { at = PRESSED }
[[expect]]
client = "ada"
event = "ScanAvailableEvent"
at = [PRESSED, LATEST]
[[expect]]
client = "ada"
event = "JobEndStateEvent"
state = "Completed"
scans = 2
[[never]]
client = "bob"
event = "ScanAvailableEvent"
[got.ada]
pages = 2
"""


@pytest.mark.parametrize("pressed", [5.0, 5.13, 5.31, 5.49])
def test_a_press_invites_its_destination_within_a_poll_and_50_ms(pressed: float) -> None:
    text = BUTTON.replace("LATEST", f"{pressed + 0.55:g}").replace("PRESSED", f"{pressed:g}")
    found = runs.simulated("button", model.parse(text, "button"))
    assert (found.outcome, found.complaints) == (Outcome.PASSED, ())


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.GARBLE, Fault.STALL, Fault.DELAY])
def test_a_bad_cable_ends_the_job_and_the_next_client_scans(fault: Fault) -> None:
    small = enumeration.without_expectations(model.parse(DUPLEX, "small"))
    transfers = sum(each.lane is Lane.USB for each in runs.simulated("small", small).seen.passages)
    assert transfers > 70
    for transfer in range(7 + list(Fault).index(fault), 77, 30):
        plan = Plan(Planned(fault, transfer, transfer, seconds=5.0 if fault is Fault.DELAY else 0.0), allowed=USB)
        found = runs.simulated("small", small, plan)
        assert [each.number for each in plan.struck] == [transfer]
        assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
        assert len(found.seen.got[enumeration.NEXT].pages) == 1
