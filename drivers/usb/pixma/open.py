"""From a USB device that should be a PIXMA to an opened Device of the contract."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGarbled, DeviceRefused, DeviceTimeout
from drivers.contract.identity import Identity
from drivers.usb.actor import Actor
from drivers.usb.descriptors import UsbDevice
from drivers.usb.link import Link
from drivers.usb.listening import PACKET
from drivers.usb.pixma.model import Model, table
from drivers.usb.pixma.scanner import PixmaScanner

FAMILY = "pixma"
STALE_PACKETS = 16  # at most, that were meant for whoever had the scanner before
STALE_SECONDS = 0.05


def models() -> dict[str, Model]:
    """The scanners known to speak the mp150 command set, by "vvvv:pppp"."""
    return table()


async def open_device(device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False) -> Device:
    """Look the scanner up and start its actor. Raises DeviceBusy, DeviceGone, DeviceRefused, DeviceTimeout,
    DeviceGarbled."""
    ids = f"{device.vendor_id:04x}:{device.product_id:04x}"
    model = models().get(ids)
    if model is None:
        raise DeviceRefused(f"{device.description} is not in the list of PIXMAs")
    scanner = PixmaScanner(model, clock.monotonic)

    def meet() -> Link:
        link = open_link()
        try:
            _forget(link)
            try:
                scanner.observe(link)
            except (DeviceTimeout, DeviceGarbled):  # whoever had it before may have left it in a session
                scanner.resynchronise(link)
                scanner.observe(link)
            return link
        except BaseException:
            link.close()
            raise

    link = await asyncio.to_thread(meet)
    if share:
        await asyncio.to_thread(link.close)
    actor = Actor(device.key, scanner, open_link, clock, link=None if share else link, share=share)
    identity = Identity(
        device.key,
        device.manufacturer or "Canon",
        device.product or model.names[0],
        device.serial or None,
        None,
        device.vendor_id,
        device.product_id,
    )
    return Device(identity, FAMILY, model.capabilities, (actor,), actor, actor.close)


def _forget(link: Link) -> None:
    """A button that was pressed before anybody was listening was not pressed for us."""
    with suppress(DeviceRefused):  # no interrupt endpoint: no buttons
        for _ in range(STALE_PACKETS):
            if not link.interrupt(PACKET, STALE_SECONDS):
                return
