"""The message information headers of WS-Addressing 2004/08, with the DPWS 2006 rules for HTTP.

Read leniently (space around URIs, https spellings, missing To), written exactly.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from lxml import etree

from bridge.errors import OperationRefused, WireError
from bridge.soap import fault, names, tree
from bridge.soap.endpoint import EndpointReference

_A: Final = f"{{{names.WSA}}}"
_REPLY: Final = ("Reply", "wsa:Reply", f"{_A}Reply")


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who sends what to whom, in answer to what. `action` is empty only where a peer left it out."""

    action: str
    to: str = names.ANONYMOUS
    message_id: str | None = None
    relates_to: str | None = None
    reply_to: EndpointReference | None = None
    fault_to: EndpointReference | None = None
    from_: EndpointReference | None = None

    def answer(self, action: str) -> "Addressing":
        """The headers of the answer to this message (R0019: it says which message it answers)."""
        return Addressing(action, names.ANONYMOUS, new_message_id(), self.message_id)

    def to_xml(self, header: etree._Element) -> None:
        """Write the header blocks under soap:Header."""
        for name, text in (
            ("To", self.to),
            ("Action", self.action),
            ("MessageID", self.message_id),
            ("RelatesTo", self.relates_to),
        ):
            if text is not None:
                etree.SubElement(header, f"{_A}{name}").text = text
        for name, endpoint in (("ReplyTo", self.reply_to), ("FaultTo", self.fault_to), ("From", self.from_)):
            if endpoint is not None:
                endpoint.to_xml(header, f"{_A}{name}")


def new_message_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def request(action: str, to: str) -> Addressing:
    """The headers of a new request that expects its answer on the same connection."""
    return Addressing(action, to, new_message_id(), reply_to=EndpointReference(names.ANONYMOUS))


def from_header(header: etree._Element | None) -> Addressing:
    """Read soap:Header. Raises OperationRefused (wsa:InvalidMessageInformationHeader) for what is not to be understood.

    Absent headers are not refused here: require_request() says what a request needs.
    """
    found: dict[str, etree._Element] = {}
    for block in () if header is None else tree.elements(header):
        name = etree.QName(block)
        if name.namespace != names.WSA:
            continue
        if name.localname == "RelatesTo":
            if block.get("RelationshipType", "wsa:Reply").strip() not in _REPLY:
                continue
        elif name.localname in found:
            raise OperationRefused(fault.invalid_header(f"wsa:{name.localname} is given twice"))
        found.setdefault(name.localname, block)
    return Addressing(
        action=_uri(found, "Action") or "",
        to=_uri(found, "To") or names.ANONYMOUS,
        message_id=_uri(found, "MessageID"),
        relates_to=_uri(found, "RelatesTo"),
        reply_to=_endpoint(found, "ReplyTo"),
        fault_to=_endpoint(found, "FaultTo"),
        from_=_endpoint(found, "From"),
    )


def require_request(headers: Addressing) -> None:
    """What a request over HTTP must say. Raises OperationRefused with the fault of WS-Addressing."""
    if not headers.action:
        raise OperationRefused(fault.header_required("wsa:Action"))
    if headers.message_id is None:
        raise OperationRefused(fault.header_required("wsa:MessageID"))
    if headers.reply_to is not None and not headers.reply_to.anonymous:  # DPWS R0031
        raise OperationRefused(fault.invalid_header("wsa:ReplyTo"))


def _uri(found: dict[str, etree._Element], name: str) -> str | None:
    block = found.get(name)
    if block is None:
        return None
    text = tree.plain(tree.text_of(block))
    if not text or len(text) > names.MAX_URI:
        raise OperationRefused(fault.invalid_header(f"wsa:{name}"))
    return text


def _endpoint(found: dict[str, etree._Element], name: str) -> EndpointReference | None:
    block = found.get(name)
    # Clients of the WSD-python family write their own urn:uuid as plain text where an endpoint is due. Nothing can be
    # sent there, and nothing ever is: they wait for the answer on their connection as if they had said nothing.
    if block is None or (not len(block) and tree.text_of(block).strip()):
        return None
    try:
        return EndpointReference.from_xml(block)
    except WireError as err:
        raise OperationRefused(fault.invalid_header(f"wsa:{err}")) from err
