"""The faults of the processing service: the five it shares in spelling with WS-Scan, and what MS-BDSRR adds."""

from enum import StrEnum
from typing import Final

from bridge.dsm.names import qname
from bridge.errors import Fault, FaultCode, OperationRefused, WireError
from bridge.soap import fault

MAX_DETAIL: Final = 512  # of a peer's own words sent back to it


class Subcode(StrEnum):
    """The value is the local name."""

    INVALID_ARGS = "InvalidArgs"
    OPERATION_FAILED = "OperationFailed"
    TEMPORARY_ERROR = "ServerErrorTemporaryError"
    INTERNAL_ERROR = "ServerErrorInternalError"
    JOB_TOKEN_NOT_FOUND = "ClientErrorJobTokenNotFound"  # noqa: S105  # a name
    JOB_CANCELED = "ServerErrorPostScanJobCanceled"


def action_not_supported(action: str) -> OperationRefused:
    return OperationRefused(fault.action_not_supported(action))


def invalid_args(argument: str | WireError) -> OperationRefused:
    """`argument` names it and says what is wrong: the WireError of reading the request does both."""
    return _refused(
        FaultCode.SENDER, Subcode.INVALID_ARGS, "An argument of the request is not valid", str(argument)[:MAX_DETAIL]
    )


def operation_failed(why: str) -> OperationRefused:
    """The state of the job, or of the server, forbids it."""
    return _refused(
        FaultCode.RECEIVER, Subcode.OPERATION_FAILED, "The operation cannot be carried out in this state", why
    )


def temporary_error(why: str) -> OperationRefused:
    """Trying again may help."""
    return _refused(FaultCode.RECEIVER, Subcode.TEMPORARY_ERROR, "The scan server cannot answer now, it may later", why)


def internal_error() -> OperationRefused:
    """Trying again will not help. What it was stands in the log, not on the network."""
    return _refused(FaultCode.RECEIVER, Subcode.INTERNAL_ERROR, "The scan server failed")


def job_token_not_found() -> OperationRefused:
    """MS-BDSRR's text says Sender, its example Receiver; it is the sender who is wrong."""
    return _refused(FaultCode.SENDER, Subcode.JOB_TOKEN_NOT_FOUND, "There is no post-scan job with this JobToken")


def job_canceled() -> OperationRefused:
    return _refused(FaultCode.RECEIVER, Subcode.JOB_CANCELED, "The post-scan job was canceled")


def _refused(code: FaultCode, subcode: Subcode, reason: str, detail: str | None = None) -> OperationRefused:
    return OperationRefused(Fault(code, qname(subcode), reason, detail))
