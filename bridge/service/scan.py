"""The operations of the scan service, as functions of a request: no HTTP, no SOAP.

Spec: WS-Scan ScannerServiceType. RetrieveImage alone does not answer with an element but with a stream:
`retrieve_image`.
"""

import hmac
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.jobs.book import HISTORY, Paper
from bridge.jobs.invitations import Invitations
from bridge.jobs.job import Job
from bridge.jobs.tray import Outgoing
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service import withheld
from bridge.service.access import Access, Right
from bridge.service.peer import Peer
from bridge.translate import report, ticket
from bridge.translate.remembered import remembered
from bridge.wsscan import faults
from bridge.wsscan.events import JobEndStateEvent
from bridge.wsscan.names import ScanElement
from bridge.wsscan.operations import (
    CancelJobRequest,
    CancelJobResponse,
    CreateScanJobRequest,
    CreateScanJobResponse,
    GetActiveJobsResponse,
    GetJobElementsRequest,
    GetJobElementsResponse,
    GetJobHistoryResponse,
    GetScannerElementsRequest,
    JobSummaries,
    Operation,
    RetrieveImageRequest,
    ValidateScanTicketRequest,
    ValidateScanTicketResponse,
    read_request,
)
from bridge.wsscan.sections import (
    JobElementData,
    JobElements,
    JobSection,
)
from bridge.wsscan.ticket import Document, DocumentDescription, Documents, ValidationInfo

# An answer stays under DPWS's 32,767 octets whatever jobs and documents are called: this much is left for a list.
_ROOM: Final = 28_000
_MOST_DOCUMENTS: Final = 12
_TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ScanService:
    """One scanner's scan service."""

    scanner: HostedScanner
    acquisition: Acquisition
    invitations: Invitations
    name: str
    location: str | None
    access: Access


async def answer(service: ScanService, operation: Operation, body: etree._Element | None, peer: Peer) -> ScanElement:
    """Carry out any operation but RetrieveImage and GetScannerElements (bridge.service.sections). Raises
    OperationRefused; then nothing was changed."""
    request = _read(operation, body)
    match request:
        case CreateScanJobRequest():
            return await _create_scan_job(service, request, peer)
        case CancelJobRequest():
            _require_own(service, Right.CANCEL, request.job_id, peer)
            service.acquisition.cancel(request.job_id)
            return CancelJobResponse()
        case ValidateScanTicketRequest():
            return _validate_scan_ticket(service, request)
        case GetJobElementsRequest():
            _require_own(service, Right.JOBS, request.job_id, peer)
            return _get_job_elements(service, request, peer)
    if operation is Operation.GET_ACTIVE_JOBS:
        return GetActiveJobsResponse(active_jobs=_summaries(service, service.scanner.book.active(), peer))
    if operation is Operation.GET_JOB_HISTORY:
        ended = islice(service.scanner.book.history(), HISTORY)
        return GetJobHistoryResponse(job_history=_summaries(service, ended, peer))
    raise faults.action_not_supported(operation)


def requested_sections(body: etree._Element | None) -> tuple[str, ...]:
    """The names in a GetScannerElements, `{namespace}Local`. Raises OperationRefused."""
    request = _read(Operation.GET_SCANNER_ELEMENTS, body)
    assert isinstance(request, GetScannerElementsRequest)
    return request.requested_elements.name


@asynccontextmanager
async def retrieve_image(service: ScanService, body: etree._Element | None) -> AsyncIterator[tuple[Outgoing, str]]:
    """The next page and its media type; leaving the block well means that the client has all of it.

    Raises OperationRefused before the first byte, and the page's own error out of its chunks.
    """
    request = _read(Operation.RETRIEVE_IMAGE, body)
    if not isinstance(request, RetrieveImageRequest):
        raise faults.internal_error()
    job_id = request.job_id
    if service.scanner.book.get(job_id) is None:
        raise faults.job_id_not_found(job_id)
    paper = service.scanner.book.paper(job_id)
    if paper is None or not hmac.compare_digest(paper.token.encode(), request.job_token.encode()):
        raise faults.invalid_job_token()
    media_type = ticket.media_type(paper.final)
    async with service.acquisition.retrieve(job_id, request.document_description.document_name) as outgoing:
        yield outgoing, media_type


