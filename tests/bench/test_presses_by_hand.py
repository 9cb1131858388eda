"""How long a press of each family's button takes to reach its client, by the hand-turned clock: exactly.

Soon after the last change a look comes round as often as the driver says, after a quiet minute less often; a press in
any part of the time between two is told by the next, to the one client that is meant.
"""

from pathlib import Path

import pytest

from bridge.wsscan.destinations import ScanDestination
from bridge.wsscan.events import EventName
from drivers.usb.actor import IDLE_PACE, LIVELY, QUIET_PACE
from drivers.usb.genesys.scanner import PACE
from hil import script, serving
from hil.client import session
from hil.devices.genesys.scanner import POWER, POWER_BIT, GenesysScanner
from hil.devices.stimuli import Press
from hil.rig import bench, loop
from hil.rig.devices import OnUsb
from hil.rig.loop import HandTurnedLoop

SLACK = 0.05
AT_ONCE = 0.0  # an interrupt endpoint tells
PARTS = 8  # of a pause between two looks
# Seconds between two looks, with somebody there and after a quiet minute.
LOOKS = {
    "esci": (IDLE_PACE, QUIET_PACE),
    "esci2": (AT_ONCE, AT_ONCE),
    "fujitsu": (IDLE_PACE, QUIET_PACE),
    "pixma": (AT_ONCE, AT_ONCE),
    "genesys": (PACE, PACE),
}


@pytest.mark.parametrize("quiet", [False, True], ids=["lively", "quiet"])
@pytest.mark.parametrize("family", LOOKS)
def test_each_press_is_told_within_a_look_to_the_one_who_is_meant(family: str, quiet: bool, tmp_path: Path) -> None:
    look = LOOKS[family][quiet]

    async def main(turned: HandTurnedLoop) -> None:
        body, usb = serving.FAMILIES[family](script.read("warmup=0,speed=0,feed=0,serial=NO1234"), turned.time())
        if isinstance(body, GenesysScanner):
            body.write(POWER, POWER_BIT)  # SANE has opened it once: until then its buttons are dead
        scanner = OnUsb(usb, turned)
        [found] = await scanner.find()
        settings = {"scanner": [{"key": found.key, "destination": "Ada"}]}
        async with (
            bench.hand_turned(turned, tmp_path, (scanner,), settings) as here,
            session.opened(here.url, turned.clock) as ada,
            session.opened(here.url, turned.clock) as bob,
        ):
            for client, name in ((ada, "Ada"), (bob, "Bob")):
                offer = ScanDestination(client_display_name=f"Scan to {name}", client_context="Scan")
                await client.subscribe(destinations=[offer])
            took = []
            for part in range(PARTS):
                pause = LIVELY + QUIET_PACE if quiet else 2 * (look or IDLE_PACE)
                await turned.clock.sleep(pause + look * part / PARTS)
                since, began = len(ada.timeline), turned.clock.monotonic()
                scanner.stimulate(Press())
                await ada.timeline.wait_for(lambda each: each.name == EventName.SCAN_AVAILABLE, 10, since=since)
                took.append(turned.clock.monotonic() - began)
            assert max(took) <= look + SLACK, took
            assert not look or max(took) > 0.6 * look, "no press had to wait, so this proves little"
            told = [[each.name for each in client.timeline.arrived] for client in (ada, bob)]
            assert [names.count(EventName.SCAN_AVAILABLE) for names in told] == [PARTS, 0]

    loop.run(main)
