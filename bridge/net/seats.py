"""How many connections there may be: in all, and of one peer. Pure bookkeeping.

A full house is not for whoever came first: a peer that holds more than a newcomer would gives up the connection that
it has left idle longest. An address is all that tells peers apart; who has many addresses on our network has more.
"""

from collections.abc import Callable
from typing import Final

from bridge.net.guest import Guest

PER_PEER: Final = 64  # Windows and sane-airscan hold a handful


class Seats:
    """Who sits where. `most` in all, `per_peer` of one address."""

    def __init__(self, most: int, per_peer: int = PER_PEER) -> None:
        self._most, self._per_peer = most, per_peer
        self._held: dict[str, list[Guest]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def admit(self, peer: str, make: Callable[[Callable[[Guest], None]], Guest]) -> Guest | None:
        """A seat for a connection of that peer; None: there is none. `make` is handed what gives the seat back."""
        held = len(self._held.get(peer, ()))
        if held >= self._per_peer or (len(self) >= self._most and not self._make_room(held + 1)):
            return None
        guest = make(lambda left: self.leave(peer, left))
        self._held.setdefault(peer, []).append(guest)
        return guest

    def leave(self, peer: str, guest: Guest) -> None:
        """The connection is over; saying it twice does no harm."""
        guests = self._held.get(peer, [])
        if guest in guests:
            guests.remove(guest)
            if not guests:
                del self._held[peer]

    def _make_room(self, wanted: int) -> bool:
        """Whether somebody who holds more than `wanted` had one to spare."""
        peer = max(self._held, key=lambda each: len(self._held[each]))
        if len(self._held[peer]) <= wanted:
            return False
        idle = [(guest.idle_since, number) for number, guest in enumerate(self._held[peer])]
        spare = min(((since, number) for since, number in idle if since is not None), default=None)
        if spare is None:
            return False
        guest = self._held[peer][spare[1]]
        self.leave(peer, guest)
        guest.dismiss()
        return True
