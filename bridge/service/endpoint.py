"""Everything one scanner answers over HTTP, by the Action of the request: scan service, event source, device.

The namespace year of an answer or a fault is the year of the request's Action; bodies are understood in both.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bridge.discovery import messages as discovery
from bridge.discovery.responder import Responder
from bridge.dpws import transfer
from bridge.dpws.metadata import Metadata, scanner_service
from bridge.errors import OperationRefused, WireError
from bridge.eventing.policy import Caller
from bridge.jobs.tray import Outgoing
from bridge.scanner.hosted import HostedScanner
from bridge.service import scan
from bridge.service.peer import Peer
from bridge.service.scan import ScanService
from bridge.service.sections import Sections
from bridge.service.subscriptions import Subscriptions
from bridge.soap import envelope, fault, names
from bridge.soap.addressing import Addressing, new_message_id
from bridge.soap.envelope import EnvelopeRefused, Message
from bridge.soap.mtom import Package
from bridge.soap.xop import Include
from bridge.wsscan import faults, year
from bridge.wsscan.operations import Operation, RetrieveImageResponse, ScanData
from bridge.wsscan.year import Year
from drivers.contract.identity import Identity
from drivers.contract.xml import MAX_BYTES

DEVICE_CATEGORY: Final = "Scanners"
FOUNDATION_CATEGORY: Final = "Imaging.Scanner"


@dataclass(frozen=True, slots=True)
class Image:
    """One RetrieveImage answer under way: `head`, the page's chunks, `tail`."""

    content_type: str
    head: bytes
    outgoing: Outgoing
    tail: bytes


class Endpoint:
    """One scanner's voice."""

    def __init__(self, uuid: UUID, service: ScanService, subscriptions: Subscriptions, responder: Responder) -> None:
        self.uuid = uuid
        self.service = service
        self.subscriptions = subscriptions
        self._sections = Sections(service.scanner, service.name, service.location)
        self._responder = responder

    @property
    def address(self) -> str:
        """The device's endpoint address."""
        return self.uuid.urn

    def device_path(self) -> str:
        """Where Get and directed Probes go."""
        return f"/{self.uuid}"

    def scan_path(self) -> str:
        """Where everything else goes."""
        return f"/{self.uuid}/scan"

    def metadata(self, base_url: str) -> Metadata:
        """What a Get is answered with, for a peer that reaches us at `base_url`."""
        return metadata(self.uuid, self.service.scanner.identity, self.service.name, f"{base_url}{self.scan_path()}")

    async def answer(self, message: Message, peer: Peer, base_url: str, own_ports: frozenset[int]) -> bytes | None:
        """The answer to any request but RetrieveImage; None is 202 with an empty body. Raises OperationRefused."""
        action = message.addressing.action
        self.service.access.require_for(action, peer)
        split = year.split_action(action)
        if split is not None:
            return await self._operate(message, *split, peer)
        if action.startswith(f"{names.WSE}/"):
            caller = Caller(peer.scoped_address, peer.local_address, own_ports)
            return self.subscriptions.answer(message, caller, f"{base_url}{self.scan_path()}")
        if action == discovery.PROBE:
            return self._probe(message, peer)
        # The service has a URL for its address, the device a urn.
        at_service = message.addressing.to.rstrip("/").endswith(self.scan_path())
        service = f"{base_url}{self.scan_path()}" if at_service else None
        return transfer.answer(message, self.metadata(base_url), service)

    def _probe(self, message: Message, peer: Peer) -> bytes | None:
        try:
            return self._responder.directed(message, peer.scoped_local_address, only=self.address)
        except WireError as err:
            raise OperationRefused(fault.malformed(str(err))) from err

    async def _operate(self, message: Message, spoken: Year, name: str, peer: Peer) -> bytes:
        operation = operation_of(message, name)
        if message.body is not None:
            year.normalise(message.body)
        if operation is Operation.GET_SCANNER_ELEMENTS:
            asked = scan.requested_sections(message.body)
            answer = self._sections.answer(asked, spoken, message.addressing.message_id or "")
        else:
            result = await scan.answer(self.service, operation, message.body, peer)
            headers = message.addressing.answer(year.action(f"{operation}Response", spoken))
            answer = envelope.write(headers, year.respell(result.to_xml(), spoken))
        if len(answer) > MAX_BYTES:
            raise faults.invalid_args("more was asked for at once than an answer may hold")
        return answer

    @asynccontextmanager
    async def retrieve(self, message: Message, peer: Peer) -> AsyncIterator[Image]:
        """A RetrieveImage: its answer begins when the page's first bytes are there. Raises OperationRefused."""
        self.service.access.require_for(message.addressing.action, peer)
        spoken = year.year_of_action(message.addressing.action) or year.DEFAULT
        if message.body is not None:
            year.normalise(message.body)
        async with scan.retrieve_image(self.service, message.body) as (outgoing, media_type):
            package = Package()
            content_id = f"image-{self.uuid.hex}@wsd"
            body = RetrieveImageResponse(scan_data=ScanData(include=Include.of(content_id)))
            headers = message.addressing.answer(year.action(f"{Operation.RETRIEVE_IMAGE}Response", spoken))
            root = envelope.write(headers, year.respell(body.to_xml(), spoken))
            yield Image(package.content_type, package.head(root, content_id, media_type), outgoing, package.tail())


