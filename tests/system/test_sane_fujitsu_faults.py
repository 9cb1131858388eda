"""A bad cable at every single transfer of a small duplex scan from a Fujitsu scanner, through the whole bridge.

Each time the job ends in a final state, and a second client later scans as if nothing had been. Time is turned by hand.
"""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model

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
"""


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL, Fault.GARBLE, Fault.DELAY])
def test_a_fault_at_any_transfer_ends_the_job_and_costs_the_next_client_nothing(fault: Fault) -> None:
    small = model.parse(DUPLEX, "small")
    found = 0
    for row in enumeration.rows("small", small, [fault]):
        assert row.wrong == (), f"{row.fault} at transfer {row.transfer}"
        found += 1
    assert found > 70
