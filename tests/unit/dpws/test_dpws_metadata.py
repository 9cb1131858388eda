"""Device metadata: a real device's read, ours as the specification and Windows want it."""

import os
import uuid
from pathlib import Path

import pytest
from lxml import etree

from bridge.dpws import transfer
from bridge.dpws.metadata import Hosted, Metadata, scanner_service
from bridge.errors import OperationRefused, WireError
from bridge.soap import addressing, envelope

REALDATA = Path(os.environ.get("WSD_REALDATA", Path(__file__).parents[4] / "shared" / "realdata"))
SCANNER = scanner_service(("http://192.0.2.1:5380/scan",), "http://wsd-scan-bridge/ScannerService", "VEN_04B8&DEV_011B")
OURS = Metadata(
    manufacturer="EPSON",
    model_name="Perfection",
    friendly_name="Perfection on attic",
    hosted=(SCANNER,),
    manufacturer_url="http://maker.example/",
    model_number="1",
    presentation_url="http://192.0.2.1:5380/",
    device_category="Scanners",
    foundation_category="Imaging.Scanner",
    firmware_version="2.0",
    serial_number="X1",
    container_id=uuid.UUID("4509a320-00a0-008f-00b6-006a7023f0bb"),
)
PNPX = "{http://schemas.microsoft.com/windows/pnpx/2005/10}"
FOUNDATION = "{http://schemas.microsoft.com/windows/2008/09/devicefoundation}"


def recording(name: str) -> bytes:
    file = REALDATA / name
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is absent: set WSD_REALDATA")
        pytest.skip(f"{file} is absent; our own fixtures are tested")
    return file.read_bytes()


def test_ours_reads_back() -> None:
    assert Metadata.from_xml(etree.fromstring(etree.tostring(OURS.to_xml()))) == OURS


def test_windows_finds_what_it_chooses_its_driver_by() -> None:
    root = OURS.to_xml()
    assert root.findtext(f".//{PNPX}CompatibleId") == (
        "http://schemas.microsoft.com/windows/2006/08/wdp/scan/ScannerServiceType"
    )
    assert root.findtext(f".//{PNPX}DeviceCategory") == "Scanners"
    assert root.findtext(f".//{PNPX}HardwareId") == "VEN_04B8&DEV_011B"
    model = root.find(".//{http://schemas.xmlsoap.org/ws/2006/02/devprof}ThisModel")
    assert model is not None
    assert model.findtext(f"{FOUNDATION}DeviceCategory") == "Imaging.Scanner"
    assert root.findtext(f".//{FOUNDATION}ContainerId") == "{4509a320-00a0-008f-00b6-006a7023f0bb}"


def answered(message: bytes) -> Metadata:
    body = envelope.read(message).body
    assert body is not None
    return Metadata.from_xml(body)


def test_names_are_cut_to_what_windows_takes() -> None:
    long = Metadata("m" * 300, "n", "f" * 300)
    read = Metadata.from_xml(long.to_xml())
    assert (len(read.manufacturer), len(read.friendly_name)) == (255, 255)


def test_the_kyocera_s_metadata_are_read() -> None:
    message = recording("wsd/kyocera-ecosys-m2040dn_GetResponse-metadata.xml")
    read = answered(message)
    assert (read.manufacturer, read.model_name) == ("Kyocera", "ECOSYS M2040dn")
    assert read.friendly_name == "Kyocera:ECOSYS M2040dn:KM7B6A91"
    assert read.device_category == "MFP MobilePrinter"
    assert read.container_id == uuid.UUID("4509a320-00a0-008f-00b6-006a7023f0bb")
    assert read.host is None
    assert read.scanners == (
        Hosted(
            ("http://192.168.1.102:5358/WSDScanner", "http://[fe80::217:c8ff:fe7b:6a91]:5358/WSDScanner"),
            ("{http://schemas.microsoft.com/windows/2006/08/wdp/scan}ScannerServiceType",),
            "uri:4509a320-00a0-008f-00b6-002507510eca/WSDScanner",
            "http://schemas.microsoft.com/windows/2006/08/wdp/scan/ScannerServiceType",
            "VEN_0103&DEV_069D",
        ),
    )


def test_a_documents_example_with_https_and_padding_is_read() -> None:
    message = recording("wsd/ms-docs-examples/getresponse--metadata-exchange--message-1.xml")
    read = answered(message)
    assert (read.manufacturer, read.firmware_version, read.serial_number) == ("Microsoft", "alpha", "1")
    assert read.host is not None
    assert read.host.addresses == ("urn:uuid:37f86d35-e6ac-4241-964f-1d9ae46fb366",)
    assert [service.service_id for service in read.hosted] == ["https://testdevice.interop/SimpleService1"]


AIRSCAN_GET = transfer.get("urn:uuid:11111111-2222-3333-4444-555555555555")


def test_a_get_of_sane_airscan_is_answered() -> None:
    file = REALDATA / "captures/sane-airscan-0.99.27/Transfer-Get.http"
    data = file.read_bytes().partition(b"\r\n\r\n")[2] if file.exists() else AIRSCAN_GET
    request = envelope.read_request(data)
    answer = transfer.answer(request, OURS)
    assert len(answer) <= 32_767
    assert answered(answer) == OURS
    assert envelope.read(answer).addressing.relates_to == request.addressing.message_id


@pytest.mark.parametrize("verb", ["Put", "Create", "Delete", "get", "GetResponse"])
def test_nothing_but_get_is_done(verb: str) -> None:
    action = f"http://schemas.xmlsoap.org/ws/2004/09/transfer/{verb}"
    message = envelope.read_request(envelope.write(addressing.request(action, "urn:uuid:1")))
    with pytest.raises(OperationRefused) as caught:
        transfer.answer(message, OURS)
    refused = caught.value.fault
    assert refused.subcode == "{http://schemas.xmlsoap.org/ws/2004/08/addressing}ActionNotSupported"
    assert refused.detail == action


def test_a_relationship_of_the_wrong_case_is_none() -> None:
    root = OURS.to_xml()
    for section in root:
        section.set("Dialect", section.get("Dialect", "").replace("Relationship", "relationship"))
    assert Metadata.from_xml(root).hosted == ()


def test_more_services_than_anybody_has_are_refused() -> None:
    many = Metadata("m", "n", "f", hosted=(SCANNER,) * 129)
    with pytest.raises(WireError):
        Metadata.from_xml(many.to_xml())