def is_retrieve_image(message: Message) -> bool:
    """Whether the answer to this is a stream."""
    split = year.split_action(message.addressing.action)
    return split is not None and split[1] == Operation.RETRIEVE_IMAGE


def operation_of(message: Message, name: str) -> Operation:
    """The operation that an Action names. Raises OperationRefused."""
    try:
        return Operation(name)
    except ValueError as err:
        raise faults.action_not_supported(message.addressing.action) from err


def refusal(err: OperationRefused, action: str, relates_to: str | None) -> bytes:
    """The fault as the peer is owed it, in the year that it spoke."""
    if isinstance(err, EnvelopeRefused):
        return envelope.answer_refusal(err)
    spoken = year.year_of_action(action) or year.DEFAULT
    headers = Addressing(err.fault.action or names.FAULT_ACTION, names.ANONYMOUS, new_message_id(), relates_to)
    return envelope.write(headers, year.respell(fault.to_xml(err.fault), spoken))


def metadata(uuid: UUID, identity: Identity, name: str, scan_url: str) -> Metadata:
    """The device's own description. Were the model named just as on USB, Windows would fetch its maker's driver.

    What DPWS leaves optional and every device's own server says is said too: clients read it unasked (WSD-python).
    """
    return Metadata(
        manufacturer=identity.manufacturer or "unknown",  # DPWS wants one
        model_name=f"{identity.model} (WSD)",
        friendly_name=name,
        hosted=(scanner_service((scan_url,), f"uri:{uuid}/ScannerService", hardware_id(identity)),),
        device_category=DEVICE_CATEGORY,
        foundation_category=FOUNDATION_CATEGORY,
        firmware_version=identity.firmware or "unknown",
        serial_number=identity.serial or uuid.hex[-12:].upper(),
        container_id=uuid,
    )


def hardware_id(identity: Identity) -> str:
    """The PnP-X id: the ids of USB, or the model's name for a device that has none. One word, never empty."""
    if identity.vendor_id is not None and identity.product_id is not None:
        return f"VEN_{identity.vendor_id:04X}&DEV_{identity.product_id:04X}"
    return f"VEN_0000&DEV_{re.sub('[^A-Za-z0-9-]+', '_', identity.name)}"


def digest(uuid: UUID, scanner: HostedScanner, name: str) -> str:
    """Changes exactly when MetadataVersion must: with what a Get says, wherever it is asked."""
    said = metadata(uuid, scanner.identity, name, "http://here/scan")
    return hashlib.sha256(f"{said!r} {scanner.capabilities!r}".encode()).hexdigest()
