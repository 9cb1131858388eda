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


@pytest.fixture(scope="module")
def booted() -> Iterator[guest.Guest]:
    with guest.boot("systemd", "libnss-systemd", systemd=PREPARE) as machine:
        yield machine


def test_plugging_a_scanner_in_starts_the_service_and_it_scans(
    booted: guest.Guest, sane_root: debian.Root, tmp_path: Path
):
    assert booted.run(f"systemctl is-active {SERVICE}").out == "inactive\n"
    port = booted.forward(5380)
    with booted.scanner("esci", "feed=0,warmup=0,speed=0"):
        booted.check(
            f"while [ $(systemctl is-active {SERVICE}) != active ]; do "
            f"! systemctl is-failed -q {SERVICE} || exit 1; sleep 0.5; done",
            seconds=90,
        )
        shown = booted.check(f"systemctl show -p StatusText -p User -p Result -p NRestarts {SERVICE}")
        assert "NRestarts=0" in shown
        told = booted.check("journalctl -u wsd-scan-bridge -o cat --no-pager")
        uuid = next(line for line in told.splitlines() if line.startswith("ready ")).rpartition("/")[2]
        owner = booted.check(f"stat -c %U /proc/$(systemctl show -p MainPID --value {SERVICE})")
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
    booted.check(f"systemctl stop {SERVICE}")
    assert "Result=success" in booted.check(f"systemctl show -p Result {SERVICE}")


def test_firmware_that_root_adds_is_readable_for_the_service(booted: guest.Guest):
    add = "/opt/wsd-scan-bridge/bin/wsd-scan-bridge firmware add"
    make = "head -c 4096 /dev/urandom >"
    booted.check(
        f"umask 077; cd /tmp; systemctl stop {SERVICE}; "
        "rm -rf /var/lib/wsd-scan-bridge /var/lib/private/wsd-scan-bridge; "
        f"{make} a2nfw.usb; {add} a2nfw.usb; "  # before it ever ran
        f"systemctl start {SERVICE}; {make} 1200.usb; {add} 1200.usb",  # and while it runs
        seconds=100,
    )
    kept = "/var/lib/wsd-scan-bridge/firmware"
    seen = booted.check(
        f"pid=$(systemctl show -p MainPID --value {SERVICE}); uid=$(stat -c %u /proc/$pid); [ $uid != 0 ]; "
        "as_service() { nsenter -t $pid -m setpriv --reuid $uid --regid $uid --clear-groups $@; }; "
        f"as_service cat {kept}/gt68xx/a2nfw.usb | cmp - /tmp/a2nfw.usb; "
        f"as_service cat {kept}/artec_eplus48u/1200.usb | cmp - /tmp/1200.usb; echo same"
    )
    assert seen == "same\n"
