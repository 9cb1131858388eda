"""Who is subscribed. Pure memory: what is asked comes in, what is granted goes out; nobody is sent anything here.

Spec: WS-Eventing 2004/08 section 3; DPWS 2006 section 6. Expiry counts on the clock's boottime, so that a lease runs on
while the machine sleeps, and is looked at whenever the ledger is.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bridge.errors import OperationRefused
from bridge.eventing import faults
from bridge.eventing import filter as filters
from bridge.eventing.messages import EndStatus
from bridge.eventing.subscription import Subscription
from bridge.soap.endpoint import EndpointReference
from drivers.contract.clock import Clock

_ZERO: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how many. A peer is one address."""

    shortest: timedelta = timedelta(minutes=10)
    longest: timedelta = timedelta(hours=24)
    usual: timedelta = timedelta(hours=1)
    per_peer: int = 64  # Windows makes seven; a PC that crashes leaves each set behind for an hour
    total: int = 512


@dataclass(frozen=True, slots=True)
class Wish:
    """A Subscribe after its addresses and filter were checked (policy.pin, filter.understand)."""

    notify_to: EndpointReference
    notify_address: str
    peer: str
    chosen: tuple[str, ...] | None
    expires: timedelta | datetime | None = None
    end_to: EndpointReference | None = None
    end_address: str | None = None
    slot: str = ""
    speaks: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """`replaced` is the same subscriber's earlier one, which is gone without a SubscriptionEnd."""

    subscription: Subscription
    expires: timedelta
    replaced: Subscription | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A SubscriptionEnd that its subscriber (one that gave an EndTo) must still get."""

    subscription: Subscription
    status: EndStatus
    reason: str | None = None


class Ledger:
    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self._clock, self._limits = clock, limits or Limits()
        self._entries: dict[str, Subscription] = {}
        self._owed: list[Owed] = []

    def __len__(self) -> int:
        return len(self._live())

    def subscribe(self, wish: Wish) -> Granted:
        """Enter it. Raises OperationRefused: wse:InvalidExpirationTime, wse:EventSourceUnableToProcess."""
        length = self._grant(wish.expires)
        entry = Subscription(
            identifier=f"urn:uuid:{uuid.uuid4()}",
            notify_to=wish.notify_to,
            notify_address=wish.notify_address,
            end_to=wish.end_to,
            end_address=wish.end_address,
            chosen=wish.chosen,
            peer=wish.peer,
            expires_at=self._clock.boottime() + length.total_seconds(),
            slot=wish.slot,
            speaks=wish.speaks,
        )
        live = self._live()
        replaced = next((old for old in live if old.place == entry.place and old.peer == entry.peer), None)
        others = [old for old in live if old is not replaced]
        if len(others) >= self._limits.total:
            raise OperationRefused(faults.unable_to_process("too many subscriptions"))
        if sum(old.peer == wish.peer for old in others) >= self._limits.per_peer:
            raise OperationRefused(faults.unable_to_process(f"too many subscriptions of {wish.peer}"))
        if replaced is not None:
            del self._entries[replaced.identifier]
        self._entries[entry.identifier] = entry
        return Granted(entry, length, replaced)

    def renew(self, identifier: str, expires: timedelta | datetime | None = None) -> Granted:
        """Prolong it. Raises OperationRefused: wse:InvalidMessage for an unknown one, wse:InvalidExpirationTime."""
        old = self.get(identifier)
        length = self._grant(expires)
        entry = replace(old, expires_at=self._clock.boottime() + length.total_seconds())
        self._entries[identifier] = entry
        return Granted(entry, length)

    def status(self, identifier: str) -> timedelta:
        """What is left of it. Raises OperationRefused (wse:InvalidMessage)."""
        return timedelta(seconds=self.get(identifier).expires_at - self._clock.boottime())

    def unsubscribe(self, identifier: str) -> Subscription:
        """Strike it out at its owner's wish. Raises OperationRefused (wse:InvalidMessage)."""
        entry = self.get(identifier)
        del self._entries[identifier]
        return entry

    def get(self, identifier: str) -> Subscription:
        """The live subscription. Raises OperationRefused (wse:InvalidMessage)."""
        entry = self._entries.get(identifier)
        if entry is None or entry.expires_at <= self._clock.boottime():
            raise OperationRefused(faults.invalid_message("no such subscription"))
        return entry

    def select(self, actions: Collection[str]) -> tuple[Subscription, ...]:
        """Whom an event concerns, in the order they subscribed; `actions` are the spellings of its one Action."""
        return tuple(entry for entry in self._live() if filters.passes(entry.chosen, actions))

    def everyone(self) -> tuple[Subscription, ...]:
        return tuple(self._live())

    def expire(self) -> tuple[Subscription, ...]:
        """Strike out and return what has run out; its owner is owed nothing, it knew the time."""
        now = self._clock.boottime()
        gone = tuple(entry for entry in self._entries.values() if entry.expires_at <= now)
        for entry in gone:
            del self._entries[entry.identifier]
        return gone

    def end(self, identifier: str, status: EndStatus, reason: str | None = None) -> Subscription | None:
        """Strike it out at OUR wish; a SubscriptionEnd is owed when it named an EndTo. None: it was gone already."""
        entry = self._entries.pop(identifier, None)
        if entry is None:
            return None
        if entry.end_to is not None and entry.expires_at > self._clock.boottime():
            self._owed.append(Owed(entry, status, reason))
        return entry

    def owed(self) -> tuple[Owed, ...]:
        """The SubscriptionEnds to send, each handed out once."""
        owed, self._owed = tuple(self._owed), []
        return owed

    def to_json(self) -> list[dict[str, Any]]:
        now = self._clock.boottime()
        return [entry.to_json(now) for entry in self._live()]

    def restore(self, entries: Iterable[Mapping[str, Any]], same_boot: bool) -> None:
        """Take back what to_json() gave. Raises ValueError, KeyError or TypeError; then nothing is taken.

        Within one boot the lease ran on while we did not; after a reboot its remainder counts (decision 17), never more
        than the longest lease we grant.
        """
        now = self._clock.boottime()
        latest = now + self._limits.longest.total_seconds()
        read = [Subscription.from_json(data, now, same_boot) for data in entries]
        for entry in read:
            if now < entry.expires_at:
                self._entries[entry.identifier] = replace(entry, expires_at=min(entry.expires_at, latest))

    def _live(self) -> list[Subscription]:
        now = self._clock.boottime()
        return [entry for entry in self._entries.values() if entry.expires_at > now]

    def _grant(self, wanted: timedelta | datetime | None) -> timedelta:
        """The lease: whole seconds between the shortest and the longest; asking for nothing asks for the usual."""
        if wanted is None:
            return self._limits.usual
        length = wanted - self._clock.now() if isinstance(wanted, datetime) else wanted
        if length <= _ZERO:
            raise OperationRefused(faults.invalid_expiration_time())
        length = min(max(length, self._limits.shortest), self._limits.longest)
        return timedelta(seconds=int(length.total_seconds()))
