"""The numbers of the COM fax interfaces (faxcomex.h), each under the name it has there.

Source: Windows SDK, faxcomex: FAX_JOB_STATUS_ENUM, FAX_JOB_EXTENDED_STATUS_ENUM and their siblings. Two other families
use the same words with other numbers: `bridge.fax.winfax` and `bridge.fax.ms_fax`. They are types of their own, and
nothing but the functions there turns one into another.
"""

from enum import IntEnum, IntFlag
from typing import Final


class JobStatus(IntFlag):
    """FAX_JOB_STATUS_ENUM (fjs…): where a job stands in its queue. 4 is used for nothing."""

    PENDING = 0x001
    INPROGRESS = 0x002
    FAILED = 0x008
    PAUSED = 0x010
    NOLINE = 0x020
    RETRYING = 0x040
    RETRIES_EXCEEDED = 0x080
    COMPLETED = 0x100
    CANCELED = 0x200
    CANCELING = 0x400
    ROUTING = 0x800


MODIFIERS: Final = JobStatus.PAUSED | JobStatus.NOLINE
"""They are said together with another status only; and, the stricter of two pages has it, with these alone:"""
MODIFIED: Final = frozenset({JobStatus.PENDING, JobStatus.RETRYING})
TERMINAL: Final = frozenset({JobStatus.FAILED, JobStatus.RETRIES_EXCEEDED, JobStatus.COMPLETED, JobStatus.CANCELED})


class JobExtendedStatus(IntEnum):
    """FAX_JOB_EXTENDED_STATUS_ENUM (fjes…): what the call is doing, or how it ended."""

    NONE = 0
    DISCONNECTED = 1
    INITIALIZING = 2
    DIALING = 3
    TRANSMITTING = 4
    ANSWERED = 5
    RECEIVING = 6
    LINE_UNAVAILABLE = 7
    BUSY = 8
    NO_ANSWER = 9
    BAD_ADDRESS = 10
    NO_DIAL_TONE = 11
    FATAL_ERROR = 12
    CALL_DELAYED = 13
    CALL_BLACKLISTED = 14
    NOT_FAX_CALL = 15
    PARTIALLY_RECEIVED = 16
    HANDLED = 17
    CALL_COMPLETED = 18
    CALL_ABORTED = 19
    PROPRIETARY = 0x01000000


class JobType(IntEnum):
    """FAX_JOB_TYPE_ENUM (fjt…)."""

    SEND = 0
    RECEIVE = 1
    ROUTING = 2


class JobOperations(IntFlag):
    """FAX_JOB_OPERATIONS_ENUM (fjo…): what may be done with a job now."""

    VIEW = 0x01
    PAUSE = 0x02
    RESUME = 0x04
    RESTART = 0x08
    DELETE = 0x10
    RECIPIENT_INFO = 0x20
    SENDER_INFO = 0x40


class ServerEvents(IntFlag):
    """FAX_SERVER_EVENTS_TYPE_ENUM (fset…): what a listener wants to be told."""

    NONE = 0
    IN_QUEUE = 0x001
    OUT_QUEUE = 0x002
    CONFIG = 0x004
    ACTIVITY = 0x008
    QUEUE_STATE = 0x010
    IN_ARCHIVE = 0x020
    OUT_ARCHIVE = 0x040
    FXSSVC_ENDED = 0x080
    DEVICE_STATUS = 0x100
    INCOMING_CALL = 0x200


class AccountEvents(IntFlag):
    """FAX_ACCOUNT_EVENTS_TYPE_ENUM (faet…, Vista): other bits for the same words."""

    NONE = 0
    IN_QUEUE = 0x01
    OUT_QUEUE = 0x02
    IN_ARCHIVE = 0x04
    OUT_ARCHIVE = 0x08
    FXSSVC_ENDED = 0x10


class AccessRights(IntFlag):
    """FAX_ACCESS_RIGHTS_ENUM (far…): what a user may do at a fax server."""

    SUBMIT_LOW = 0x001
    SUBMIT_NORMAL = 0x002
    SUBMIT_HIGH = 0x004
    QUERY_JOBS = 0x008
    MANAGE_JOBS = 0x010
    QUERY_CONFIG = 0x020
    MANAGE_CONFIG = 0x040
    QUERY_IN_ARCHIVE = 0x080
    MANAGE_IN_ARCHIVE = 0x100
    QUERY_OUT_ARCHIVE = 0x200
    MANAGE_OUT_ARCHIVE = 0x400


class ServerApiVersion(IntEnum):
    """FAX_SERVER_APIVERSION_ENUM (fsAPI_VERSION_…)."""

    VERSION_0 = 0x00000
    VERSION_1 = 0x10000  # Windows XP
    VERSION_2 = 0x20000  # Windows Server 2003
    VERSION_3 = 0x30000  # Windows Vista and later


class PriorityType(IntEnum):
    """FAX_PRIORITY_TYPE_ENUM (fpt…)."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


class ScheduleType(IntEnum):
    """FAX_SCHEDULE_TYPE_ENUM (fst…)."""

    NOW = 0
    SPECIFIC_TIME = 1
    DISCOUNT_PERIOD = 2


class ReceiptType(IntEnum):
    """FAX_RECEIPT_TYPE_ENUM (frt…)."""

    NONE = 0
    MAIL = 1
    MSGBOX = 4


class CoverPageType(IntEnum):
    """FAX_COVERPAGE_TYPE_ENUM (fcpt…)."""

    NONE = 0
    LOCAL = 1
    SERVER = 2
