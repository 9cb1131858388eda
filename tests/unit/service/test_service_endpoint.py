"""What one scanner says of itself, and the fault that a refused peer is owed in its own year."""

import uuid
from dataclasses import replace

import pytest
from lxml import etree

from bridge.scanner.hosted import HostedScanner
from bridge.service import endpoint
from bridge.wsscan import faults
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.clock import SystemClock
from drivers.contract.identity import Identity

ONE = uuid.UUID(int=1)
IDENTITY = Identity("usb-04b8-0110-A", "Epson", "Perfection 1640", "A", "1.0", 0x04B8, 0x0110)
SIDE = SourceCapabilities((600, 600), (75, 150), (Mode.RGB24,), Size(100, 100), Size(8500, 11690))
Y01 = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"
Y08 = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"


def scanner(identity: Identity = IDENTITY, capabilities: Capabilities | None = None) -> HostedScanner:
    found = HostedScanner(identity, lambda: 1, SystemClock(), lambda name, body: None)
    found.capabilities = capabilities or Capabilities(platen=SIDE)
    return found


def test_the_digest_stays_while_nothing_changes() -> None:
    assert endpoint.digest(ONE, scanner(), "A") == endpoint.digest(ONE, scanner(), "A")


@pytest.mark.parametrize(
    "changed",
    [
        endpoint.digest(uuid.UUID(int=2), scanner(), "A"),
        endpoint.digest(ONE, scanner(), "B"),
        endpoint.digest(ONE, scanner(replace(IDENTITY, firmware="1.1")), "A"),
        endpoint.digest(ONE, scanner(replace(IDENTITY, serial="B")), "A"),
        endpoint.digest(ONE, scanner(capabilities=Capabilities(platen=SIDE, feeder=SIDE)), "A"),
        endpoint.digest(ONE, scanner(capabilities=Capabilities(platen=replace(SIDE, modes=(Mode.GRAY8,)))), "A"),
    ],
)
def test_the_digest_changes_with_all_that_clients_remember(changed: str) -> None:
    assert changed != endpoint.digest(ONE, scanner(), "A")


@pytest.mark.parametrize(
    ("identity", "hardware"),
    [
        (IDENTITY, "VEN_04B8&DEV_0110"),
        (replace(IDENTITY, vendor_id=None, product_id=None), "VEN_0000&DEV_Epson_Perfection_1640"),
        (Identity("snmp-a:161", "", "MFP 4 (b&w)"), "VEN_0000&DEV_MFP_4_b_w_"),
    ],
)
def test_every_device_has_a_hardware_id_of_one_word(identity: Identity, hardware: str) -> None:
    said = endpoint.metadata(ONE, identity, "A", "http://here/scan")
    (hosted,) = said.hosted
    assert hosted.hardware_id == hardware
    assert hosted.compatible_id == f"{Y08}/ScannerServiceType"
    assert hosted.service_id == f"uri:{ONE}/ScannerService"
    assert said.manufacturer  # DPWS: at least one


def test_a_device_without_number_and_version_has_them_all_the_same() -> None:
    said = endpoint.metadata(uuid.UUID(int=0xABC), replace(IDENTITY, serial=None, firmware=None), "A", "http://here/")
    assert (said.serial_number, said.firmware_version) == ("000000000ABC", "unknown")


@pytest.mark.parametrize(
    ("action", "namespace"),
    [(f"{Y01}/CancelJob", Y01), (f"{Y08}/CancelJob", Y08), ("urn:other", Y08), ("", Y08)],
)
def test_a_fault_speaks_the_year_of_the_action_it_answers(action: str, namespace: str) -> None:
    root = etree.fromstring(endpoint.refusal(faults.job_id_not_found(7), action, "urn:uuid:7"))
    (value,) = root.iterfind(".//{http://www.w3.org/2003/05/soap-envelope}Subcode/*")
    prefix, _, local = (value.text or "").partition(":")
    assert (value.nsmap[prefix], local) == (namespace, "ClientErrorJobIdNotFound")
    assert root.findtext(".//{*}RelatesTo") == "urn:uuid:7"
