"""The whole bridge over the simulated scanner by hand-turned clock: its button is heard in time.

A bad cable at each of its transfers: tests/sweep/test_fault_sweeps.py.
"""

import pytest

from hil.scenario import model, runs
from hil.scenario.runs import Outcome

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
