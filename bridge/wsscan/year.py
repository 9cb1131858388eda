"""The year in WS-Scan's namespace: devices and Windows speak 2006/08, the documents' examples 2006/01.

The models live in 2006/08. What comes in passes `normalise`, what goes out passes `respell`, always and for both
years: each year has words that the other lacks. All spellings are read from anyone; the models see to that.

| 2006/08, the schema | 2006/01, the documents |
|---|---|
| JobTransfering, JobScanningAndTransfering | JobTransferring, JobScanningAndTransferring |
| CompressionError | no word |
| no word | ImageTransferError |
| no word for the scanner's state | InputTrayEmpty |
| condition LampWarning | condition LampWarming |

A reason without a word is left out; where a reason is required it becomes None.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lxml import etree

from bridge.soap import names, tree
from bridge.wsscan.names import PREFIX, qname


class Year(StrEnum):
    Y2006_01 = "2006/01"
    Y2006_08 = "2006/08"

    @property
    def namespace(self) -> str:
        return names.WSCN if self is Year.Y2006_08 else names.WSCN_2006_01


# Where nobody has said a year: announcements, metadata, events to who named none.
DEFAULT: Final = Year.Y2006_08

_AS_IT_IS: Final = f"{{{names.WSCN}}}"
_YEARS: Final = MappingProxyType({year.namespace: year for year in Year})
_ACTION: Final = re.compile("({})(?:/([A-Za-z]{{1,100}}))?".format("|".join(map(re.escape, _YEARS))))
_LOCAL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")  # the service's own names are all such

# What a word of the other year becomes; None: there is no word for it.
_REASONS: Final = MappingProxyType(
    {
        Year.Y2006_01: {
            "JobTransfering": "JobTransferring",
            "JobScanningAndTransfering": "JobScanningAndTransferring",
            "CompressionError": None,
        },
        Year.Y2006_08: {
            "JobTransferring": "JobTransfering",
            "JobScanningAndTransferring": "JobScanningAndTransfering",
            "ImageTransferError": None,
        },
    }
)
_STATE_REASONS: Final[MappingProxyType[Year, dict[str, str | None]]] = MappingProxyType(
    {Year.Y2006_01: {}, Year.Y2006_08: {"InputTrayEmpty": None}}
)
_CONDITIONS: Final[MappingProxyType[Year, dict[str, str | None]]] = MappingProxyType(
    {Year.Y2006_01: {"LampWarning": "LampWarming"}, Year.Y2006_08: {"LampWarming": "LampWarning"}}
)


def action(name: str, year: Year = DEFAULT) -> str:
    """The Action URI of an operation, a response or an event."""
    return f"{year.namespace}/{name}"


def split_action(uri: str) -> tuple[Year, str] | None:
    """Year and name of a WS-Scan Action, or of a filter; the name of the bare namespace is "". None: not WS-Scan's."""
    match = _ACTION.fullmatch(tree.plain(uri).removesuffix("/"))
    return None if match is None else (_YEARS[match[1]], match[2] or "")


def year_of_action(uri: str) -> Year | None:
    """The year of a WS-Scan Action or filter URI; None where it is not WS-Scan's."""
    split = split_action(uri)
    return None if split is None else split[0]


def normalise(root: etree._Element) -> Year | None:
    """Bring a tree to 2006/08 in place and say which year it spoke: its first WS-Scan element's. None: none at all.

    Elements, attributes, and the names in RequestedElements, ElementData and fault codes. Words are left alone.
    """
    spoken: Year | None = None
    for element in root.iter(etree.Element):
        tag = str(element.tag)
        year = Year.Y2006_08 if tag.startswith(_AS_IT_IS) else _year_of_name(tag)
        spoken = spoken or year
        if year is not None and not tag.startswith(_AS_IT_IS):
            element.tag = qname(etree.QName(element).localname)
        for key in [str(key) for key in element.attrib]:
            if _year_of_name(key) is not None:
                value = element.attrib.pop(key)
                element.set(qname(etree.QName(key).localname), value)
        for attribute, local in _names_in(element):
            _write_name(element, attribute, qname(local))
    return spoken


