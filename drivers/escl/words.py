"""Reading and writing eSCL's XML, by local names: devices differ in prefixes and now and then in namespaces.

Spec: eSCL as Mopria publishes it, PWG 5108.02; texts are bounded here once for all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from drivers.contract import xml
from drivers.contract.errors import DeviceGarbled

PWG: Final = "http://www.pwg.org/schemas/2010/12/sm"
SCAN: Final = "http://schemas.hp.com/imaging/escl/2011/05/03"

MOST_BYTES: Final = 256 * 1024  # the largest recorded answer has 12 kB
LONGEST: Final = 255  # characters of one text

# Element names: "scan:Name" or "pwg:Name"; content: text, or elements inside.
Node = tuple[str, "str | int | Sequence[Node]"]


def read(data: bytes, root: str, where: str) -> etree._Element:
    """The root element, which must have that local name, if one is given. Raises DeviceGarbled."""
    try:
        element = xml.parse(data, MOST_BYTES)
    except xml.XmlRefused as err:
        raise DeviceGarbled(f"{where}: {err}; it begins with {data[:40]!r}") from err
    if root and local(element) != root:
        raise DeviceGarbled(f"{where}: {local(element)[:60]} where {root} was asked for")
    return element


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(etree.QName(element).localname)


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The elements of those names right inside."""
    return (each for each in element if local(each) in names)


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """The first element of that name right inside."""
    return None if element is None else next(children(element, name), None)


def descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The elements of those names at any depth."""
    return (each for each in element.iter() if local(each) in names)


def text(element: etree._Element | None, name: str = "") -> str:
    """The text of an element, or of the first of that name right inside; "" where there is none."""
    found = child(element, name) if name else element
    return "" if found is None else " ".join((found.text or "").split())[:LONGEST]


def number(element: etree._Element | None, name: str) -> int | None:
    """The whole number inside; None where there is none, or one that nothing can be counted with."""
    said = text(element, name)
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def write(root: str, nodes: Sequence[Node]) -> bytes:
    """A document of those elements."""
    element = etree.Element(_qualified(root), nsmap={"pwg": PWG, "scan": SCAN})
    _fill(element, nodes)
    return xml.serialize(element)


def _fill(parent: etree._Element, nodes: Sequence[Node]) -> None:
    for name, content in nodes:
        element = etree.SubElement(parent, _qualified(name))
        if isinstance(content, str | int):
            element.text = str(content)
        else:
            _fill(element, content)


def _qualified(name: str) -> str:
    prefix, _, plain = name.partition(":")
    return f"{{{ {'pwg': PWG, 'scan': SCAN}[prefix] }}}{plain}"
