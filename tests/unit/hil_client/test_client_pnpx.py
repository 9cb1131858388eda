"""What Windows would miss is named, each thing by itself."""

import io
import uuid
from dataclasses import replace

import pytest

from bridge.discovery.messages import DEVICE_TYPE, SCAN_DEVICE_TYPE, Target
from bridge.dpws.metadata import Metadata, scanner_service
from hil.client import pnpx
from hil.client.report import Report, Verdict

SERVICE = scanner_service(("http://192.0.2.1:5380/scan",), "uri:1/ScannerService", "VEN_04B8&DEV_011B")
WHOLE = Metadata(
    "Epson",
    "Perfection (WSD)",
    "Perfection on attic",
    hosted=(SERVICE,),
    device_category="MFP Scanners",
    foundation_category="PrintFax.MFP Imaging.Scanner",
    container_id=uuid.UUID(int=1),
)
MATCH = Target("urn:uuid:1", (DEVICE_TYPE, SCAN_DEVICE_TYPE), xaddrs=("http://192.0.2.1:5380/1",))


def missing(report: Report) -> list[str]:
    return [line.step for line in report.of(Verdict.MISSING)]


def of_metadata(metadata: Metadata, size: int = 1000) -> list[str]:
    report = Report(io.StringIO())
    pnpx.check_metadata(report, metadata, size)
    return missing(report)


def of_match(target: Target) -> list[str]:
    report = Report(io.StringIO())
    pnpx.check_match(report, "ProbeMatch", target)
    return missing(report)


def test_nothing_is_missing_of_a_whole_one() -> None:
    assert of_metadata(WHOLE, 32_767) == []
    assert of_match(MATCH) == []


@pytest.mark.parametrize(
    ("metadata", "step"),
    [
        (replace(WHOLE, manufacturer=""), "ThisModel/Manufacturer"),
        (replace(WHOLE, model_name="x" * 256), "ThisModel/ModelName"),
        (replace(WHOLE, friendly_name=""), "ThisDevice/FriendlyName"),
        (replace(WHOLE, presentation_url="http://" + "x" * 2050), "ThisModel/PresentationUrl"),
        (replace(WHOLE, device_category=None), "ThisModel/pnpx:DeviceCategory"),
        (replace(WHOLE, device_category="Printers"), "ThisModel/pnpx:DeviceCategory"),
        (replace(WHOLE, foundation_category=None), "ThisModel/df:DeviceCategory"),
        (replace(WHOLE, container_id=None), "ThisDevice/df:ContainerId"),
        (replace(WHOLE, hosted=()), "Hosted"),
        (replace(WHOLE, hosted=(replace(SERVICE, hardware_id=None),)), "Hosted/pnpx:HardwareId"),
        (replace(WHOLE, hosted=(replace(SERVICE, hardware_id="x" * 197),)), "Hosted/pnpx:HardwareId"),
        (replace(WHOLE, hosted=(replace(SERVICE, compatible_id="urn:other"),)), "Hosted/pnpx:CompatibleId"),
        (replace(WHOLE, hosted=(replace(SERVICE, service_id=""),)), "Hosted/ServiceId"),
        (replace(WHOLE, hosted=(replace(SERVICE, addresses=()),)), "Hosted/EndpointReference"),
        (
            replace(
                WHOLE,
                hosted=(
                    replace(
                        SERVICE,
                        types=("{http://schemas.microsoft.com/windows/2006/01/wdp/scan}ScannerServiceType",),
                    ),
                ),
            ),
            "Hosted/Types",
        ),
    ],
)
def test_what_is_missing_is_named(metadata: Metadata, step: str) -> None:
    assert of_metadata(metadata) == [step]


def test_an_envelope_that_windows_does_not_read_is_named() -> None:
    assert of_metadata(WHOLE, 32_768) == ["Get envelope"]


@pytest.mark.parametrize(
    ("target", "step"),
    [
        (replace(MATCH, types=(SCAN_DEVICE_TYPE,)), "ProbeMatch Types"),
        (replace(MATCH, address="uuid:1"), "ProbeMatch address"),
        (replace(MATCH, xaddrs=()), "ProbeMatch XAddrs"),
        (replace(MATCH, xaddrs=("http://192.0.2.1/1", "https://192.0.2.1/1")), "ProbeMatch XAddrs"),
        (replace(MATCH, xaddrs=("http://scanner.example/1",)), "ProbeMatch XAddrs"),
        (replace(MATCH, xaddrs=("http://[fe80::1%25eth0]/1",)), "ProbeMatch XAddrs"),
    ],
)
def test_a_match_that_leads_nowhere_is_named(target: Target, step: str) -> None:
    assert of_match(target) == [step]


def test_what_a_stranger_calls_itself_stays_on_its_line() -> None:
    out = io.StringIO()
    pnpx.check_metadata(Report(out), replace(WHOLE, friendly_name="a\nok       Get"), 10)
    assert "a?ok" in out.getvalue()
