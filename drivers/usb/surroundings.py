"""What this system does with a USB device that its operator may have to know, in one line each. Read from sysfs.

Documentation/driver-api/usb/power-management.rst (power/control), Documentation/ABI/stable/sysfs-bus-usb.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys/bus/usb/devices")
NODES: Final = Path("/dev/bus/usb")
PROC: Final = Path("/proc")
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


def node(path: str, sysfs: Path = SYSFS, nodes: Path = NODES) -> Path | None:
    """The device file of what is plugged in at `path`; None where the kernel has none."""
    bus, address = _text(sysfs / path / "busnum"), _text(sysfs / path / "devnum")
    return nodes / f"{int(bus):03}" / f"{int(address):03}" if bus.isdecimal() and address.isdecimal() else None


def holders(file: Path, proc: Path = PROC) -> tuple[str, ...]:
    """The programs that have that device file open, each as `saned (pid 812)`; those of others only root sees."""
    found = []
    for process in sorted((each for each in proc.iterdir() if each.name.isdecimal()), key=lambda each: int(each.name)):
        with suppress(OSError):  # it has ended, or is not ours to look at
            if any(_leads_to(each, file) for each in (process / "fd").iterdir()):
                found.append(f"{_text(process / 'comm') or 'a program'} (pid {process.name})")
    return tuple(found)


def _leads_to(link: Path, file: Path) -> bool:
    with suppress(OSError):
        return link.readlink() == file
    return False


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
