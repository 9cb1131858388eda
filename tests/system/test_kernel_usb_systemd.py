"""The installed service as its owner has it: systemd boots, a scanner is plugged in, udev starts the unit, it scans.

The unit, the rules and the groups are those of udev/; only the program is this checkout's, put
where the unit looks for it. The whole takes about half a minute.
"""

import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart
from tests.system import debian, guest, pnm
from tests.system.guest import PROJECT

SERVICE = "wsd-scan-bridge.service"
# ProtectHome= hides /root and /home from the service, where a developer's checkout and Python may be.
PREPARE = f"""\
mkdir -p /opt/wsd-scan-bridge/bin /opt/project /opt/python /opt/packages /etc/udev/rules.d
mount --bind {shlex.quote(str(PROJECT))} /opt/project
mount --bind {shlex.quote(sys.base_prefix)} /opt/python
mount --bind {shlex.quote(sysconfig.get_path("purelib"))} /opt/packages
cat > /opt/wsd-scan-bridge/bin/wsd-scan-bridge <<'END'
#!/bin/sh
export PYTHONPATH=/opt/project:/opt/packages PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/python/bin/{Path(sys.executable).resolve().name} -m bridge.cli "$@"
END
chmod 755 /opt/wsd-scan-bridge/bin/wsd-scan-bridge
cp /opt/project/udev/{SERVICE} /etc/systemd/system/
cp /opt/project/udev/60-wsd-scan-bridge.rules /etc/udev/rules.d/
mkdir -p /etc/sysusers.d
cp /opt/project/udev/wsd-scan-bridge.sysusers.conf /etc/sysusers.d/wsd-scan-bridge.conf
systemd-sysusers wsd-scan-bridge.conf
printf '[sane]\\nenabled = false\\n[service]\\nmulticast = false\\n' > /etc/wsd-scan-bridge.toml
"""


KEPT = "/var/lib/wsd-scan-bridge/firmware"


def add(booted: guest.Guest, name: str) -> guest.Running:
    """The operator has a firmware file, and adds it."""
    program = "/opt/wsd-scan-bridge/bin/wsd-scan-bridge"
    return booted.start(f"umask 077; cd /tmp; head -c 4096 /dev/urandom > {name}; {program} firmware add {name}")


@pytest.fixture(scope="module")
def booted() -> Iterator[guest.Guest]:
    with guest.boot("systemd", "libnss-systemd", systemd=PREPARE) as machine:
        yield machine


@pytest.fixture(scope="module")
def started(booted: guest.Guest) -> Iterator[guest.Guest]:
    """Firmware was added when the service had never run; a scanner was plugged in, and it runs. It stops well."""
    add(booted, "a2nfw.usb").wait(90).well()
    assert booted.run(f"systemctl is-active {SERVICE}").out == "inactive\n"
    with booted.scanner("esci", "feed=0,warmup=0,speed=0"):
        booted.check(
            f"while [ $(systemctl is-active {SERVICE}) != active ]; do "
            f"! systemctl is-failed -q {SERVICE} || exit 1; sleep 0.5; done",
            seconds=90,
        )
        yield booted
    booted.check(f"systemctl stop {SERVICE}")
    shown = booted.check(f"systemctl show -p Result -p NRestarts {SERVICE}")
    assert "Result=success" in shown
    assert "NRestarts=0" in shown


@pytest.fixture(scope="module")
def adding(started: guest.Guest) -> guest.Running:
    """More firmware is being added while it runs."""
    return add(started, "1200.usb")


def test_plugging_a_scanner_in_starts_the_service_and_it_scans(
    started: guest.Guest, adding: guest.Running, sane_root: debian.Root, tmp_path: Path
):
    port = started.forward(5380)
    journal = "journalctl -u wsd-scan-bridge -o cat --no-pager"
    started.until(f"{journal} | grep -q ^ready")
    told = started.check(journal)
    uuid = next(line for line in told.splitlines() if line.startswith("ready ")).rpartition("/")[2]
    owner = started.check(f"stat -c %U /proc/$(systemctl show -p MainPID --value {SERVICE})")
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
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    page = pnm.read(done.stdout)
    whole = page.width // 8 * 8
    rows = chart.rows(1, Source.PLATEN, Mode.GRAY8, (75, 75), chart.Box(0, 0, whole, page.height))
    assert page.samples == b"".join(row + b"\xff" * (page.width - whole) for row in rows)


def test_firmware_that_root_adds_is_readable_for_the_service(started: guest.Guest, adding: guest.Running):
    adding.wait(90).well()
    seen = started.check(
        f"pid=$(systemctl show -p MainPID --value {SERVICE}); uid=$(stat -c %u /proc/$pid); [ $uid != 0 ]; "
        "as_service() { nsenter -t $pid -m setpriv --reuid $uid --regid $uid --clear-groups $@; }; "
        f"as_service cat {KEPT}/gt68xx/a2nfw.usb | cmp - /tmp/a2nfw.usb; "
        f"as_service cat {KEPT}/artec_eplus48u/1200.usb | cmp - /tmp/1200.usb; echo same"
    )
    assert seen == "same\n"
