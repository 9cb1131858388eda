"""From a USB device that should speak ESC/I-2 to an opened Device of the contract."""

import asyncio
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceRefused
from drivers.contract.identity import Identity
from drivers.usb.actor import Actor
from drivers.usb.descriptors import UsbDevice
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.model import Model, identify
from drivers.usb.esci2.scanner import Esci2Scanner
from drivers.usb.exchange import Exchange
from drivers.usb.link import Link

FAMILY = "esci2"
PACKET = 64  # no interrupt endpoint of a scanner is larger


@cache
def models() -> dict[str, list[str]]:
    """The scanners known to speak ESC/I-2: "vvvv:pppp" → the names they are sold under."""
    text = (resources.files("drivers") / "usb" / "esci2" / "models.toml").read_text("utf-8")
    return tomllib.loads(text)


async def open_device(device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False) -> Device:
    """Identify the scanner and start its actor. Raises DeviceBusy, DeviceGone, DeviceRefused, DeviceTimeout,
    DeviceGarbled."""

    def meet() -> tuple[Link, Model]:
        link = open_link()
        try:
            dialogue = Dialogue(Exchange(link, clock.monotonic))
            return link, identify(dialogue, device.vendor_id, device.product_id, speaks=_speaks(link))
        except BaseException:
            link.close()
            raise

    link, model = await asyncio.to_thread(meet)
    if share:
        await asyncio.to_thread(link.close)
    actor = Actor(
        device.key, Esci2Scanner(model, clock.monotonic), open_link, clock, link=None if share else link, share=share
    )
    identity = Identity(
        device.key,
        device.manufacturer or "EPSON",
        device.product or model.name or "ESC/I-2 scanner",
        device.serial or model.serial,
        model.firmware,
        device.vendor_id,
        device.product_id,
    )
    return Device(identity, FAMILY, model.capabilities, (actor,), actor, actor.close)


def _speaks(link: Link) -> bool:
    """Whether there is an interrupt endpoint. A press that comes just now was made before anybody listened."""
    try:
        link.interrupt(PACKET, 0.001)
    except DeviceRefused:
        return False
    return True
