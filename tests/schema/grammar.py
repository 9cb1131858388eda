"""What wsscan.xsd says there is, as keys of things that a test can prove, and which of them a message shows.

A key begins with its direction (`read` from a client, `sent` by the bridge), then comes an element in the type that
holds it (`sent JobStatus/JobId`), an attribute of it (`read DocumentParameters/Format@MustHonor`) or a word of a list
(`sent JobStateWord=Aborted`).
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from bridge.wsscan.year import Year
from tests.schema import schema

READ: Final = "read"
SENT: Final = "sent"

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_TREE: Final = etree.parse(Path(__file__).with_name("wsscan.xsd")).getroot()
NAMESPACES: Final = {year.namespace: year for year in Year}


def _unprefixed(name: str) -> str:
    return name.rpartition(":")[2]


ROOTS: Final = {str(each.get("name")): _unprefixed(str(each.get("type"))) for each in _TREE.findall(f"{_XS}element")}
_COMPLEX: Final = {str(each.get("name")): each for each in _TREE.findall(f"{_XS}complexType")}
_CHILDREN: Final = {
    name: {str(e.get("name")): _unprefixed(str(e.get("type"))) for e in type_.iter(f"{_XS}element")}
    for name, type_ in _COMPLEX.items()
}
_ATTRIBUTES: Final = {
    name: [_unprefixed(str(a.get("ref") or a.get("name"))) for a in type_.iter(f"{_XS}attribute")]
    for name, type_ in _COMPLEX.items()
}
# The whole scanner as one element: the schema declares it, and no message holds it.
IN_NO_MESSAGE: Final = "Scanner"


@cache
def _words() -> dict[str, list[str]]:
    """The words of each list, those of both years."""
    found = {
        str(each.get("name")): [str(word.get("value")) for word in each.iter(f"{_XS}enumeration")]
        for each in _TREE.findall(f"{_XS}simpleType")
    }
    for name, _, document_word in schema.WORDS:
        if document_word and document_word not in found[name]:
            found[name].append(document_word)
    return {name: words for name, words in found.items() if words}


def _list_of(type_: str) -> str | None:
    """The list of words that an element of this type chooses from."""
    extension = next(_COMPLEX[type_].iter(f"{_XS}extension"), None) if type_ in _COMPLEX else None
    base = "" if extension is None else _unprefixed(str(extension.get("base")))
    return base if base in _words() else None


def direction(root: str) -> str | None:
    """Who says a message; None for what is in no message."""
    if root == IN_NO_MESSAGE:
        return None
    return READ if root.endswith("Request") or root == "ScanDestinations" else SENT


@cache
def all_keys() -> tuple[str, ...]:
    """All there is to prove, in the order of the schema."""
    found: dict[str, None] = {}
    for root, type_ in ROOTS.items():
        way = direction(root)
        if way is not None:
            found[f"{way} {root}"] = None
            seen: set[str] = set()
            _collect(way, type_, found, seen)
    return tuple(found)


def _collect(way: str, type_: str, found: dict[str, None], seen: set[str]) -> None:
    if type_ in seen:
        return
    seen.add(type_)
    for child, child_type in _CHILDREN.get(type_, {}).items():
        found[f"{way} {type_}/{child}"] = None
        for attribute in _ATTRIBUTES.get(child_type, ()):
            found[f"{way} {type_}/{child}@{attribute}"] = None
        of = _list_of(child_type)
        for word in _words()[of] if of else ():
            found[f"{way} {of}={word}"] = None
        _collect(way, child_type, found, seen)


def shown(element: etree._Element, way: str) -> Iterator[str]:
    """The keys that a message shows; what the schema does not know shows nothing."""
    name = etree.QName(element)
    if name.namespace in NAMESPACES and name.localname in ROOTS:
        yield f"{way} {name.localname}"
        yield from _shown_in(element, ROOTS[name.localname], way)


def _shown_in(element: etree._Element, type_: str, way: str) -> Iterator[str]:
    for child in element.iterchildren(etree.Element):
        name = etree.QName(child)
        child_type = _CHILDREN.get(type_, {}).get(name.localname)
        if name.namespace not in NAMESPACES or child_type is None:
            continue
        yield f"{way} {type_}/{name.localname}"
        for attribute in child.attrib:
            yield f"{way} {type_}/{name.localname}@{etree.QName(attribute).localname}"
        of = _list_of(child_type)
        if of:
            yield f"{way} {of}={(child.text or '').strip()}"
        yield from _shown_in(child, child_type, way)
