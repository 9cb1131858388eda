"""A SANE device that a child has open. Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DriverError
from drivers.sane.model import Dials
from drivers.sane.options import Value
from drivers.sane.panel import Panel
from drivers.sane.process import Child, Refused
from drivers.sane.protocol import Status

OPEN_SECONDS: Final = 60.0  # some backends load firmware or send the carriage home
LOOK_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The child and its device's options."""

    child: Child
    dials: Dials

    def values(self, panel: Panel) -> Sequence[Value | None]:
        """What the panel's options say now. Raises DriverError."""
        try:
            if panel.refresh is not None:
                self.child.ask("set", LOOK_SECONDS, number=panel.refresh, value=0)
            values = self.child.ask("values", LOOK_SECONDS, numbers=panel.numbers).get("values")
        except Refused as err:
            raise translated(err, "the sensors") from err
        if not isinstance(values, list) or len(values) != len(panel.numbers):
            raise DeviceGarbled(f"the SANE process sent {str(values)[:40]} as values")
        if any(not isinstance(value, bool | int | float | str | None) for value in values):
            raise DeviceGarbled(f"the SANE process sent {str(values)[:40]} as values")
        return values


def open_child(library: str, config_dir: Path, name: str) -> Opened:
    """A new child that has the device of that SANE name open. Raises DriverError."""
    child = Child(library, config_dir, name)
    try:
        return Opened(child, Dials(child, child.ask("open", OPEN_SECONDS, name=name).get("options")))
    except Refused as err:
        child.kill()
        raise translated(err, name) from err
    except BaseException:
        child.kill()
        raise


def translated(err: Refused, name: str) -> DriverError:
    """What SANE said outside a scan, as one of ours."""
    match err.status:
        case Status.DEVICE_BUSY:
            return DeviceBusy(f"{name} is in use by another program")
        case Status.ACCESS_DENIED:
            return DeviceRefused(f"{name}: SANE is denied access; see udev/60-wsd-scan-bridge.rules")
        case _:
            return DeviceGone(f"{name}: {err}")
