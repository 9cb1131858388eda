"""What Windows wants to be told before it installs its own scan driver for a device, held against what was told.

Pure: a match and metadata in, checks out. Where one of the ids is missing Windows reads the metadata again and again
and never calls the service.
Spec: WSDAPI and PnP-X as documented (hosted, thisModelMetadata, PnPXHardwareId, PnPXCompatibleId); DPWS February 2006;
the limits are WSDAPI's. docs/windows.md has the table.
"""

import ipaddress
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import urlsplit

from bridge.discovery.messages import DEVICE_TYPE, SCAN_DEVICE_TYPE, Target
from bridge.dpws.metadata import SCANNER_COMPATIBLE_ID, SCANNER_SERVICE_TYPE, Hosted, Metadata
from hil.client.report import Report

MAX_ENVELOPE: Final = 32_767
MAX_DATAGRAM: Final = 4_096
MAX_TEXT: Final = 255
MAX_URI: Final = 2_048
MAX_ID: Final = 196


def check_match(report: Report, step: str, target: Target) -> None:
    """A ProbeMatch or ResolveMatch."""
    _list(report, f"{step} Types", {"wsdp:Device": DEVICE_TYPE, "wscn:ScanDeviceType": SCAN_DEVICE_TYPE}, target.types)
    report.check(
        target.address.startswith("urn:uuid:") and len(target.address) <= MAX_URI,
        f"{step} address",
        target.address,
        f"{target.address}: not urn:uuid:…",
    )
    wrong = next(_wrong_urls(target.xaddrs), "" if target.xaddrs else "none: where is it?")
    report.check(not wrong, f"{step} XAddrs", " ".join(target.xaddrs), wrong)


def check_metadata(report: Report, metadata: Metadata, size: int) -> None:
    """The answer to a Get and how many bytes its envelope has."""
    check_size(report, "Get envelope", size)
    for name, text in (
        ("ThisDevice/FriendlyName", metadata.friendly_name),
        ("ThisModel/Manufacturer", metadata.manufacturer),
        ("ThisModel/ModelName", metadata.model_name),
    ):
        report.check(
            text and len(text) <= MAX_TEXT, name, text, "absent" if not text else f"over {MAX_TEXT} characters"
        )
    for name, uri in (
        ("ManufacturerUrl", metadata.manufacturer_url),
        ("ModelUrl", metadata.model_url),
        ("PresentationUrl", metadata.presentation_url),
    ):
        if uri is not None:
            report.check(len(uri) < MAX_URI, f"ThisModel/{name}", uri, f"over {MAX_URI} characters")
    for name, said, wanted in (
        ("ThisModel/pnpx:DeviceCategory", metadata.device_category, "Scanners"),
        ("ThisModel/df:DeviceCategory", metadata.foundation_category, "Imaging.Scanner"),
    ):
        report.check(wanted in (said or "").split(), name, said or "", f"{wanted} is not in it: {said or 'absent'}")
    report.check(
        metadata.container_id is not None,
        "ThisDevice/df:ContainerId",
        f"{{{metadata.container_id}}}",
        "absent: a multi-function device would be several",
    )
    scanners = metadata.scanners
    report.check(scanners, "Hosted", f"{len(scanners)} scan service", "no service of type wscn:ScannerServiceType")
    for service in scanners:
        _check_hosted(report, service)


def check_size(report: Report, step: str, size: int) -> None:
    """WSDAPI reads no more."""
    report.check(size <= MAX_ENVELOPE, step, f"{size} bytes", f"{size} bytes, Windows reads {MAX_ENVELOPE}")


def _check_hosted(report: Report, service: Hosted) -> None:
    _list(report, "Hosted/Types", {"wscn:ScannerServiceType (2006/08)": SCANNER_SERVICE_TYPE}, service.types)
    report.check(
        service.service_id and len(service.service_id) <= MAX_URI, "Hosted/ServiceId", service.service_id, "absent"
    )
    compatible = (service.compatible_id or "").split()
    _list(report, "Hosted/pnpx:CompatibleId", {SCANNER_COMPATIBLE_ID: SCANNER_COMPATIBLE_ID}, compatible)
    hardware = service.hardware_id or ""
    longest = max(map(len, (*hardware.split(), *compatible)), default=0)
    report.check(
        hardware and longest <= MAX_ID,
        "Hosted/pnpx:HardwareId",
        hardware,
        "absent: CompatibleId alone is not looked at" if not hardware else f"an id of more than {MAX_ID} characters",
    )
    wrong = next(_wrong_urls(service.addresses), "" if service.addresses else "absent")
    report.check(not wrong, "Hosted/EndpointReference", " ".join(service.addresses), wrong)


def _list(report: Report, step: str, wanted: dict[str, str], said: Collection[str]) -> None:
    absent = [name for name, value in wanted.items() if value not in said]
    report.check(not absent, step, " ".join(wanted), f"absent: {', '.join(absent)}")


def _wrong_urls(urls: Collection[str]) -> Iterator[str]:
    """Why Windows would not come."""
    if len({urlsplit(url).scheme for url in urls}) > 1:
        yield "http and https together"
    for url in urls:
        host = urlsplit(url).hostname or ""
        if len(url) > MAX_URI:
            yield f"over {MAX_URI} characters"
        if urlsplit(url).scheme not in ("http", "https") or not host:
            yield f"{url[:80]} is no http URL"
        elif "%" in host:
            yield f"{url}: an interface's name means nothing to somebody else"
        elif not _numeric(host):
            yield f"{url}: a name that must be looked up first"


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
