"""The faults of the scan service: each what a refused peer is owed.

`raise faults.job_id_not_found(7)`. The subcodes are in 2006/08; `bridge.wsscan.year.respell` moves them.
The reasons are words of our own: a peer decides by the subcode.
Spec: WS-Scan V1.0, operation error reporting; wsa:ActionNotSupported is WS-Addressing's.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Self

from bridge.errors import Fault, FaultCode, OperationRefused, WireError
from bridge.soap import fault
from bridge.wsscan.names import qname

MAX_DETAIL: Final = 512  # of a peer's own words sent back to it


class Subcode(StrEnum):
    """The thirteen codes of the service; the value is the local name."""

    INVALID_ARGS = "InvalidArgs"
    OPERATION_FAILED = "OperationFailed"
    TEMPORARY_ERROR = "ServerErrorTemporaryError"
    INTERNAL_ERROR = "ServerErrorInternalError"
    NOT_ACCEPTING_JOBS = "ServerErrorNotAcceptingJobs"
    FORMAT_NOT_SUPPORTED = "ClientErrorFormatNotSupported"
    INVALID_SCAN_IDENTIFIER = "ClientErrorInvalidScanIdentifier"
    INVALID_DESTINATION_TOKEN = "ClientErrorInvalidDestinationToken"  # noqa: S105  # a name
    CONFLICTING_REQUIRED_PARAMETERS = "ClientErrorConflictingRequiredParameters"
    NO_IMAGES_AVAILABLE = "ClientErrorNoImagesAvailable"
    JOB_ID_NOT_FOUND = "ClientErrorJobIdNotFound"
    INVALID_JOB_TOKEN = "ClientErrorInvalidJobToken"  # noqa: S105  # a name
    JOB_CANCELLED = "ClientErrorJobCancelled"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # Samsung M288x writes Detination; the prose of the specification has another name for the wrong format.
        other = {
            "ClientErrorInvalidDetinationToken": cls.INVALID_DESTINATION_TOKEN,
            "ClientErrorDocumentFormatNotSupported": cls.FORMAT_NOT_SUPPORTED,
        }
        return other.get(str(value))


def action_not_supported(action: str) -> OperationRefused:
    return OperationRefused(fault.action_not_supported(action))


def invalid_args(argument: str | WireError) -> OperationRefused:
    """`argument` names it and says what is wrong: the WireError of reading the request does both."""
    return _sender(Subcode.INVALID_ARGS, "An argument of the request is not valid", str(argument)[:MAX_DETAIL])


def operation_failed(why: str | None = None) -> OperationRefused:
    """The state of the scanner or of the job forbids it."""
    return _receiver(Subcode.OPERATION_FAILED, "The operation cannot be carried out in this state", why)


def temporary_error(why: str | None = None) -> OperationRefused:
    """Trying again may help."""
    return _receiver(Subcode.TEMPORARY_ERROR, "The scanner cannot answer now, it may later", why)


def internal_error() -> OperationRefused:
    """Trying again will not help. What it was stands in the log, not on the network."""
    return _receiver(Subcode.INTERNAL_ERROR, "The scan service failed")


def not_accepting_jobs(why: str | None = None) -> OperationRefused:
    return _receiver(Subcode.NOT_ACCEPTING_JOBS, "The scanner takes no new jobs now", why)


def format_not_supported(supported: Iterable[str] = ()) -> OperationRefused:
    """`supported`: what the ticket may ask for instead, sent as FormatValue elements."""
    items = tuple((qname("FormatValue"), str(value)) for value in supported)
    return _sender(Subcode.FORMAT_NOT_SUPPORTED, "The scanner does not make images of this format", items=items)


def invalid_scan_identifier() -> OperationRefused:
    return _sender(Subcode.INVALID_SCAN_IDENTIFIER, "The ScanIdentifier is unknown, used or expired")


def invalid_destination_token() -> OperationRefused:
    return _sender(Subcode.INVALID_DESTINATION_TOKEN, "The DestinationToken is unknown or expired")


def conflicting_required_parameters(which: str | None = None) -> OperationRefused:
    """Each could be honoured alone. `which` names them."""
    reason = "Settings that must be honored contradict each other on this scanner"
    return _sender(Subcode.CONFLICTING_REQUIRED_PARAMETERS, reason, which)


def no_images_available() -> OperationRefused:
    return _sender(Subcode.NO_IMAGES_AVAILABLE, "There is no image to retrieve")


def job_id_not_found(job_id: int) -> OperationRefused:
    return _sender(Subcode.JOB_ID_NOT_FOUND, "There is no job with this JobId", f"JobId: {job_id}")


def invalid_job_token() -> OperationRefused:
    return _sender(Subcode.INVALID_JOB_TOKEN, "The JobToken is not the one of this job")


def job_cancelled() -> OperationRefused:
    return _sender(Subcode.JOB_CANCELLED, "The job has been cancelled")


def subcode_of(refusal: Fault) -> Subcode | None:
    """Which of the thirteen a peer's fault is, whatever year, prefix or known misspelling; None: none of them."""
    local = (refusal.subcode or "").rpartition("}")[2].rpartition(":")[2]
    try:
        return Subcode(local)
    except ValueError:
        return None


def _sender(
    subcode: Subcode, reason: str, detail: str | None = None, items: tuple[tuple[str, str], ...] = ()
) -> OperationRefused:
    return OperationRefused(Fault(FaultCode.SENDER, qname(subcode), reason, detail, detail_items=items))


def _receiver(subcode: Subcode, reason: str, detail: str | None = None) -> OperationRefused:
    return OperationRefused(Fault(FaultCode.RECEIVER, qname(subcode), reason, detail))
