"""The well-formed messages that damage begins with: one of each kind that a client sends, and recordings if given.

`LIVE` words stand where only a running service knows the right value (an open job, a lease); whoever sends puts it in,
so that mutated messages reach what lies behind tokens and identifiers.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from lxml import etree

from bridge.discovery import messages as discovery
from bridge.discovery.messages import Probe, Resolve
from bridge.eventing import messages as eventing
from bridge.eventing.messages import Filter, Renew, Subscribe
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.translate.capabilities import configuration
from bridge.wsscan.destinations import ScanDestination, ScanDestinations
from bridge.wsscan.events import EventName
from bridge.wsscan.names import ScanElement
from bridge.wsscan.operations import (
    CancelJobRequest,
    CreateScanJobRequest,
    GetActiveJobsRequest,
    GetJobElementsRequest,
    GetJobHistoryRequest,
    GetScannerElementsRequest,
    Operation,
    RetrieveImageRequest,
    ValidateScanTicketRequest,
)
from bridge.wsscan.sections import JobSection, RequestedElements, ScannerSection
from bridge.wsscan.ticket import Dimensions, DocumentDescription, ScanTicket
from bridge.wsscan.values import ColorEntry, InputSource
from bridge.wsscan.year import Year, action, respell
from drivers.contract import xml
from drivers.contract.capabilities import Capabilities
from hil.client import ticket
from hil.client.ticket import Wish

JOB: Final = 1_999_999_999
TOKEN: Final = "live-token"  # noqa: S105 - a place for one
LEASE: Final = "urn:uuid:11111111-2222-4333-8444-555555555555"
ADDRESS: Final = "urn:uuid:99999999-2222-4333-8444-555555555555"
NOTIFY: Final = "http://127.0.0.1:9/live"
LIVE: Final = (str(JOB), TOKEN, LEASE, ADDRESS, NOTIFY)

Seed = etree._Element

_MOST: Final = 64 * 1024  # of a recorded message


def question() -> bytes:
    """What any scanner answers."""
    asked = GetScannerElementsRequest(requested_elements=RequestedElements(name=(ScannerSection.STATUS,)))
    return envelope.write(addressing.request(action(Operation.GET_SCANNER_ELEMENTS), "http://127.0.0.1/"), asked)


def ours(capabilities: Capabilities) -> list[etree._Element]:
    """A message of every kind, in both years where it has one."""
    made: list[bytes] = []
    for operation, request in _requests(capabilities):
        for year in Year:
            headers = addressing.request(action(operation, year), "http://127.0.0.1/scan")
            made.append(envelope.write(headers, respell(request.to_xml(), year)))
    made += _subscriptions()
    probe = Probe((discovery.DEVICE_TYPE, discovery.SCAN_DEVICE_TYPE), ("urn:a",), f"{names.WSD}/rfc3986")
    for asked in (probe, Probe((discovery.DEVICE_TYPE,)), Probe()):
        made.append(envelope.write(_multicast(discovery.PROBE), asked))
    made.append(envelope.write(_multicast(discovery.RESOLVE), Resolve(ADDRESS)))
    made.append(envelope.write(addressing.request(names.TRANSFER_GET, ADDRESS)))
    return [xml.parse(data) for data in made]


def recorded(directory: Path) -> list[etree._Element]:
    """Every message under `directory` that can be read: XML, or HTTP requests with XML in them."""
    return list(_recorded(directory))


def _recorded(directory: Path) -> Iterator[etree._Element]:
    for path in sorted((*directory.rglob("*.xml"), *directory.rglob("*.http"))):
        data = path.read_bytes()
        if path.suffix == ".http":
            _, _, data = data.partition(b"\n\n" if b"\r\n\r\n" not in data else b"\r\n\r\n")
        if len(data) > _MOST:
            continue
        try:
            yield xml.parse(data, _MOST)
        except xml.XmlRefused:
            continue


def _requests(capabilities: Capabilities) -> Iterator[tuple[Operation, ScanElement]]:
    for source in (InputSource.PLATEN, InputSource.ADF):
        wish = Wish(source, "png", ColorEntry.GRAYSCALE_8, 75, 0, Dimensions(width=400, height=400))
        asked: ScanTicket = ticket.make(wish, configuration(capabilities))
        yield Operation.CREATE_SCAN_JOB, CreateScanJobRequest(scan_ticket=asked)
        yield Operation.VALIDATE_SCAN_TICKET, ValidateScanTicketRequest(scan_ticket=asked)
    document = DocumentDescription(document_name="page.png")
    yield (
        Operation.RETRIEVE_IMAGE,
        RetrieveImageRequest(job_id=JOB, job_token=TOKEN, document_description=document),
    )
    yield Operation.CANCEL_JOB, CancelJobRequest(job_id=JOB)
    every = RequestedElements(name=tuple(ScannerSection))
    yield Operation.GET_SCANNER_ELEMENTS, GetScannerElementsRequest(requested_elements=every)
    sections = RequestedElements(name=tuple(JobSection))
    yield Operation.GET_JOB_ELEMENTS, GetJobElementsRequest(job_id=JOB, requested_elements=sections)
    yield Operation.GET_ACTIVE_JOBS, GetActiveJobsRequest()
    yield Operation.GET_JOB_HISTORY, GetJobHistoryRequest()


def _subscriptions() -> Iterator[bytes]:
    sink = EndpointReference(NOTIFY, reference_parameters=(identifier_block(LEASE),))
    offer = ScanDestinations(scan_destination=(ScanDestination(client_display_name="PC", client_context="Scan"),))
    for year in Year:
        wanted = " ".join(action(name, year) for name in EventName)
        subscribe = Subscribe(
            sink,
            sink,
            timedelta(hours=1),
            Filter(f"{names.WSDP}/Action", wanted),
            (respell(offer.to_xml(), year),),
        )
        yield envelope.write(addressing.request(eventing.SUBSCRIBE, "http://127.0.0.1/scan"), subscribe)
    manage = (
        (eventing.RENEW, Renew(timedelta(hours=1)).to_xml()),
        (eventing.GET_STATUS, etree.Element(f"{{{names.WSE}}}GetStatus")),
        (eventing.UNSUBSCRIBE, etree.Element(f"{{{names.WSE}}}Unsubscribe")),
    )
    for name, body in manage:
        identifier = etree.Element(eventing.IDENTIFIER)
        identifier.text = LEASE
        yield envelope.write(addressing.request(name, "http://127.0.0.1/scan"), body, blocks=(identifier,))


def _multicast(name: str) -> Addressing:
    return Addressing(name, names.DISCOVERY_TO, addressing.new_message_id())
