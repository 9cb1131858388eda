"""Names and numbers of the Job Monitoring MIB.

Spec: RFC 2707 §4 (JmJobStateTC, JmJobServiceTypesTC, JmAttributeTypeTC, jmGeneralTable, jmJobTable,
jmAttributeTable) and §3.3.9.1 (the bits of jmJobStateReasons1).
"""

from enum import IntEnum, IntFlag

MIB = "1.3.6.1.4.1.2699.1.1.1"

# Columns of jmGeneralTable; append ".jobSet".
GENERAL = f"{MIB}.1.1.1"
ACTIVE_JOBS = f"{GENERAL}.2"
OLDEST_ACTIVE = f"{GENERAL}.3"
NEWEST_ACTIVE = f"{GENERAL}.4"
JOB_PERSISTENCE = f"{GENERAL}.5"
ATTRIBUTE_PERSISTENCE = f"{GENERAL}.6"
SET_NAME = f"{GENERAL}.7"

# Columns of jmJobTable; append ".jobSet.job".
STATE = f"{MIB}.3.1.1.2"
REASONS = f"{MIB}.3.1.1.3"
INTERVENING_JOBS = f"{MIB}.3.1.1.4"  # not read: WS-Scan and fax tell no place in a queue
KOCTETS_REQUESTED = f"{MIB}.3.1.1.5"  # this and the next not read: a fax's Size is in octets
KOCTETS_PROCESSED = f"{MIB}.3.1.1.6"
IMPRESSIONS_REQUESTED = f"{MIB}.3.1.1.7"
IMPRESSIONS_COMPLETED = f"{MIB}.3.1.1.8"
OWNER = f"{MIB}.3.1.1.9"

# Columns of jmAttributeTable; append ".jobSet.job.type.instance".
AS_INTEGER = f"{MIB}.4.1.1.3"
AS_OCTETS = f"{MIB}.4.1.1.4"

LEAST_PERSISTENCE = 15  # seconds, both kinds


class State(IntEnum):
    """jmJobState."""

    UNKNOWN = 2
    PENDING = 3
    PENDING_HELD = 4
    PROCESSING = 5
    PROCESSING_STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


FINAL = frozenset({State.CANCELED, State.ABORTED, State.COMPLETED})


class Reason(IntFlag):
    """jmJobStateReasons1."""

    OTHER = 0x1
    UNKNOWN = 0x2
    JOB_INCOMING = 0x4
    SUBMISSION_INTERRUPTED = 0x8
    JOB_OUTGOING = 0x10
    JOB_HOLD_SPECIFIED = 0x20
    JOB_HOLD_UNTIL_SPECIFIED = 0x40
    JOB_PROCESS_AFTER_SPECIFIED = 0x80
    RESOURCES_ARE_NOT_READY = 0x100
    DEVICE_STOPPED_PARTLY = 0x200
    DEVICE_STOPPED = 0x400
    JOB_INTERPRETING = 0x800
    JOB_PRINTING = 0x1000
    JOB_CANCELED_BY_USER = 0x2000
    JOB_CANCELED_BY_OPERATOR = 0x4000
    JOB_CANCELED_AT_DEVICE = 0x8000
    ABORTED_BY_SYSTEM = 0x10000
    PROCESSING_TO_STOP_POINT = 0x20000
    SERVICE_OFF_LINE = 0x40000
    JOB_COMPLETED_SUCCESSFULLY = 0x80000
    JOB_COMPLETED_WITH_WARNINGS = 0x100000
    JOB_COMPLETED_WITH_ERRORS = 0x200000


KNOWN_REASONS = 0x3FFFFF


class Service(IntFlag):
    """jobServiceTypes."""

    OTHER = 0x1
    UNKNOWN = 0x2
    PRINT = 0x4
    SCAN = 0x8
    FAX_IN = 0x10
    FAX_OUT = 0x20
    GET_FILE = 0x40
    PUT_FILE = 0x80
    MAIL_LIST = 0x100


KNOWN_SERVICES = 0x1FF


class Attribute(IntEnum):
    """JmAttributeTypeTC, what of it is about scans and faxes."""

    JOB_STATE_REASONS_2 = 3
    JOB_STATE_REASONS_3 = 4
    JOB_STATE_REASONS_4 = 5
    PROCESSING_MESSAGE = 6
    JOB_NAME = 23
    JOB_SERVICE_TYPES = 24
    JOB_ORIGINATING_HOST = 29
    PHYSICAL_DEVICE = 32
    DOCUMENT_NAME = 35
    SIDES = 55
    JOB_K_OCTETS_TRANSFERRED = 94
    SHEET_COMPLETED_COPY_NUMBER = 95
    JOB_COLLATION_TYPE = 97
    IMPRESSIONS_SPOOLED = 110
    IMPRESSIONS_SENT_TO_DEVICE = 111
    PAGES_REQUESTED = 130
    PAGES_COMPLETED = 131
    SHEETS_REQUESTED = 150
    SHEETS_COMPLETED = 151
    JOB_SUBMISSION_TO_SERVER_TIME = 190
    JOB_SUBMISSION_TIME = 191
    JOB_STARTED_PROCESSING_TIME = 193
    JOB_COMPLETION_TIME = 194


# The rows of a job that are read, as numbers and as texts; a time may be either. The others have no counterpart in a
# scan's or a fax's status, or count what is printed.
NUMBERS_READ = (
    Attribute.JOB_SERVICE_TYPES,
    Attribute.PAGES_REQUESTED,
    Attribute.PAGES_COMPLETED,
    Attribute.JOB_SUBMISSION_TO_SERVER_TIME,
    Attribute.JOB_SUBMISSION_TIME,
    Attribute.JOB_STARTED_PROCESSING_TIME,
    Attribute.JOB_COMPLETION_TIME,
)
TEXTS_READ = (Attribute.PROCESSING_MESSAGE, Attribute.JOB_NAME)


class Collation(IntEnum):
    """jobCollationType, of what is printed; not read."""

    UNCOLLATED_SHEETS = 3
    COLLATED_DOCUMENTS = 4
    UNCOLLATED_DOCUMENTS = 5


def spelled(reason: Reason) -> str:
    """A single reason as the RFC writes it: `jobCanceledAtDevice`."""
    first, *others = (reason.name or "other").lower().split("_")
    return first + "".join(word.capitalize() for word in others)