def creator_of(service: ScanService, job_id: int) -> str | None:
    """The address of the client that created that job; None: it began at the device, or is not known (any more)."""
    paper = service.scanner.book.paper(job_id)
    return None if paper is None else paper.creator


def shown(service: ScanService, body: ScanElement, address: str) -> ScanElement:
    """The body of an event as the subscriber at that address may read it."""
    if not isinstance(body, JobEndStateEvent):  # of the seven only the end of a job names anybody
        return body
    if service.access.may_read_names(creator_of(service, body.job_end_state.job_id), address):
        return body
    return withheld.end(body)


def _require_own(service: ScanService, right: Right, job_id: int, peer: Peer) -> None:
    if service.scanner.book.get(job_id) is not None:
        service.access.require_own(right, creator_of(service, job_id), peer)


def _read(operation: Operation, body: etree._Element | None) -> ScanElement:
    try:
        return read_request(operation, body)
    except WireError as err:
        raise faults.invalid_args(err) from err


async def _create_scan_job(service: ScanService, request: CreateScanJobRequest, peer: Peer) -> CreateScanJobResponse:
    plan = ticket.plan(request.scan_ticket, service.scanner.capabilities)
    paper = Paper(
        token=secrets.token_hex(_TOKEN_BYTES),
        ticket=remembered(request.scan_ticket),
        final=plan.final,
        images=plan.images,
        creator=peer.address,
    )
    asked = request.scan_ticket.job_description
    # Last of all checks: what is refused for another reason can be asked again with the same identifier.
    # An empty element says as little as an absent one: WSD-python always writes both.
    identifier, token = request.scan_identifier or None, request.destination_token or None
    service.invitations.redeem(identifier, token, service.scanner.clock.monotonic())
    job = await service.acquisition.create(asked.job_name, asked.job_originating_user_name, plan, paper)
    return CreateScanJobResponse(
        job_id=job.id, job_token=paper.token, image_information=plan.images, document_final_parameters=plan.final
    )


def _validate_scan_ticket(service: ScanService, request: ValidateScanTicketRequest) -> ValidateScanTicketResponse:
    plan = ticket.plan(request.scan_ticket, service.scanner.capabilities)
    exact = ticket.is_exact(plan.final)
    return ValidateScanTicketResponse(
        validation_info=ValidationInfo(
            valid_ticket=exact,
            image_information=plan.images,
            valid_scan_ticket=None if exact else ticket.corrected(request.scan_ticket, plan.final),
        )
    )


def _get_job_elements(service: ScanService, request: GetJobElementsRequest, peer: Peer) -> GetJobElementsResponse:
    job = service.scanner.book.get(request.job_id)
    if job is None:
        raise faults.job_id_not_found(request.job_id)
    paper = service.scanner.book.paper(job.id)
    if paper is not None and not service.access.may_read_names(paper.creator, peer.address):
        paper = withheld.paper(paper)
    # A name asked for twice is answered once.
    data = tuple(_job_section(job, paper, name) for name in dict.fromkeys(request.requested_elements.name))
    return GetJobElementsResponse(job_elements=JobElements(element_data=data))


def _job_section(job: Job, paper: Paper | None, name: str) -> JobElementData:
    match name:
        case JobSection.STATUS:
            return JobElementData(name=name, valid=True, job_status=report.job_status(job))
        case JobSection.TICKET if paper is not None:
            return JobElementData(name=name, valid=True, scan_ticket=paper.ticket)
        case JobSection.DOCUMENTS if paper is not None and paper.document_names:
            # The schema wants at least one document: before the first there is no such section.
            documents = tuple(
                Document(document_description=DocumentDescription(document_name=document))
                for document in paper.document_names[-_MOST_DOCUMENTS:]
            )
            return JobElementData(
                name=name, valid=True, documents=Documents(document_final_parameters=paper.final, document=documents)
            )
        case _:
            return JobElementData(name=name, valid=False)


def _summaries(service: ScanService, jobs: Iterable[Job], peer: Peer) -> JobSummaries:
    """The first of them, as many as there is room for."""
    told, room = [], _ROOM
    for job in jobs:
        may_read = service.access.may_read_names(creator_of(service, job.id), peer.address)
        summary = report.job_summary(job if may_read else withheld.job(job))
        room -= len(etree.tostring(summary.to_xml(), encoding="utf-8"))
        if room < 0:
            break
        told.append(summary)
    return JobSummaries(job_summary=tuple(told))
