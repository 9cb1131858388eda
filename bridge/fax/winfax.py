"""The numbers of the older C interface (winfax.h): the words of `faxcomex`, other values.

Only these functions cross between the two. What one side has no word for is refused, not guessed.
"""

from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Final

from bridge.fax import faxcomex


class JobType(IntEnum):
    """JT_…"""

    UNKNOWN = 0
    SEND = 1
    RECEIVE = 2
    ROUTING = 3
    FAIL_RECEIVE = 4


class JobStatus(IntFlag):
    """JS_…; a job that merely waits has no bit at all."""

    PENDING = 0x00
    INPROGRESS = 0x01
    DELETING = 0x02
    FAILED = 0x04
    PAUSED = 0x08
    NOLINE = 0x10
    RETRYING = 0x20
    RETRIES_EXCEEDED = 0x40


class Event(IntEnum):
    """FEI_…: EventId of the 24 byte FAX_EVENT."""

    DIALING = 0x01
    SENDING = 0x02
    RECEIVING = 0x03
    COMPLETED = 0x04
    BUSY = 0x05
    NO_ANSWER = 0x06
    BAD_ADDRESS = 0x07
    NO_DIAL_TONE = 0x08
    DISCONNECTED = 0x09
    FATAL_ERROR = 0x0A
    NOT_FAX_CALL = 0x0B
    CALL_DELAYED = 0x0C


JOB_TYPES: Final = MappingProxyType(
    {
        faxcomex.JobType.SEND: JobType.SEND,
        faxcomex.JobType.RECEIVE: JobType.RECEIVE,
        faxcomex.JobType.ROUTING: JobType.ROUTING,
    }
)
_BITS: Final = MappingProxyType(
    {
        faxcomex.JobStatus.INPROGRESS: JobStatus.INPROGRESS,
        faxcomex.JobStatus.CANCELING: JobStatus.DELETING,
        faxcomex.JobStatus.FAILED: JobStatus.FAILED,
        faxcomex.JobStatus.PAUSED: JobStatus.PAUSED,
        faxcomex.JobStatus.NOLINE: JobStatus.NOLINE,
        faxcomex.JobStatus.RETRYING: JobStatus.RETRYING,
        faxcomex.JobStatus.RETRIES_EXCEEDED: JobStatus.RETRIES_EXCEEDED,
    }
)


def job_type(value: JobType) -> faxcomex.JobType:
    """Raises ValueError for JT_UNKNOWN and JT_FAIL_RECEIVE, which COM does not have."""
    for com, old in JOB_TYPES.items():
        if old is value:
            return com
    raise ValueError(f"JT_{value.name} is no FAX_JOB_TYPE_ENUM")


def job_status(value: faxcomex.JobStatus) -> JobStatus:
    """The JS_ bits of fjs bits. Raises ValueError for those winfax does not have (completed, canceled, routing)."""
    found = JobStatus.PENDING
    for bit in value:
        if bit is faxcomex.JobStatus.PENDING:
            continue
        if bit not in _BITS:
            raise ValueError(f"fjs{bit.name} is no JS_ status")
        found |= _BITS[bit]
    return found
