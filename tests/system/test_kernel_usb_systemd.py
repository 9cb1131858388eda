"""The installed service as its owner has it: systemd boots, a scanner is plugged in, udev starts the unit, it scans.

How it came to that is in tests/system/service_in_guest.py.
"""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import debian, pnm
from tests.system.service_in_guest import SERVICE, Service

KEPT = "/var/lib/wsd-scan-bridge/firmware"


@pytest.fixture(scope="module")
def started(service: Future[Service]) -> Iterator[Service]:
    """Until it is stopped, which must go well."""
    running = service.result()
    yield running
    running.machine.check(f"systemctl stop {SERVICE}")
    shown = running.machine.check(f"systemctl show -p Result -p NRestarts {SERVICE}")
    assert "Result=success" in shown
    assert "NRestarts=0" in shown


def test_plugging_a_scanner_in_starts_the_service_and_it_scans(
    started: Service, sane_root: debian.Root, tmp_path: Path
):
    machine = started.machine
    port = machine.forward(5380)
    journal = "journalctl -u wsd-scan-bridge -o cat --no-pager"
    machine.until(f"{journal} | grep -q ^ready")
    told = machine.check(journal)
    uuid = next(line for line in told.splitlines() if line.startswith("ready ")).rpartition("/")[2]
    owner = machine.check(f"stat -c %U /proc/$(systemctl show -p MainPID --value {SERVICE})")
    assert owner == "wsd-scan-bridge\n"

    (tmp_path / "dll.conf").write_text("airscan\n")
    (tmp_path / "airscan.conf").write_text(
        f'[devices]\n"Bridge" = http://127.0.0.1:{port}/{uuid}/scan, wsd\n[options]\ndiscovery = disable\n'
    )
    command = [sane_root.program("scanimage"), "-d", "airscan:w0:Bridge", "--format=pnm", "--mode", "Gray"]
    done = subprocess.run(
        [*command, "--resolution", "75"],
        env=sane_root.env(SANE_CONFIG_DIR=tmp_path),
        capture_output=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    page = pnm.read(done.stdout)
    whole = page.width // 8 * 8
    rows = chart.rows(1, Source.PLATEN, Mode.GRAY8, (75, 75), chart.Box(0, 0, whole, page.height))
    assert page.samples == b"".join(row + b"\xff" * (page.width - whole) for row in rows)


def test_firmware_that_root_adds_is_readable_for_the_service(started: Service):
    started.adding.wait(110).well()
    seen = started.machine.check(
        f"pid=$(systemctl show -p MainPID --value {SERVICE}); uid=$(stat -c %u /proc/$pid); [ $uid != 0 ]; "
        "as_service() { nsenter -t $pid -m setpriv --reuid $uid --regid $uid --clear-groups $@; }; "
        f"as_service cat {KEPT}/gt68xx/a2nfw.usb | cmp - /tmp/a2nfw.usb; "
        f"as_service cat {KEPT}/artec_eplus48u/1200.usb | cmp - /tmp/1200.usb; echo same"
    )
    assert seen == "same\n"
