"""What the owner of a subscription asks of it, whatever its events are about. Spec: WS-Eventing 2004/08 section 3."""

import logging
from collections.abc import Callable

from bridge.eventing import messages
from bridge.eventing.ledger import Ledger
from bridge.eventing.messages import Lease, Renew
from bridge.soap import envelope
from bridge.soap.envelope import Message

_log = logging.getLogger(__name__)


def answer(
    ledger: Ledger, message: Message, dropped: Callable[[str], None], changed: Callable[[], None]
) -> bytes | None:
    """Renew, GetStatus or Unsubscribe; None: it is none of them. `dropped` and `changed` are called before the answer.
    Raises OperationRefused."""
    headers = message.addressing
    match headers.action:
        case messages.RENEW:
            granted = ledger.renew(messages.identifier_of(message), Renew.from_message(message).expires)
            changed()
            lease = Lease("RenewResponse", granted.expires)
            return envelope.write(headers.answer(messages.RENEW_RESPONSE), lease.to_xml())
        case messages.GET_STATUS:
            lease = Lease("GetStatusResponse", ledger.status(messages.identifier_of(message)))
            return envelope.write(headers.answer(messages.GET_STATUS_RESPONSE), lease.to_xml())
        case messages.UNSUBSCRIBE:
            entry = ledger.unsubscribe(messages.identifier_of(message))
            dropped(entry.identifier)
            changed()
            _log.info("sub=%s: unsubscribed", entry.identifier)
            return envelope.write(headers.answer(messages.UNSUBSCRIBE_RESPONSE))
        case _:
            return None
