"""A press that nobody wants to hear of is said once, not at every press and every scan at the panel."""

import logging
from datetime import UTC, datetime

import pytest

from bridge.eventing.ledger import Ledger, Wish
from bridge.service.subscriptions import Subscriptions
from bridge.soap.endpoint import EndpointReference
from bridge.wsscan.year import DEFAULT
from tests.wire.http_rig import Hands


def source() -> tuple[Subscriptions, Ledger]:
    ledger = Ledger(Hands(datetime(2024, 5, 6, tzinfo=UTC)))
    return Subscriptions("usb-1", ledger, lambda *_: None, lambda _: None), ledger


def press(subscriptions: Subscriptions, button: str = "1", wanted: str = "last") -> None:
    subscriptions.invite(button, None, {}, wanted, 0.0)


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    found = [(each.levelno, each.getMessage()) for each in caplog.records if "nobody to send" in each.getMessage()]
    caplog.clear()
    return found


def offers(subscriptions: Subscriptions, ledger: Ledger, name: str) -> None:
    place = EndpointReference(f"http://192.0.2.1/{name}")
    entry = ledger.subscribe(Wish(place, "192.0.2.1", "192.0.2.1", None, speaks=DEFAULT, slot=name)).subscription
    subscriptions.invitations.offer(entry.identifier, ((name, "Scan"),), None)


def test_it_is_said_once_for_each_button(caplog: pytest.LogCaptureFixture) -> None:
    subscriptions, _ = source()
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            press(subscriptions, "1")
            press(subscriptions, "2")
        assert said(caplog) == [
            (logging.INFO, f"device=usb-1: nobody to send the press of button {button} to: no destination is offered")
            for button in ("1", "2")
        ]


def test_and_again_when_others_listen(caplog: pytest.LogCaptureFixture) -> None:
    subscriptions, ledger = source()
    with caplog.at_level(logging.INFO):
        press(subscriptions, wanted="Eva's PC")
        assert len(said(caplog)) == 1
        offers(subscriptions, ledger, "Ada's PC")
        for _ in range(2):
            press(subscriptions, wanted="Eva's PC")
        ((_, text),) = said(caplog)
        assert text.endswith("none of 1 destinations is the one configured")
        press(subscriptions)  # Ada's is the last
        assert not said(caplog)
        press(subscriptions, wanted="Eva's PC")
        assert len(said(caplog)) == 1


def test_a_device_with_ever_new_buttons_fills_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    subscriptions, _ = source()
    for number in range(1000):
        press(subscriptions, str(number))
    assert len(subscriptions._unheard) <= 64
