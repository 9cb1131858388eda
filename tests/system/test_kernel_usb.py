"""A real kernel enumerates simulated scanners, and SANE's own backend scans from them through usbfs."""

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import pnm
from tests.system.guest import Guest

QUICK = "speed=0,feed=0,warmup=0"


def test_the_kernel_enumerates_what_the_simulator_describes(machine: Guest):
    with machine.scanner("esci", f"{QUICK},serial=A1B2") as scanner:
        place = machine.check("grep -l ^PRODUCT=4b8/12b /sys/bus/usb/devices/*/uevent | grep -v : | xargs dirname")
        values = machine.check(
            f"cd {place.strip()}; cat manufacturer product serial speed bcdDevice bNumInterfaces *:1.0/bInterfaceClass"
        )
        assert values.split("\n")[:-1] == ["EPSON", "EPSON Scanner GT-2500", "A1B2", "480", "0100", " 1", "ff"]
        assert scanner.ids == "04b8:012b"


def test_sane_epson2_scans_the_platen_and_every_sheet_to_the_pixel(machine: Guest):
    with machine.scanner("esci", f"{QUICK},adf=2"):
        scan = f"{machine.sane('epson2')} scanimage -d epson2 --mode Gray --resolution 75 --format=pnm"
        machine.check(f"{scan} > $SHARE/platen.pnm")
        done = machine.run(f"{scan} --source 'Automatic Document Feeder' --batch=$SHARE/sheet%d.pnm")
        assert "out of documents" in done.err
        assert "Batch terminated, 2 pages scanned" in done.err
        for name, page, source in (
            ("platen", 1, Source.PLATEN),
            ("sheet1", 1, Source.FEEDER),
            ("sheet2", 2, Source.FEEDER),
        ):
            seen = pnm.read((machine.share / f"{name}.pnm").read_bytes())
            box = chart.Box(0, 0, seen.width, seen.height)
            assert box.width > 600
            assert box.height > 800
            assert seen.samples == b"".join(chart.rows(page, source, Mode.GRAY8, (75, 75), box)), name


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "out of documents"),
        (("paper 2", "jam"), "jammed"),
        # epson2 looks at the paper and jam bits only (e2_check_adf): an open cover reaches it as a command refused
        (("paper 2", "cover open"), "Invalid argument"),
    ],
)
def test_sane_epson2_reports_what_is_wrong_at_the_start_of_a_scan(machine: Guest, events: tuple[str, ...], words: str):
    with machine.scanner("esci", QUICK) as scanner:
        for event in events:
            scanner.say(event)
        done = machine.run(
            f"{machine.sane('epson2')} scanimage -d epson2 --source 'Automatic Document Feeder' --resolution 75 "
            "--format=pnm > $SHARE/nothing.pnm"
        )
        assert done.code != 0
        assert words in done.err
