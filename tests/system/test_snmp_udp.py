"""The driver and the simulated MFP's agent over UDP, in real time."""

import time

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.contract.observation import Feeder, Phase
from drivers.snmp.device import open_device
from hil.devices.mfp.serve import mfp
from hil.devices.stimuli import LoadPaper, Plug, Press, Unplug


async def test_a_panel_scan_is_seen_over_udp_and_a_pulled_cable_too() -> None:
    async with mfp("adf=2,warmup=0.2,speed=6000,feed=0.1") as rig:
        device = await open_device(rig.host, rig.port, clock=SystemClock(), timeout=0.2, retries=0)
        observer, steps = device.observers[0], []
        try:
            await observer.poll()
            rig.stimulate(Press())
            end = time.monotonic() + 10
            while (not steps or steps[-1] != (Phase.DONE, 2)) and time.monotonic() < end:
                snapshot = await observer.poll()
                steps += [step for job in snapshot.jobs if (step := (job.phase, job.pages)) not in steps]
                await observer.rest(snapshot)
            # a look may miss what lasts 0.2 s, and on a busy machine more than that
            assert steps[-1] == (Phase.DONE, 2)
            told = [(Phase.WARMING, 0), (Phase.SCANNING, 0), (Phase.SCANNING, 1), (Phase.DONE, 2)]
            assert steps == [step for step in told if step in steps]
            rig.stimulate(Unplug())
            for error in (DeviceTimeout, DeviceTimeout, DeviceGone):
                with pytest.raises(error):
                    await observer.poll()
            rig.stimulate(Plug(), LoadPaper(1))
            assert (await observer.poll()).feeder is Feeder.LOADED
        finally:
            await device.close()
