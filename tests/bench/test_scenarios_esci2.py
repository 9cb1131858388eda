"""The shipped scenarios on the simulated ESC/I-2 scanner, and faults at some transfers of a small scan.

What clients must be told is the same whichever family the scanner speaks. The sweep over all transfers is in
tests/sweep/test_fault_sweeps.py.
"""

import pytest

from hil.faults.plan import USB, Fault, Plan, Planned
from hil.scenario import enumeration, model, runs
from hil.scenario.model import Scenario
from hil.scenario.runs import Outcome

NAMES = tuple(name for name in model.shipped() if model.named(name).device.family == "esci")
SMALL = """
title = "Small"
[device]
family = "esci2"
script = "warmup=0,speed=600,adf=1"
[[client]]
name = "ada"
source = "adf"
height = 400
resolution = 75
[[expect]]
state = "Completed"
"""


def on_esci2(name: str) -> Scenario:
    scenario = model.named(name)
    return scenario.model_copy(update={"device": scenario.device.model_copy(update={"family": "esci2"})})


def test_they_are_those_of_scanners_on_usb():
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_on_the_simulated_device(name: str):
    found = runs.simulated(name, on_esci2(name))
    assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
    assert found.seen.events


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.GARBLE, Fault.LOSS])
def test_a_fault_at_every_tenth_transfer_ends_the_job_and_the_next_client_scans(fault: Fault):
    small = enumeration.without_expectations(model.parse(SMALL, "small"))
    for transfer in range(4, 84, 10):
        plan = Plan(Planned(fault, transfer, transfer), allowed=USB)
        found = runs.simulated("small", small, plan)
        assert [each.number for each in plan.struck] == [transfer]
        assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
        assert len(found.seen.got[enumeration.NEXT].pages) == 1
