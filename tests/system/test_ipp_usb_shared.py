"""A shared device of IPP over USB between two programs, each with libusb on a real kernel's usbfs."""

import json

from tests.system import guest

OTHER = """\
import sys
import usb.core, usb.util
for line in sys.stdin:
    device = usb.core.find(idVendor=0x03F0)
    try:
        if line == "claim\\n":
            usb.util.claim_interface(device, 1)
    except usb.core.USBError as err:
        print("errno", err.errno, flush=True)
    else:
        kept = device if line == "claim\\n" else usb.util.dispose_resources(kept)
        print("done", flush=True)
"""

OURS = """\
import asyncio, json, subprocess, sys
other = subprocess.Popen([sys.executable, sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceBusy

REQUEST = ScanRequest("1", Source.FEEDER, Mode.RGB24, (75, 75), Region(0, 0, 4000, 4000))

async def told_other(word):
    print(word, file=other.stdin, flush=True)
    return (await asyncio.to_thread(other.stdout.readline)).strip()

async def when_free():
    while await told_other("claim") != "done":  # our own claim may not be given back yet
        pass

async def attempt(told, name, work):
    try:
        told[name] = await work()
    except DeviceBusy as err:
        told[name] = str(err)

async def main():
    (finding,) = [each for each in await catalog.find() if each.driver == "escl"]
    device, told = await finding.shared(), {}

    async def look():
        return (await device.observers[0].poll()).readiness

    await attempt(told, "before", look)
    await when_free()
    await attempt(told, "look", look)
    await attempt(told, "scan", lambda: device.acquirer.scan(REQUEST))
    await told_other("leave")
    await attempt(told, "after", look)
    document = await device.acquirer.scan(REQUEST)
    told["other"] = await told_other("claim")
    told["pages"] = await asyncio.to_thread(lambda: sum(bool(b"".join(page.chunks)) for page in document))
    await when_free()
    await device.close()
    other.communicate()
    print(json.dumps(told))

asyncio.run(main())
"""


def test_whoever_has_it_first_has_it_and_the_other_is_told_so(machine: guest.Guest) -> None:
    other = machine.share / "shared_other.py"
    other.write_text(OTHER)
    # The pages lie in the feeder until the other program has tried and failed.
    with machine.scanner("ipp-usb", "adf=2,warmup=0,speed=0,feed=1,serial=4712"):
        told = json.loads(machine.python("-c", OURS, str(other)).wait().well())
    assert (told["before"], told["after"]) == ("idle", "idle")
    assert "in use by another program" in told["look"]
    assert "in use by another program" in told["scan"]
    assert told["other"] == "errno 16"  # EBUSY
    assert told["pages"] == 2
