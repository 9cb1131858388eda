"""Each fault at each single USB transfer of a small PIXMA scan, on the hand-turned clock: a minute or two."""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model

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
