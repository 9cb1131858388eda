"""Each fault at each single USB transfer of a small ESC/I-2 scan, on the hand-turned clock: a minute or two."""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model

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


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL, Fault.GARBLE, Fault.DELAY, Fault.LOSS, Fault.SHORT])
def test_a_fault_at_any_transfer_ends_the_job_and_the_next_client_scans(fault: Fault):
    small = model.parse(SMALL, "small")
    found = list(enumeration.rows("small", small, (fault,)))
    assert len(found) > 40
    assert [(row.transfer, row.wrong) for row in found if row.wrong] == []