def respell(root: etree._Element, year: Year) -> etree._Element:
    """A copy of an outgoing tree as a peer of that year is owed it: namespace, prefix wscn, and words."""
    nsmap = {prefix: uri for prefix, uri in root.nsmap.items() if not _is_ours(uri) and prefix != PREFIX}
    copy = etree.Element(_in_year(str(root.tag), year), nsmap={**nsmap, PREFIX: year.namespace})
    _fill(copy, root, year)
    return copy


def _fill(copy: etree._Element, original: etree._Element, year: Year) -> None:
    """What stands in `original`, respelled into its `copy`. As deep as the tree, which is ours or was bounded."""
    copy.text = _word(original, year)
    for key, value in original.attrib.items():
        copy.set(_in_year(str(key), year), value)
    for attribute, local in _names_in(original):
        _write_name(copy, attribute, f"{{{year.namespace}}}{local}")
    for child in original.iterchildren(etree.Element):
        if child.text is not None and _word(child, year) is None:
            continue
        declared = {p: uri for p, uri in child.nsmap.items() if original.nsmap.get(p) != uri and not _is_ours(uri)}
        twin = etree.SubElement(copy, _in_year(str(child.tag), year), nsmap=declared)
        twin.tail = child.tail
        _fill(twin, child, year)
    _mend_list(copy, original, year)


def _word(element: etree._Element, year: Year) -> str | None:
    """The element's text in that year's words; None where the year has no word for it."""
    text = element.text
    if text is None or not _is_ours_name(str(element.tag)):
        return text
    match etree.QName(element).localname:
        case "JobStateReason":
            table = _REASONS[year]
        case "ScannerStateReason":
            table = _STATE_REASONS[year]
        case "Name":  # of a condition; the other kind of Name holds a prefix and so is in no table
            table = _CONDITIONS[year]
        case _:
            return text
    return table.get(text.strip(), text)


def _mend_list(copy: etree._Element, original: etree._Element, year: Year) -> None:
    """A list of reasons that lost its last one: gone where it may be absent, None where it may not."""
    if len(copy) or not len(original) or not _is_ours_name(str(original.tag)):
        return
    parent = copy.getparent()
    match etree.QName(original).localname:
        case "JobCompletedStateReasons":
            etree.SubElement(copy, f"{{{year.namespace}}}JobStateReason").text = "None"
        case "JobStateReasons" | "ScannerStateReasons" if parent is not None:
            parent.remove(copy)


def _names_in(element: etree._Element) -> Iterator[tuple[str | None, str]]:
    """The WS-Scan names that stand as text in an element: the attribute (None: its content) and the local name."""
    places: list[tuple[str | None, str | None]]
    match str(element.tag).rpartition("}")[2]:
        case "Name" if _is_asked(element.getparent()):
            places = [(None, element.text)]
        case "Value" if etree.QName(element).namespace == names.SOAP:
            places = [(None, element.text)]
        case "ElementData":
            places = [(str(key), value) for key, value in element.attrib.items() if str(key).endswith("Name")]
        case _:
            return
    for attribute, text in places:
        prefix, _, local = (text or "").strip().rpartition(":")
        if _LOCAL.fullmatch(local) and _is_ours(element.nsmap.get(prefix or None) or ""):
            yield attribute, local


def _is_asked(parent: etree._Element | None) -> bool:
    return parent is not None and etree.QName(parent).localname == "RequestedElements"


def _write_name(element: etree._Element, attribute: str | None, name: str) -> None:
    """The name with a prefix that is in scope; lxml declares one where there is none."""
    if attribute is None:
        element.text = etree.QName(name)
    else:
        element.set(attribute, etree.QName(name))


def _is_ours(uri: str) -> bool:
    return tree.plain(uri) in _YEARS


def _is_ours_name(name: str) -> bool:
    return _year_of_name(name) is not None


def _in_year(name: str, year: Year) -> str:
    return f"{{{year.namespace}}}{etree.QName(name).localname}" if _is_ours_name(name) else name


def _year_of_name(name: str) -> Year | None:
    """The year of a `{namespace}Local`."""
    return _YEARS.get(tree.plain(name[1 : name.rindex("}")])) if name.startswith("{") else None
