"""One scanner as an event source: who is subscribed, in which year each is told, and the letters they are owed.

Spec: WS-Eventing 2004/08, WS-Scan events. The courier is handed in; what is persisted is the ledger's JSON.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final

from bridge.errors import OperationRefused, WireError
from bridge.eventing import faults as refusals
from bridge.eventing import filter as filters
from bridge.eventing import messages
from bridge.eventing.ledger import Granted, Ledger, Owed, Wish
from bridge.eventing.messages import EndStatus, Subscribe, SubscribeResponse, SubscriptionEnd
from bridge.eventing.policy import Caller, Network, pin
from bridge.eventing.subscription import Subscription
from bridge.jobs.invitations import Invitations
from bridge.log import kept_short
from bridge.service import leases
from bridge.service.circular import Circular
from bridge.soap import addressing, envelope
from bridge.soap.addressing import Addressing
from bridge.soap.envelope import Message
from bridge.translate.button import choose
from bridge.wsscan import faults, year
from bridge.wsscan.destinations import DestinationResponse, DestinationResponses, first_offer
from bridge.wsscan.events import EventName, ScanAvailableEvent
from bridge.wsscan.names import ScanElement
from bridge.wsscan.values import InputSource
from bridge.wsscan.year import Year

if TYPE_CHECKING:
    from bridge.translate.post_scan import PostScanJob

_log = logging.getLogger(__name__)

_MOST_UNHEARD: Final = 64  # buttons
MOST_DESTINATIONS: Final = 64  # of one client, in all its subscriptions; Windows offers five
EVENT_ACTIONS: Final = frozenset(year.action(name, each) for name in EventName for each in Year)


# Hands a message to whoever delivers it, in order for each subscription: its id, the URL, the checked address, the
# envelope. Returns at once.
Post = Callable[[str, str, str, bytes], None]


class Subscriptions:
    """The subscriptions of one scanner."""

    def __init__(
        self,
        key: str,
        ledger: Ledger,
        post: Post,
        forget: Callable[[str], None],
        allowed: Collection[Network] = (),
    ) -> None:
        self._key = key
        self._ledger = ledger
        self._post = post
        self._forget = forget
        self._allowed = allowed  # networks in which a subscriber may name another machine
        self.invitations = Invitations()
        self._unheard: dict[str, tuple[str, ...]] = {}  # buttons whose press nobody was told of, and who listened
        self.changed: Callable[[], None] = lambda: None  # called before a change is answered for
        # What a subscriber at that address may read of an event's body.
        self.shown: Callable[[ScanElement, str], ScanElement] = lambda body, _: body

    # What subscribers ask.

    def answer(self, message: Message, caller: Caller, manager_url: str) -> bytes:
        """Subscribe, Renew, GetStatus or Unsubscribe. Raises OperationRefused."""
        if message.addressing.action == messages.SUBSCRIBE:
            return self._subscribe(message, caller, manager_url)
        answer = leases.answer(self._ledger, message, self._drop, self.changed)
        if answer is None:
            raise faults.action_not_supported(message.addressing.action)
        return answer

    def _subscribe(self, message: Message, caller: Caller, manager_url: str) -> bytes:
        asked = Subscribe.from_message(message)
        chosen = filters.understand(asked.filter, EVENT_ACTIONS)
        speaks = _year(chosen, asked)
        try:
            offered = tuple(
                (_on_a_panel(each.client_display_name), each.client_context) for each in first_offer(asked.extensions)
            )
        except WireError as err:
            raise faults.invalid_args(err) from err
        wish = Wish(
            notify_to=asked.notify_to,
            notify_address=pin(asked.notify_to, caller, self._allowed),
            peer=caller.peer,
            chosen=chosen,
            expires=asked.expires,
            end_to=asked.end_to,
            end_address=None if asked.end_to is None else pin(asked.end_to, caller, self._allowed),
            slot=" ".join(context for _, context in offered),
            speaks=speaks,
        )
        self._bound_destinations(wish, len(offered))
        granted = self._ledger.subscribe(wish)
        entry = granted.subscription
        replaced = None if granted.replaced is None else granted.replaced.identifier
        destinations = self.invitations.offer(entry.identifier, offered, replaced)
        self._enter(granted)
        said = (
            DestinationResponses(
                destination_response=tuple(
                    DestinationResponse(client_context=each.context, destination_token=each.token)
                    for each in destinations
                )
            )
            if destinations
            else None
        )
        response = SubscribeResponse(
            entry.manager(manager_url),
            granted.expires,
            () if said is None else (year.respell(said.to_xml(), speaks),),
        )
        return envelope.write(message.addressing.answer(messages.SUBSCRIBE_RESPONSE), response.to_xml())

    def _bound_destinations(self, wish: Wish, more: int) -> None:
        """That one client cannot crowd the others out of a panel. Raises OperationRefused."""
        place = (wish.notify_to, wish.chosen, wish.slot)
        others = {each.identifier for each in self._ledger.everyone() if each.peer == wish.peer and each.place != place}
        held = sum(each.subscription in others for each in self.invitations.destinations)
        if more and held + more > MOST_DESTINATIONS:
            why = f"more than {MOST_DESTINATIONS} scan destinations of {wish.peer}"
            raise OperationRefused(refusals.unable_to_process(why))

    def _enter(self, granted: Granted) -> None:
        if granted.replaced is not None:
            self._forget(granted.replaced.identifier)
        self.changed()
        entry = granted.subscription
        _log.info(
            "device=%s sub=%s: %s subscribed for %s",
            self._key,
            entry.identifier,
            kept_short(entry.notify_to.address),
            granted.expires,
        )

    def _drop(self, identifier: str) -> None:
        """A subscription is over, however it ended."""
        self._forget(identifier)
        self.invitations.withdraw(identifier)

    # What subscribers are owed.

    def tell(self, name: EventName, body: ScanElement) -> None:
        """One event to everybody who asked for it, each in the year that it speaks."""
        written: dict[Year, Circular] = {}
        for entry in self._ledger.select(_spellings(name)):
            self._tell_one(entry, name, body, written)

    def tell_after_scan(self, job: "PostScanJob") -> None:
        """What becomes of the pages of a button: DSM's event, to those who asked for it by its name."""
        from bridge.dsm import names as dsm  # noqa: PLC0415 - all of DSM, for those whose buttons scan by themselves
        from bridge.dsm import operations  # noqa: PLC0415
        from bridge.translate import post_scan  # noqa: PLC0415

        action = dsm.action(operations.EventName.STATUS)
        body = operations.PostScanJobStatusEvent(job_status=post_scan.status(job))
        message = Circular(action, body.to_xml())
        for entry in self._ledger.select((action,)):
            if entry.chosen is not None:
                self._post(entry.identifier, entry.notify_to.address, entry.notify_address, message.to(entry.notify_to))

    def invite(
        self, button: str, source: InputSource | None, rules: Mapping[str, str], default: str, now: float
    ) -> None:
        """Somebody pressed the scanner's button: exactly one destination is told. `now` is monotonic."""
        listening = {entry.identifier: entry for entry in self._ledger.select(_spellings(EventName.SCAN_AVAILABLE))}
        able = [each for each in self.invitations.destinations if each.subscription in listening]
        chosen = choose(button, able, rules, default)
        if chosen is None:
            self._say_unheard(button, tuple(each.subscription for each in able))
            return
        self._unheard.clear()
        invitation = self.invitations.issue(chosen, now)
        _log.info("device=%s sub=%s: invited to scan", self._key, chosen.subscription)
        event = ScanAvailableEvent(
            client_context=chosen.context, scan_identifier=invitation.identifier, input_source=source
        )
        self._tell_one(listening[chosen.subscription], EventName.SCAN_AVAILABLE, event, {})

    def _say_unheard(self, button: str, able: tuple[str, ...]) -> None:
        """Once for a button, until others listen: with nobody there every press and every scan at the panel would."""
        if self._unheard.get(button) == able:
            return
        if len(self._unheard) >= _MOST_UNHEARD:
            self._unheard.clear()
        self._unheard[button] = able
        why = "no destination is offered" if not able else f"none of {len(able)} destinations is the one configured"
        _log.info("device=%s: nobody to send the press of button %s to: %s", self._key, button, why)

    def _tell_one(self, entry: Subscription, name: EventName, body: ScanElement, written: dict[Year, Circular]) -> None:
        """`written`: the message to others, by year; but for its head it is built once for all who may read it."""
        speaks = Year(entry.speaks)
        told = self.shown(body, entry.peer)
        message = written.get(speaks) if told is body else None
        if message is None:
            message = Circular(year.action(name, speaks), year.respell(told.to_xml(), speaks))
            if told is body:
                written[speaks] = message
        self._post(entry.identifier, entry.notify_to.address, entry.notify_address, message.to(entry.notify_to))

    def lost(self, identifier: str, why: str) -> tuple[Owed, ...]:
        """A subscriber could not be reached: it is struck out, and owed the news if it named a place for it."""
        entry = self._ledger.end(identifier, EndStatus.DELIVERY_FAILURE, why[:200])
        if entry is not None:
            self.invitations.withdraw(identifier)
            _log.warning("device=%s sub=%s: given up: %s", self._key, identifier, kept_short(why))
            self.changed()
        return self._ledger.owed()

    def shut_down(self) -> tuple[Owed, ...]:
        """The event source stops in good order; the ledger itself is kept for the next start."""
        return tuple(
            Owed(entry, EndStatus.SOURCE_SHUTTING_DOWN, "the scan service is stopping")
            for entry in self._ledger.everyone()
            if entry.end_to is not None
        )

    def expire(self) -> None:
        """Forget those whose lease ran out."""
        gone = self._ledger.expire()
        for entry in gone:
            self._drop(entry.identifier)
            _log.info("device=%s sub=%s: expired", self._key, entry.identifier)
        if gone:
            self.changed()


def end_letter(owed: Owed, manager_url: str) -> bytes | None:
    """The SubscriptionEnd; None for a subscriber that named no place for it."""
    to = owed.subscription.end_to
    if to is None:
        return None
    headers = Addressing(messages.SUBSCRIPTION_END, to.address, addressing.new_message_id())
    body = SubscriptionEnd(owed.subscription.manager(manager_url), owed.status, owed.reason)
    return envelope.write(headers, body.to_xml(), blocks=to.header_blocks())


def _on_a_panel(name: str) -> str:
    """A ClientDisplayName fit to be shown: one line, and nothing that turns or hides what stands beside it."""
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())


def _year(chosen: tuple[str, ...] | None, asked: Subscribe) -> Year:
    """The filter says it first, the ScanDestinations second."""
    found = next((each for uri in chosen or () if (each := year.year_of_action(uri)) is not None), None)
    if found is None:
        for extension in asked.extensions:
            try:
                found = found or year.normalise(extension)
            except WireError:
                continue
    return found or year.DEFAULT


def _spellings(name: EventName) -> frozenset[str]:
    return frozenset(year.action(name, each) for each in Year)
