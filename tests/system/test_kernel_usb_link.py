"""Our link through libusb, usbfs and a real controller's driver: time-outs, stalls, usblp, and what is pulled out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.system import odd_usb
from tests.system.guest import PROJECT, Guest


@contextmanager
def odd_printer(machine: Guest) -> Iterator[None]:
    path = machine.share / "odd.sock"
    command = [sys.executable, "-m", "tests.system.odd_usb", str(path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            with machine.plugged(path):
                machine.until_seen(odd_usb.IDS)
                yield
        finally:
            process.terminate()


def test_the_link_takes_the_device_from_usblp_and_gives_it_back(machine: Guest):
    machine.check("modprobe usblp")
    with odd_printer(machine):
        machine.until("[ -e /sys/bus/usb/drivers/usblp/*:1.0 ]")
        told = json.loads(machine.python("-m", "tests.system.link_in_guest").wait().well())
        waited, ended = told.pop("waited"), told.pop("ended in")
        assert told == {
            "before": "usblp",
            "during": "usbfs",
            "second": "DeviceBusy",
            "echo": "hello",
            "nothing": "",
            "after": "after",
            "stalled": "again",
            "control in": [0x34, 0x12],
            "control out": "by control",
            "unknown control": "DeviceGarbled",
            "quiet": "",
            "bell": [1, 2],
            "long": True,
            "ended": "DeviceGone",
            "closed": "usblp",
        }
        assert 0.2 <= waited < 2.0
        assert ended < 0.5, "closing ends a read that another thread waits in for ten seconds"
