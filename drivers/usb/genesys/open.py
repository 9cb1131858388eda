"""From a USB device with a Genesys chip to an opened Device of the contract, which looks and lends itself to SANE."""

from collections.abc import Callable

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceRefused
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.genesys.model import Model, table
from drivers.usb.genesys.scanner import GenesysScanner
from drivers.usb.link import Link
from drivers.usb.opening import Met

FAMILY = "genesys"


def models() -> dict[str, Model]:
    """The scanners whose panel can be read, by "vvvv:pppp"."""
    return table()


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Look the scanner up and start its actor, as drivers.usb.opening."""
    model = models().get(f"{device.vendor_id:04x}:{device.product_id:04x}")
    if model is None:
        raise DeviceRefused(f"{device.description} is not in the list of Genesys scanners")
    scanner = GenesysScanner(model)
    name = model.names[0] if len(model.names) == 1 or not device.product else device.product
    maker = device.manufacturer or model.maker

    def meet(link: Link) -> Met:
        scanner.observe(link)
        return Met(scanner, model.capabilities, maker, name, device.serial or None, scans=False)

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)
