"""The eight operations of the scan service: their names, requests and responses.

Action of a request is `namespace/Operation`, of its response `namespace/OperationResponse`
(`bridge.wsscan.year.action`).
Spec: WS-Scan V1.0, ScannerServiceType.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.soap.xop import Include
from bridge.wsscan.job import JobSummary
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.sections import JobElements, RequestedElements, ScannerElements
from bridge.wsscan.ticket import (
    DocumentDescription,
    DocumentFinalParameters,
    ImageInformation,
    ScanTicket,
    ValidationInfo,
)
from bridge.wsscan.values import Identifier, LongText


class Operation(StrEnum):
    CREATE_SCAN_JOB = "CreateScanJob"
    RETRIEVE_IMAGE = "RetrieveImage"
    CANCEL_JOB = "CancelJob"
    VALIDATE_SCAN_TICKET = "ValidateScanTicket"
    GET_SCANNER_ELEMENTS = "GetScannerElements"
    GET_JOB_ELEMENTS = "GetJobElements"
    GET_ACTIVE_JOBS = "GetActiveJobs"
    GET_JOB_HISTORY = "GetJobHistory"


class CreateScanJobRequest(ScanElement):
    """Identifier and token are there when a button of the scanner asked for this scan."""

    scan_identifier: LongText | None = None
    destination_token: LongText | None = None
    scan_ticket: ScanTicket


class CreateScanJobResponse(ScanElement):
    job_id: Identifier
    job_token: LongText
    image_information: ImageInformation
    document_final_parameters: DocumentFinalParameters


class RetrieveImageRequest(ScanElement):
    job_id: Identifier
    job_token: LongText
    document_description: DocumentDescription


class ScanData(ScanElement):
    include: Include


class RetrieveImageResponse(ScanElement):
    scan_data: ScanData


class CancelJobRequest(ScanElement):
    job_id: Identifier


class CancelJobResponse(ScanElement):
    """Says nothing but that it was heard."""


class ValidateScanTicketRequest(ScanElement):
    scan_ticket: ScanTicket


class ValidateScanTicketResponse(ScanElement):
    validation_info: ValidationInfo


class GetScannerElementsRequest(ScanElement):
    requested_elements: RequestedElements


class GetScannerElementsResponse(ScanElement):
    scanner_elements: ScannerElements


class GetJobElementsRequest(ScanElement):
    job_id: Identifier
    requested_elements: RequestedElements


class GetJobElementsResponse(ScanElement):
    job_elements: JobElements


class JobSummaries(ScanElement):
    job_summary: tuple[JobSummary, ...] = ()


class GetActiveJobsRequest(ScanElement):
    """Asks for the jobs that have not ended."""


class GetActiveJobsResponse(ScanElement):
    active_jobs: JobSummaries


class GetJobHistoryRequest(ScanElement):
    """Asks for the jobs that ended of late."""


class GetJobHistoryResponse(ScanElement):
    job_history: JobSummaries


REQUESTS: Final = MappingProxyType[Operation, type[ScanElement]](
    {
        Operation.CREATE_SCAN_JOB: CreateScanJobRequest,
        Operation.RETRIEVE_IMAGE: RetrieveImageRequest,
        Operation.CANCEL_JOB: CancelJobRequest,
        Operation.VALIDATE_SCAN_TICKET: ValidateScanTicketRequest,
        Operation.GET_SCANNER_ELEMENTS: GetScannerElementsRequest,
        Operation.GET_JOB_ELEMENTS: GetJobElementsRequest,
        Operation.GET_ACTIVE_JOBS: GetActiveJobsRequest,
        Operation.GET_JOB_HISTORY: GetJobHistoryRequest,
    }
)

RESPONSES: Final = MappingProxyType[Operation, type[ScanElement]](
    {
        Operation.CREATE_SCAN_JOB: CreateScanJobResponse,
        Operation.RETRIEVE_IMAGE: RetrieveImageResponse,
        Operation.CANCEL_JOB: CancelJobResponse,
        Operation.VALIDATE_SCAN_TICKET: ValidateScanTicketResponse,
        Operation.GET_SCANNER_ELEMENTS: GetScannerElementsResponse,
        Operation.GET_JOB_ELEMENTS: GetJobElementsResponse,
        Operation.GET_ACTIVE_JOBS: GetActiveJobsResponse,
        Operation.GET_JOB_HISTORY: GetJobHistoryResponse,
    }
)


def read_request(operation: Operation, body: etree._Element | None) -> ScanElement:
    """The request of an operation from the one child of the body, in 2006/08. Raises WireError.

    The element may bear the operation's bare name: the documents' GetJobElements example does, and clients copied it.
    """
    expected = f"{operation}Request"
    if body is None:
        raise WireError(expected, "is missing")
    if body.tag not in (qname(expected), qname(operation)):
        raise WireError(expected, f"is missing, the body holds {etree.QName(body).localname[:100]}")
    return REQUESTS[operation].from_xml(body)
