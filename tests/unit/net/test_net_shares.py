"""Shares: what no client ever meets, and what one that asks without end does."""

from contextlib import ExitStack

import pytest

from bridge.errors import OperationRefused
from bridge.net.shares import Shares

PEER, OTHER = "192.0.2.7", "2001:db8::7"


def test_a_client_that_meets_a_scanner_and_scans_is_never_kept_waiting() -> None:
    shares = Shares()
    asked = [0.05 * number for number in range(100)]  # all it can think of, in five seconds
    asked += [5.0 + number / 10 for number in range(6000)]  # then ten requests a second for ten minutes
    assert all(shares.admit(PEER, now) for now in asked)


def test_who_asks_without_end_is_answered_twenty_times_a_second_and_others_as_before() -> None:
    shares = Shares()
    assert sum(shares.admit(PEER, 0.0) for _ in range(1000)) == 200
    assert sum(shares.admit(PEER, 1.0) for _ in range(1000)) == 20
    assert shares.admit(OTHER, 1.0)
    assert [shares.is_news(PEER, now) for now in (1.0, 2.0, 60.0, 62.0)] == [True, False, False, True]


def test_who_is_turned_away_without_end_does_not_fill_the_log() -> None:
    shares = Shares()
    assert sum(shares.is_worth_a_line(PEER, now / 100) for now in range(100_000)) <= 20 + 100
    assert sum(shares.is_worth_a_line(f"2001:db8::{number:x}", 1000.0) for number in range(5000)) <= 60


def test_this_machine_is_not_counted() -> None:
    shares = Shares()
    assert all(shares.admit(peer, 0.0) for peer in ("127.0.0.1", "127.9.9.9", "::1") for _ in range(5000))


def test_one_peer_waits_for_so_many_images_and_another_is_not_its_victim() -> None:
    shares = Shares()
    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(shares.held(PEER))
        with pytest.raises(OperationRefused) as refused, shares.held(PEER):
            pass
        assert str(refused.value.fault.subcode).endswith("}ServerErrorTemporaryError")
        with shares.held(OTHER):
            pass
    with shares.held(PEER):
        pass
