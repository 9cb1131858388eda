"""A bad cable at every single USB transfer, where the driver is none of those that scan by a protocol of the maker.

An MFP that speaks eSCL over USB, through a whole scan. A Genesys scanner, which our driver only looks at: through a
press, the look that tells of it, the hand-over to SANE for a scan, and the looks after it is taken back.
"""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model
from tests.sweep import beside
from tests.sweep.test_fault_sweeps import EVERYWHERE, judged

pytestmark = pytest.mark.usefixtures("unlogged")

ESCL = """
title = "Small"
[device]
script = "warmup=0,speed=10000"
[[client]]
name = "ada"
height = 300
[[expect]]
state = "Completed"
"""
LOOKS = """
title = "Pressed and lent"
[device]
script = "warmup=0"
[[client]]
name = "ada"
height = 400
start = { at = 1.1 }
[[client]]
name = "bob"
does = "watch"
destination = "Bob"
[[client]]
name = "cyd"
height = 400
start = { at = 3.5 }
[[stimulus]]
do = "press"
when = { at = 0.1 }
[[stimulus]]
do = "press"
when = { at = 100 }
[[expect]]
event = "ScanAvailableEvent"
"""


@pytest.mark.parametrize("fault", EVERYWHERE)
def test_a_fault_at_any_transfer_of_escl_over_usb_ends_the_job_and_the_next_client_scans(fault: Fault):
    found = list(enumeration.rows("escl", model.parse(ESCL, "escl"), (fault,), beside.ipp_usb))
    judged(found)
    assert 20 < len(found) < 40


@pytest.mark.parametrize(
    ("fault", "opening"), [*((fault, False) for fault in EVERYWHERE), (Fault.STALL, True), (Fault.GARBLE, True)]
)
def test_a_fault_at_any_look_at_a_scanner_lent_to_sane_costs_no_scan_and_no_later_press(fault: Fault, opening: bool):
    simulate = beside.genesys_reopened if opening else beside.genesys_and_sane
    found = list(enumeration.rows("looks", model.parse(LOOKS, "looks"), (fault,), simulate))
    judged(found)
    assert {row.told for row in found} == {"job 1 Completed, job 2 Completed, job 3 Completed"}
    assert 10 < len(found) < 60
