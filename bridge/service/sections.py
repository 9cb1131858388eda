"""The scanner's sections as GetScannerElements tells them, kept as written for each year and written anew when they
change.

A section is a function of a few values that are compared at each asking, so nothing has to be told to this memory and
nothing in it can be stale; the time in the status is the time of the asking. Clients ask for these sections at every
turn, also while a scan runs, and making one takes a hundred times as long as saying it again.
Spec: WS-Scan GetScannerElements.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lxml import etree

from bridge.scanner.hosted import HostedScanner
from bridge.service.circular import Refrain, omission
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
_MOST_KEPT: Final = 16  # answers; Windows asks for the sections one by one, others for two or four at once
_BY_NAME: Final[Mapping[str, ScannerSection]] = {section.value: section for section in ScannerSection}


class Sections:
    """The four sections of one scanner."""

    def __init__(self, scanner: HostedScanner, name: str, location: str | None) -> None:
        self._scanner, self._name, self._location = scanner, name, location
        # What each answer was made of, and what became of it.
        self._kept: dict[tuple[tuple[str, ...], Year], tuple[Any, Refrain]] = {}

    def answer(self, names: Iterable[str], spoken: Year, question: str) -> bytes:
        """The answer to the GetScannerElements of that MessageID, in that year. A name asked for twice is answered
        once."""
        asked = tuple(dict.fromkeys(names))
        made_of = tuple(self._made_of(_BY_NAME[name]) for name in asked if name in _BY_NAME)
        kept = self._kept.get((asked, spoken))
        if kept is None or kept[0] != made_of:
            kept = made_of, self._written(asked, spoken)
            if all(name in _BY_NAME for name in asked):  # what is not, strangers make up
                while len(self._kept) >= _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[asked, spoken] = kept
        return kept[1].to(question, write_scalar(self._scanner.clock.now()))

    def _written(self, asked: Iterable[str], spoken: Year) -> Refrain:
        root = etree.Element(f"{{{spoken.namespace}}}{_RESPONSE}", nsmap={PREFIX: spoken.namespace})
        holder = etree.SubElement(root, f"{{{spoken.namespace}}}{_ELEMENTS}")
        for name in asked:
            element = self._section(name, spoken)
            holder.append(element)
            if name == ScannerSection.STATUS:
                time = element[0][0]  # ScannerCurrentTime, the status's first
                time.text = None
                time.append(omission())
        return Refrain(year.action(_RESPONSE, spoken), root)

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
        return _spelled(self._make(section), spoken)

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
