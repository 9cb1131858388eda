"""USB/IP as Linux itself speaks it: the kernel's vhci-hcd attaches a scanner of our server, and SANE scans from it."""

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import pnm
from tests.system.guest import Guest
from tests.system.qemu import USBIP


def test_vhci_attaches_a_simulated_scanner_and_sane_scans_from_it(machine: Guest):
    with machine.scanner("esci", "speed=0,feed=0,warmup=0", plugged=False) as scanner:
        machine.usbip(int(scanner.url.rpartition(":")[2]))
        machine.check(f"modprobe vhci-hcd; usbip attach -r {USBIP} -b {scanner.busid}")
        try:
            machine.until_seen(scanner.ids)
            sane = machine.sane("epson2")
            machine.check(f"{sane} scanimage -d epson2 --mode Gray --resolution 75 --format=pnm > $SHARE/usbip.pnm")
            page = pnm.read((machine.share / "usbip.pnm").read_bytes())
            box = chart.Box(0, 0, page.width, page.height)
            assert page.samples == b"".join(chart.rows(1, Source.PLATEN, Mode.GRAY8, (75, 75), box))
            scanner.say("unplug")
            machine.until_seen(scanner.ids, present=False)
        finally:
            machine.run("usbip detach -p 0")
