"""A small scan on the simulated PIXMA by hand-turned clock, with each fault at each single USB transfer.

Each time the job (where there was one) ends in a final state with its events, and a second client is served as if
nothing had been: `hil.scenario.enumeration` counts everything else as a complaint.
"""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model, runs
from hil.scenario.runs import Outcome

SMALL = """
title = "A small scan"
[device]
family = "pixma"
script = "warmup=0,speed=2000"
[[client]]
name = "ada"
height = 400
[[expect]]
state = "Completed"
"""


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL, Fault.GARBLE, Fault.DELAY])
def test_a_scan_with_a_fault_at_any_transfer_ends_and_the_next_works(fault: Fault) -> None:
    small = model.parse(SMALL, "small")
    found = list(enumeration.rows("small", small, (fault,)))
    assert 20 < len(found) < 60
    assert [(row.transfer, row.wrong) for row in found if row.wrong] == []


@pytest.mark.parametrize(
    "name",
    [
        "button",
        "cache-full",
        "cancel-at-panel",
        "cancel-mid",
        "duplex",
        "empty-feeder",
        "feeder",
        "feeder-two-of-five",
        "link-cut",
        "platen",
        "power-cycle",
        "two-clients",
        "unplug-mid-page",
    ],
)
def test_a_shipped_scenario_goes_with_a_pixma_as_with_any_scanner(name: str) -> None:
    shipped = model.named(name)
    scenario = shipped.model_copy(update={"device": shipped.device.model_copy(update={"family": "pixma"})})
    found = runs.simulated(name, scenario)
    assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
