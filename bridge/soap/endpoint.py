"""Endpoint references of WS-Addressing 2004/08: an address, and header blocks its owner wants back.

What a stranger put into ReferenceProperties or ReferenceParameters travels in OUR later messages as header
blocks, so it is taken apart and written anew: bounded, without SOAP's own attributes, and never with a name
that SOAP, WS-Addressing or WS-Eventing gives a meaning (except wse:Identifier, the usual one).
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final

from lxml import etree
from pydantic import Field

from bridge.errors import WireError
from bridge.soap import names, tree
from bridge.soap.element import Element
from drivers.contract import xml

_MAX_BLOCKS: Final = 16
_MAX_BYTES: Final = 4_096
_MAX_DEPTH: Final = 8
_MAX_ELEMENTS: Final = 64
_RESERVED: Final = frozenset({names.SOAP, names.SOAP11, names.WSA, names.WSE})
_IDENTIFIER: Final = f"{{{names.WSE}}}Identifier"


class EndpointAddress(Element):
    """An endpoint reference of which only the address matters: a device's, a hosted service's (DPWS R0007)."""

    namespace: ClassVar[str] = names.WSA
    tag: ClassVar[str | None] = "EndpointReference"
    address: str = Field(min_length=1, max_length=names.MAX_URI)


@dataclass(frozen=True, slots=True)
class EndpointReference:
    """Where to send, and what to send along: each block one XML element as text, already made safe."""

    address: str
    reference_properties: tuple[str, ...] = ()
    reference_parameters: tuple[str, ...] = ()

    @property
    def anonymous(self) -> bool:
        return self.address == names.ANONYMOUS

    def header_blocks(self) -> tuple[etree._Element, ...]:
        """The header blocks of every message to this endpoint."""
        return tuple(deepcopy(_block(text)) for text in (*self.reference_properties, *self.reference_parameters))

    @classmethod
    def from_xml(cls, element: etree._Element) -> "EndpointReference":
        """Read the children of a wsa:EndpointReference, wsa:ReplyTo, wse:NotifyTo … Raises WireError."""
        where = etree.QName(element).localname
        addresses = element.findall(f"{{{names.WSA}}}Address")
        if len(addresses) != 1:
            raise WireError(f"{where}/Address", "is missing" if not addresses else "is given twice")
        address = tree.plain(tree.text_of(addresses[0]))
        if not address or len(address) > names.MAX_URI:
            raise WireError(f"{where}/Address", f"is empty or longer than {names.MAX_URI}")
        return cls(address, _read_blocks(element, "ReferenceProperties"), _read_blocks(element, "ReferenceParameters"))

    def to_xml(self, parent: etree._Element | None = None, tag: str | None = None) -> etree._Element:
        """Write as `tag`, a wsa:EndpointReference where none is given."""
        name = tag or f"{{{names.WSA}}}EndpointReference"
        element = etree.Element(name) if parent is None else etree.SubElement(parent, name)
        etree.SubElement(element, f"{{{names.WSA}}}Address").text = self.address
        for kind, blocks in (
            ("ReferenceProperties", self.reference_properties),
            ("ReferenceParameters", self.reference_parameters),
        ):
            if blocks:
                holder = etree.SubElement(element, f"{{{names.WSA}}}{kind}")
                holder.extend([deepcopy(_block(text)) for text in blocks])
        return element


def identifier_block(identifier: str) -> str:
    """A wse:Identifier as a reference parameter: what tells our subscriptions apart."""
    block = etree.Element(_IDENTIFIER, nsmap={"wse": names.WSE})
    block.text = identifier
    return etree.tostring(block, encoding="unicode")


@lru_cache(maxsize=256)  # every event of every subscriber bears its blocks
def _block(text: str) -> etree._Element:
    """A block that we wrote, to be copied. Its names were let in when it came (bridge.soap.vocabulary)."""
    return xml.parse(text.encode())


def _read_blocks(element: etree._Element, kind: str) -> tuple[str, ...]:
    holder = element.find(f"{{{names.WSA}}}{kind}")
    if holder is None:
        return ()
    path = f"{etree.QName(element).localname}/{kind}"
    if len(holder) > _MAX_BLOCKS:
        raise WireError(path, f"more than {_MAX_BLOCKS} elements")
    blocks = tuple(_rewritten(block, path) for block in tree.elements(holder))
    if sum(len(block.encode()) for block in blocks) > _MAX_BYTES:
        raise WireError(path, f"more than {_MAX_BYTES} bytes")
    return blocks


def _rewritten(block: etree._Element, path: str) -> str:
    name = etree.QName(block)
    if name.namespace in _RESERVED and block.tag != _IDENTIFIER:
        raise WireError(f"{path}/{name.localname}", f"a name of {name.namespace} cannot be a reference parameter")
    if sum(1 for _ in block.iter()) > _MAX_ELEMENTS or _depth(block) > _MAX_DEPTH:
        raise WireError(f"{path}/{name.localname}", "too many elements or too deep")
    nsmap = {prefix: uri for prefix, uri in block.nsmap.items() if prefix and _speaks(block, prefix)}
    for namespace in _namespaces(block):
        if namespace not in nsmap.values():
            known = names.PREFIXES.get(namespace)
            nsmap[known if known and known not in nsmap else f"r{len(nsmap)}"] = namespace
    return etree.tostring(_copied(block, None, nsmap), encoding="unicode")


def _copied(item: etree._Element, parent: etree._Element | None, nsmap: dict[str, str]) -> etree._Element:
    """A copy with prefixes of our choice, so that the same block is the same text however its sender spells it."""
    copy = etree.Element(item.tag, nsmap=dict(nsmap)) if parent is None else etree.SubElement(parent, item.tag)
    copy.text = item.text
    for key, value in item.attrib.items():
        if etree.QName(key).namespace not in (names.SOAP, names.SOAP11):  # mustUnderstand, role, relay, actor
            copy.set(key, value)
    for child in item:
        _copied(child, copy, nsmap).tail = child.tail
    return copy


def _namespaces(block: etree._Element) -> list[str]:
    """Those of its elements and attributes, as they appear."""
    found = [etree.QName(name).namespace for item in block.iter() for name in (item.tag, *item.attrib)]
    outside = (None, names.SOAP, names.SOAP11, names.XML)
    return [namespace for namespace in dict.fromkeys(found) if namespace is not None and namespace not in outside]


def _speaks(block: etree._Element, prefix: str) -> bool:
    mark = f"{prefix}:"
    return any(
        mark in (item.text or "") or any(mark in str(value) for value in item.attrib.values()) for item in block.iter()
    )


def _depth(element: etree._Element) -> int:
    return 1 + max((_depth(child) for child in element), default=0)
