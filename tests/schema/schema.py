"""The schema of our own, as a judge of WS-Scan elements in either namespace year.

`validate(element, year)` for the body of a message; wsscan.xsd beside this file is its 2006/08 text, the 2006/01
schema is the same with the other namespace and with the words that the documents use where they differ.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from bridge.wsscan.year import Year

_FILE: Final = Path(__file__).with_name("wsscan.xsd")
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
_2006_08: Final = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
_2006_01: Final = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"

# Type of the list, its word in the schema, the documents' word for it (both: "" where there is none).
WORDS: Final = (
    ("JobStateReasonWord", "JobTransfering", "JobTransferring"),
    ("JobStateReasonWord", "JobScanningAndTransfering", "JobScanningAndTransferring"),
    ("JobStateReasonWord", "CompressionError", ""),
    ("JobStateReasonWord", "", "ImageTransferError"),
    ("ScannerStateReasonWord", "", "InputTrayEmpty"),
    ("ConditionNameWord", "LampWarning", "LampWarming"),
)


def errors(element: etree._Element, year: Year) -> list[str]:
    """What is wrong with the element, one line each; an empty list where it is valid."""
    judge = _schema(year)
    judge.validate(_reconstituted(element))
    return [f"line {entry.line}: {entry.message}" for entry in judge.error_log]


def validate(element: etree._Element, year: Year) -> None:
    """Raises AssertionError with every fault found and the element itself."""
    found = errors(element, year)
    if found:
        text = etree.tostring(element, pretty_print=True, encoding="unicode", with_tail=False)
        raise AssertionError("\n".join([f"not valid in {year}:", *found, text]))


@cache
def _schema(year: Year) -> etree.XMLSchema:
    text = _FILE.read_bytes()
    if year is Year.Y2006_08:
        return etree.XMLSchema(etree.fromstring(text))
    root = etree.fromstring(text.replace(_2006_08.encode(), _2006_01.encode()))
    for name, schema_word, document_word in WORDS:
        words = root.find(f"{_XS}simpleType[@name='{name}']")
        assert words is not None
        restriction = next(words.iter(f"{_XS}restriction"))
        if schema_word:
            (old,) = restriction.findall(f"{_XS}enumeration[@value='{schema_word}']")
            restriction.remove(old)
        if document_word:
            etree.SubElement(restriction, f"{_XS}enumeration", value=document_word)
    return etree.XMLSchema(root)


def _reconstituted(element: etree._Element) -> etree._Element:
    """A copy with an empty image where xop:Include stands: a schema describes the message before it was packed."""
    twin = copy.deepcopy(element)
    for include in list(twin.iter(_INCLUDE)):
        parent = include.getparent()
        assert parent is not None
        parent.remove(include)
    return twin
