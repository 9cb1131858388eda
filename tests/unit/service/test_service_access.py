"""Who may do what: places, rights, a job's creator, and who may read its names."""

import pytest

from bridge.config import Access as Said
from bridge.service.access import Access, AccessDenied, Places, Right
from bridge.service.peer import Peer

Y08 = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
Y01 = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"
WSE = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
NEIGHBOUR, STRANGER, PHONE = "192.0.2.7", "203.0.113.9", "fe80::7"


def peer(address: str, scope: str = "") -> Peer:
    return Peer(address, "192.0.2.1", 5380, scope)


def near(asked: Peer) -> bool:
    return asked.address in (NEIGHBOUR, PHONE)


def access(said: Said) -> Access:
    return Access.configured(said, lambda address: address in (NEIGHBOUR, PHONE))


def allowed(rules: Access, address: str) -> set[str]:
    return {str(right) for right in Right if rules.may(right, peer(address))}


def test_without_a_word_neighbours_may_all_but_cancel_jobs_of_others() -> None:
    rules = access(Said())
    assert allowed(rules, NEIGHBOUR) == allowed(rules, PHONE) == {"scan", "subscribe", "jobs"}
    assert allowed(rules, STRANGER) == set()
    assert rules.may_enter(peer(NEIGHBOUR))
    assert not rules.may_enter(peer(STRANGER))


@pytest.mark.parametrize(
    ("places", "inside", "outside"),
    [
        (("any",), (NEIGHBOUR, STRANGER, "2001:db8::1"), ()),
        (("local",), (NEIGHBOUR, PHONE), (STRANGER, "2001:db8::1")),
        (("203.0.113.0/24",), (STRANGER,), (NEIGHBOUR, "203.0.114.1", "2001:db8::1")),
        (("203.0.113.9",), (STRANGER,), ("203.0.113.8",)),
        (("2001:db8::/32", "local"), ("2001:db8::1", NEIGHBOUR), ("2001:db9::1", STRANGER)),
        ((), (), (NEIGHBOUR, STRANGER, "127.0.0.1")),
    ],
)
def test_places_are_near_ones_networks_or_everybody(
    places: tuple[str, ...], inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    found = Places.parse(places)
    assert all(found.hold(peer(address), near) for address in inside)
    assert not any(found.hold(peer(address), near) for address in outside)


@pytest.mark.parametrize(
    ("action", "right"),
    [
        (f"{Y08}/CreateScanJob", Right.SCAN),
        (f"{Y01}/CreateScanJob", Right.SCAN),
        (f"{Y08}/RetrieveImage", Right.SCAN),
        (f"{Y08}/ValidateScanTicket", Right.SCAN),
        (f"{Y08}/GetActiveJobs", Right.JOBS),
        (f"{Y01}/GetJobHistory", Right.JOBS),
        (f"{WSE}/Subscribe", Right.SUBSCRIBE),
        (f"{WSE}/Renew", Right.SUBSCRIBE),
        (f"{WSE}/GetStatus", Right.SUBSCRIBE),
        (f"{WSE}/Unsubscribe", Right.SUBSCRIBE),
    ],
)
def test_a_request_needs_its_right_and_no_other(action: str, right: Right) -> None:
    none = Places()
    only = Access(near, {each: Places.parse(["any"]) if each is right else none for each in Right})
    others = Access(near, {each: none if each is right else Places.parse(["any"]) for each in Right})
    only.require_for(action, peer(STRANGER))
    with pytest.raises(AccessDenied) as refused:
        others.require_for(action, peer(STRANGER))
    assert refused.value.fault.detail == f"{STRANGER} is not among those of [access] {right}"


@pytest.mark.parametrize("name", ["GetScannerElements", "CancelJob", "GetJobElements"])
def test_what_the_scanner_is_may_be_asked_by_all_who_come_in(name: str) -> None:
    access(Said(scan=(), subscribe=(), jobs=())).require_for(f"{Y08}/{name}", peer(STRANGER))


def test_this_machine_is_near_itself_at_all_its_addresses_and_link_local_peers_by_their_interface() -> None:
    asked: list[str] = []
    rules = Access.configured(Said(), lambda address: bool(asked.append(address)))
    assert rules.may(Right.SCAN, Peer(STRANGER, STRANGER, 5380))
    assert asked == []
    assert not rules.may(Right.SCAN, Peer(PHONE, "fe80::1", 5380, "eth0"))
    assert asked == [f"{PHONE}%eth0"]


def test_a_job_of_somebody_else_needs_the_right() -> None:
    rules = access(Said())
    rules.require_own(Right.CANCEL, NEIGHBOUR, peer(NEIGHBOUR))
    for creator in (STRANGER, None):
        with pytest.raises(AccessDenied):
            rules.require_own(Right.CANCEL, creator, peer(NEIGHBOUR))
    access(Said(cancel=("local",))).require_own(Right.CANCEL, STRANGER, peer(NEIGHBOUR))


def test_names_are_told_to_all_or_to_the_creator_alone() -> None:
    assert access(Said()).may_read_names(NEIGHBOUR, STRANGER)
    private = access(Said(private_names=True))
    assert private.may_read_names(NEIGHBOUR, NEIGHBOUR)
    assert private.may_read_names(PHONE, f"{PHONE}%eth0")
    assert not private.may_read_names(NEIGHBOUR, STRANGER)
    assert not private.may_read_names(None, STRANGER)
