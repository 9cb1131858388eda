"""Destinations and invitations: who gets a press, what redeems it, what makes it void."""

import pytest

from bridge.errors import OperationRefused
from bridge.jobs.invitations import EXPIRES, MOST_OUT, Destination, Invitations
from bridge.wsscan.faults import Subcode, subcode_of


def five(invitations: Invitations, subscription: str = "a", replaces: str | None = None) -> tuple[Destination, ...]:
    contexts = ("Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR")
    return invitations.offer(subscription, tuple((f"{each} to DESK", each) for each in contexts), replaces)


def refused(invitations: Invitations, identifier: str | None, token: str | None, now: float = 0.0) -> Subcode | None:
    with pytest.raises(OperationRefused) as caught:
        invitations.redeem(identifier, token, now)
    return subcode_of(caught.value.fault)


def test_every_destination_gets_a_token_of_its_own() -> None:
    invitations = Invitations()
    tokens = {each.token for each in five(invitations)}
    assert len(tokens) == 5
    assert min(len(token) for token in tokens) == 32


def test_an_invitation_is_redeemed_once() -> None:
    invitations = Invitations()
    scan = five(invitations)[0]
    invitation = invitations.issue(scan, 0.0)
    invitations.redeem(invitation.identifier, scan.token, 1.0)
    assert refused(invitations, invitation.identifier, scan.token) is Subcode.INVALID_SCAN_IDENTIFIER


def test_an_invitation_expires() -> None:
    invitations = Invitations()
    scan = five(invitations)[0]
    invitation = invitations.issue(scan, 0.0)
    assert refused(invitations, invitation.identifier, scan.token, EXPIRES) is Subcode.INVALID_SCAN_IDENTIFIER


def test_another_destinations_token_redeems_nothing_and_uses_nothing_up() -> None:
    invitations = Invitations()
    scan, printing, *_ = five(invitations)
    invitation = invitations.issue(scan, 0.0)
    assert refused(invitations, invitation.identifier, printing.token) is Subcode.INVALID_DESTINATION_TOKEN
    assert refused(invitations, invitation.identifier, None) is Subcode.INVALID_DESTINATION_TOKEN
    assert refused(invitations, invitation.identifier, "guess") is Subcode.INVALID_DESTINATION_TOKEN
    invitations.redeem(invitation.identifier, scan.token, 1.0)


def test_a_client_that_scans_of_its_own_accord_brings_neither() -> None:
    Invitations().redeem(None, None, 0.0)


def test_a_client_that_subscribes_anew_keeps_its_tokens() -> None:
    invitations = Invitations()
    before = {each.context: each.token for each in five(invitations, "a")}
    after = {each.context: each.token for each in five(invitations, "b", replaces="a")}
    assert after == before
    assert {each.subscription for each in invitations.destinations} == {"b"}


def test_the_end_of_a_subscription_makes_its_invitations_void() -> None:
    invitations = Invitations()
    scan = five(invitations, "a")[0]
    other = five(invitations, "b")[0]
    invitation = invitations.issue(scan, 0.0)
    invitations.withdraw("a")
    assert refused(invitations, invitation.identifier, scan.token) is Subcode.INVALID_DESTINATION_TOKEN
    assert refused(invitations, invitation.identifier, other.token) is Subcode.INVALID_SCAN_IDENTIFIER
    assert {each.subscription for each in invitations.destinations} == {"b"}


def test_somebody_who_plays_with_the_button_fills_no_memory() -> None:
    invitations = Invitations()
    scan = five(invitations)[0]
    first, *others = [invitations.issue(scan, 0.0) for _ in range(MOST_OUT + 1)]
    assert refused(invitations, first.identifier, scan.token) is Subcode.INVALID_SCAN_IDENTIFIER
    for invitation in others:
        invitations.redeem(invitation.identifier, scan.token, 1.0)


def test_destinations_survive_a_restart_with_their_subscription() -> None:
    invitations = Invitations()
    five(invitations, "a")
    five(invitations, "b")
    after = Invitations()
    after.restore(invitations.to_json(), frozenset({"b"}))
    assert after.destinations == tuple(each for each in invitations.destinations if each.subscription == "b")


def test_a_damaged_destination_is_refused() -> None:
    with pytest.raises(TypeError):
        Invitations().restore(
            [{"subscription": "a", "display_name": 1, "context": "Scan", "token": "t"}], frozenset({"a"})
        )
