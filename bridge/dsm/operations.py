"""The five operations and two events of the processing service (WS-DSP): their names, requests and responses.

The device asks, the scan server answers, and it is the server that sends the events. Action of a request is
`namespace/Operation`, of its response `namespace/OperationResponse`, of an event `namespace/Event`.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from lxml import etree
from pydantic import Field

from bridge.dsm.job import DocumentDescription, Documents, JobDescription, JobStatus, PostScanJobEndState
from bridge.dsm.names import DspElement, qname
from bridge.dsm.process import PostScanInstructions
from bridge.errors import WireError
from bridge.soap.element import Attribute, XsBoolean, XsQName
from bridge.soap.xop import Include
from bridge.wsscan.sections import MAX_NAMES
from bridge.wsscan.values import LongText


class Operation(StrEnum):
    CREATE_POST_SCAN_JOB = "CreatePostScanJob"
    SEND_IMAGE = "SendImage"
    END_POST_SCAN_JOB = "EndPostScanJob"
    CANCEL_POST_SCAN_JOB = "CancelPostScanJob"
    GET_POST_SCAN_JOB_ELEMENTS = "GetPostScanJobElements"


class EventName(StrEnum):
    STATUS = "PostScanJobStatusEvent"
    END_STATE = "PostScanJobEndStateEvent"


class CreatePostScanJobRequest(DspElement):
    user_identifier: LongText  # a SID on Windows; to us any name
    psp_identifier: Annotated[LongText, Field(alias="PSP_Identifier")]
    post_scan_instructions: PostScanInstructions


class CreatePostScanJobResponse(DspElement):
    job_token: LongText


class ImageData(DspElement):
    include: Include


class SendImageRequest(DspElement):
    job_token: LongText
    document_description: DocumentDescription
    image_data: ImageData


class SendImageResponse(DspElement):
    """Says nothing but that the image was taken."""


class EndPostScanJobRequest(DspElement):
    job_token: LongText


class EndPostScanJobResponse(DspElement):
    """Says nothing but that it was heard."""


class CancelPostScanJobRequest(DspElement):
    job_token: LongText


class CancelPostScanJobResponse(DspElement):
    """Says nothing but that it was heard."""


class JobSection(StrEnum):
    """What can be asked for of a job."""

    STATUS = qname("JobStatus")
    DESCRIPTION = qname("JobDescription")
    DOCUMENTS = qname("Documents")


class RequestedElements(DspElement):
    name: Annotated[tuple[XsQName, ...], Field(min_length=1, max_length=MAX_NAMES)]


class ElementData(DspElement):
    """One section of a job; at most one of the three is there, and none where `valid` is false.

    Its attributes are in the namespace of the service, as in the only example there is.
    """

    name: Annotated[XsQName, Attribute(qualified=True)]
    valid: Annotated[XsBoolean, Attribute(qualified=True)]
    job_status: JobStatus | None = None
    job_description: JobDescription | None = None
    documents: Documents | None = None


class JobElements(DspElement):
    element_data: Annotated[tuple[ElementData, ...], Field(min_length=1, max_length=MAX_NAMES)]


class GetPostScanJobElementsRequest(DspElement):
    job_token: LongText
    requested_elements: RequestedElements


class GetPostScanJobElementsResponse(DspElement):
    job_elements: JobElements


class PostScanJobStatusEvent(DspElement):
    job_status: JobStatus


class PostScanJobEndStateEvent(DspElement):
    post_scan_job_end_state: PostScanJobEndState


REQUESTS: Final = MappingProxyType[Operation, type[DspElement]](
    {
        Operation.CREATE_POST_SCAN_JOB: CreatePostScanJobRequest,
        Operation.SEND_IMAGE: SendImageRequest,
        Operation.END_POST_SCAN_JOB: EndPostScanJobRequest,
        Operation.CANCEL_POST_SCAN_JOB: CancelPostScanJobRequest,
        Operation.GET_POST_SCAN_JOB_ELEMENTS: GetPostScanJobElementsRequest,
    }
)

RESPONSES: Final = MappingProxyType[Operation, type[DspElement]](
    {
        Operation.CREATE_POST_SCAN_JOB: CreatePostScanJobResponse,
        Operation.SEND_IMAGE: SendImageResponse,
        Operation.END_POST_SCAN_JOB: EndPostScanJobResponse,
        Operation.CANCEL_POST_SCAN_JOB: CancelPostScanJobResponse,
        Operation.GET_POST_SCAN_JOB_ELEMENTS: GetPostScanJobElementsResponse,
    }
)

EVENTS: Final = MappingProxyType[EventName, type[DspElement]](
    {EventName.STATUS: PostScanJobStatusEvent, EventName.END_STATE: PostScanJobEndStateEvent}
)


def read_request(operation: Operation, body: etree._Element | None) -> DspElement:
    """The request of an operation from the one child of the body. Raises WireError.

    The pages spell one of them GetPostScanJobElementRequest in places; it is read.
    """
    return _read(REQUESTS[operation], body)


def read_response(operation: Operation, body: etree._Element | None) -> DspElement:
    """The response of an operation from the one child of the body. Raises WireError."""
    return _read(RESPONSES[operation], body)


def read_event(name: EventName, body: etree._Element | None) -> DspElement:
    """The event from the one child of the body. Raises WireError."""
    return _read(EVENTS[name], body)


def _read(model: type[DspElement], body: etree._Element | None) -> DspElement:
    name = model.__name__
    if body is None:
        raise WireError(name, "is missing")
    if body.tag not in (qname(name), qname(name.replace("Elements", "Element"))):
        raise WireError(name, f"is missing, the body holds {etree.QName(body).localname[:100]}")
    return model.from_xml(body)
