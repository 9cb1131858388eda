"""What owners do to their scanners, on a real kernel's USB: the bridge there finds them through libusb, clients learn
of it, and sane-airscan outside scans.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bridge.wsscan.scanner import ScannerState
from tests.system import bridge_in_guest, debian
from tests.system.bridge_in_guest import Served
from tests.system.guest import Guest

QUICK = "feed=0,warmup=0,speed=0"
SMALL = ("-x", "60", "-y", "40")
RULES = "/etc/udev/rules.d/60-wsd-scan-bridge.rules"
SHARED = '[[scanner]]\nkey = "usb-04b8-012b-SHARED"\nshare = true\n'


@pytest.fixture
def served(udev: Guest, sane_root: debian.Root, tmp_path: Path) -> Iterator[Served]:
    with bridge_in_guest.bridge(udev, sane_root, tmp_path, SHARED) as running:
        yield running


def test_pulled_out_or_switched_off_in_mid_page_it_is_served_again_at_any_port(served: Served):
    machine = served.machine
    with (
        machine.scanner("esci", "feed=0,warmup=0,speed=1000", plugged=False) as scanner,
        ExitStack() as cable,
    ):
        cable.enter_context(machine.plugged(scanner.socket, port=2))
        [uuid] = served.scanners(1)
        served.shows(uuid, 1)

        with served.scanimage(uuid, "--mode", "Color", "--resolution", "150") as process:
            served.running.until("job=2: Processing (JobScanningAndTransfering), 0 scanned", 30)
            scanner.say("unplug")
            _, err = process.communicate(timeout=60)
        assert process.returncode != 0
        assert b"Error during device I/O" in err
        served.until(uuid, ScannerState.STOPPED)
        scanner.say("plug")
        served.until(uuid, ScannerState.IDLE)
        served.shows(uuid, 1, *SMALL)

        cable.close()
        served.until(uuid, ScannerState.STOPPED)
        cable.enter_context(machine.plugged(scanner.socket, port=5))
        served.until(uuid, ScannerState.IDLE)
        served.shows(uuid, 1, *SMALL)

        watching = served.watch(uuid)
        with served.scanimage(uuid, "--mode", "Color", "--resolution", "150") as process:
            served.running.until("job=5: Processing (JobScanningAndTransfering), 0 scanned", 30)
            scanner.say("unplug")
            scanner.say("plug")
            process.communicate(timeout=60)
        assert process.returncode != 0
        watching.running.until('"JobEndStateEvent"')
        [end] = [each for each in watching.records if each.get("event") == "JobEndStateEvent"]
        assert (end["job"], end["state"], end["scans"]) == (5, "Aborted", 0)
        served.until(uuid, ScannerState.IDLE)
        served.shows(uuid, 1, *SMALL)
        assert watching.subscribed_once()
        assert served.scanners(1) == [uuid], "one scanner, one UUID"


def test_two_of_one_model_without_serial_numbers_are_two_wherever_they_go(served: Served):
    machine = served.machine
    with (
        machine.scanner("esci", f"{QUICK},original=3", plugged=False) as one,
        machine.scanner("esci", f"{QUICK},original=4", plugged=False) as other,
        ExitStack() as first,
        ExitStack() as second,
    ):
        first.enter_context(machine.plugged(one.socket, port=2))
        served.scanners(1)
        second.enter_context(machine.plugged(other.socket, port=3))
        a, b = served.scanners(2)
        assert a != b
        at_a, at_b = served.watch(a), served.watch(b)
        served.shows(a, 3, *SMALL)
        served.shows(b, 4, *SMALL)

        first.close()
        served.until(a, ScannerState.STOPPED)
        served.until(b, ScannerState.IDLE)
        first.enter_context(machine.plugged(one.socket, port=5))  # the only one that is known and away
        served.until(a, ScannerState.IDLE)
        served.shows(a, 3, *SMALL)

        first.close()
        second.close()
        for each in (a, b):
            served.until(each, ScannerState.STOPPED)
        second.enter_context(machine.plugged(other.socket, port=3))  # two are away: the port tells which it is
        served.until(b, ScannerState.IDLE)
        served.until(a, ScannerState.STOPPED)
        served.shows(b, 4, *SMALL)

        assert served.scanners(2) == [a, b]
        at_a.until_told("Idle", "Stopped", "Idle", "Stopped")  # the first one is the end of a scan
        at_b.until_told("Idle", "Stopped", "Idle")
        assert at_a.subscribed_once()
        assert at_b.subscribed_once()
        assert sorted(served.announced.out.split("\n")[1:-1]) == sorted([f"Hello {a}", f"Hello {b}"])
        done = served.running.stop()
        assert done.code == 0
        served.announced.until(f"Bye {a}")
        served.announced.until(f"Bye {b}")


def test_without_our_rule_the_operator_is_told_and_with_it_the_scanner_is_served(served: Served):
    machine = served.machine
    machine.check(f"mv {RULES} /run/rules; udevadm control --reload")
    try:
        with machine.scanner("esci", QUICK):
            said = served.running.until("is the udev rule installed")
            assert re.search(r"ERROR.*usb-04b8-012b@\S+: cannot be opened: no permission to open EPSON", said)
            machine.check(f"mv /run/rules {RULES}; udevadm control --reload; udevadm trigger --subsystem-match=usb")
            [uuid] = served.scanners(1)
            served.until(uuid, ScannerState.IDLE)
    finally:
        machine.check(f"[ -e {RULES} ] || mv /run/rules {RULES}; udevadm control --reload")


def test_the_kernel_suspends_a_scanner_that_is_shared_and_each_look_wakes_it_and_none_that_the_bridge_has(
    served: Served,
):
    machine = served.machine

    def power(serial: str) -> str:
        """Where the kernel has been told to suspend it as soon as it can."""
        machine.check("udevadm settle")
        place = machine.check(f"dirname $(grep -l {serial} /sys/bus/usb/devices/*/serial)").strip() + "/power"
        assert machine.check(f"cat {place}/control") == "on\n", "our rule's choice"
        machine.check(f"echo 0 > {place}/autosuspend_delay_ms; echo auto > {place}/control")
        return place

    with (
        machine.scanner("esci", f"{QUICK},serial=OWN"),
        machine.scanner("esci", f"{QUICK},serial=SHARED", plugged=False) as scanner,
    ):
        served.scanners(1)
        own = power("OWN")
        with machine.plugged(scanner.socket):
            _, uuid = served.scanners(2)
            shared = power("SHARED")
            asleep = f"grep -qx suspended {shared}/runtime_status"
            machine.until(asleep)
            for event in ("paper 1", "jam"):
                scanner.say(event)
            served.until(uuid, ScannerState.STOPPED)
            machine.until(asleep)
            scanner.say("clear")
            served.until(uuid, ScannerState.IDLE)
            served.shows(uuid, 1, *SMALL)
            machine.until(asleep)
        assert machine.check(f"cat {own}/runtime_status {own}/runtime_suspended_time").split() == ["active", "0"]
