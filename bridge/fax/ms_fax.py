"""The numbers of the fax server's own protocol ([MS-FAX], RPC): neither those of COM nor quite those of winfax.

Its JS_ bits (section 3.1.1) could not be read anywhere and are therefore not here.
"""

from enum import IntEnum, IntFlag


class JobType(IntEnum):
    """dwJobType of FAX_JOB_STATUS: winfax's numbers, and one more."""

    UNKNOWN = 0x00
    SEND = 0x01
    RECEIVE = 0x02
    ROUTING = 0x03
    FAIL_RECEIVE = 0x04
    BROADCAST = 0x20


class JobFields(IntFlag):
    """FAX_ENUM_JOB_FIELDS: dwValidityMask of FAX_JOB_STATUS, as far as the bits are published."""

    JOB_ID = 0x001
    TYPE = 0x002
    QUEUE_STATUS = 0x004
    STATUS_EX = 0x008
    SIZE = 0x010
    PAGE_COUNT = 0x020
    CURRENT_PAGE = 0x040
    RECIPIENT_PROFILE = 0x080
    SCHEDULE_TIME = 0x100
    ORIGINAL_SCHEDULE_TIME = 0x200
    SUBMISSION_TIME = 0x400


class EventType(IntFlag):
    """FAX_ENUM_EVENT_TYPE: exactly one of them in each event, many in a subscription."""

    LEGACY = 0x000
    IN_QUEUE = 0x001
    OUT_QUEUE = 0x002
    CONFIG = 0x004
    ACTIVITY = 0x008
    QUEUE_STATE = 0x010
    IN_ARCHIVE = 0x020
    OUT_ARCHIVE = 0x040
    FXSSVC_ENDED = 0x080
    DEVICE_STATUS = 0x100
    NEW_CALL = 0x200
    LOCAL_ONLY = 0x80000000


class JobEvent(IntEnum):
    """FAX_ENUM_JOB_EVENT_TYPE: Type of FAX_EVENT_JOB."""

    ADDED = 0
    REMOVED = 1
    STATUS = 2
    CHANGED = 3  # of a message in the archive
