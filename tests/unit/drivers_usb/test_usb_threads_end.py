"""The threads that work for a device end with it: for each family, closed at rest, within a page, and unplugged."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Document, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DriverError
from hil import serving
from hil.devices.stimuli import Unplug
from tests.unit.usb_rig import whole

FAMILIES = ["esci", "esci2", "fujitsu", "genesys", "imageclass", "ipp-usb", "pixma"]
BESIDE = {"esci2": ["listen"], "imageclass": ["listen"], "pixma": ["listen"], "ipp-usb": ["ipp-usb"]}
SPEED = {"ipp-usb": 6000}  # rows a second, of which the other families' 600 would be seconds


def running() -> set[threading.Thread]:
    """But for those of the loop's own pool, which the loop ends."""
    return {each for each in threading.enumerate() if not each.name.startswith("asyncio_")}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nobody is told of a thread's beginning and end
            await asyncio.sleep(0.005)


async def begun(device: Device) -> Document | None:
    """A scan; None where the device is but looked at."""
    await device.observers[0].poll()
    if device.acquirer is None:
        return None
    source = Source.PLATEN if device.capabilities.platen is not None else Source.FEEDER
    able = device.capabilities.of(source)
    assert able is not None
    request = ScanRequest("a", source, Mode.GRAY8, (able.resolutions[0],) * 2, Region(0, 0, 4000, 3000))
    return await device.acquirer.scan(request)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("closed", ["at rest", "within a page", "unplugged"])
async def test_a_device_that_is_closed_leaves_no_thread(family: str, closed: str) -> None:
    before = running()
    speed = SPEED.get(family, 600) if closed == "within a page" else 0
    async with serving.scanner(family, f"warmup=0,speed={speed},feed=0,adf=1") as rig:
        [finding] = await catalog.find(local=False, usbip=[rig.url])
        device = await finding.open()
        document = await begun(device)
        if document is not None:
            await (asyncio.to_thread(next, iter(document)) if closed == "within a page" else whole(document))
        names = {device.identity.key, *BESIDE.get(family, ())}
        await until(lambda: {each.name.rpartition("_")[0] for each in running() - before} == names)
        if closed == "unplugged":
            rig.stimulate(Unplug())
            with suppress(DriverError):
                await device.observers[0].poll()
        await device.close()
        await until(lambda: not running() - before)
