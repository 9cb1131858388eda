"""Which destination a press of the scanner's button goes to."""

import pytest

from bridge.jobs.invitations import Destination
from bridge.translate.button import choose

CONTEXTS = ("Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR")


def client(subscription: str, host: str) -> list[Destination]:
    return [Destination(subscription, f"{each} to {host}", each, f"{subscription}-{each}") for each in CONTEXTS]


DESK_THEN_LAPTOP = [*client("a", "DESK"), *client("b", "LAPTOP")]


@pytest.mark.parametrize(
    ("button", "token"),
    [
        ("scan", "b-Scan"),
        ("copy", "b-ScanToPrint"),
        ("email", "b-ScanToEmail"),
        ("pdf", "b-ScanToOCR"),
        ("1", "b-Scan"),
        ("2", "b-ScanToPrint"),
        ("5", "b-ScanToOCR"),
        ("6", "b-Scan"),
        ("start", "b-Scan"),
    ],
)
def test_without_a_rule_the_last_subscriber_gets_what_goes_with_the_button(button: str, token: str) -> None:
    chosen = choose(button, DESK_THEN_LAPTOP, {})
    assert chosen is not None
    assert chosen.token == token


@pytest.mark.parametrize(
    ("meant", "token"),
    [
        ("desk", "a-ScanToEmail"),  # a PC by name; of its five the one that goes with the button
        ("LAPTOP", "b-ScanToEmail"),
        ("ScanToFax", "b-ScanToFax"),  # a context, of whoever offered it last
        ("last", "b-ScanToEmail"),
    ],
)
def test_the_operators_rule_comes_first(meant: str, token: str) -> None:
    chosen = choose("email", DESK_THEN_LAPTOP, {"email": meant})
    assert chosen is not None
    assert chosen.token == token


def test_the_default_rule_holds_for_buttons_without_one() -> None:
    chosen = choose("1", DESK_THEN_LAPTOP, {"2": "LAPTOP"}, default="DESK")
    assert chosen is not None
    assert chosen.token == "a-Scan"


def test_a_pc_that_is_not_there_gets_nothing_and_nobody_else_does() -> None:
    assert choose("1", DESK_THEN_LAPTOP, {"1": "ATTIC"}) is None


def test_without_destinations_there_is_nobody_to_choose() -> None:
    assert choose("1", [], {}) is None
