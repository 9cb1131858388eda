"""A scanner whose parameter was lost on the way takes what comes next for it, and is brought back all the same."""

import asyncio

from drivers.usb.bus import RemoteBus
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.exchange import Exchange
from drivers.usbip.place import Place
from hil import serving


async def test_a_scanner_that_waits_for_a_parameter_is_brought_back() -> None:
    async with serving.scanner("esci", "warmup=0,speed=0,feed=0") as rig:
        bus = RemoteBus(Place("127.0.0.1", rig.port))
        [device] = await asyncio.to_thread(bus.devices)
        link = await asyncio.to_thread(bus.open, device.key)

        def talk() -> bytes | None:
            dialogue = Dialogue(Exchange(link))
            assert dialogue.simple(b"\x1cW")  # acknowledged: now it waits for 64 bytes
            dialogue.recover()
            return dialogue.fixed(b"\x1cF", 16, 1.0)

        try:
            status = await asyncio.to_thread(talk)
        finally:
            await asyncio.to_thread(link.close)
    assert status is not None
    assert len(status) == 16
