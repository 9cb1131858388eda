"""Our messages, element by element, against golden ones written by hand from the specifications; recordings read.

In a golden message `*` is any text. Prefixes are compared too: some clients know only the usual ones.
"""

import os
import struct
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from bridge.discovery import messages
from bridge.discovery.messages import AppSequence, Probe, ProbeMatches, Resolve, ResolveMatches
from bridge.discovery.responder import Announced, Responder
from bridge.dpws import transfer
from bridge.dpws.metadata import Metadata, scanner_service
from bridge.eventing import faults
from bridge.eventing.messages import SUBSCRIBE_RESPONSE, SubscribeResponse
from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
REALDATA = Path(os.environ.get("WSD_REALDATA", ROOT.parent / "shared" / "realdata"))
SCANNER = "urn:uuid:11111111-2222-3333-4444-555555555555"
REQUEST = Addressing("urn:any", message_id="urn:uuid:1")


def told(element: etree._Element, path: str = "") -> Iterator[tuple[str, object]]:
    """Every fact of the tree with where it stands."""
    here = f"{path}/{element.prefix}:{etree.QName(element).localname}"
    yield here, element.tag
    yield f"{here} attributes", dict(element.attrib)
    yield f"{here} text", (element.text or "").strip()
    yield f"{here} children", len(element)
    for child in element:
        yield from told(child, here)


def assert_golden(data: bytes, name: str) -> None:
    root, golden = etree.fromstring(data), etree.parse(GOLDEN / f"{name}.xml").getroot()
    wanted = dict(enumerate(told(golden)))
    got = [
        (where, "*" if n in wanted and wanted[n] == (where, "*") and value else value)
        for n, (where, value) in enumerate(told(root))
    ]
    assert got == list(wanted.values())
    # Names in text resolve at the top, for clients that look no deeper.
    assert {str(k): v for k, v in root.nsmap.items()} == {str(k): v for k, v in golden.nsmap.items()}
    assert data.count(b"xmlns:") == len(golden.nsmap)


def responder() -> Responder:
    ours = Responder(42, Random(1))
    types = (messages.DEVICE_TYPE, messages.SCAN_DEVICE_TYPE)
    scopes = ("http://attic.example/scanners",)
    ours.put(Announced(SCANNER, types, lambda local: (f"http://{local}:5380/scanner",), scopes, 3))
    return ours


def test_hello() -> None:
    assert_golden(responder().hello(SCANNER, "192.0.2.1"), "hello")


def test_bye() -> None:
    assert_golden(responder().bye(SCANNER), "bye")


def test_probe_matches() -> None:
    question = envelope.write(Addressing(messages.PROBE, names.DISCOVERY_TO, "urn:uuid:1"), Probe())
    assert_golden(responder().answer(question, "192.0.2.9", "192.0.2.1")[0].data, "probe-matches")
    directed = responder().directed(envelope.read_request(question), "192.0.2.1")
    assert directed is not None
    assert_golden(directed, "probe-matches")


def test_resolve_matches() -> None:
    question = envelope.write(Addressing(messages.RESOLVE, names.DISCOVERY_TO, "urn:uuid:1"), Resolve(SCANNER))
    assert_golden(responder().answer(question, "192.0.2.9", "192.0.2.1")[0].data, "resolve-matches")


def test_get_response() -> None:
    metadata = Metadata(
        manufacturer="EPSON",
        model_name="Perfection",
        friendly_name="Attic scanner",
        hosted=(scanner_service(("http://192.0.2.1:5380/scan",), "uri:1/WSDScanner", "VEN_04B8&DEV_011B"),),
        presentation_url="http://192.0.2.1:5380/",
        device_category="Scanners",
        foundation_category="Imaging.Scanner",
        firmware_version="2.0",
        serial_number="X1",
        container_id=uuid.UUID("4509a320-00a0-008f-00b6-006a7023f0bb"),
    )
    request = envelope.write(Addressing(names.TRANSFER_GET, SCANNER, "urn:uuid:1"))
    assert_golden(transfer.answer(envelope.read_request(request), metadata), "get-response")


