"""What keeps scanners or clients away, on machines that are made up."""

import grp
import os
import socket
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from bridge.cli import doctor
from bridge.cli.doctor import Grade, networks, scanner, service
from bridge.config import Config, validate
from bridge.net.addresses import Address, Interface

FINE, NOTE, WRONG = Grade.FINE, Grade.NOTE, Grade.WRONG


def interface(index: int, name: str, *networks: str, multicast: bool = True) -> Interface:
    addresses = (each.partition("/") for each in networks)
    held = tuple(Address(ip_address(ip), ip_network(f"{ip}/{bits}", strict=False)) for ip, _, bits in addresses)
    return Interface(index, name, held, multicast, loopback=name == "lo")


LO = interface(1, "lo", "127.0.0.1/8")
LAN = interface(2, "eth0", "192.0.2.9/24", "2001:db8::9/64")
DOCKER = interface(3, "docker0", "172.17.0.1/16")


def config(**sections: object) -> Config:
    return validate(dict(sections), "test")


def test_each_network_is_told_its_own_addresses() -> None:
    said = list(networks(config(), (LO, LAN, DOCKER)))
    assert [(each.grade, each.about, each.text) for each in said] == [
        (FINE, "network eth0", "who asks over IPv4 is told http://192.0.2.9:5380 http://[2001:db8::9]:5380"),
        (FINE, "network eth0", "who asks over IPv6 is told http://[2001:db8::9]:5380 http://192.0.2.9:5380"),
        (FINE, "network docker0", "who asks over IPv4 is told http://172.17.0.1:5380"),
    ]


def test_what_is_left_out_missing_or_deaf_is_said() -> None:
    vpn = interface(4, "wg0", "10.9.0.2/24", multicast=False)
    asked = {"interfaces": ["wg0", "wlan0", "!docker0"], "multicast": False}
    said = [(each.grade, each.about) for each in networks(config(service=asked), (LO, LAN, DOCKER, vpn))]
    assert said == [
        (NOTE, "network eth0"),
        (NOTE, "network docker0"),
        (FINE, "network wg0"),
        (NOTE, "network wg0"),
        (WRONG, "network wlan0"),
        (NOTE, "network"),
    ]


def test_a_machine_without_a_network_is_not_found() -> None:
    assert [each.grade for each in networks(config(), (LO,))] == [WRONG]


def test_who_has_the_port_is_in_the_way(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = {"listen": f"127.0.0.1:{other.getsockname()[1]}", "state_dir": str(tmp_path)}
        assert service(config(service=said)).grade is WRONG
    assert service(config(service=said)).grade is NOTE
    with socket.socket(socket.AF_UNIX) as bridge:
        bridge.bind(os.path.relpath(tmp_path / "tap"))  # the path of a socket may not be long
        bridge.listen()
        assert service(config(service=said)).grade is FINE


@pytest.fixture
def plugged(tmp_path: Path) -> dict[str, Path]:
    """A scanner at 1-1.4, device 4 of bus 1, that this very process has open."""
    sysfs, nodes, proc = tmp_path / "sysfs", tmp_path / "nodes", tmp_path / "proc"
    (sysfs / "1-1.4" / "power").mkdir(parents=True)
    for name, text in (("busnum", "1"), ("devnum", "4"), ("power/control", "on")):
        (sysfs / "1-1.4" / name).write_text(f"{text}\n")
    (nodes / "001").mkdir(parents=True)
    (nodes / "001" / "004").write_bytes(b"")
    for pid, name in ((812, "saned"), (9, "cupsd")):
        (proc / str(pid) / "fd").mkdir(parents=True)
        (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / "812" / "fd" / "3").symlink_to(nodes / "001" / "004")
    (proc / "9" / "fd" / "3").symlink_to(nodes / "001" / "005")
    (proc / "9" / "fd" / "4").write_bytes(b"")
    (proc / "self").mkdir()
    return {"sysfs": sysfs, "nodes": nodes, "proc": proc}


def test_who_may_open_a_scanner_and_who_has_it(plugged: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    (first, second) = scanner("Scanner", "1-1.4", **plugged)
    assert first.grade is WRONG
    assert f":{group} (-rw" in first.text
    assert "the service may not open it; copy udev/60-wsd-scan-bridge.rules" in first.text
    assert (second.grade, second.text) == (NOTE, "is open in saned (pid 812); a scan may find it busy")
    monkeypatch.setattr(doctor, "GROUPS", {group})
    assert [each.grade for each in scanner("Scanner", "1-1.4", **plugged)] == [FINE, NOTE]


def test_a_scanner_that_may_fall_asleep_is_wrong(plugged: dict[str, Path]) -> None:
    (plugged["sysfs"] / "1-1.4" / "power" / "control").write_text("auto\n")
    assert [each.grade for each in scanner("Scanner", "1-1.4", **plugged)] == [WRONG, NOTE, WRONG]


@pytest.mark.parametrize("path", ["1-1.4", "9-9"])
def test_a_container_without_device_files_is_told_what_it_lacks(plugged: dict[str, Path], path: str) -> None:
    (plugged["nodes"] / "001" / "004").unlink()
    (said,) = scanner("Scanner", path, **plugged)
    assert (said.grade, "/dev/bus/usb" in said.text) == (WRONG, True)
