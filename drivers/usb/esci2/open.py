"""From a USB device that should speak ESC/I-2 to an opened Device of the contract."""

from collections.abc import Callable
from functools import partial

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.model import identify
from drivers.usb.esci2.scanner import Esci2Scanner
from drivers.usb.exchange import Exchange
from drivers.usb.link import Link
from drivers.usb.listening import forget
from drivers.usb.opening import Met

FAMILY = "esci2"

models = partial(opening.models, FAMILY)


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Identify the scanner and start its actor, as drivers.usb.opening."""

    def meet(link: Link) -> Met:
        dialogue = Dialogue(Exchange(link, clock.monotonic))
        model = identify(dialogue, device.vendor_id, device.product_id, speaks=forget(link))
        return Met(
            Esci2Scanner(model, clock.monotonic),
            model.capabilities,
            device.manufacturer or "EPSON",
            device.product or model.name or "ESC/I-2 scanner",
            device.serial or model.serial,
            model.firmware,
        )

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)
