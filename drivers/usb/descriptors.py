"""What a USB device says about itself before anybody opens it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

CLASS_HUB, CLASS_PRINTER, CLASS_IMAGE, CLASS_VENDOR = 0x09, 0x07, 0x06, 0xFF
_SCANNERS = ("scan", "perfection", "expression", "gt-", "fi-", "lide", "workforce ds", "imageformula")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
# Serial numbers that whole production runs share, so they name nobody.
_MEANINGLESS = re.compile(r"[0 .-]*|none|n/a|(?:0123456789abcdef)?|123456789?0?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device on one bus."""

    vendor_id: int
    product_id: int
    path: str  # where it is plugged in: "1-1.4"; on a USB/IP server "usbip-HOST:PORT-1-1"
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    interfaces: tuple[tuple[int, int, int], ...] = ()  # class, subclass, protocol of each

    @property
    def key(self) -> str:
        """Identity.key: by serial number where there is a usable one, else by port path."""
        ids = f"usb-{self.vendor_id:04x}-{self.product_id:04x}"
        serial = _UNFIT.sub("_", self.serial.strip())[:64]
        if _MEANINGLESS.fullmatch(serial):
            return f"{ids}@{self.path}"
        return f"{ids}-{serial}"

    @property
    def description(self) -> str:
        """One line for people."""
        told = self.product.lower().startswith(self.manufacturer.lower())  # "EPSON", "EPSON Scanner"
        name = " ".join(word for word in ("" if told else self.manufacturer, self.product) if word) or "USB device"
        return f"{name} ({self.vendor_id:04x}:{self.product_id:04x} at {self.path})"

    @property
    def looks_like_a_scanner(self) -> bool:
        """Whether a device that no driver knows is worth showing: its class is still image, or its name says so."""
        if any(interface[0] == CLASS_IMAGE for interface in self.interfaces):
            return True
        return any(word in self.product.lower() for word in _SCANNERS)


def distinct(devices: Iterable[UsbDevice]) -> list[UsbDevice]:
    """The same devices, in order; where two claim one serial number, only the first by port keeps it."""
    devices = list(devices)
    first: dict[str, UsbDevice] = {}
    for device in sorted(devices, key=lambda each: each.path):
        first.setdefault(device.key, device)
    return [device if first[device.key] is device else replace(device, serial="") for device in devices]
