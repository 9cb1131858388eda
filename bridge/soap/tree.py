"""Bytes to tree and back, for SOAP: drivers.contract.xml with this floor's error and one repair.

The repair: documents and some code spell well-known namespaces with `https:`; they are read as the `http:`
ones, for elements, attributes and the prefixes that QNames in text use, and are never written.
"""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.soap.vocabulary import Vocabulary
from drivers.contract import xml

_VOCABULARY: Final = Vocabulary()  # one for the process, as libxml2's
_HTTPS: Final = re.compile(r"https://(?=(?:schemas\.microsoft\.com|schemas\.xmlsoap\.org|www\.w3\.org)/)")


def parse(data: bytes, max_bytes: int = xml.MAX_BYTES) -> etree._Element:
    """The root of `data`, its namespaces spelled with http. Raises WireError (with an empty path)."""
    if len(data) <= max_bytes:
        _VOCABULARY.learn(data)
    try:
        root = xml.parse(data, max_bytes, instructions=False)  # SOAP 1.2 part 1, section 5
    except xml.XmlRefused as err:
        raise WireError("", str(err)) from err
    # libxml2 lets some prefixes pass that nobody declared, as part of a name that is none.
    if any(":" in str(name).rpartition("}")[2] for element in root.iter() for name in (element.tag, *element.keys())):
        raise WireError("", "not well-formed XML: a prefix is not declared")
    declared = (each for _, each in etree.iterwalk(root, events=("start-ns",)))  # prefix and namespace
    if any(each is not None and _HTTPS.match(each[1]) for each in declared):
        return _respelled(root, None)
    return root


def serialize(root: etree._Element) -> bytes:
    """Compact UTF-8 with an XML declaration."""
    return xml.serialize(root)


def plain(uri: str) -> str:
    """The URI without surrounding space, a well-known one in its http spelling."""
    uri = uri.strip()
    return _HTTPS.sub("http://", uri, count=1) if "https:" in uri else uri


def text_of(element: etree._Element) -> str:
    """The text directly in the element, trimmed; elements in it do not count."""
    parts = [element.text or "", *(child.tail or "" for child in element)]
    return "".join(parts).strip()


def elements(parent: etree._Element) -> Iterator[etree._Element]:
    """The child elements. (Comments and instructions never get past the parser.)"""
    yield from parent


def resolve_qname(element: etree._Element, text: str) -> str:
    """`prefix:Name` in the content of `element` as `{namespace}Name`. Raises WireError for an undeclared prefix."""
    prefix, colon, name = text.strip().rpartition(":")
    if not name or (colon and not prefix):
        raise WireError(etree.QName(element).localname, f"{text!r} is not a QName")
    namespace = element.nsmap.get(prefix or None)
    if namespace is None:
        if prefix:
            raise WireError(etree.QName(element).localname, f"prefix {prefix!r} is not declared")
        return name
    return f"{{{namespace}}}{name}"


def _respelled(element: etree._Element, parent: etree._Element | None) -> etree._Element:
    """A copy with http namespaces. As deep as the tree, which the parser bounds."""
    nsmap = {prefix: plain(uri) for prefix, uri in element.nsmap.items()}
    name = _plain_name(str(element.tag))
    copy = etree.Element(name, nsmap=nsmap) if parent is None else etree.SubElement(parent, name, nsmap=nsmap)
    copy.text, copy.tail = element.text, element.tail
    for key, value in element.attrib.items():
        copy.set(_plain_name(str(key)), value)
    for child in element:
        _respelled(child, copy)
    return copy


def _plain_name(name: str) -> str:
    return "{" + _HTTPS.sub("http://", name[1:], count=1) if name.startswith("{") else name
