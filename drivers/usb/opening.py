"""From a claimed link to an opened Device of the contract: what every family does alike.

A family's open.py says how its device is met and named; here are the thread it is met on, the link that is given back
where that goes wrong, the actor, and the list of models.
"""

import asyncio
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.identity import Identity
from drivers.usb.actor import Actor
from drivers.usb.descriptors import UsbDevice
from drivers.usb.family import Family
from drivers.usb.link import Link


@dataclass(frozen=True, slots=True)
class Met:
    """A device that was asked who it is."""

    family: Family
    capabilities: Capabilities
    manufacturer: str
    model: str
    serial: str | None = None
    firmware: str | None = None
    scans: bool = True  # False: it only looks, and lends the device to what scans


@cache
def models(family: str) -> dict[str, list[str]]:
    """The devices known to be of that family, from its models.toml: "vvvv:pppp" → the names they are sold under."""
    text = (resources.files("drivers") / "usb" / family / "models.toml").read_text("utf-8")
    return tomllib.loads(text)


async def opened(
    name: str,
    device: UsbDevice,
    open_link: Callable[[], Link],
    clock: Clock,
    meet: Callable[[Link], Met],
    *,
    share: bool,
    pace: float | None,
) -> Device:
    """Claim the device, `meet` it on a thread of its own, and start its actor; `name` is the family's, `pace` as for
    drivers.usb.actor.Actor. Raises DeviceBusy, DeviceGone, DeviceRefused, DeviceTimeout, DeviceGarbled."""

    def begin() -> tuple[Link, Met]:
        link = open_link()
        try:
            met = meet(link)
        except BaseException:
            link.close()
            raise
        if share:
            link.close()
        return link, met

    link, met = await asyncio.to_thread(begin)
    kept = None if share else link
    actor = Actor(device.key, met.family, open_link, clock, link=kept, pace=pace, share=share)
    identity = Identity(
        device.key, met.manufacturer, met.model, met.serial, met.firmware, device.vendor_id, device.product_id
    )
    acquirer, claim = (actor, None) if met.scans else (None, actor)
    return Device(identity, name, met.capabilities, (actor,), acquirer, actor.close, claim)
