"""SOAP 1.2 faults: the ones this floor raises itself, and how any fault is written and read.

Spec: SOAP 1.2 part 1 section 5.4; WS-Addressing 2004/08 section 4; DPWS 2006 section 3.
"""

import re
from typing import Final

from lxml import etree

from bridge.errors import Fault, FaultCode, OperationRefused, WireError
from bridge.soap import names, tree

_S: Final = f"{{{names.SOAP}}}"
_MAX_TEXT: Final = 2_048  # of a peer's fault: what is kept for the log and the operator
_MAX_ITEMS: Final = 16
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def version_mismatch(found: str) -> Fault:
    return Fault(FaultCode.VERSION_MISMATCH, None, "Only SOAP 1.2 envelopes are understood", found[:_MAX_TEXT])


def must_understand(block: str) -> Fault:
    return Fault(FaultCode.MUST_UNDERSTAND, None, "A mandatory header block is not understood", block[:_MAX_TEXT])


def malformed(reason: str) -> Fault:
    """For what cannot be read as a SOAP message at all."""
    return Fault(FaultCode.SENDER, None, "The message cannot be read", reason[:_MAX_TEXT])


def invalid_header(header: str) -> Fault:
    return _wsa("InvalidMessageInformationHeader", "A message information header is not valid", header)


def header_required(header: str) -> Fault:
    return _wsa("MessageInformationHeaderRequired", "A required message information header is missing", header)


def destination_unreachable(address: str) -> Fault:
    return _wsa("DestinationUnreachable", "The destination cannot be reached from here", address)


def action_not_supported(action: str) -> Fault:
    return _wsa("ActionNotSupported", "The action is not supported by this endpoint", action)


def endpoint_unavailable() -> Fault:
    return Fault(FaultCode.RECEIVER, f"{{{names.WSA}}}EndpointUnavailable", "The endpoint cannot process just now")


def http_status(fault: Fault) -> int:
    """400 where the sender is to blame, 500 for everything else (SOAP 1.2 part 2 table 20)."""
    return 400 if fault.code is FaultCode.SENDER else 500


def to_xml(fault: Fault) -> etree._Element:
    """The soap:Fault element."""
    root = etree.Element(f"{_S}Fault", nsmap={"soap": names.SOAP})
    code = etree.SubElement(root, f"{_S}Code")
    etree.SubElement(code, f"{_S}Value").text = f"soap:{fault.code.value}"
    if fault.subcode is not None:
        _qname(etree.SubElement(code, f"{_S}Subcode"), f"{_S}Value", fault.subcode)
    text = etree.SubElement(etree.SubElement(root, f"{_S}Reason"), f"{_S}Text")
    text.set(f"{{{names.XML}}}lang", "en")
    text.text = _printable(fault.reason)
    if fault.detail is not None or fault.detail_items:
        detail = etree.SubElement(root, f"{_S}Detail")
        detail.text = None if fault.detail is None else _printable(fault.detail)
        for name, value in fault.detail_items:
            namespace = etree.QName(name).namespace
            prefix = names.PREFIXES.get(str(namespace))
            nsmap = {prefix: str(namespace)} if prefix else None
            etree.SubElement(detail, name, nsmap=nsmap).text = _printable(value)
    return root


def supported_envelope() -> etree._Element:
    """The soap:Upgrade header block that goes with VersionMismatch (SOAP 1.2 part 1 section 5.4.7)."""
    block = etree.Element(f"{_S}Upgrade", nsmap={"soap": names.SOAP})
    etree.SubElement(block, f"{_S}SupportedEnvelope").set("qname", "soap:Envelope")
    return block


def not_understood(name: str) -> etree._Element:
    """The soap:NotUnderstood header block that names a refused one (SOAP 1.2 part 1 section 5.4.8)."""
    namespace, local = str(etree.QName(name).namespace), etree.QName(name).localname
    block = etree.Element(f"{_S}NotUnderstood", nsmap={"soap": names.SOAP, "refused": namespace})
    block.set("qname", f"refused:{local}")
    return block


def from_xml(element: etree._Element, action: str | None = None) -> Fault:
    """What a peer's soap:Fault says. Never raises: a garbled fault is still a fault."""
    value = element.findtext(f"{_S}Code/{_S}Value") or ""
    local = value.strip().rpartition(":")[2]
    code = next((known for known in FaultCode if known.value == local), FaultCode.RECEIVER)
    sub = element.find(f"{_S}Code/{_S}Subcode/{_S}Value")
    reason = (element.findtext(f"{_S}Reason/{_S}Text") or "").strip()
    detail = element.find(f"{_S}Detail")
    return Fault(
        code=code,
        subcode=None if sub is None else _lenient_qname(sub),
        reason=reason[:_MAX_TEXT],
        detail=None if detail is None else (tree.text_of(detail)[:_MAX_TEXT] or None),
        action=action,
        detail_items=() if detail is None else _items(detail),
    )


def refuse_fault(body: etree._Element | None, action: str | None = None) -> None:
    """Raise OperationRefused when the body of an answer is a fault: HTTP status codes cannot be trusted for it."""
    if body is not None and body.tag == f"{_S}Fault":
        raise OperationRefused(from_xml(body, action))


def _wsa(name: str, reason: str, detail: str) -> Fault:
    return Fault(FaultCode.SENDER, f"{{{names.WSA}}}{name}", reason, detail[:_MAX_TEXT])


def _qname(parent: etree._Element, tag: str, name: str) -> None:
    """A child whose text is a QName, its prefix declared on it."""
    namespace, local = etree.QName(name).namespace, etree.QName(name).localname
    if namespace is None:
        etree.SubElement(parent, tag).text = local
        return
    prefix = names.PREFIXES.get(namespace, "sub")
    etree.SubElement(parent, tag, nsmap={prefix: namespace}).text = f"{prefix}:{local}"


def _lenient_qname(element: etree._Element) -> str:
    try:
        return tree.resolve_qname(element, tree.text_of(element))
    except WireError:
        return tree.text_of(element)


def _items(detail: etree._Element) -> tuple[tuple[str, str], ...]:
    children = list(tree.elements(detail))[:_MAX_ITEMS]
    return tuple((str(child.tag), "".join(child.itertext()).strip()[:_MAX_TEXT]) for child in children)


def _printable(text: str) -> str:
    """Text that XML 1.0 can carry: a peer's words are quoted in details."""
    return _NOT_XML.sub("?", text)
