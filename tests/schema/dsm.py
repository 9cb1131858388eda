"""The schema of our own for the processing service of DSM, as a judge of what stands in a body."""

import copy
from functools import cache
from pathlib import Path

from lxml import etree

NAMESPACE = "http://schemas.microsoft.com/windows/2008/12/wdp/distributedscan/processing"
_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("dsm.xsd")))


def errors(element: etree._Element) -> list[str]:
    """What is wrong with the element, one line each; an empty list where it is valid."""
    twin = copy.deepcopy(element)
    for include in list(twin.iter(_INCLUDE)):
        parent = include.getparent()
        assert parent is not None
        parent.remove(include)
    judge = _schema()
    judge.validate(twin)
    return [f"line {entry.line}: {entry.message}" for entry in judge.error_log]


def validate(element: etree._Element) -> None:
    """Raises AssertionError for an element of the processing service that is not valid."""
    if etree.QName(element).namespace == NAMESPACE:
        found = errors(element)
        assert not found, "\n".join([*found, etree.tostring(element, pretty_print=True, encoding="unicode")])
