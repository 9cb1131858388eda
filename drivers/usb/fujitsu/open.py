"""From a USB device that should speak SCSI as Fujitsu's scanners do to an opened Device of the contract."""

from collections.abc import Callable
from functools import partial

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.usb import opening
from drivers.usb.descriptors import UsbDevice
from drivers.usb.fujitsu.dialogue import Dialogue
from drivers.usb.fujitsu.model import identify
from drivers.usb.fujitsu.scanner import FujitsuScanner
from drivers.usb.link import Link
from drivers.usb.opening import Met

FAMILY = "fujitsu"

models = partial(opening.models, FAMILY)


async def open_device(
    device: UsbDevice, open_link: Callable[[], Link], clock: Clock, *, share: bool = False, pace: float | None = None
) -> Device:
    """Identify the scanner and start its actor, as drivers.usb.opening."""

    def meet(link: Link) -> Met:
        model = identify(Dialogue(link, clock.monotonic), device.vendor_id, device.product_id)
        return Met(
            FujitsuScanner(model, clock.monotonic),
            model.capabilities,
            "Fujitsu" if model.maker == "FUJITSU" else model.maker,
            model.name or device.product or "scanner",
            device.serial or None,
            model.firmware or None,
        )

    return await opening.opened(FAMILY, device, open_link, clock, meet, share=share, pace=pace)
