"""The scanner's sections as GetScannerElements tells them, kept as XML for each year and made anew when they change.

A section is a function of a few values that are compared at each asking, so nothing has to be told to this memory and
nothing in it can be stale; the time in the status is the time of the asking. Clients ask for these sections at every
turn, also while a scan runs, and making one takes a hundred times as long as copying it.
Spec: WS-Scan GetScannerElements.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

from lxml import etree

from bridge.scanner.hosted import HostedScanner
from bridge.soap.element import write_scalar
from bridge.translate import report, ticket
from bridge.translate.capabilities import configuration
from bridge.wsscan import year
from bridge.wsscan.names import PREFIX, qname
from bridge.wsscan.scanner import LocalText, ScannerDescription
from bridge.wsscan.sections import ScannerElementData, ScannerSection
from bridge.wsscan.year import Year

_RESPONSE: Final = "GetScannerElementsResponse"
_ELEMENTS: Final = "ScannerElements"
_DATA: Final = qname("ElementData")
_BY_NAME: Final[Mapping[str, ScannerSection]] = {section.value: section for section in ScannerSection}


class Sections:
    """The four sections of one scanner."""

    def __init__(self, scanner: HostedScanner, name: str, location: str | None) -> None:
        self._scanner, self._name, self._location = scanner, name, location
        # What each was made of, and what became of it. Four names in two years: it does not grow.
        self._kept: dict[tuple[ScannerSection, Year], tuple[Any, etree._Element]] = {}

    def response(self, names: Iterable[str], spoken: Year) -> etree._Element:
        """The GetScannerElementsResponse in that year. A name asked for twice is answered once."""
        root = etree.Element(f"{{{spoken.namespace}}}{_RESPONSE}", nsmap={PREFIX: spoken.namespace})
        holder = etree.SubElement(root, f"{{{spoken.namespace}}}{_ELEMENTS}")
        for name in dict.fromkeys(names):
            holder.append(self._section(name, spoken))
        return root

    def description(self) -> ScannerDescription:
        """The ScannerDescription section."""
        location = () if self._location is None else (LocalText(text=self._location),)
        return ScannerDescription(
            scanner_name=(LocalText(text=self._name),),
            scanner_info=(LocalText(text=self._scanner.identity.name[:127]),),
            scanner_location=location,
        )

    def _section(self, name: str, spoken: Year) -> etree._Element:
        section = _BY_NAME.get(name)
        if section is None:
            return _spelled(ScannerElementData(name=name, valid=False), spoken)
        made_of = self._made_of(section)
        kept = self._kept.get((section, spoken))
        if kept is None or kept[0] != made_of:
            kept = self._kept[section, spoken] = made_of, _spelled(self._make(section), spoken)
        element = deepcopy(kept[1])
        if section is ScannerSection.STATUS:
            element[0][0].text = write_scalar(self._scanner.clock.now())  # ScannerCurrentTime, the status's first
        return element

    def _made_of(self, section: ScannerSection) -> Any:
        scanner = self._scanner
        match section:
            case ScannerSection.DESCRIPTION:
                return scanner.identity
            case ScannerSection.STATUS:
                return scanner.view, scanner.scanning
            case ScannerSection.CONFIGURATION | ScannerSection.DEFAULT_SCAN_TICKET:
                return scanner.capabilities

    def _make(self, section: ScannerSection) -> ScannerElementData:
        scanner = self._scanner
        match section:
            case ScannerSection.DESCRIPTION:
                return ScannerElementData(name=section, valid=True, scanner_description=self.description())
            case ScannerSection.CONFIGURATION:
                told = configuration(scanner.capabilities)
                return ScannerElementData(name=section, valid=True, scanner_configuration=told)
            case ScannerSection.STATUS:
                status = report.scanner_status(scanner.view, scanner.clock.now(), scanning=scanner.scanning)
                return ScannerElementData(name=section, valid=True, scanner_status=status)
            case ScannerSection.DEFAULT_SCAN_TICKET:
                usual = ticket.default_ticket(scanner.capabilities)
                return ScannerElementData(name=section, valid=True, default_scan_ticket=usual)


def _spelled(data: ScannerElementData, spoken: Year) -> etree._Element:
    return year.respell(data.to_xml(tag=_DATA), spoken)
