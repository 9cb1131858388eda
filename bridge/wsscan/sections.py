"""Sections of scanner and job that are asked for by name (a QName) and answered one by one, in the order asked.

A name is kept as `{namespace}Local`: which prefix stood before it means nothing. A name nobody knows is answered
too, with `valid` false and nothing in it.
Spec: WS-Scan V1.0, RequestedElements, ElementData.
"""

import copy
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final, Self

from lxml import etree
from pydantic import AfterValidator, Field

from bridge.errors import WireError
from bridge.soap import tree
from bridge.soap.element import Attribute, XsBoolean
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.job import JobStatus
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.scanner import ScannerDescription, ScannerStatus
from bridge.wsscan.ticket import Documents, ScanTicket

# There are seven names and perhaps a vendor's; each costs a whole section in the answer.
MAX_NAMES: Final = 64
_CLARK: Final = re.compile(r"\{[^{}]{1,2048}\}[^{}:\s]{1,255}")


class ScannerSection(StrEnum):
    DESCRIPTION = qname("ScannerDescription")
    CONFIGURATION = qname("ScannerConfiguration")
    STATUS = qname("ScannerStatus")
    DEFAULT_SCAN_TICKET = qname("DefaultScanTicket")


class JobSection(StrEnum):
    """The schema names the last one Document, all else Documents; the first spelling is read as the second."""

    STATUS = qname("JobStatus")
    TICKET = qname("ScanTicket")
    DOCUMENTS = qname("Documents")

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls(qname("Documents")) if value == qname("Document") else None


def _is_name(text: str) -> str:
    try:
        etree.QName(text)  # knows what XML lets a name be
    except ValueError as err:
        raise ValueError("is not a qualified name") from err
    if not _CLARK.fullmatch(text):
        raise ValueError("is not a qualified name")
    return text


QualifiedName = Annotated[str, AfterValidator(_is_name)]


class RequestedElements(ScanElement):
    name: Annotated[tuple[QualifiedName, ...], Field(min_length=1, max_length=MAX_NAMES)]

    def to_xml(self, parent: etree._Element | None = None, tag: str | None = None) -> etree._Element:
        element = super().to_xml(parent, tag)
        for child, name in zip(element, self.name, strict=True):
            child.text = etree.QName(name)  # lxml writes it with a prefix in scope
        return element


class ScannerElementData(ScanElement):
    """One section of the scanner; at most one of the four is there, and none where `valid` is false."""

    name: Annotated[QualifiedName, Attribute()]
    valid: Annotated[XsBoolean, Attribute()]
    scanner_description: ScannerDescription | None = None
    scanner_configuration: ScannerConfiguration | None = None
    scanner_status: ScannerStatus | None = None
    default_scan_ticket: ScanTicket | None = None

    def to_xml(self, parent: etree._Element | None = None, tag: str | None = None) -> etree._Element:
        element = super().to_xml(parent, tag)
        element.set("Name", etree.QName(self.name))
        return element


class JobElementData(ScanElement):
    """One section of a job; at most one of the three is there, and none where `valid` is false."""

    name: Annotated[QualifiedName, Attribute()]
    valid: Annotated[XsBoolean, Attribute()]
    job_status: JobStatus | None = None
    scan_ticket: ScanTicket | None = None
    documents: Documents | None = None

    def to_xml(self, parent: etree._Element | None = None, tag: str | None = None) -> etree._Element:
        element = super().to_xml(parent, tag)
        element.set("Name", etree.QName(self.name))
        return element


class ScannerElements(ScanElement):
    element_data: Annotated[tuple[ScannerElementData, ...], Field(min_length=1, max_length=MAX_NAMES)]


class JobElements(ScanElement):
    element_data: Annotated[tuple[JobElementData, ...], Field(min_length=1, max_length=MAX_NAMES)]


def with_resolved_names(element: etree._Element, qname: Callable[[str], str] = qname) -> etree._Element:
    """A copy in which every section's name is `{namespace}Local`, as the models keep it. Raises WireError.

    A name without prefix where no default namespace is declared is taken for one of `qname`'s namespace, WS-Scan's
    where nothing is said.
    """
    resolved = copy.deepcopy(element)
    for original, twin in zip(element.iter(), resolved.iter(), strict=True):
        if original.tag == qname("Name") and len(original) == 0:
            parent = original.getparent()
            if parent is not None and parent.tag == qname("RequestedElements"):
                twin.text = _resolve(original, original.text or "", qname)
        elif original.tag == qname("ElementData"):
            for key in ("Name", qname("Name")):
                text = original.get(key)
                if text is not None:
                    twin.set(key, _resolve(original, text, qname))
    return resolved


def _resolve(element: etree._Element, text: str, qname: Callable[[str], str]) -> str:
    try:
        name = tree.resolve_qname(element, text)
    except WireError as err:
        raise WireError("Name", err.reason) from err
    return name if name.startswith("{") else qname(name)
