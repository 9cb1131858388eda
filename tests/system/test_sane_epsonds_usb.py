"""SANE's epsonds and then our own driver scan the simulated ESC/I-2 scanner through a real kernel's USB.

Black and white only, which SANE leaves as the scanner sends it; colours are in test_sane_epsonds.py.
"""

import re

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system.guest import Guest

QUICK = "speed=0,feed=0,warmup=0"
SCAN = "scanimage -d epsonds --mode Lineart --resolution 75 --format=pnm"
# What a page of our driver is, one behind the other.
OURS = """
import asyncio, sys
from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest

async def main():
    [found] = await catalog.find()
    print(found.driver, found.description, file=sys.stderr)
    device = await found.open()
    raw = open(sys.argv[1], "wb")
    seen = await device.observers[0].poll()
    print(seen.readiness, seen.feeder, file=sys.stderr)
    for source in (Source.PLATEN, Source.FEEDER_DUPLEX):
        request = ScanRequest("job-1", source, Mode.LINEART, (75, 75), Region(0, 0, 11700, 4000))
        document = await device.acquirer.scan(request)
        for page in await asyncio.to_thread(lambda: [b"".join(page.chunks) for page in document]):
            raw.write(page)
    await device.close()
    raw.close()

asyncio.run(main())
"""


def shown(page: int, source: Source, width: int, height: int, *, back: bool = False) -> bytes:
    """Rows of the chart; the simulated feeder of 11.7 inch centres its A4 sheets of 8.268."""
    left = 0 if source is Source.PLATEN else -((11_700 - 8_268) // 2 * 75 // 1000)
    return b"".join(chart.rows(page, source, Mode.LINEART, (75, 75), chart.Box(left, 0, width, height), back=back))


def scanned(machine: Guest, name: str) -> tuple[int, int, bytes]:
    """Width, height and rows of a page that scanimage wrote; in a PBM black is 1, in ours white."""
    data = (machine.share / f"{name}.pnm").read_bytes()
    head = re.match(rb"P4\n(?:#[^\n]*\n)*(\d+) (\d+)\n", data)
    assert head is not None, data[:40]
    return int(head[1]), int(head[2]), bytes(255 - value for value in data[head.end() :])


def test_sane_epsonds_scans_the_platen_and_both_sides_of_every_sheet_to_the_pixel(machine: Guest):
    with machine.scanner("esci2", f"{QUICK},adf=2") as scanner:
        assert scanner.ids == "04b8:08bc"
        machine.check(f"{machine.sane('epsonds')} {SCAN} > $SHARE/platen.pnm")
        done = machine.run(f"{machine.sane('epsonds')} {SCAN} --source 'ADF Duplex' --batch=$SHARE/side%d.pnm")
        assert "out of documents" in done.err
        assert "Batch terminated, 4 pages scanned" in done.err
        sides = [("platen", 1, Source.PLATEN, False)]
        sides += [
            (f"side{2 * sheet - 1 + back}", sheet, Source.FEEDER, back) for sheet in (1, 2) for back in (False, True)
        ]
        for name, page, source, back in sides:
            width, height, rows = scanned(machine, name)
            assert width == 872  # 11.7 inch, in whole bytes
            assert rows == shown(page, source, width, height, back=back), name


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "out of documents"),
        (("paper 2", "jam"), "jammed"),
        (("paper 2", "cover open"), "cover is open"),
    ],
)
def test_sane_epsonds_reports_what_is_wrong_at_the_start_of_a_scan(machine: Guest, events: tuple[str, ...], words: str):
    with machine.scanner("esci2", QUICK) as scanner:
        for event in events:
            scanner.say(event)
        done = machine.run(f"{machine.sane('epsonds')} {SCAN} --source 'ADF Front' > $SHARE/nothing.pnm")
        assert done.code != 0
        assert words in done.err


def test_our_driver_scans_through_libusb_what_sane_scanned(machine: Guest):
    with machine.scanner("esci2", f"{QUICK},adf=1") as scanner:
        machine.until_seen(scanner.ids)
        raw = machine.share / "ours.raw"
        done = machine.python("-c", OURS, str(raw)).wait()
        assert done.code == 0, done.err
        assert "esci2 EPSON WF-8590 Series (04b8:08bc at " in done.err
        assert "idle loaded" in done.err
        # 11.7 inch are 878 pixels, the last of which are filled up white to a whole byte; 4 inch
        [platen, front, back] = [
            shown(1, source, 872, 300, back=back)
            for source, back in ((Source.PLATEN, False), (Source.FEEDER, False), (Source.FEEDER, True))
        ]
        got = raw.read_bytes()
        rows = [got[at : at + 110] for at in range(0, len(got), 110)]
        assert len(rows) == 900
        assert b"".join(row[:109] for row in rows) == platen + front + back