def test_subscribe_response() -> None:
    manager = EndpointReference("http://192.0.2.1:5380/scan", (), (identifier_block("urn:uuid:7"),))
    body = SubscribeResponse(manager, timedelta(minutes=90))
    assert_golden(envelope.write(REQUEST.answer(SUBSCRIBE_RESPONSE), body), "subscribe-response")


def test_fault() -> None:
    refusal = faults.filtering_unavailable("http://schemas.xmlsoap.org/ws/2006/02/devprof/Action")
    assert_golden(envelope.write_fault(refusal, "urn:uuid:1"), "fault")


def recording(name: str) -> bytes:
    file = REALDATA / name
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is absent: set WSD_REALDATA")
        pytest.skip(f"{file} is absent: set WSD_REALDATA")
    return file.read_bytes()


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("probematches-message-1", "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches"),
        ("resolve-message-1", "http://schemas.xmlsoap.org/ws/2005/04/discovery/Resolve"),
        ("resolvematches-message-1", "http://schemas.xmlsoap.org/ws/2005/04/discovery/ResolveMatches"),
    ],
)
def test_the_documents_discovery_messages_are_read(name: str, action: str) -> None:
    message = envelope.read(recording(f"wsd/ms-docs-examples/{name}.xml"))
    assert message.addressing.action == action
    assert message.body is not None
    device = "urn:uuid:37f86d35-e6ac-4241-964f-1d9ae46fb366"
    if name.startswith("resolve-"):
        assert Resolve.from_xml(message.body).address == device
        return
    if name.startswith("probe"):
        (target,) = ProbeMatches.from_xml(message.body).targets
    else:
        found = ResolveMatches.from_xml(message.body).target
        assert found is not None
        target = found
    assert target.address == device
    assert messages.DEVICE_TYPE in target.types
    assert target.metadata_version == 2
    assert AppSequence.from_xml(message.headers[0]).instance_id > 0


def datagrams(pcapng: bytes) -> Iterator[bytes]:
    """The UDP payloads to port 3702 in the enhanced packet blocks (type 6) of a little-endian Ethernet capture."""
    at = 0
    while at < len(pcapng):
        kind, length = struct.unpack_from("<II", pcapng, at)
        if kind == 6:
            (captured,) = struct.unpack_from("<I", pcapng, at + 20)
            frame = pcapng[at + 28 : at + 28 + captured]
            udp = frame[34:] if frame[12:14] == b"\x08\x00" else frame[54:]  # IPv4 without options, or IPv6
            port, size = struct.unpack_from(">HH", udp, 2)
            if port == 3702:
                yield udp[8:size]
        at += length


def test_what_windows_multicasts_is_read() -> None:
    found = [envelope.read(data) for data in datagrams(recording("wsd/windows-wsdiscovery/ndpi_upnp.pcap"))]
    assert found
    for message in found:
        assert message.addressing.message_id is not None
        assert message.body is not None
        assert message.addressing.action in (messages.PROBE, messages.RESOLVE)
        if message.addressing.action == messages.PROBE:
            Probe.from_xml(message.body)
        else:
            assert Resolve.from_xml(message.body).address.startswith("urn:uuid:")


def test_windows_resolve_finds_the_device_it_names() -> None:
    data = recording("wsd/windows-wsdiscovery/upnp_01_Resolve.xml")
    ours = responder()
    assert ours.answer(data, "192.0.2.9", "192.0.2.1") == ()
    ours.put(Announced("urn:uuid:e3248000-80ce-11db-8000-001ba99ec956", (), lambda _: ("http://192.0.2.1/",)))
    assert len(ours.answer(data, "192.0.2.9", "192.0.2.1")) == 1


def test_every_recorded_request_of_sane_airscan_is_a_message() -> None:
    folder = REALDATA / "captures" / "sane-airscan-0.99.27"
    recording("captures/sane-airscan-0.99.27/Transfer-Get.http")
    for file in sorted(folder.glob("*.http")):
        message = envelope.read_request(file.read_bytes().partition(b"\r\n\r\n")[2])
        assert message.addressing.action.startswith("http://schemas."), file.name
