"""The installed service in a guest that systemd boots, from the first firmware to the scanner that makes it start.

The unit, the rules and the groups are those of udev/; only the program is this checkout's, put where the unit looks for
it. All of that takes the guest a minute, so it happens on a thread, while the other guest's tests run.
"""

import shlex
import sys
import sysconfig
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system import guest
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


@dataclass(frozen=True)
class Service:
    """The machine in which it is active, and who adds more firmware meanwhile."""

    machine: guest.Guest
    adding: guest.Running


def _add(machine: guest.Guest, name: str) -> guest.Running:
    """The operator has a firmware file, and adds it."""
    program = "/opt/wsd-scan-bridge/bin/wsd-scan-bridge"
    return machine.start(f"umask 077; cd /tmp; head -c 4096 /dev/urandom > {name}; {program} firmware add {name}")


@contextmanager
def service() -> Iterator[Future[Service]]:
    """Firmware is added when the service has never run; then a scanner is plugged in, and it starts."""
    with (
        guest.booting("systemd", "libnss-systemd", systemd=PREPARE) as machine,
        ExitStack() as plugs,
        ThreadPoolExecutor(1) as thread,
    ):
        yield thread.submit(_start, machine, plugs)


def _start(machine: guest.Guest, plugs: ExitStack) -> Service:
    machine.until_up()
    _add(machine, "a2nfw.usb").wait(guest.BOOT_SECONDS).well()
    assert machine.run(f"systemctl is-active {SERVICE}").out == "inactive\n"
    plugs.enter_context(machine.scanner("esci", "feed=0,warmup=0,speed=0"))
    machine.check(
        f"while [ $(systemctl is-active {SERVICE}) != active ]; do "
        f"! systemctl is-failed -q {SERVICE} || exit 1; sleep 0.5; done",
        seconds=guest.BOOT_SECONDS,
    )
    return Service(machine, _add(machine, "1200.usb"))
