"""The printer of an MFP through a real kernel's USB: usblp is the judge of its device id, and is not disturbed."""

import json

from tests.system.guest import Guest

LOOK = """
import json
from pathlib import Path
from drivers.usb.bus import LocalBus
from drivers.usb.printer_class.look import look

def owner():
    driver = next(Path("/sys/bus/usb/devices").glob("*:1.1/driver"), None)
    return driver.readlink().name if driver else None

bus = LocalBus()
[known] = [each for each in bus.devices() if each.vendor_id == 0x04E8]
zero = bus.zero(known.key)
told = dict(look(zero))
zero.close()
print(json.dumps({**told, "owner": owner()}))
"""


def looked(machine: Guest) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(machine.python("-c", LOOK).wait().well())
    return found


def test_usblp_keeps_its_printer_and_reads_the_device_id_that_we_read(machine: Guest):
    machine.check("modprobe usblp")
    with machine.scanner("printer", "adf=1") as printer:
        machine.until("[ -e /sys/bus/usb/drivers/usblp/*:1.1 ]")
        text = machine.check("cat /sys/bus/usb/devices/*:1.1/ieee1284_id")
        told = looked(machine)
        assert told["owner"] == "usblp"
        assert told["printer"] == "not known while another program or the kernel's usblp has it"
        for key, name in (("MFG", "printer made by"), ("MDL", "printer model"), ("SN", "printer serial")):
            assert f"{key}:{told[name]};" in text
        machine.check("echo $(basename /sys/bus/usb/drivers/usblp/*:1.1) > /sys/bus/usb/drivers/usblp/unbind")
        assert looked(machine) == {**told, "owner": None, "printer": "ready"}
        printer.say("cover open")
        assert looked(machine)["printer"] == "error"
        assert "did not claim interface" not in machine.check("dmesg || busybox dmesg")
