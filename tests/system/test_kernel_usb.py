"""A real kernel enumerates simulated scanners, and SANE's own backend scans from them through usbfs."""

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


def test_sane_epson2_scans_the_simulated_scanner_through_the_kernel(machine: Guest):
    with machine.scanner("esci", QUICK):
        machine.check(
            f"{machine.sane('epson2')} scanimage -d epson2 --mode Gray --resolution 75 --format=pnm > $SHARE/page.pnm"
        )
        page = pnm.read((machine.share / "page.pnm").read_bytes())
        assert page.samples
