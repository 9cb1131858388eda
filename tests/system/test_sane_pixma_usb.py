"""SANE's own pixma backend, a driver nobody here wrote, scans the simulated PIXMA through a real kernel's USB.

It is the referee of our reading of the mp150 command set: what it complains about is a bug in `hil/devices/pixma`.
Then our driver is run there, through libusb, against the same device node.
"""

import hashlib
import json
import re

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import pnm
from tests.system.guest import Guest

QUICK = "speed=0,feed=0.05,warmup=0"
PART = "-l 20 -t 30 -x 40 -y 25"  # mm; at 75 ppi rounded from pixel 59, 89 to 177, 162
# Our driver as the catalog opens it, on this kernel's USB: what it shows, one page, and a press.
DRIVER = """
import asyncio, hashlib, json
from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest

async def main():
    [finding] = await catalog.find(local=True)
    device = await finding.open()
    try:
        [observer] = device.observers
        feeder = (await observer.poll()).feeder
        request = ScanRequest("1", Source.FEEDER_DUPLEX, Mode.RGB24, (75, 75), Region(787, 1187, 1573, 973))
        document = await device.acquirer.scan(request)
        read = lambda: [hashlib.sha256(b"".join(page.chunks)).hexdigest() for page in document]
        pages = await asyncio.to_thread(read)
        print(json.dumps({"driver": device.driver, "feeder": feeder, "pages": pages}), flush=True)
        while not (seen := await observer.poll()).presses:
            await observer.rest(seen)
        print(seen.presses[0].button, flush=True)
    finally:
        await device.close()

asyncio.run(main())
"""
PART_BOX = chart.Box(59, 89, 118, 73)


def shown(page: int, source: Source, mode: Mode, box: chart.Box, ppi: int = 75, *, back: bool = False) -> bytes:
    return b"".join(chart.rows(page, source, mode, (ppi, ppi), box, back=back))


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


def test_both_sides_of_two_sheets_are_the_chart(machine: Guest) -> None:
    with machine.scanner("pixma", f"{QUICK},adf=2"):
        done = machine.run(
            f"{machine.sane('pixma', 'networking=no')} scanimage -d pixma --source 'ADF Duplex' --mode Color "
            f"--resolution 75 {PART} --format=pnm --batch=$SHARE/sheet-%d.pnm"
        )
        assert done.code == 0, done.err
        assert "Document feeder out of documents" in done.err
        got = [pnm.read(machine.share / f"sheet-{number}.pnm").samples for number in (1, 2, 3, 4)]
        sides = [(1, False), (1, True), (2, False), (2, True)]
        assert got == [shown(page, Source.FEEDER, Mode.RGB24, PART_BOX, back=back) for page, back in sides]


def test_an_empty_feeder_is_no_documents(machine: Guest) -> None:
    with machine.scanner("pixma", QUICK):
        done = machine.run(
            f"{machine.sane('pixma', 'networking=no')} scanimage -d pixma --source 'Automatic Document Feeder' "
            "--format=pnm > /dev/null"
        )
        assert (done.code, done.err.splitlines()[-1]) == (
            7,  # SANE_STATUS_NO_DOCS
            "scanimage: sane_read: Document feeder out of documents",
        )


@pytest.mark.parametrize(("button", "values"), [(1, ("1", "0")), (2, ("0", "1"))])
def test_a_press_is_an_option_with_what_the_panel_is_set_to(
    machine: Guest, button: int, values: tuple[str, str]
) -> None:
    with machine.scanner("pixma", QUICK) as scanner:
        scanner.say(f"press {button}")
        said = machine.check(f"{machine.sane('pixma', 'networking=no')} scanimage -d pixma -A")
        found = dict(re.findall(r"--(button-1|button-2|target|original) <int> \[(\d+)\]", said))
        assert found == {"button-1": values[0], "button-2": values[1], "target": "3", "original": "1"}


def test_cancel_at_the_panel_is_canceled_and_the_next_scan_works(machine: Guest) -> None:
    with machine.scanner("pixma", f"{QUICK},cancel@1:50%"):
        sane = machine.sane("pixma", "networking=no")
        command = f"{sane} scanimage -d pixma --mode Color --resolution 75 -x 200 -y 200 --format=pnm"
        done = machine.run(f"{command} > /dev/null")
        assert (done.code, "Operation was cancel" in done.err) == (2, True), done.err  # SANE_STATUS_CANCELLED
        machine.check(f"{command} > $SHARE/after.pnm")
        assert pnm.read(machine.share / "after.pnm").height > 500


def test_our_driver_scans_and_hears_a_press_through_libusb(machine: Guest) -> None:
    with machine.scanner("pixma", f"{QUICK},adf=1") as scanner:
        (machine.share / "pixma.py").write_text(DRIVER)
        running = machine.start("PYTHONPATH=$PWD exec python $SHARE/pixma.py")
        running.until('"pages"')
        told = json.loads(running.out.splitlines()[0])
        want = [shown(1, Source.FEEDER, Mode.RGB24, PART_BOX, back=back) for back in (False, True)]
        assert told == {
            "driver": "pixma",
            "feeder": "loaded",
            "pages": [hashlib.sha256(each).hexdigest() for each in want],
        }
        scanner.say("press 2")
        done = running.wait()
        assert (done.code, done.out.splitlines()[1]) == (0, "mono"), done.err
