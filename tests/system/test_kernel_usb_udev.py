"""udev's own daemon applies our rules to a device that a real kernel has, and a user who is nobody opens it by them."""

import re

from tests.system.guest import Guest

QUICK = "speed=0,feed=0,warmup=0"
OPEN = """\
from drivers.contract.errors import DriverError
from drivers.usb.bus import LocalBus
bus = LocalBus()
(device,) = [each for each in bus.devices() if each.vendor_id == 0x04B8]
try:
    link = bus.open(device.key)
except DriverError as err:
    print(type(err).__name__, err)
else:
    link.write(b"\\x1bI")
    print("identity", link.read(64)[:1] == b"\\x02")
    link.close()
"""


def node(machine: Guest, product: str) -> str:
    """The sysfs directory of the device."""
    return machine.check(
        f"dirname $(grep -l '^PRODUCT=4b8/{product}/' /sys/bus/usb/devices/*/uevent | grep -v :1)"
    ).strip()


def test_a_scanner_plugged_in_gets_its_group_its_driver_and_wants_the_service(udev: Guest):
    with udev.scanner("esci", QUICK):
        udev.check("udevadm settle")
        place = node(udev, "12b")
        told = udev.check(
            f"udevadm info {place}; stat -c 'node %a %G' $(udevadm info -q name -r {place}); cat {place}/power/control"
        )
        assert "node 660 scanner" in told
        assert re.search(r"^E: TAGS=.*:systemd:", told, re.MULTILINE)
        assert "E: SYSTEMD_WANTS=wsd-scan-bridge.service" in told
        assert "E: ID_WSD_SCAN_BRIDGE=esci" in told
        assert told.splitlines()[-1] == "on"


def test_a_change_event_counts_as_well(udev: Guest):
    with udev.scanner("esci", QUICK):
        udev.check("udevadm settle")
        place = node(udev, "12b")
        udev.check(f"chgrp root $(udevadm info -q name -r {place}); udevadm trigger --settle {place}")
        assert udev.check(f"stat -c %G $(udevadm info -q name -r {place})") == "scanner\n"


def test_nobody_opens_it_in_the_group_and_is_told_of_the_rule_outside(udev: Guest):
    with udev.scanner("esci", QUICK):
        udev.check("udevadm settle")
        inside = udev.python("-c", OPEN, user="nobody", groups=("scanner",))
        outside = udev.python("-c", OPEN, user="nobody").wait().well()
        assert outside.startswith("DeviceRefused no permission to open EPSON Scanner GT-2500"), outside
        assert "is the udev rule installed" in outside
        done = inside.wait()
        assert done.out == "identity True\n", done.err


def test_a_scanner_that_only_sane_knows_wants_the_service_too(udev: Guest):
    rules = "/etc/udev/rules.d/60-wsd-scan-bridge.rules"
    udev.check(
        "cp /usr/lib/udev/hwdb.d/20-sane.hwdb /run/only-ours/etc/udev/hwdb.d/; "  # Debian's libsane1
        "udevadm hwdb --update --root=/run/only-ours 2>/dev/null; "
        "cp /run/only-ours/etc/udev/hwdb.bin /etc/udev/hwdb.bin; "
        f"cp {rules} /run/all.rules; sed -i '/ATTR{{idProduct}}==\"012b\"/d' {rules}; udevadm control --reload"
    )
    try:
        with udev.scanner("esci", QUICK):
            udev.check("udevadm settle")
            told = udev.check(f"udevadm info {node(udev, '12b')}")
            assert "E: libsane_matched=yes" in told
            assert "E: SYSTEMD_WANTS=wsd-scan-bridge.service" in told
    finally:
        udev.check(f"cp /run/all.rules {rules}; udevadm control --reload")
