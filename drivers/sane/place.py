"""Where a SANE device is plugged in, and what its name is once it was plugged in elsewhere.

SANE names USB devices by numbers that change with every plugging (`epson2:libusb:001:004`), so a device is remembered
by what sysfs says of it, and its name made anew.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys/bus/usb/devices")
_LIBUSB: Final = re.compile(r"libusb:(\d{3}):(\d{3})")
_PIXMA: Final = re.compile(r"pixma:([0-9A-F]{4})([0-9A-F]{4})(?:_|$)")


@dataclass(frozen=True, slots=True)
class Plugged:
    """One USB device as sysfs shows it."""

    path: str  # "1-1.4"
    vendor_id: int
    product_id: int
    serial: str
    bus: int
    address: int

    @property
    def ids(self) -> tuple[int, int, str]:
        """What stays when it is plugged in elsewhere."""
        return self.vendor_id, self.product_id, self.serial


def plugged(sysfs: Path = SYSFS) -> tuple[Plugged, ...]:
    """All USB devices, in the order of their paths; empty where there is no USB."""
    try:
        entries = sorted(entry for entry in sysfs.iterdir() if ":" not in entry.name)
    except OSError:
        return ()
    found = (_read(entry) for entry in entries)
    return tuple(device for device in found if device is not None)


def of(name: str, devices: tuple[Plugged, ...]) -> Plugged | None:
    """The USB device behind a SANE name; None when it is none, or cannot be told."""
    if told := _LIBUSB.search(name):
        where = int(told[1]), int(told[2])
        return next((device for device in devices if (device.bus, device.address) == where), None)
    if told := _PIXMA.match(name):
        ids = int(told[1], 16), int(told[2], 16)
        alike = [device for device in devices if (device.vendor_id, device.product_id) == ids]
        return alike[0] if len(alike) == 1 else None
    return None


def again(before: Plugged, devices: tuple[Plugged, ...]) -> Plugged | None:
    """The same device now: at its old port, or wherever its serial number is."""
    alike = [device for device in devices if device.ids == before.ids]
    here = next((device for device in alike if device.path == before.path), None)
    return here or (alike[0] if before.serial and len(alike) == 1 else None)


def renamed(name: str, now: Plugged) -> str:
    """Its SANE name as it is plugged in now."""
    return _LIBUSB.sub(f"libusb:{now.bus:03}:{now.address:03}", name)


def _read(entry: Path) -> Plugged | None:
    def text(name: str) -> str:
        return (entry / name).read_text(encoding="utf-8", errors="replace").strip()

    try:
        serial = text("serial")[:128] if (entry / "serial").exists() else ""
        ids = int(text("idVendor"), 16), int(text("idProduct"), 16)
        return Plugged(entry.name, *ids, serial, int(text("busnum")), int(text("devnum")))
    except (OSError, ValueError):
        return None
