"""From a USB device that should speak ESC/I to an opened Device of the contract."""

from collections.abc import Callable
from functools import partial

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.model import identify
from drivers.usb.esci.scanner import EsciScanner
from drivers.usb.exchange import Exchange
from drivers.usb.link import Link
from drivers.usb.opening import Met

FAMILY = "esci"

models = partial(opening.models, FAMILY)


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Identify the scanner and start its actor, as drivers.usb.opening."""

    def meet(link: Link) -> Met:
        model = identify(Dialogue(Exchange(link, clock.monotonic)), device.vendor_id, device.product_id)
        return Met(
            EsciScanner(model, clock.monotonic),
            model.capabilities,
            device.manufacturer or "EPSON",
            device.product or model.name or "ESC/I scanner",
            device.serial or None,
            model.firmware,
        )

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)
