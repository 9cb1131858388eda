"""Seats: so many in all, so many for one, and room made by who holds most and needs it least."""

import asyncio

from bridge.net.guest import Guest
from bridge.net.seats import Seats


class Idle(Guest):
    """A connection without a network, idle since then (None: busy)."""

    def __init__(self, since: float | None) -> None:
        self.idle_since = since
        self.dismissed = False

    def dismiss(self) -> None:
        self.dismissed = True


def sit(seats: Seats, peer: str, since: float | None = 0.0) -> Idle | None:
    guest = seats.admit(peer, lambda left: Idle(since))
    assert guest is None or isinstance(guest, Idle)
    return guest


def seated(seats: Seats, peer: str, since: float | None = 0.0) -> Idle:
    guest = sit(seats, peer, since)
    assert guest is not None
    return guest


def test_one_peer_has_its_number_and_others_have_theirs() -> None:
    seats = Seats(10, per_peer=2)
    first = seated(seats, "a")
    seated(seats, "a")
    assert sit(seats, "a") is None
    seated(seats, "b")
    assert len(seats) == 3
    seats.leave("a", first)
    seats.leave("a", first)
    assert len(seats) == 2
    seated(seats, "a")


def test_in_a_full_house_who_holds_most_gives_up_what_is_idle_longest() -> None:
    seats = Seats(4, per_peer=4)
    younger, older, busy = seated(seats, "a", 9.0), seated(seats, "a", 5.0), seated(seats, "a", None)
    other = seated(seats, "b", 1.0)
    seated(seats, "c")
    assert (older.dismissed, younger.dismissed, busy.dismissed, other.dismissed) == (True, False, False, False)
    assert len(seats) == 4


def test_who_holds_as_much_as_the_newcomer_would_keeps_it() -> None:
    seats = Seats(4, per_peer=4)
    guests = [seated(seats, peer) for peer in "aabb"]
    assert sit(seats, "a") is None
    assert sit(seats, "b") is None
    seated(seats, "c")
    assert sit(seats, "a") is None
    assert sum(guest.dismissed for guest in guests) == 1


def test_nobody_is_sent_away_from_a_request() -> None:
    seats = Seats(3, per_peer=3)
    guests = [seated(seats, "a", None) for _ in range(3)]
    assert sit(seats, "b") is None
    assert not any(guest.dismissed for guest in guests)


async def test_a_connection_that_never_came_to_be_can_be_dismissed() -> None:
    left: list[Guest] = []
    guest = Guest(asyncio.Protocol(), left.append)
    guest.dismiss()
    assert guest.idle_since is None
    assert left == []
