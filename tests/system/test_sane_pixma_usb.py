"""SANE's own pixma backend, a driver nobody here wrote, scans the simulated PIXMA through a real kernel's USB.

It is the referee of our reading of the mp150 and imageCLASS command sets: what it complains about is a bug in
`hil/devices/pixma`.
Then our driver is run there, through libusb, against the same device node.
"""

import hashlib
import json
import re
from contextlib import ExitStack

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import pnm
from tests.system.guest import Guest, Scanner

QUICK = "speed=0,feed=0.05,warmup=0"
PART = "-l 20 -t 30 -x 40 -y 25"  # mm; at 75 ppi rounded from pixel 59, 89 to 177, 162
# Our driver as the catalog opens it, on this kernel's USB: of each scanner what it shows, its pages, and a press.
DRIVER = """
import asyncio, hashlib, json
from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest

async def scanned(device):
    feeder = (await device.observers[0].poll()).feeder
    source = Source.FEEDER_DUPLEX if device.identity.model == "MX850" else Source.FEEDER
    document = await device.acquirer.scan(ScanRequest("1", source, Mode.RGB24, (75, 75), Region(787, 1187, 1573, 973)))
    read = lambda: [hashlib.sha256(b"".join(page.chunks)).hexdigest() for page in document]
    return device.identity.model, [device.driver, feeder, await asyncio.to_thread(read)]

async def pressed(device):
    [observer] = device.observers
    while not (seen := await observer.poll()).presses:
        await observer.rest(seen)
    return device.identity.model, seen.presses[0].button

async def main():
    devices = [await finding.open() for finding in await catalog.find(local=True)]
    try:
        for what in (scanned, pressed):
            print(json.dumps(dict(await asyncio.gather(*map(what, devices)))), flush=True)
    finally:
        for device in devices:
            await device.close()

asyncio.run(main())
"""
PART_BOX = chart.Box(59, 89, 118, 73)


def shown(page: int, source: Source, mode: Mode, box: chart.Box, ppi: int = 75, *, back: bool = False) -> bytes:
    return b"".join(chart.rows(page, source, mode, (ppi, ppi), box, back=back))


def pressed(machine: Guest, scanner: Scanner, sane: str, button: int) -> dict[str, str]:
    """What SANE's options say after a press, or after the first that it saw.

    SANE listens for 200 and then 300 ms; up to 128 of each are over before the controller asks the endpoint. A read
    given up makes QEMU stop asking and drop what came just then, as was seen with answers 250 ms late: on a busy host a
    press is missed, or lost.
    """
    for _ in range(5):
        scanner.say(f"press {button}")
        said = machine.check(f"{sane} scanimage -d pixma -A")
        found = dict(re.findall(r"--(button-1|button-2|target|original) <int> \[(\d+)\]", said))
        if (found["button-1"], found["button-2"]) != ("0", "0"):
            break
    return found


def test_sane_lists_the_scanner(machine: Guest) -> None:
    with machine.scanner("pixma", f"{QUICK},serial=A1B2"):
        said = machine.check(f"{machine.sane('pixma', 'networking=no')} scanimage -L")
        assert said == ("device `pixma:04A9172C_A1B2' is a CANON Canon PIXMA MX850 multi-function peripheral\n")


@pytest.mark.parametrize(("name", "mode"), [("Color", Mode.RGB24), ("Gray", Mode.GRAY8)])
def test_a_part_of_the_platen_is_that_part_of_the_chart(machine: Guest, name: str, mode: Mode) -> None:
    with machine.scanner("pixma", f"{QUICK},original=7"):
        machine.check(
            f"{machine.sane('pixma', 'networking=no')} scanimage -d pixma --mode {name} --resolution 75 {PART} "
            "--format=pnm > $SHARE/page.pnm"
        )
        page = pnm.read((machine.share / "page.pnm").read_bytes())
        assert (page.width, page.height) == (PART_BOX.width, PART_BOX.height)
        assert page.samples == shown(7, Source.PLATEN, mode, PART_BOX)


def test_both_sides_of_two_sheets_are_the_chart_and_an_empty_feeder_is_no_documents(machine: Guest) -> None:
    sane = machine.sane("pixma", "networking=no")
    # SANE waits ten seconds for paper: for both at once
    with (
        machine.scanner("pixma", f"{QUICK},adf=2,serial=FULL"),
        machine.scanner("pixma", f"{QUICK},serial=EMPTY", plugged=False) as empty,
        machine.plugged(empty.socket),
    ):
        machine.until("[ $(cat /sys/bus/usb/devices/*/serial | grep -cE 'FULL|EMPTY') = 2 ]")
        waiting = machine.start(
            f"{sane} scanimage -v -d pixma:04A9172C_EMPTY --source 'Automatic Document Feeder' --format=pnm > /dev/null"
        )
        # Looking for its scanner SANE opens each, which then cannot be opened by another.
        waiting.until("scanning image of size")
        done = machine.run(
            f"{sane} scanimage -d pixma:04A9172C_FULL --source 'ADF Duplex' --mode Color "
            f"--resolution 75 {PART} --format=pnm --batch=$SHARE/sheet-%d.pnm"
        )
        assert done.code == 0, done.err
        assert "Document feeder out of documents" in done.err
        got = [pnm.read(machine.share / f"sheet-{number}.pnm").samples for number in (1, 2, 3, 4)]
        sides = [(1, False), (1, True), (2, False), (2, True)]
        assert got == [shown(page, Source.FEEDER, Mode.RGB24, PART_BOX, back=back) for page, back in sides]
        done = waiting.wait()
        assert (done.code, done.err.splitlines()[-1]) == (
            7,  # SANE_STATUS_NO_DOCS
            "scanimage: sane_read: Document feeder out of documents",
        )


