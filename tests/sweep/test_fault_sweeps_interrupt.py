"""A bad cable at every single transfer of the interrupt endpoint, for each family whose device speaks by itself.

A button is pressed while the scanner is watched, after a read in which it had nothing to say, and in the middle of a
page. Whatever becomes of one of these, the page comes, but where the link is cut in it, and a press afterwards is told
at once.
"""

from collections.abc import Sequence

import pytest

from hil import script, serving
from hil.faults.plan import Fault, Plan
from hil.rig.devices import OnUsb, Subject
from hil.rig.loop import HandTurnedLoop
from hil.scenario import enumeration, model
from hil.scenario.actuators import Simulated
from hil.scenario.model import Scenario
from hil.scenario.runs import Run, hand_turned
from tests.sweep.beside import pressed_late
from tests.sweep.test_fault_sweeps import EVERYWHERE, judged

PRESSES = """
title = "Pressed again and again"
[device]
family = "{family}"
script = "warmup=0,speed=600"
[[client]]
name = "ada"
height = 1500
start = {{ at = 12 }}
[[client]]
name = "next"
height = 400
start = {{ at = 150 }}
[[client]]
name = "bob"
does = "watch"
destination = "Bob"
[[stimulus]]
do = "press"
when = {{ at = 0.5 }}
[[stimulus]]
do = "press"
when = {{ at = 11.2 }}
[[stimulus]]
do = "press"
when = {{ page = 1, percent = 20 }}
[[stimulus]]
do = "press"
when = {{ at = 100 }}
[[expect]]
event = "ScanAvailableEvent"
"""
FAULTS = (*EVERYWHERE, Fault.SHORT)
READS = 4  # until the page is there: three presses, and one in vain
IN_PAGE = 4


def pressed(name: str, scenario: Scenario, bad: Plan | None) -> Run:
    """A scenario on a scanner whose interrupt endpoint alone is bad."""

    def subjects(turned: HandTurnedLoop) -> Sequence[Subject]:
        _, usb = serving.FAMILIES[scenario.device.family](script.read(scenario.device.script), turned.time())
        if bad is not None:
            bad.rest()
        return (OnUsb(usb, turned, bad=bad, bulk=False),)

    return pressed_late(hand_turned(name, scenario, "interrupts", subjects, lambda found: (Simulated(found[0]),)), 0)


@pytest.mark.parametrize("family", ["esci2", "imageclass", "pixma"])
@pytest.mark.usefixtures("unlogged")
def test_a_fault_at_any_interrupt_costs_no_later_scan_and_no_later_press(family: str):
    scenario = model.parse(PRESSES.format(family=family), "presses")
    found = list(enumeration.rows("presses", scenario, FAULTS, pressed))
    judged(found)
    assert len(found) == 1 + len(FAULTS) * READS
    cut = (Fault.CUT, IN_PAGE)
    assert {row.told for row in found if (row.fault, row.transfer) == cut} == {"job 1 Aborted, job 2 Completed"}
    assert {row.told for row in found if (row.fault, row.transfer) != cut} == {"job 1 Completed, job 2 Completed"}
