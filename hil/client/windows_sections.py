"""What Windows asks a scan service before it scans: the scanner's sections one by one, and whether a ticket is right.

Spec: WS-Scan V1.0, with its appendix on the class driver; docs/windows.md for what Windows sends.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from bridge.errors import BridgeError
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.names import ScanElement
from bridge.wsscan.operations import (
    GetScannerElementsRequest,
    GetScannerElementsResponse,
    Operation,
    ValidateScanTicketRequest,
    ValidateScanTicketResponse,
)
from bridge.wsscan.sections import RequestedElements, ScannerElementData, ScannerSection
from bridge.wsscan.settings import AskedFormat
from bridge.wsscan.ticket import DocumentParameters, JobDescription, ScanTicket
from bridge.wsscan.values import ColorEntry, Format
from hil.client import pnpx
from hil.client.report import Report
from hil.client.wsdapi import Wsdapi

# The class driver takes the first of these that it is offered, and one of these colours.
FORMATS: Final = (Format.DIB, Format.PNG, Format.EXIF, Format.TIFF_SINGLE_G4, Format.TIFF_SINGLE_UNCOMPRESSED)
COLORS: Final = (ColorEntry.RGB_24, ColorEntry.GRAYSCALE_8, ColorEntry.GRAYSCALE_4, ColorEntry.BLACK_AND_WHITE_1)
SECTIONS: Final = (
    ScannerSection.DESCRIPTION,
    ScannerSection.DEFAULT_SCAN_TICKET,
    ScannerSection.CONFIGURATION,
    ScannerSection.STATUS,
)
CHECKING: Final = "Validating scan ticket for current WIA item properties"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants done. `press` 0 or None: nobody waits for the button."""

    contexts: tuple[str, ...]
    host: str
    press: float | None
    scan: bool
    output: Path

    @property
    def user(self) -> str:
        return f"WIA session run for {self.host}\\user on {self.host}"


@dataclass(frozen=True, slots=True)
class Service:
    """A scan service, who asks it and where the answers are held against what Windows needs."""

    url: str
    wsdapi: Wsdapi
    report: Report

    async def tried(self, step: str, work: Awaitable[T]) -> T | None:
        """The answer; None where it was none, which is told."""
        try:
            return await work
        except BridgeError as err:
            self.report.missing(step, str(err))
            return None

    async def operate(self, operation: Operation, request: ScanElement, response: type[T]) -> tuple[T, int]:
        found, size = await self.wsdapi.operate(self.url, operation, request, ScanElement, timeout=30.0)
        assert isinstance(found, response)  # Wsdapi reads by the operation's own model
        return found, size


async def ask(service: Service, wanted: Wanted) -> ScanTicket | None:
    """Everything; the ticket that Windows would scan with, None where the scanner has no default."""
    configuration, ticket = await _sections(service)
    if configuration is not None:
        _offers(service.report, configuration)
    format_ = _format(configuration)
    await _validate(service, wanted, ticket, format_)
    return None if ticket is None else _as_windows(ticket, wanted, format_)


async def _sections(service: Service) -> tuple[ScannerConfiguration | None, ScanTicket | None]:
    """Each in a request of its own."""
    found: dict[str, ScannerElementData] = {}
    for section in SECTIONS:
        name = section.rpartition("}")[2]
        request = GetScannerElementsRequest(requested_elements=RequestedElements(name=(section,)))
        work = service.operate(Operation.GET_SCANNER_ELEMENTS, request, GetScannerElementsResponse)
        answer = await service.tried(f"GetScannerElements {name}", work)
        if answer is None:
            continue
        response, size = answer
        data = next((each for each in response.scanner_elements.element_data if each.name == section), None)
        service.report.check(
            data is not None and data.valid, f"GetScannerElements {name}", f"{size} bytes", "is not valid"
        )
        pnpx.check_size(service.report, f"GetScannerElements {name}: size", size)
        if data is not None:
            found[section] = data
    configuration, default = found.get(ScannerSection.CONFIGURATION), found.get(ScannerSection.DEFAULT_SCAN_TICKET)
    return (
        None if configuration is None else configuration.scanner_configuration,
        None if default is None else default.default_scan_ticket,
    )


def _offers(report: Report, configuration: ScannerConfiguration) -> None:
    """Whether the class driver finds something that it can use."""
    formats = configuration.device_settings.formats_supported.format_value
    usable = [str(each) for each in FORMATS if each in formats]
    report.check(usable, "a format of Windows", " ".join(usable), f"none of {', '.join(FORMATS)}")
    sides = {}
    if configuration.platen is not None:
        sides["Platen"] = configuration.platen.platen_color
    if configuration.adf is not None:
        sides["ADF"] = configuration.adf.adf_front.adf_color
    report.check(sides, "a platen or a feeder", " ".join(sides), "neither")
    for name, offered in sides.items():
        colors = [str(each) for each in COLORS if each in offered.color_entry]
        report.check(colors, f"a colour of Windows: {name}", " ".join(colors), f"none of {', '.join(COLORS)}")


def _format(configuration: ScannerConfiguration | None) -> Format:
    offered = () if configuration is None else configuration.device_settings.formats_supported.format_value
    return next((each for each in FORMATS if each in offered), Format.EXIF)


def _as_windows(default: ScanTicket, wanted: Wanted, format_: Format) -> ScanTicket:
    """The default ticket in the format that the class driver takes."""
    described = JobDescription(job_name="Scan", job_originating_user_name=wanted.user)
    asked = (default.document_parameters or DocumentParameters()).model_copy(
        update={"format": AskedFormat(value=format_)}
    )
    return ScanTicket(job_description=described, document_parameters=asked)


async def _validate(service: Service, wanted: Wanted, default: ScanTicket | None, format_: Format) -> None:
    """The default ticket, which must be right as it is, and the one of the automatic mode: a format, nothing else."""
    described = JobDescription(job_name=CHECKING, job_originating_user_name=wanted.user)
    automatic = DocumentParameters(format=AskedFormat(value=format_))
    tickets = {"of automatic mode": ScanTicket(job_description=described, document_parameters=automatic)}
    if default is not None:
        tickets["by default"] = default.model_copy(update={"job_description": described})
    for name, ticket in tickets.items():
        request = ValidateScanTicketRequest(scan_ticket=ticket)
        work = service.operate(Operation.VALIDATE_SCAN_TICKET, request, ValidateScanTicketResponse)
        answer = await service.tried(f"ValidateScanTicket {name}", work)
        if answer is None:
            continue
        info = answer[0].validation_info
        front = info.image_information.media_front_image_info
        pixels = f"{front.pixels_per_line} x {front.number_of_lines} pixels"
        service.report.check(info.valid_ticket, f"ValidateScanTicket {name}", pixels, "is not valid")
