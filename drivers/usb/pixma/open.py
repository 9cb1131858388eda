"""From a USB device that should be a PIXMA to an opened Device of the contract."""

from collections.abc import Callable
from contextlib import suppress

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGarbled, DeviceRefused, DeviceTimeout
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.link import Link
from drivers.usb.listening import PACKET
from drivers.usb.opening import Met
from drivers.usb.pixma.mp150.model import Model, table
from drivers.usb.pixma.mp150.scanner import PixmaScanner

FAMILY = "pixma"
STALE_PACKETS = 16  # at most, that were meant for whoever had the scanner before
STALE_SECONDS = 0.05


def models() -> dict[str, Model]:
    """The scanners known to speak the mp150 command set, by "vvvv:pppp"."""
    return table()


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Look the scanner up and start its actor, as drivers.usb.opening."""
    model = models().get(f"{device.vendor_id:04x}:{device.product_id:04x}")
    if model is None:
        raise DeviceRefused(f"{device.description} is not in the list of PIXMAs")
    scanner = PixmaScanner(model, clock.monotonic)
    met = Met(
        scanner,
        model.capabilities,
        device.manufacturer or "Canon",
        device.product or model.names[0],
        device.serial or None,
    )

    def meet(link: Link) -> Met:
        _forget(link)
        try:
            scanner.observe(link)
        except (DeviceTimeout, DeviceGarbled):  # whoever had it before may have left it in a session
            scanner.resynchronise(link)
            scanner.observe(link)
        return met

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)


def _forget(link: Link) -> None:
    """A button that was pressed before anybody was listening was not pressed for us."""
    with suppress(DeviceRefused):  # no interrupt endpoint: no buttons
        for _ in range(STALE_PACKETS):
            if not link.interrupt(PACKET, STALE_SECONDS):
                return
