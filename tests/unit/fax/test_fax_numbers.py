"""The numbers of the fax interfaces, written here once more by hand from the published pages."""

import pytest

from bridge.fax import faxcomex, ms_fax, winfax

TABLES = {
    faxcomex.JobStatus: {
        "PENDING": 1, "INPROGRESS": 2, "FAILED": 8, "PAUSED": 16, "NOLINE": 32, "RETRYING": 64,
        "RETRIES_EXCEEDED": 128, "COMPLETED": 256, "CANCELED": 512, "CANCELING": 1024, "ROUTING": 2048,
    },
    faxcomex.JobExtendedStatus: {
        "NONE": 0, "DISCONNECTED": 1, "INITIALIZING": 2, "DIALING": 3, "TRANSMITTING": 4, "ANSWERED": 5, "RECEIVING": 6,
        "LINE_UNAVAILABLE": 7, "BUSY": 8, "NO_ANSWER": 9, "BAD_ADDRESS": 10, "NO_DIAL_TONE": 11, "FATAL_ERROR": 12,
        "CALL_DELAYED": 13, "CALL_BLACKLISTED": 14, "NOT_FAX_CALL": 15, "PARTIALLY_RECEIVED": 16, "HANDLED": 17,
        "CALL_COMPLETED": 18, "CALL_ABORTED": 19, "PROPRIETARY": 16777216,
    },
    faxcomex.JobType: {"SEND": 0, "RECEIVE": 1, "ROUTING": 2},
    faxcomex.JobOperations: {
        "VIEW": 1, "PAUSE": 2, "RESUME": 4, "RESTART": 8, "DELETE": 16, "RECIPIENT_INFO": 32, "SENDER_INFO": 64,
    },
    faxcomex.ServerEvents: {
        "IN_QUEUE": 1, "OUT_QUEUE": 2, "CONFIG": 4, "ACTIVITY": 8, "QUEUE_STATE": 16, "IN_ARCHIVE": 32,
        "OUT_ARCHIVE": 64, "FXSSVC_ENDED": 128, "DEVICE_STATUS": 256, "INCOMING_CALL": 512,
    },
    faxcomex.AccountEvents: {
        "IN_QUEUE": 1, "OUT_QUEUE": 2, "IN_ARCHIVE": 4, "OUT_ARCHIVE": 8, "FXSSVC_ENDED": 16,
    },
    faxcomex.AccessRights: {
        "SUBMIT_LOW": 1, "SUBMIT_NORMAL": 2, "SUBMIT_HIGH": 4, "QUERY_JOBS": 8, "MANAGE_JOBS": 16, "QUERY_CONFIG": 32,
        "MANAGE_CONFIG": 64, "QUERY_IN_ARCHIVE": 128, "MANAGE_IN_ARCHIVE": 256, "QUERY_OUT_ARCHIVE": 512,
        "MANAGE_OUT_ARCHIVE": 1024,
    },
    faxcomex.ServerApiVersion: {"VERSION_0": 0, "VERSION_1": 65536, "VERSION_2": 131072, "VERSION_3": 196608},
    faxcomex.PriorityType: {"LOW": 0, "NORMAL": 1, "HIGH": 2},
    faxcomex.ScheduleType: {"NOW": 0, "SPECIFIC_TIME": 1, "DISCOUNT_PERIOD": 2},
    faxcomex.ReceiptType: {"NONE": 0, "MAIL": 1, "MSGBOX": 4},
    faxcomex.CoverPageType: {"NONE": 0, "LOCAL": 1, "SERVER": 2},
    winfax.JobType: {"UNKNOWN": 0, "SEND": 1, "RECEIVE": 2, "ROUTING": 3, "FAIL_RECEIVE": 4},
    winfax.JobStatus: {
        "INPROGRESS": 1, "DELETING": 2, "FAILED": 4, "PAUSED": 8, "NOLINE": 16, "RETRYING": 32, "RETRIES_EXCEEDED": 64,
    },
    winfax.Event: {
        "DIALING": 1, "SENDING": 2, "RECEIVING": 3, "COMPLETED": 4, "BUSY": 5, "NO_ANSWER": 6, "BAD_ADDRESS": 7,
        "NO_DIAL_TONE": 8, "DISCONNECTED": 9, "FATAL_ERROR": 10, "NOT_FAX_CALL": 11, "CALL_DELAYED": 12,
    },
    ms_fax.JobType: {"UNKNOWN": 0, "SEND": 1, "RECEIVE": 2, "ROUTING": 3, "FAIL_RECEIVE": 4, "BROADCAST": 32},
    ms_fax.JobFields: {
        "JOB_ID": 1, "TYPE": 2, "QUEUE_STATUS": 4, "STATUS_EX": 8, "SIZE": 16, "PAGE_COUNT": 32, "CURRENT_PAGE": 64,
        "RECIPIENT_PROFILE": 128, "SCHEDULE_TIME": 256, "ORIGINAL_SCHEDULE_TIME": 512, "SUBMISSION_TIME": 1024,
    },
    ms_fax.EventType: {
        "IN_QUEUE": 1, "OUT_QUEUE": 2, "CONFIG": 4, "ACTIVITY": 8, "QUEUE_STATE": 16, "IN_ARCHIVE": 32,
        "OUT_ARCHIVE": 64, "FXSSVC_ENDED": 128, "DEVICE_STATUS": 256, "NEW_CALL": 512, "LOCAL_ONLY": 2147483648,
    },
    ms_fax.JobEvent: {"ADDED": 0, "REMOVED": 1, "STATUS": 2, "CHANGED": 3},
}  # fmt: skip


@pytest.mark.parametrize("enum", TABLES, ids=lambda enum: f"{enum.__module__.rpartition('.')[2]}.{enum.__name__}")
def test_every_number_is_the_published_one(enum: type) -> None:
    # A flag's zero has no place in an iteration over it.
    assert {member.name: int(member) for member in enum} == TABLES[enum]


def test_a_flag_of_zero_is_what_the_pages_call_it() -> None:
    assert int(faxcomex.ServerEvents.NONE) == int(faxcomex.AccountEvents.NONE) == int(winfax.JobStatus.PENDING) == 0
    assert int(ms_fax.EventType.LEGACY) == 0


def test_the_same_word_is_another_number_in_each_family() -> None:
    assert winfax.job_status(faxcomex.JobStatus.INPROGRESS) == 1
    assert winfax.job_status(faxcomex.JobStatus.PENDING | faxcomex.JobStatus.PAUSED) == 8
    assert winfax.job_status(faxcomex.JobStatus.RETRYING | faxcomex.JobStatus.NOLINE) == 48
    assert winfax.job_status(faxcomex.JobStatus.CANCELING) == 2
    assert winfax.job_type(winfax.JobType.SEND) is faxcomex.JobType.SEND
    assert winfax.job_type(winfax.JobType.ROUTING) == 2


def test_what_the_other_family_has_no_word_for_is_refused() -> None:
    with pytest.raises(ValueError, match="fjsROUTING"):
        winfax.job_status(faxcomex.JobStatus.ROUTING)
    with pytest.raises(ValueError, match="JT_FAIL_RECEIVE"):
        winfax.job_type(winfax.JobType.FAIL_RECEIVE)
