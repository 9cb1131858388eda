"""From a USB device that should be one of Canon's to an opened Device of the contract: which command set it speaks."""

from collections.abc import Callable
from functools import cache
from typing import Protocol

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGarbled, DeviceRefused, DeviceTimeout
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.family import Family, Resynchronising
from drivers.usb.link import Link
from drivers.usb.listening import forget
from drivers.usb.opening import Met
from drivers.usb.pixma.imageclass import model as imageclass
from drivers.usb.pixma.imageclass.scanner import ImageclassScanner
from drivers.usb.pixma.mp150 import model as mp150
from drivers.usb.pixma.mp150.scanner import PixmaScanner

FAMILY = "pixma"

Model = mp150.Model | imageclass.Model


class Scanner(Family, Resynchronising, Protocol):
    """What speaks any of the command sets."""


@cache
def models() -> dict[str, Model]:
    """The scanners known to speak one of these command sets, by "vvvv:pppp"."""
    return {**mp150.table(), **imageclass.table()}


def speaking(model: Model, monotonic: Callable[[], float]) -> Scanner:
    """What speaks to a scanner of that model; `monotonic` counts how long an answer is waited for."""
    if isinstance(model, imageclass.Model):
        return ImageclassScanner(model, monotonic)
    return PixmaScanner(model, monotonic)


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Look the scanner up and start its actor, as drivers.usb.opening."""
    model = models().get(f"{device.vendor_id:04x}:{device.product_id:04x}")
    if model is None:
        raise DeviceRefused(f"{device.description} is not in the lists of Canon scanners")
    scanner = speaking(model, clock.monotonic)
    met = Met(
        scanner,
        model.capabilities,
        device.manufacturer or "Canon",
        device.product or model.names[0],
        device.serial or None,
    )

    def meet(link: Link) -> Met:
        forget(link)
        try:
            scanner.observe(link)
        except (DeviceTimeout, DeviceGarbled):  # whoever had it before may have left it in a session
            scanner.resynchronise(link)
            scanner.observe(link)
        return met

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)
