"""How a client finds the scan service behind a URL: directed Probe, WS-Transfer Get, metadata.

A URL may be a host (`http://HOST:PORT`, probed at DPWS's conventional place), a device's address, or the scan service.
Spec: WS-Discovery April 2005; DPWS 2006 section 3 (directed Probe, R1015) and section 5 (metadata).
"""

import asyncio
import socket
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import SplitResult, urlsplit

from bridge.discovery import messages
from bridge.discovery.messages import Probe, ProbeMatches, Target
from bridge.dpws import transfer
from bridge.dpws.metadata import Metadata
from bridge.dsm.names import SERVICE_TYPE
from bridge.errors import BridgeError, ConfigError, WireError
from bridge.net.asking import NoAnswer, Refused, ask, ask_quietly, operate
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference
from bridge.wsscan.operations import GetScannerElementsRequest, GetScannerElementsResponse, Operation
from bridge.wsscan.sections import RequestedElements, ScannerSection
from drivers.contract.http import HttpClient

DIRECTED_PATH: Final = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"


class NoScanner(BridgeError):
    """Somebody answers there, but it has no scan service."""


@dataclass(frozen=True, slots=True)
class Found:
    """A scan service, and its device as far as it was asked."""

    service: str  # where operations and Subscribe go
    name: str  # for people; a stranger's words
    device: str | None = None
    metadata: Metadata | None = None
    is_server: bool = False  # a scan server's processing service (DSM), not a scanner's


async def find_server(client: HttpClient, url: str) -> Found:
    """The processing service of the scan server at `url` (…/ScanServer). Raises as `find`."""
    found = _hosted(await get_metadata(client, url, url), url)
    if not found.is_server:
        raise NoScanner(f"{url}: {found.name} is no scan server")
    return found


async def find(client: HttpClient, url: str) -> Found:
    """The scan service behind `url`. Raises ConfigError (no such URL), NoAnswer, Refused, WireError, NoScanner."""
    parts = _split(url)
    if parts.path in ("", "/", DIRECTED_PATH):
        targets = await probe_at(client, f"{parts.scheme}://{parts.netloc}{DIRECTED_PATH}")
        if not targets:
            raise NoScanner(f"{url}: no scanner there")
        return await find_device(client, targets[0], parts.hostname or "")
    try:
        metadata = await get_metadata(client, url, url)
    except Refused:
        return await _asked_itself(client, url)
    return _hosted(metadata, url)


async def find_device(client: HttpClient, target: Target, host: str = "") -> Found:
    """The scan service of a device that was found by Probe or Resolve; `host` is the address preferred."""
    url = _nearest(target.xaddrs, host)
    if url is None:
        raise NoScanner(f"{target.address}: says nowhere how to reach it")
    return _hosted(await get_metadata(client, url, target.address), url)


async def probe_at(
    client: HttpClient, url: str, types: tuple[str, ...] = (messages.SCAN_DEVICE_TYPE,)
) -> tuple[Target, ...]:
    """Directed Probe; empty when nobody there is of these types. Raises NoAnswer, Refused, WireError."""
    answer = await ask_quietly(client, url, probe(types))
    if answer is None:
        return ()
    if answer.body is None or answer.body.tag != f"{{{names.WSD}}}ProbeMatches":
        raise WireError("ProbeMatches", "is missing")
    return ProbeMatches.from_xml(answer.body).targets


def probe(types: tuple[str, ...] = (messages.SCAN_DEVICE_TYPE,)) -> bytes:
    """A Probe, for HTTP or for multicast."""
    headers = Addressing(
        messages.PROBE,
        names.DISCOVERY_TO,
        addressing.new_message_id(),
        reply_to=EndpointReference(names.ANONYMOUS),
    )
    return envelope.write(headers, Probe(types))


async def get_metadata(client: HttpClient, url: str, device: str) -> Metadata:
    """What the device with that endpoint address says of itself. Raises NoAnswer, Refused, WireError."""
    message = await ask(client, url, transfer.get(device))
    if message.body is None:
        raise WireError("Metadata", "is missing")
    return Metadata.from_xml(message.body)


async def local_address_for(url: str) -> str:
    """Our address on the way to `url`, as the routing table has it; nothing is sent. Raises ConfigError, NoAnswer."""
    parts = _split(url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as way:
            way.connect(address)
            return str(way.getsockname()[0]).partition("%")[0]
    except OSError as err:
        raise NoAnswer(f"{url}: {err.strerror or err}") from err


def _hosted(metadata: Metadata, url: str) -> Found:
    name = metadata.friendly_name or metadata.model_name or url
    addresses = [address for service in metadata.scanners for address in service.addresses]
    service = _nearest(addresses, urlsplit(url).hostname or "")
    if service is None:
        servers = [each for hosted in metadata.hosted if SERVICE_TYPE in hosted.types for each in hosted.addresses]
        server = _nearest(servers, urlsplit(url).hostname or "")
        if server is not None:
            return Found(server, name, url, metadata, is_server=True)
        raise NoScanner(f"{name} at {url} has no scan service")
    return Found(service, name, url, metadata)


async def _asked_itself(client: HttpClient, url: str) -> Found:
    """The URL that knows no Get may be the scan service."""
    request = GetScannerElementsRequest(requested_elements=RequestedElements(name=(ScannerSection.DESCRIPTION,)))
    answer = await operate(client, url, Operation.GET_SCANNER_ELEMENTS, request)
    sections = cast("GetScannerElementsResponse", answer).scanner_elements.element_data
    described = next((data.scanner_description for data in sections if data.scanner_description), None)
    return Found(url, described.scanner_name[0].text if described else url)


def _nearest(urls: Collection[str], host: str) -> str | None:
    """The first URL on that host, else the first we can speak."""
    usable = [url for url in urls if _speakable(url)]
    return next((url for url in usable if urlsplit(url).hostname == host), usable[0] if usable else None)


def _speakable(url: str) -> bool:
    try:
        _split(url)
    except ConfigError:
        return False
    return True


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise ConfigError("address", url, str(err)) from err
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError("address", url, "is not http://HOST[:PORT][/PATH]")
    return parts
