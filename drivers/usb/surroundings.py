"""What this system does with a USB device that its operator may have to know, in one line each. Read from sysfs.

Documentation/driver-api/usb/power-management.rst (power/control), Documentation/ABI/stable/sysfs-bus-usb.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys/bus/usb/devices")
_OURS: Final = frozenset({"usbfs"})  # how a program has an interface, we too


@dataclass(frozen=True, slots=True)
class Remark:
    """One line; `act`: the operator had better do something."""

    text: str
    act: bool = False


def remarks(path: str, sysfs: Path = SYSFS) -> tuple[Remark, ...]:
    """On the device plugged in at `path` ("1-1.4"). Nothing where there is no sysfs."""
    found = [
        Remark(f"the kernel's driver {driver} has interface {interface}; it is set aside while the bridge uses that")
        for interface, driver in _drivers(sysfs, path)
    ]
    if _text(sysfs / path / "power" / "control") == "auto":
        found.append(
            Remark(
                "the system may suspend it (power/control is `auto`), and suspended it tells no button: "
                "udev/60-wsd-scan-bridge.rules sets `on`",
                act=True,
            )
        )
    return tuple(found)


def _drivers(sysfs: Path, path: str) -> list[tuple[str, str]]:
    found = []
    for entry in sorted(sysfs.glob(f"{path}:*")):
        try:
            driver = (entry / "driver").readlink().name
        except OSError:
            continue  # nobody's
        if driver not in _OURS:
            found.append((entry.name.rpartition(".")[2], driver))
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
