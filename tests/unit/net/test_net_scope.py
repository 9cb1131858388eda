"""A link-local subscriber is reached through the interface its Subscribe came in on, and never sees that interface."""

import pytest

from bridge.errors import OperationRefused
from bridge.eventing.policy import Caller, pin
from bridge.net.courier import Letter
from bridge.service.peer import Peer
from bridge.soap.endpoint import EndpointReference

PEER = Peer("fe80::2", "fe80::1", 5380, "eth0")


def test_a_peer_s_interface_goes_with_its_address() -> None:
    assert PEER.scoped_address == "fe80::2%eth0"
    assert PEER.scoped_local_address == "fe80::1%eth0"
    assert Peer("198.51.100.2", "198.51.100.1", 5380).scoped_address == "198.51.100.2"


@pytest.mark.parametrize("host", ["fe80::2", "fe80:0::2", "fe80::2%25wlan0", "a-name.local"])
def test_whatever_interface_a_subscriber_names_the_one_it_came_in_on_counts(host: str) -> None:
    url = f"http://[{host}]:5357/x" if ":" in host else f"http://{host}:5357/x"
    assert pin(EndpointReference(url), Caller(PEER.scoped_address, PEER.local_address)) == "fe80::2%eth0"


def test_another_link_local_host_is_a_third_party() -> None:
    with pytest.raises(OperationRefused):
        pin(EndpointReference("http://[fe80::3]:5357/x"), Caller(PEER.scoped_address, PEER.local_address))


def test_a_letter_goes_through_the_interface_and_does_not_say_so() -> None:
    letter = Letter("http://[fe80::2]:5357/x?y=1", "fe80::2%eth0", b"")
    assert letter.pinned_url == "http://[fe80::2%eth0]:5357/x?y=1"
    assert letter.headers["Host"] == "[fe80::2]:5357"
    assert Letter("http://[fe80::2%25wlan0]:5357/x", "fe80::2%eth0", b"").headers["Host"] == "[fe80::2]:5357"
