"""The scan server as an event source: the two events of the processing service, each to the user whose job it is.

An event holds the JobToken, and who has that can send images: another user's subscription hears nothing of it
(docs/decisions/0080-whose-job.md). Spec: WS-Eventing 2004/08; DSM, PostScanJobStatusEvent, PostScanJobEndStateEvent.
"""

import logging
from collections.abc import Callable, Collection
from typing import Final

from bridge.dsm.names import DspElement, action
from bridge.dsm.operations import EventName
from bridge.errors import OperationRefused
from bridge.eventing import filter as filters
from bridge.eventing import messages
from bridge.eventing.ledger import Ledger, Owed, Wish
from bridge.eventing.messages import EndStatus, Subscribe, SubscribeResponse
from bridge.eventing.policy import Caller, Network, pin
from bridge.log import kept_short
from bridge.service import leases
from bridge.service.circular import Circular
from bridge.service.subscriptions import Post
from bridge.soap import envelope, fault
from bridge.soap.envelope import Message

_log = logging.getLogger(__name__)

ACTIONS: Final = frozenset(action(name) for name in EventName)


class PostScanSubscriptions:
    """Who follows the jobs of the scan server. A subscription's slot is its user (Peer.user)."""

    def __init__(
        self, ledger: Ledger, post: Post, forget: Callable[[str], None], allowed: Collection[Network] = ()
    ) -> None:
        self._ledger, self._post, self._forget, self._allowed = ledger, post, forget, allowed
        self.changed: Callable[[], None] = lambda: None  # called before a change is answered for

    def answer(self, message: Message, caller: Caller, user: str, manager_url: str) -> bytes:
        """Subscribe, Renew, GetStatus or Unsubscribe. Raises OperationRefused."""
        if message.addressing.action == messages.SUBSCRIBE:
            return self._subscribe(message, caller, user, manager_url)
        answer = leases.answer(self._ledger, message, self._forget, self.changed)
        if answer is None:
            raise OperationRefused(fault.action_not_supported(message.addressing.action))
        return answer

    def _subscribe(self, message: Message, caller: Caller, user: str, manager_url: str) -> bytes:
        asked = Subscribe.from_message(message)
        wish = Wish(
            notify_to=asked.notify_to,
            notify_address=pin(asked.notify_to, caller, self._allowed),
            peer=caller.peer,
            chosen=filters.understand(asked.filter, ACTIONS),
            expires=asked.expires,
            end_to=asked.end_to,
            end_address=None if asked.end_to is None else pin(asked.end_to, caller, self._allowed),
            slot=user,
        )
        granted = self._ledger.subscribe(wish)
        if granted.replaced is not None:
            self._forget(granted.replaced.identifier)
        self.changed()
        entry = granted.subscription
        _log.info("sub=%s: %s follows post-scan jobs", entry.identifier, kept_short(entry.notify_to.address))
        response = SubscribeResponse(entry.manager(manager_url), granted.expires)
        return envelope.write(message.addressing.answer(messages.SUBSCRIBE_RESPONSE), response.to_xml())

    def tell(self, name: EventName, body: DspElement, user: str) -> None:
        """One event to each subscription of that user that asked for it."""
        spelt = action(name)
        owed = [entry for entry in self._ledger.select((spelt,)) if entry.slot == user]
        if owed:
            said = Circular(spelt, body.to_xml())
            for entry in owed:
                self._post(entry.identifier, entry.notify_to.address, entry.notify_address, said.to(entry.notify_to))

    def lost(self, identifier: str, why: str) -> tuple[Owed, ...]:
        """A subscriber could not be reached: it is struck out, and owed the news if it named a place for it."""
        if self._ledger.end(identifier, EndStatus.DELIVERY_FAILURE, why[:200]) is not None:
            _log.warning("sub=%s: given up: %s", identifier, kept_short(why))
            self.changed()
        return self._ledger.owed()

    def shut_down(self) -> tuple[Owed, ...]:
        """The scan server stops in good order; the ledger itself is kept for the next start."""
        return tuple(
            Owed(entry, EndStatus.SOURCE_SHUTTING_DOWN, "the scan server is stopping")
            for entry in self._ledger.everyone()
            if entry.end_to is not None
        )

    def expire(self) -> None:
        """Forget those whose lease ran out."""
        gone = self._ledger.expire()
        for entry in gone:
            self._forget(entry.identifier)
        if gone:
            self.changed()
