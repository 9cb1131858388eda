"""Events go to the subscriber itself: which NotifyTo is taken and where it is pinned."""

import ipaddress

import pytest

from bridge.errors import OperationRefused
from bridge.eventing.policy import Caller, pin
from bridge.soap.endpoint import EndpointReference

OURS = frozenset({5380})
LAN = (ipaddress.ip_network("192.0.2.0/24"),)


def caller(peer: str, local: str = "192.0.2.1") -> Caller:
    return Caller(peer, local, OURS)


@pytest.mark.parametrize(
    ("url", "peer", "expected"),
    [
        ("http://192.0.2.9:5357/abc", "192.0.2.9", "192.0.2.9"),
        ("https://192.0.2.9/", "192.0.2.9", "192.0.2.9"),
        ("http://192.0.2.9:5357/", "::ffff:192.0.2.9", "192.0.2.9"),
        ("http://DESKTOP-1:5357/abc", "192.0.2.9", "192.0.2.9"),
        ("http://[fe80::1]:5357/", "fe80::1%eth0", "fe80::1%eth0"),
        ("http://[2001:DB8::1]:5357/", "2001:db8::1", "2001:db8::1"),
        ("http://127.0.0.1:9000/", "127.0.0.1", "127.0.0.1"),
        ("http://localhost:9000/", "127.0.0.1", "127.0.0.1"),
        ("http://[::1]:9000/", "::1", "::1"),
        ("http://192.0.2.9:5380/", "192.0.2.9", "192.0.2.9"),
    ],
)
def test_the_subscriber_s_own_address_is_taken(url: str, peer: str, expected: str) -> None:
    assert pin(EndpointReference(url), caller(peer)) == expected


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://192.0.2.10/", "192.0.2.9"),
        ("http://127.0.0.1/", "192.0.2.9"),
        ("http://127.0.0.2/", "127.0.0.1"),
        ("http://192.0.2.9/", "127.0.0.1"),
        ("http://169.254.169.254/latest/", "192.0.2.9"),
        ("http://169.254.169.254/latest/", "169.254.169.254"),
        ("http://224.0.0.1/", "192.0.2.9"),
        ("http://255.255.255.255/", "255.255.255.255"),
        ("http://0.0.0.0/", "0.0.0.0"),
        ("ftp://192.0.2.9/", "192.0.2.9"),
        ("urn:uuid:00000000-0000-0000-0000-000000000000", "192.0.2.9"),
        ("http://user:pw@192.0.2.9/", "192.0.2.9"),
        ("http://evil\\@192.0.2.9/", "192.0.2.9"),
        ("http://192.0.2.9:0/", "192.0.2.9"),
        ("http://192.0.2.9:99999/", "192.0.2.9"),
        ("http://3221225993/", "192.0.2.9"),
        ("http://0xc0000209/", "192.0.2.9"),
        ("http:///path", "192.0.2.9"),
        ("http://192.0.2.9/a b", "192.0.2.9"),
        ("http://[fe80::2]/", "fe80::1%eth0"),
        ("http://[::1", "::1"),
        ("http://192.0.2.9/", "/run/socket"),
    ],
)
def test_any_other_place_is_refused(url: str, peer: str) -> None:
    with pytest.raises(OperationRefused) as caught:
        pin(EndpointReference(url), caller(peer))
    assert caught.value.fault.subcode == "{http://schemas.xmlsoap.org/ws/2004/08/addressing}DestinationUnreachable"


@pytest.mark.parametrize(
    ("url", "peer", "local"),
    [
        ("http://127.0.0.1:5380/scan", "127.0.0.1", "127.0.0.1"),
        ("http://192.0.2.1:5380/scan", "192.0.2.1", "192.0.2.1"),
        ("http://me:5380/scan", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_events_never_come_back_to_our_own_port(url: str, peer: str, local: str) -> None:
    with pytest.raises(OperationRefused, match="our own port"):
        pin(EndpointReference(url), caller(peer, local))


def test_a_network_that_the_operator_allows_is_taken_but_for_its_edges() -> None:
    assert pin(EndpointReference("http://192.0.2.77/"), caller("198.51.100.1"), LAN) == "192.0.2.77"
    for edge in ("192.0.2.0", "192.0.2.255", "192.0.3.1"):
        with pytest.raises(OperationRefused):
            pin(EndpointReference(f"http://{edge}/"), caller("198.51.100.1"), LAN)
