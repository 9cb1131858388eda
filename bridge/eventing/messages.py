"""The messages of WS-Eventing 2004/08, both directions. What extends them (wscn:ScanDestinations) is kept as elements.

Requests are read with the faults of WS-Eventing, because their sender is owed these.
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from lxml import etree

from bridge.errors import OperationRefused, WireError
from bridge.eventing import duration, faults
from bridge.soap import names, tree
from bridge.soap.element import write_scalar
from bridge.soap.endpoint import EndpointReference
from bridge.soap.envelope import Message

_E: Final = f"{{{names.WSE}}}"
SUBSCRIBE: Final = f"{names.WSE}/Subscribe"
SUBSCRIBE_RESPONSE: Final = f"{names.WSE}/SubscribeResponse"
RENEW: Final = f"{names.WSE}/Renew"
RENEW_RESPONSE: Final = f"{names.WSE}/RenewResponse"
GET_STATUS: Final = f"{names.WSE}/GetStatus"
GET_STATUS_RESPONSE: Final = f"{names.WSE}/GetStatusResponse"
UNSUBSCRIBE: Final = f"{names.WSE}/Unsubscribe"
UNSUBSCRIBE_RESPONSE: Final = f"{names.WSE}/UnsubscribeResponse"
SUBSCRIPTION_END: Final = f"{names.WSE}/SubscriptionEnd"
PUSH: Final = f"{names.WSE}/DeliveryModes/Push"
IDENTIFIER: Final = f"{_E}Identifier"

_MAX_EXTENSIONS: Final = 8
Expires = timedelta | datetime | None
_MAX_REASON: Final = 1_024


class EndStatus(StrEnum):
    """Why a subscription ends before its time."""

    DELIVERY_FAILURE = f"{names.WSE}/DeliveryFailure"
    SOURCE_SHUTTING_DOWN = f"{names.WSE}/SourceShuttingDown"
    SOURCE_CANCELING = f"{names.WSE}/SourceCanceling"


@dataclass(frozen=True, slots=True)
class Filter:
    """The text of wse:Filter; without a dialect it would be XPath 1.0."""

    dialect: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    notify_to: EndpointReference
    end_to: EndpointReference | None = None
    expires: Expires = None
    filter: Filter | None = None
    extensions: tuple[etree._Element, ...] = ()

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Raises OperationRefused: wse:InvalidMessage, wse:DeliveryModeRequestedUnavailable."""
        body = _body(message, "Subscribe")
        try:
            return cls._read(body)
        except WireError as err:
            raise OperationRefused(faults.invalid_message(str(err))) from err

    @classmethod
    def _read(cls, body: etree._Element) -> Self:
        delivery, end_to = body.find(f"{_E}Delivery"), body.find(f"{_E}EndTo")
        if delivery is None:
            raise WireError("Subscribe/Delivery", "is missing")
        if tree.plain(delivery.get("Mode") or PUSH) != PUSH:
            raise OperationRefused(faults.delivery_mode_unavailable(PUSH))
        notify_to = delivery.find(f"{_E}NotifyTo")
        if notify_to is None:
            raise WireError("Subscribe/Delivery/NotifyTo", "is missing")
        chosen = body.find(f"{_E}Filter")
        extensions = tuple(child for child in tree.elements(body) if etree.QName(child).namespace != names.WSE)
        if len(extensions) > _MAX_EXTENSIONS:
            raise WireError("Subscribe", f"more than {_MAX_EXTENSIONS} extensions")
        return cls(
            notify_to=EndpointReference.from_xml(notify_to),
            end_to=None if end_to is None else EndpointReference.from_xml(end_to),
            expires=_expires(body),
            filter=None if chosen is None else _filter(chosen),
            extensions=extensions,
        )

    def to_xml(self) -> etree._Element:
        root = etree.Element(f"{_E}Subscribe")
        if self.end_to is not None:
            self.end_to.to_xml(root, f"{_E}EndTo")
        delivery = etree.SubElement(root, f"{_E}Delivery")
        delivery.set("Mode", PUSH)
        self.notify_to.to_xml(delivery, f"{_E}NotifyTo")
        _write_expires(root, self.expires)
        if self.filter is not None:
            chosen = etree.SubElement(root, f"{_E}Filter")
            chosen.text = self.filter.text
            if self.filter.dialect is not None:
                chosen.set("Dialect", self.filter.dialect)
        root.extend(deepcopy(extension) for extension in self.extensions)
        return root


