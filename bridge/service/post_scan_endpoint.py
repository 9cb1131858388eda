"""Everything a scan server answers, by the Action of the request: processing service, event source, device.

Spec: DSM, the processing service (WS-DSP); DPWS 2006 for the device that hosts it.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from bridge.discovery import messages as discovery
from bridge.discovery.responder import Responder
from bridge.dpws import transfer
from bridge.dpws.metadata import Hosted, Metadata
from bridge.dsm import faults, names, operations
from bridge.dsm.job import Document, DocumentDescription, Documents, JobDescription
from bridge.dsm.names import DspElement
from bridge.dsm.operations import (
    CancelPostScanJobRequest,
    CancelPostScanJobResponse,
    CreatePostScanJobRequest,
    CreatePostScanJobResponse,
    ElementData,
    EndPostScanJobRequest,
    EndPostScanJobResponse,
    GetPostScanJobElementsRequest,
    GetPostScanJobElementsResponse,
    JobElements,
    JobSection,
    Operation,
    SendImageRequest,
    SendImageResponse,
)
from bridge.errors import OperationRefused, WireError
from bridge.eventing.policy import Caller
from bridge.service.peer import Peer
from bridge.service.post_scan import PostScan
from bridge.service.post_scan_record import Held
from bridge.service.post_scan_subscriptions import PostScanSubscriptions
from bridge.soap import envelope, fault
from bridge.soap import names as soap_names
from bridge.soap.envelope import Message
from bridge.translate.post_scan import status

PATH: Final = "/ScanServer"
NAME: Final = "Scan server"
_MOST_DOCUMENTS: Final = 180  # told of a job, the last of them: an answer stays under DPWS's 32,767 octets


class PostScanEndpoint:
    """The voice of the one scan server of this bridge."""

    def __init__(self, uuid: UUID, jobs: PostScan, subscriptions: PostScanSubscriptions, responder: Responder) -> None:
        self.uuid, self.subscriptions = uuid, subscriptions
        self._jobs, self._responder = jobs, responder

    @property
    def service_path(self) -> str:
        """Where the operations of the processing service go."""
        return f"{PATH}/{self.uuid}"

    def metadata(self, base_url: str) -> Metadata:
        """What a Get is answered with, for a peer that reaches us at `base_url`."""
        return Metadata(
            manufacturer="wsd-scan-bridge",
            model_name=NAME,
            friendly_name=NAME,
            hosted=(
                Hosted((f"{base_url}{self.service_path}",), (names.SERVICE_TYPE,), f"uri:{self.uuid}/ScanProcessing"),
            ),
            firmware_version="1",
            serial_number=self.uuid.hex[-12:].upper(),
        )

    async def answer(self, message: Message, peer: Peer, base_url: str, own_ports: frozenset[int]) -> bytes | None:
        """The answer to any request but SendImage; None is 202 with an empty body. Raises OperationRefused."""
        action = message.addressing.action
        operation = operation_of(message)
        if operation is not None:
            request = _read(operation, message)
            result = await self._operate(request, peer, message.addressing.message_id or "")
            headers = message.addressing.answer(names.action(f"{operation}Response"))
            return envelope.write(headers, result.to_xml(), declare=(names.NAMESPACE,))
        if action.startswith(f"{soap_names.WSE}/"):
            caller = Caller(peer.scoped_address, peer.local_address, own_ports)
            return self.subscriptions.answer(message, caller, peer.user, f"{base_url}{self.service_path}")
        if action == discovery.PROBE:
            try:
                return self._responder.directed(message, peer.scoped_local_address)
            except WireError as err:
                raise OperationRefused(fault.malformed(str(err))) from err
        return transfer.answer(message, self.metadata(base_url))

    async def send_image(self, message: Message, request: SendImageRequest, image: AsyncIterator[bytes]) -> bytes:
        """The answer to a SendImage, once the image is kept. Raises OperationRefused, and what `image` raises."""
        await self._jobs.receive(request, image)
        headers = message.addressing.answer(names.action(f"{Operation.SEND_IMAGE}Response"))
        return envelope.write(headers, SendImageResponse().to_xml())

    async def _operate(self, request: DspElement, peer: Peer, message_id: str) -> DspElement:
        match request:
            case CreatePostScanJobRequest():
                return CreatePostScanJobResponse(job_token=await self._jobs.create(request, peer.user, message_id))
            case EndPostScanJobRequest(job_token=token):
                await self._jobs.end(token)
                return EndPostScanJobResponse()
            case CancelPostScanJobRequest(job_token=token):
                await self._jobs.cancel(token, peer.user)
                return CancelPostScanJobResponse()
            case GetPostScanJobElementsRequest(job_token=token, requested_elements=asked):
                held = self._jobs.get(token)
                # A name asked for twice is answered once.
                data = tuple(_section(held, name) for name in dict.fromkeys(asked.name))
                return GetPostScanJobElementsResponse(job_elements=JobElements(element_data=data))
            case _:  # SendImage without an image
                raise faults.invalid_args("ImageData: the request is no multipart/related package")


def operation_of(message: Message) -> Operation | None:
    """The operation of the processing service that a message asks for. Raises OperationRefused."""
    namespace, _, name = message.addressing.action.rpartition("/")
    if namespace != names.NAMESPACE:
        return None
    try:
        return Operation(name)
    except ValueError as err:
        raise faults.action_not_supported(message.addressing.action) from err


def send_image_request(message: Message) -> SendImageRequest:
    """What a package asks for; nothing but an image comes in one. Raises OperationRefused."""
    if operation_of(message) is not Operation.SEND_IMAGE:
        raise faults.action_not_supported(message.addressing.action)
    request = _read(Operation.SEND_IMAGE, message)
    assert isinstance(request, SendImageRequest)
    return request


def _read(operation: Operation, message: Message) -> DspElement:
    try:
        return operations.read_request(operation, message.body)
    except WireError as err:
        raise faults.invalid_args(err) from err


def _section(held: Held, name: str) -> ElementData:
    job = held.job
    match name:
        case JobSection.STATUS:
            return ElementData(name=name, valid=True, job_status=status(job))
        case JobSection.DESCRIPTION:
            described = JobDescription(
                psp_identifier=job.process_id, psp_display_name=job.process_name, job_originating_user_name=job.user
            )
            return ElementData(name=name, valid=True, job_description=described)
        case JobSection.DOCUMENTS:
            documents = tuple(
                Document(document_description=DocumentDescription(document_id=number, format=held.formats[number]))
                for number in sorted(held.formats)[-_MOST_DOCUMENTS:]
            )
            return ElementData(name=name, valid=True, documents=Documents(document=documents))
        case _:
            return ElementData(name=name, valid=False)
