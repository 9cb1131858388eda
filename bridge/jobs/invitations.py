"""Who may be invited to scan by a press of the scanner's button, and the invitations that are out.

A destination gets its token when its client subscribes; a ScanIdentifier is issued for one press, belongs to one
destination, is redeemed by one CreateScanJob and expires soon. Both are random: nobody guesses them.
Spec: WS-Scan ScanDestinations, ScanAvailableEvent, CreateScanJob; lifetimes are ours, no source gives any.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final, Self

from bridge.wsscan import faults

EXPIRES: Final = 60.0  # seconds from the press to its CreateScanJob, as for the first RetrieveImage
MOST_OUT: Final = 32  # invitations at once: somebody plays with the button
_RANDOM_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Destination:
    """One place a client offers to receive scans at."""

    subscription: str
    display_name: str
    context: str
    token: str

    @classmethod
    def offered(cls, subscription: str, display_name: str, context: str) -> Self:
        """A new one, with its token."""
        return cls(subscription, display_name, context, secrets.token_hex(_RANDOM_BYTES))

    def to_json(self) -> dict[str, Any]:
        """Plain data for the state file."""
        return {
            "subscription": self.subscription,
            "display_name": self.display_name,
            "context": self.context,
            "token": self.token,
        }


@dataclass(frozen=True, slots=True)
class Invitation:
    """One press, on its way to one destination."""

    identifier: str
    destination: Destination
    expires_at: float


class Invitations:
    """The destinations of one scanner in the order they were offered, and the invitations that are out."""

    def __init__(self) -> None:
        self._destinations: dict[str, Destination] = {}  # by token
        self._out: dict[str, Invitation] = {}

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """All that can be invited, oldest offer first."""
        return tuple(self._destinations.values())

    def offer(
        self, subscription: str, offered: tuple[tuple[str, str], ...], replaces: str | None
    ) -> tuple[Destination, ...]:
        """A client subscribed with these (display name, context). One that subscribes anew keeps its tokens."""
        before = {each.context: each.token for each in self.destinations if each.subscription == replaces}
        if replaces is not None:
            self.withdraw(replaces)
        entered = []
        for display_name, context in offered:
            if context in before:
                destination = Destination(subscription, display_name, context, before[context])
            else:
                destination = Destination.offered(subscription, display_name, context)
            self._destinations[destination.token] = destination
            entered.append(destination)
        return tuple(entered)

    def withdraw(self, subscription: str) -> None:
        """The subscription ended: its destinations and what was on its way to them are void."""
        for token in [each.token for each in self.destinations if each.subscription == subscription]:
            del self._destinations[token]
        for identifier, out in list(self._out.items()):
            if out.destination.subscription == subscription:
                del self._out[identifier]

    def issue(self, destination: Destination, now: float) -> Invitation:
        """A press goes to that destination; `now` is monotonic."""
        self._expire(now)
        while len(self._out) >= MOST_OUT:
            del self._out[next(iter(self._out))]
        invitation = Invitation(secrets.token_hex(_RANDOM_BYTES), destination, now + EXPIRES)
        self._out[invitation.identifier] = invitation
        return invitation

    def redeem(self, identifier: str | None, token: str | None, now: float) -> None:
        """Hold what a CreateScanJob brings against what was issued; a used identifier is void.

        A client that scans of its own accord brings neither. Raises OperationRefused, and then nothing is used up.
        """
        self._expire(now)
        if identifier is None and token is None:
            return
        destination = next((each for each in self.destinations if _same(each.token, token)), None)
        if token is not None and destination is None:
            raise faults.invalid_destination_token()
        if identifier is None:
            return
        invitation = next((each for each in self._out.values() if _same(each.identifier, identifier)), None)
        if invitation is None:
            raise faults.invalid_scan_identifier()
        if destination is None or invitation.destination.token != destination.token:
            raise faults.invalid_destination_token()
        del self._out[invitation.identifier]

    def to_json(self) -> list[dict[str, Any]]:
        """The destinations; invitations do not outlive a restart."""
        return [each.to_json() for each in self.destinations]

    def restore(self, entries: list[dict[str, Any]], subscriptions: frozenset[str]) -> None:
        """Take back what to_json() gave, as far as its subscriptions still live. Raises KeyError or TypeError."""
        for entry in entries:
            texts = {key: entry[key] for key in ("subscription", "display_name", "context", "token")}
            if not all(isinstance(text, str) for text in texts.values()):
                raise TypeError("a stored destination holds something that is no text")
            destination = Destination(**texts)
            if destination.subscription in subscriptions:
                self._destinations[destination.token] = destination

    def _expire(self, now: float) -> None:
        for identifier in [key for key, out in self._out.items() if out.expires_at <= now]:
            del self._out[identifier]


def _same(ours: str, theirs: str | None) -> bool:
    return theirs is not None and hmac.compare_digest(ours.encode(), theirs.encode())