@dataclass(frozen=True, slots=True)
class SubscribeResponse:
    manager: EndpointReference
    expires: Expires
    extensions: tuple[etree._Element, ...] = ()

    @classmethod
    def from_xml(cls, body: etree._Element) -> Self:
        """Raises WireError."""
        manager = body.find(f"{_E}SubscriptionManager")
        if body.tag != f"{_E}SubscribeResponse" or manager is None:
            raise WireError("SubscribeResponse/SubscriptionManager", "is missing")
        extensions = tuple(child for child in tree.elements(body) if etree.QName(child).namespace != names.WSE)
        return cls(_manager(manager), _expires(body), extensions)

    def to_xml(self) -> etree._Element:
        root = etree.Element(f"{_E}SubscribeResponse")
        self.manager.to_xml(root, f"{_E}SubscriptionManager")
        _write_expires(root, self.expires)
        root.extend(deepcopy(extension) for extension in self.extensions)
        return root


@dataclass(frozen=True, slots=True)
class Renew:
    expires: Expires = None

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Raises OperationRefused (wse:InvalidMessage)."""
        try:
            return cls(_expires(_body(message, "Renew")))
        except WireError as err:
            raise OperationRefused(faults.invalid_message(str(err))) from err

    def to_xml(self) -> etree._Element:
        return _write_expires(etree.Element(f"{_E}Renew"), self.expires)


@dataclass(frozen=True, slots=True)
class Lease:
    """How long the subscription goes on: the body of RenewResponse and GetStatusResponse."""

    tag: str
    expires: Expires

    @classmethod
    def from_xml(cls, body: etree._Element) -> Self:
        """Raises WireError."""
        if body.tag not in (f"{_E}RenewResponse", f"{_E}GetStatusResponse"):
            raise WireError("RenewResponse", "is missing")
        return cls(etree.QName(body).localname, _expires(body))

    def to_xml(self) -> etree._Element:
        return _write_expires(etree.Element(f"{_E}{self.tag}"), self.expires)


@dataclass(frozen=True, slots=True)
class SubscriptionEnd:
    manager: EndpointReference
    status: EndStatus | str
    reason: str | None = None

    @classmethod
    def from_xml(cls, body: etree._Element) -> Self:
        """Raises WireError."""
        manager = body.find(f"{_E}SubscriptionManager")
        status = tree.plain(body.findtext(f"{_E}Status") or "")
        if body.tag != f"{_E}SubscriptionEnd" or manager is None or not status:
            raise WireError("SubscriptionEnd", "lacks its SubscriptionManager or Status")
        known = next((value for value in EndStatus if value.value == status), status[: names.MAX_URI])
        reason = (body.findtext(f"{_E}Reason") or "").strip()[:_MAX_REASON]
        return cls(_manager(manager), known, reason or None)

    def to_xml(self) -> etree._Element:
        root = etree.Element(f"{_E}SubscriptionEnd")
        self.manager.to_xml(root, f"{_E}SubscriptionManager")
        etree.SubElement(root, f"{_E}Status").text = str(self.status)
        if self.reason is not None:
            reason = etree.SubElement(root, f"{_E}Reason")
            reason.set(f"{{{names.XML}}}lang", "en")
            reason.text = self.reason
        return root


def empty(tag: str) -> etree._Element:
    """wse:GetStatus or wse:Unsubscribe."""
    return etree.Element(f"{_E}{tag}")


def identifier_of(message: Message) -> str:
    """Which subscription a Renew, GetStatus or Unsubscribe speaks of. Raises OperationRefused (wse:InvalidMessage)."""
    found = message.header_text(IDENTIFIER)
    if not found:
        raise OperationRefused(faults.invalid_message("wse:Identifier is missing"))
    return found[: names.MAX_URI]


def _body(message: Message, tag: str) -> etree._Element:
    if message.body is None or message.body.tag != f"{_E}{tag}":
        raise OperationRefused(faults.invalid_message(f"wse:{tag} is missing"))
    return message.body


def _manager(element: etree._Element) -> EndpointReference:
    return EndpointReference.from_xml(element)


def _filter(element: etree._Element) -> Filter:
    if len(element):
        raise WireError("Subscribe/Filter", "holds elements where text was expected")
    dialect = element.get("Dialect")
    return Filter(None if dialect is None else tree.plain(dialect), tree.text_of(element))


def _expires(body: etree._Element) -> Expires:
    text = body.findtext(f"{_E}Expires")
    if text is None:
        return None
    try:
        return duration.parse(text)
    except ValueError as err:
        raise WireError(f"{etree.QName(body).localname}/Expires", str(err)) from err


def _write_expires(root: etree._Element, expires: Expires) -> etree._Element:
    if expires is not None:
        text = duration.write(expires) if isinstance(expires, timedelta) else write_scalar(expires)
        etree.SubElement(root, f"{_E}Expires").text = text
    return root
