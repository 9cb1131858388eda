"""Sections of scanner and job that are asked for by name (a QName) and answered one by one, in the order asked.

A name nobody knows is answered too, with `valid` false and nothing in it.
Spec: WS-Scan V1.0, RequestedElements, ElementData.
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field

from bridge.soap.element import Attribute, XsBoolean, XsQName
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.job import JobStatus
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.scanner import ScannerDescription, ScannerStatus
from bridge.wsscan.ticket import Documents, ScanTicket

# There are seven names and perhaps a vendor's; each costs a whole section in the answer.
MAX_NAMES: Final = 64


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


class RequestedElements(ScanElement):
    name: Annotated[tuple[XsQName, ...], Field(min_length=1, max_length=MAX_NAMES)]


class ScannerElementData(ScanElement):
    """One section of the scanner; at most one of the four is there, and none where `valid` is false."""

    name: Annotated[XsQName, Attribute()]
    valid: Annotated[XsBoolean, Attribute()]
    scanner_description: ScannerDescription | None = None
    scanner_configuration: ScannerConfiguration | None = None
    scanner_status: ScannerStatus | None = None
    default_scan_ticket: ScanTicket | None = None


class JobElementData(ScanElement):
    """One section of a job; at most one of the three is there, and none where `valid` is false."""

    name: Annotated[XsQName, Attribute()]
    valid: Annotated[XsBoolean, Attribute()]
    job_status: JobStatus | None = None
    scan_ticket: ScanTicket | None = None
    documents: Documents | None = None


class ScannerElements(ScanElement):
    element_data: Annotated[tuple[ScannerElementData, ...], Field(min_length=1, max_length=MAX_NAMES)]


class JobElements(ScanElement):
    element_data: Annotated[tuple[JobElementData, ...], Field(min_length=1, max_length=MAX_NAMES)]
