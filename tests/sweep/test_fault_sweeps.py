"""A bad cable at every single USB transfer of a small scan, for each family that scans, through the whole bridge.

Each time the job ends in a final state with its events, and a second client later gets the page it would have got
anyway; in the bridge there are no more tasks, threads, files or objects than after a good scan, and none once it is
gone. Time is turned by hand. The fewest commands make the quickest sweep.
"""

from collections.abc import Sequence

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model
from hil.scenario.enumeration import Row

SMALL = """
title = "Small"
[device]
family = "{family}"
script = "{script}"
[[client]]
name = "ada"
source = "{source}"
height = {height}
resolution = {ppi}
[[expect]]
state = "Completed"
"""
SHEET_FED = """
[[client]]
name = "next"
start = {{ at = 150 }}
source = "adf"
pages = 1
height = {height}
resolution = {ppi}
"""
SCANS = {
    "esci": SMALL.format(family="esci", script="warmup=0,speed=600", source="platen", height=300, ppi=50),
    "esci2": SMALL.format(family="esci2", script="warmup=0,speed=600,adf=1", source="adf", height=200, ppi=75),
    "fujitsu": SMALL.format(
        family="fujitsu", script="warmup=0,speed=600,adf=1,feed=0", source="duplex", height=400, ppi=50
    ),
    "fujitsu-ix500": (SMALL + SHEET_FED).format(
        family="fujitsu-ix500", script="warmup=0,speed=0,adf=1,feed=0,paper 1@140s", source="adf", height=200, ppi=50
    ),
    "imageclass": SMALL.format(
        family="imageclass", script="warmup=0,speed=2000,adf=1", source="platen", height=400, ppi=75
    ),
    "pixma": SMALL.format(family="pixma", script="warmup=0,speed=2000", source="platen", height=400, ppi=75),
}
EVERYWHERE = (Fault.CUT, Fault.STALL, Fault.GARBLE, Fault.DELAY)
FAULTS = {"fujitsu-ix500": (Fault.CUT, Fault.GARBLE)}  # as "fujitsu" but for what comes before the first sheet


GROWTH = 8.0  # MB, resident: a page of a small scan that stays in memory at each fault is more


def judged(found: Sequence[Row]) -> None:
    """The undisturbed run is good, nothing is wrong of any other, and memory stands once it has settled."""
    assert {told.partition(" ")[2].split()[1] for told in found[0].told.split(", ")} == {"Completed"}
    assert [(row.transfer, row.wrong) for row in found if row.wrong] == []
    settled = found[min(len(found) - 1, enumeration.SETTLED)]
    assert found[-1].megabytes - settled.megabytes < GROWTH


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        *((family, fault) for family in SCANS for fault in FAULTS.get(family, EVERYWHERE)),
        ("esci2", Fault.LOSS),
        ("esci2", Fault.SHORT),
    ],
)
@pytest.mark.usefixtures("unlogged")
def test_a_fault_at_any_transfer_ends_the_job_and_the_next_client_scans(family: str, fault: Fault):
    found = list(enumeration.rows("small", model.parse(SCANS[family], "small"), (fault,)))
    judged(found)
    assert 25 < len(found) < 80