@pytest.mark.parametrize(("button", "values"), [(1, ("1", "0")), (2, ("0", "1"))])
def test_a_press_is_an_option_with_what_the_panel_is_set_to(
    machine: Guest, button: int, values: tuple[str, str]
) -> None:
    with machine.scanner("pixma", QUICK) as scanner:
        found = pressed(machine, scanner, machine.sane("pixma", "networking=no"), button)
        assert found == {"button-1": values[0], "button-2": values[1], "target": "3", "original": "1"}


def test_cancel_at_the_panel_is_canceled_and_the_next_scan_works(machine: Guest) -> None:
    with machine.scanner("pixma", f"{QUICK},cancel@1:50%"):
        sane = machine.sane("pixma", "networking=no")
        command = f"{sane} scanimage -d pixma --mode Color --resolution 75 -x 200 -y 200 --format=pnm"
        done = machine.run(f"{command} > /dev/null")
        assert (done.code, "Operation was cancel" in done.err) == (2, True), done.err  # SANE_STATUS_CANCELLED
        machine.check(f"{command} > $SHARE/after.pnm")
        assert pnm.read(machine.share / "after.pnm").height > 500


def test_an_imageclass_of_generation_1_is_read_as_sane_reads_it(machine: Guest) -> None:
    with machine.scanner("imageclass-old", f"{QUICK},original=7,adf=2") as scanner:
        sane = machine.sane("pixma", "networking=no")
        part = f"--resolution 75 {PART} --format=pnm"
        for name, mode in (("Color", Mode.RGB24), ("Gray", Mode.GRAY8)):
            machine.check(f"{sane} scanimage -d pixma --mode {name} {part} > $SHARE/page.pnm")
            page = pnm.read((machine.share / "page.pnm").read_bytes())
            assert (page.width, page.height) == (PART_BOX.width, PART_BOX.height)
            assert page.samples == shown(7, Source.PLATEN, mode, PART_BOX)
        feeder = f"{sane} scanimage -d pixma --mode Color {part}"
        done = machine.run(f"{feeder} --source 'Automatic Document Feeder' --batch=$SHARE/front-%d.pnm")
        assert (done.code, "Document feeder out of documents" in done.err) == (0, True), done.err
        fronts = [pnm.read(machine.share / f"front-{number}.pnm").samples for number in (1, 2)]
        assert fronts == [shown(page, Source.FEEDER, Mode.RGB24, PART_BOX) for page in (1, 2)]
        assert pressed(machine, scanner, sane, 1)["button-1"] == "1"


def test_an_imageclass_of_generation_2_is_read_as_sane_reads_it(machine: Guest) -> None:
    with machine.scanner("imageclass", f"{QUICK},original=7"):
        sane = machine.sane("pixma", "networking=no")
        # at 300 ppi rounded from pixel 236, 354 to 709, 650
        machine.check(f"{sane} scanimage -d pixma --mode Color --resolution 300 {PART} --format=pnm > $SHARE/page.pnm")
        page = pnm.read((machine.share / "page.pnm").read_bytes())
        assert (page.width, page.height) == (473, 296)
        assert page.samples == shown(7, Source.PLATEN, Mode.RGB24, chart.Box(236, 354, 473, 296), 300)


def test_our_driver_scans_and_hears_a_press_through_libusb(machine: Guest) -> None:
    with ExitStack() as plugs:
        families = ("pixma", "imageclass", "imageclass-old")
        scanners = [plugs.enter_context(machine.scanner(family, f"{QUICK},adf=1")) for family in families]
        running = machine.python("-c", DRIVER)
        running.until("\n")
        front, back = (
            hashlib.sha256(shown(1, Source.FEEDER, Mode.RGB24, PART_BOX, back=back)).hexdigest()
            for back in (False, True)
        )
        assert json.loads(running.out.splitlines()[0]) == {
            "MX850": ["pixma", "loaded", [front, back]],
            "MF220": ["pixma", "loaded", [front]],
            "D420": ["pixma", "loaded", [front]],
        }
        for scanner in scanners:
            scanner.say("press 1")
        done = running.wait()
        assert done.code == 0, done.err
        assert json.loads(done.out.splitlines()[1]) == {"MX850": "color", "MF220": "scan", "D420": "scan"}
