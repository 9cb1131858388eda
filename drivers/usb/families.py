"""The families of USB scanners that are spoken to natively, and the order in which they are asked whose a device is.

A family's driver is imported when there is a device for it, or one that none before it knows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.usb.descriptors import UsbDevice

if TYPE_CHECKING:
    from drivers.usb.link import Link


@dataclass(frozen=True, slots=True)
class UsbFamily:
    """One protocol family on USB, whose driver is `drivers.usb.NAME.open`."""

    name: str
    scans: bool = True  # False: it only looks, its devices have a `claim` and no acquirer; SANE scans with them

    def ids(self) -> Iterable[str]:
        """ "vvvv:pppp" of the devices known to speak it."""
        known: Iterable[str] = self._driver().models()
        return known

    async def open(self, device: UsbDevice, open_link: Callable[[], "Link"], clock: Clock, *, share: bool) -> Device:
        """As the driver's `open_device`."""
        opened: Device = await self._driver().open_device(device, open_link, clock, share=share)
        return opened

    def _driver(self) -> Any:
        return import_module(f"drivers.usb.{self.name}.open")


USB_FAMILIES = (
    UsbFamily("esci"),
    UsbFamily("esci2"),
    UsbFamily("fujitsu"),
    UsbFamily("pixma"),
    UsbFamily("genesys", scans=False),
)
