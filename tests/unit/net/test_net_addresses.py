"""Which addresses are told to whom. Interfaces and addresses are written as the kernel would report them."""

import ipaddress

import pytest

from bridge.net.addresses import Interface, Selection, compose, told
from bridge.net.netlink import AddressRecord, LinkRecord

UP = 0x11043  # UP|BROADCAST|RUNNING|MULTICAST|LOWER_UP
NO_CARRIER = 0x1003
LOOPBACK = 0x10049
TEMPORARY, DEPRECATED, TENTATIVE, DAD_FAILED, OPTIMISTIC, PERMANENT = 0x01, 0x20, 0x40, 0x08, 0x04, 0x80


def record(index: int, text: str, flags: int = PERMANENT, *, host_only: bool = False) -> AddressRecord:
    whole = ipaddress.ip_interface(text)
    return AddressRecord(index, whole.ip, whole.network, flags, host_only)


def machine(*addresses: AddressRecord, flags: int = UP) -> tuple[Interface, ...]:
    return compose(
        [LinkRecord(1, "lo", LOOPBACK), LinkRecord(2, "eth0", flags), LinkRecord(3, "docker0", UP)],
        [record(1, "127.0.0.1/8", host_only=True), record(1, "::1/128", host_only=True), *addresses],
    )


def texts(interface: Interface) -> list[str]:
    return [str(each.ip) for each in interface.addresses]


def eth0(*addresses: AddressRecord) -> list[str]:
    return [text for each in machine(*addresses) if each.name == "eth0" for text in texts(each)]


def test_global_before_link_local_and_ipv4_before_ipv6() -> None:
    found = eth0(
        record(2, "fe80::1/64"), record(2, "2001:db8::1/64"), record(2, "169.254.7.7/16"), record(2, "198.51.100.1/24")
    )
    assert found == ["198.51.100.1", "2001:db8::1", "169.254.7.7", "fe80::1"]


@pytest.mark.parametrize(
    ("flags", "fit"),
    [
        (TENTATIVE, False),
        (DAD_FAILED | PERMANENT, False),
        (TENTATIVE | DAD_FAILED, False),
        (TENTATIVE | OPTIMISTIC, True),
        (DEPRECATED, True),
        (TEMPORARY, True),
    ],
)
def test_an_address_that_is_none_yet_is_not_told_and_a_doubtful_one_where_there_is_no_other(
    flags: int, fit: bool
) -> None:
    assert eth0(record(2, "2001:db8::1/64", flags)) == (["2001:db8::1"] if fit else [])


def test_a_lasting_address_beats_temporary_and_deprecated_ones() -> None:
    found = eth0(
        record(2, "2001:db8::aaaa/64", TEMPORARY),
        record(2, "2001:db8::dddd/64", DEPRECATED),
        record(2, "2001:db8::1/64", PERMANENT),
        record(2, "fd00::1/64", PERMANENT),
        record(2, "fe80::1/64"),
    )
    assert found == ["2001:db8::1", "fd00::1", "fe80::1"]


def test_a_second_ipv4_address_is_no_temporary_one() -> None:
    assert eth0(record(2, "198.51.100.1/24"), record(2, "198.51.100.2/24", 0x81)) == ["198.51.100.1", "198.51.100.2"]


def test_an_interface_without_carrier_or_address_is_none() -> None:
    assert [each.name for each in machine(record(2, "198.51.100.1/24"), flags=NO_CARRIER)] == ["lo"]
    assert [each.name for each in machine()] == ["lo"]


BOTH = (record(2, "198.51.100.1/24"), record(2, "fe80::1/64"), record(3, "172.17.0.1/16"))


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), ["eth0", "docker0"]),
        (Selection(("eth0",)), ["eth0"]),
        (Selection(("!docker*",)), ["eth0"]),
        (Selection(("*", "!eth0")), ["docker0"]),
        (Selection(("lo", "eth0")), ["lo", "eth0"]),
        (Selection(("wlan0",)), []),
        (Selection(only=ipaddress.ip_address("127.0.0.1")), ["lo"]),
        (Selection(only=ipaddress.ip_address("172.17.0.1")), ["docker0"]),
        (Selection(only=ipaddress.ip_address("192.0.2.1")), []),
    ],
)
def test_what_is_allowed_is_served_and_lo_when_it_is_asked_for(selection: Selection, names: list[str]) -> None:
    assert [each.name for each in selection.of(machine(*BOTH))] == names


def test_listening_on_one_address_tells_that_one_alone() -> None:
    (here,) = Selection(only=ipaddress.ip_address("198.51.100.1")).of(machine(*BOTH))
    assert texts(here) == ["198.51.100.1"]
    (loop,) = Selection(only=ipaddress.ip_address("127.0.0.77")).of(machine(*BOTH))
    assert texts(loop) == ["127.0.0.77"]


def test_without_ipv6_no_ipv6_address_is_told() -> None:
    (here, _) = Selection(ipv6=False).of(machine(*BOTH))
    assert texts(here) == ["198.51.100.1"]


def test_names_that_are_not_there_are_missing_and_patterns_too() -> None:
    there = machine(*BOTH)
    assert Selection(("eth0", "wl*", "usb0", "!docker0")).missing(there) == ("wl*", "usb0")


def test_a_peer_is_told_the_address_in_its_own_network() -> None:
    (_, here) = machine(record(2, "198.51.100.1/24"), record(2, "203.0.113.1/24"), record(2, "fe80::1/64"))

    def local(peer: str) -> str:
        return str(here.local_for(ipaddress.ip_address(peer)))

    assert local("203.0.113.9") == "203.0.113.1"
    assert local("198.51.100.9") == "198.51.100.1"
    assert local("192.0.2.9") == "198.51.100.1"
    assert local("fe80::9%eth0") == "fe80::1"
    assert here.holds(ipaddress.ip_address("fe80::9%eth0"))
    assert not here.holds(ipaddress.ip_address("192.0.2.9"))


def test_the_address_reached_comes_first_then_its_family_then_the_other() -> None:
    (_, here) = machine(
        record(2, "198.51.100.1/24"), record(2, "203.0.113.1/24"), record(2, "fd00::1/64"), record(2, "fe80::1/64")
    )

    def order(local: str) -> list[str]:
        return [str(each) for each in told(here, ipaddress.ip_address(local))]

    assert order("203.0.113.1") == ["203.0.113.1", "198.51.100.1", "fd00::1"]
    assert order("fe80::1%eth0") == ["fe80::1", "fd00::1", "198.51.100.1", "203.0.113.1"]
    assert order("fd00::1") == ["fd00::1", "fe80::1", "198.51.100.1", "203.0.113.1"]
