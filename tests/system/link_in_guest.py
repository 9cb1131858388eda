"""What the guest runs to try our own link on a kernel's USB. `tests.system.odd_usb` is plugged in; prints JSON."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from drivers.contract.errors import DriverError
from drivers.usb.bus import LocalBus

SYSFS = Path("/sys/bus/usb/devices")


def driver(path: str) -> str:
    """What is bound to the device's interface 0; empty: nothing."""
    link = SYSFS / f"{path}:1.0" / "driver"
    return link.resolve().name if link.exists() else ""


def tried() -> dict[str, Any]:
    """Every kind of transfer, and what became of the kernel's driver."""
    bus = LocalBus()
    (device,) = [each for each in bus.devices() if each.product == "Odd Scanner"]
    told: dict[str, Any] = {"before": driver(device.path)}
    link = bus.open(device.key)
    told["during"] = driver(device.path)
    try:
        bus.open(device.key)
    except DriverError as err:
        told["second"] = type(err).__name__

    link.write(b"hello")
    told["echo"] = link.read(512).decode()
    start = time.monotonic()
    told["nothing"] = link.read(512, 0.2).decode()
    told["waited"] = time.monotonic() - start
    link.write(b"after")
    told["after"] = link.read(512).decode()

    link.write(b"stall")
    link.write(b"again")
    told["stalled"] = link.read(512).decode()  # the halt is cleared in between

    told["control in"] = list(link.control(0xC0, 0x42, 0x1234, 0, 2))
    link.control(0x40, 0x42, 0, 0, b"by control")
    told["control out"] = link.read(512).decode()
    try:
        link.control(0xC0, 0x43, 0, 0, 2)
    except DriverError as err:
        told["unknown control"] = type(err).__name__

    told["quiet"] = link.interrupt(8, 0.1).decode()
    link.write(b"ring")
    told["bell"] = list(link.interrupt(8))

    link.write(b"long 200000")
    page = b""
    while len(page) < 200000 and (part := link.read(128 * 1024)):
        page += part
    told["long"] = page == bytes(n % 251 for n in range(200000))

    with ThreadPoolExecutor(1) as other:
        listening = other.submit(link.interrupt, 8, 10.0)
        time.sleep(0.5)
        start = time.monotonic()
        link.close()
        told["ended in"] = time.monotonic() - start
        told["ended"] = type(listening.exception()).__name__
    link.close()
    told["closed"] = driver(device.path)
    return told


if __name__ == "__main__":
    print(json.dumps(tried()))
