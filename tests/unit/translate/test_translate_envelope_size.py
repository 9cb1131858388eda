"""GetScannerElements has room in what Windows reads, whatever a device tells of itself."""

import pytest

from bridge.soap import envelope
from bridge.soap.addressing import Addressing
from bridge.translate.capabilities import announced_resolutions, configuration
from bridge.translate.ticket import default_ticket
from bridge.wsscan.operations import GetScannerElementsResponse
from bridge.wsscan.sections import ScannerElementData, ScannerElements, ScannerSection
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities

WINDOWS_READS = 32_767


@pytest.mark.parametrize("count", [1, 30, 64, 65, 2000])
def test_four_sources_with_any_number_of_resolutions_fit_with_the_other_sections(count: int) -> None:
    resolutions = (300, *range(10_001, 10_000 + count))
    side = SourceCapabilities((9600, 9600), resolutions, tuple(Mode), Size(100, 100), Size(17_000, 50_000))
    device = Capabilities(platen=side, feeder=side, feeder_back=side, film=side)
    data = (
        ScannerElementData(name=ScannerSection.CONFIGURATION, valid=True, scanner_configuration=configuration(device)),
        ScannerElementData(
            name=ScannerSection.DEFAULT_SCAN_TICKET, valid=True, default_scan_ticket=default_ticket(device)
        ),
    )
    answer = GetScannerElementsResponse(scanner_elements=ScannerElements(element_data=data))
    # 4 kB are left for the description and the status with all its conditions.
    assert len(envelope.write(Addressing("urn:x"), answer)) <= WINDOWS_READS - 4096


def test_of_too_many_resolutions_the_usual_ones_stay() -> None:
    told = announced_resolutions(range(50, 1201))
    assert len(told) == 64
    assert list(told) == sorted(told)
    assert {50, 75, 100, 150, 200, 240, 300, 400, 600, 1200} <= set(told)
    assert announced_resolutions((75, 77, 300)) == (75, 77, 300)
