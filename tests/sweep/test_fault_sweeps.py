"""A bad cable at every single USB transfer of a small scan, for each family that scans, through the whole bridge.

Each time the job ends in a final state, no task, thread or file is left behind, and a second client later scans as if
nothing had been. Time is turned by hand. The fewest commands make the quickest sweep.
"""

import pytest

from hil.faults.plan import Fault
from hil.scenario import enumeration, model

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


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        *((family, fault) for family in SCANS for fault in FAULTS.get(family, EVERYWHERE)),
        ("esci2", Fault.LOSS),
        ("esci2", Fault.SHORT),
    ],
)
def test_a_fault_at_any_transfer_ends_the_job_and_the_next_client_scans(family: str, fault: Fault):
    small = model.parse(SCANS[family], "small")
    found = list(enumeration.rows("small", small, (fault,)))
    assert 25 < len(found) < 80
    assert [(row.transfer, row.wrong) for row in found if row.wrong] == []
