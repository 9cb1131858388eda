"""From a USB device that should speak SCSI as Fujitsu's scanners do to an opened Device of the contract."""

import asyncio
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.identity import Identity
from drivers.usb.actor import Actor
from drivers.usb.descriptors import UsbDevice
from drivers.usb.fujitsu.dialogue import Dialogue
from drivers.usb.fujitsu.model import Model, identify
from drivers.usb.fujitsu.scanner import FujitsuScanner
from drivers.usb.link import Link

FAMILY = "fujitsu"


@cache
def models() -> dict[str, list[str]]:
    """The scanners known to speak it: "vvvv:pppp" → the names they are sold under."""
    text = (resources.files("drivers") / "usb" / "fujitsu" / "models.toml").read_text("utf-8")
    return tomllib.loads(text)


async def open_device(device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False) -> Device:
    """Identify the scanner and start its actor. Raises DeviceBusy, DeviceGone, DeviceRefused, DeviceTimeout,
    DeviceGarbled."""

    def meet() -> tuple[Link, Model]:
        link = open_link()
        try:
            return link, identify(Dialogue(link, clock.monotonic), device.vendor_id, device.product_id)
        except BaseException:
            link.close()
            raise

    link, model = await asyncio.to_thread(meet)
    if share:
        await asyncio.to_thread(link.close)
    actor = Actor(
        device.key, FujitsuScanner(model, clock.monotonic), open_link, clock, link=None if share else link, share=share
    )
    identity = Identity(
        device.key,
        "Fujitsu" if model.maker == "FUJITSU" else model.maker,
        model.name or device.product or "scanner",
        device.serial or None,
        model.firmware or None,
        device.vendor_id,
        device.product_id,
    )
    return Device(identity, FAMILY, model.capabilities, (actor,), actor, actor.close)
