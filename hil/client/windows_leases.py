"""Windows as a subscriber: one Subscribe for each event type, NotifyTo and EndTo with an identifier to be echoed.

Spec: WS-Eventing 2004/08; WS-Scan ScanDestinations; what Windows sends is described in docs/windows.md.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.eventing import messages
from bridge.eventing.filter import ACTION_DIALECT
from bridge.eventing.messages import Expires, Filter, Lease, Renew, Subscribe, SubscribeResponse
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.soap.envelope import Message, Writable
from bridge.wsscan import year
from bridge.wsscan.destinations import DestinationResponses, ScanDestination, ScanDestinations
from bridge.wsscan.events import EventName
from bridge.wsscan.names import qname
from hil.client.wsdapi import Wsdapi

LEASE: Final = timedelta(hours=1)
CONTEXTS: Final = ("Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR")
# In the order in which Windows asks; the last two only while it has a job.
EVENTS: Final = (
    EventName.SCAN_AVAILABLE,
    EventName.SCANNER_ELEMENTS_CHANGE,
    EventName.SCANNER_STATUS_SUMMARY,
    EventName.SCANNER_STATUS_CONDITION,
    EventName.SCANNER_STATUS_CONDITION_CLEARED,
    EventName.JOB_STATUS,
    EventName.JOB_END_STATE,
)


@dataclass(frozen=True, slots=True)
class Held:
    """One subscription. `identifier` is ours, which its events must echo; `manager` is the device's."""

    event: EventName
    identifier: str
    manager: EndpointReference
    expires: timedelta
    tokens: dict[str, str]  # DestinationToken by ClientContext


def destinations(host: str, contexts: Iterable[str] = CONTEXTS) -> tuple[ScanDestination, ...]:
    """What Windows offers on the machine of that name."""
    words = {"Scan": "Scan", "ScanToPrint": "Print", "ScanToEmail": "E-mail", "ScanToFax": "Fax", "ScanToOCR": "OCR"}
    return tuple(
        ScanDestination(client_display_name=f"{words.get(context, context)} to {host}"[:127], client_context=context)
        for context in contexts
    )


async def subscribe(
    wsdapi: Wsdapi,
    service: str,
    notify_to: str,
    event: EventName,
    *,
    offered: Sequence[ScanDestination] = (),
    identifier: str | None = None,
) -> Held:
    """Subscribe to one event; with an `identifier` used before, anew. Raises NoAnswer, Refused, WireError."""
    identifier = identifier or f"urn:uuid:{uuid.uuid4()}"
    here = EndpointReference(notify_to, reference_parameters=(identifier_block(identifier),))
    extensions: tuple[etree._Element, ...] = ()
    if offered:
        extensions = (ScanDestinations(scan_destination=tuple(offered)).to_xml(),)
    wanted = Subscribe(here, here, LEASE, Filter(ACTION_DIALECT, year.action(event)), extensions)
    message = await _ask(wsdapi, service, messages.SUBSCRIBE, wanted)
    if message.body is None:
        raise WireError("SubscribeResponse", "is missing")
    response = SubscribeResponse.from_xml(message.body)
    return Held(event, identifier, response.manager, _length(response.expires), _tokens(response.extensions))


async def renew(wsdapi: Wsdapi, held: Held) -> timedelta:
    """Prolong it by an hour; what was granted. Raises NoAnswer, Refused, WireError."""
    return _lease(await _ask_manager(wsdapi, held, messages.RENEW, Renew(LEASE)))


async def status(wsdapi: Wsdapi, held: Held) -> timedelta:
    """What is left of it. Raises NoAnswer, Refused (gone), WireError."""
    return _lease(await _ask_manager(wsdapi, held, messages.GET_STATUS, messages.empty("GetStatus")))


async def unsubscribe(wsdapi: Wsdapi, held: Held) -> None:
    """Give it back. Raises NoAnswer, Refused, WireError."""
    data = wsdapi.write(
        messages.UNSUBSCRIBE,
        held.manager.address,
        messages.empty("Unsubscribe"),
        blocks=held.manager.header_blocks(),
    )
    await wsdapi.post(held.manager.address, data)


async def _ask(wsdapi: Wsdapi, url: str, action: str, body: Writable | etree._Element) -> Message:
    answered = await wsdapi.post(url, wsdapi.write(action, url, body))
    if answered.message is None:
        raise WireError(action.rpartition("/")[2], "was answered by nothing")
    return answered.message


async def _ask_manager(wsdapi: Wsdapi, held: Held, action: str, body: Writable | etree._Element) -> Message:
    to = held.manager.address
    answered = await wsdapi.post(to, wsdapi.write(action, to, body, blocks=held.manager.header_blocks()))
    if answered.message is None:
        raise WireError(action.rpartition("/")[2], "was answered by nothing")
    return answered.message


def _lease(message: Message) -> timedelta:
    if message.body is None:
        raise WireError("RenewResponse", "is missing")
    return _length(Lease.from_xml(message.body).expires)


def _length(expires: Expires) -> timedelta:
    if expires is None or isinstance(expires, datetime):
        raise WireError("Expires", "is no duration")
    return expires


def _tokens(extensions: Iterable[etree._Element]) -> dict[str, str]:
    for extension in extensions:
        year.normalise(extension)
        if extension.tag == qname("DestinationResponses"):
            given = DestinationResponses.from_xml(extension).destination_response
            return {each.client_context: each.destination_token for each in given}
    return {}
