"""The numbers by which an MFP tells of its faxes, written here once more by hand from RFC 2707, PWG 5106.3,
RFC 2790 and RFC 3805, and what each state of a job is called as a fax.
"""

import pytest

from bridge.fax.faxcomex import JobExtendedStatus, JobStatus
from bridge.fax.job_status import FaxJobStatus
from bridge.translate.fax import step
from bridge.translate.fax_report import fax
from drivers.contract.observation import JobKind
from drivers.snmp import host_resources, oids, printer_mib, printer_parts, pwg_counters
from drivers.snmp.job_mib import objects
from drivers.snmp.job_mib.follow import Track, follow, reports
from drivers.snmp.job_mib.objects import Reason, Service, State
from drivers.snmp.job_mib.table import JobRow

JM = "1.3.6.1.4.1.2699.1.1.1"
TABLES = {
    objects.State: {
        "UNKNOWN": 2, "PENDING": 3, "PENDING_HELD": 4, "PROCESSING": 5, "PROCESSING_STOPPED": 6, "CANCELED": 7,
        "ABORTED": 8, "COMPLETED": 9,
    },
    objects.Reason: {
        "OTHER": 0x1, "UNKNOWN": 0x2, "JOB_INCOMING": 0x4, "SUBMISSION_INTERRUPTED": 0x8, "JOB_OUTGOING": 0x10,
        "JOB_HOLD_SPECIFIED": 0x20, "JOB_HOLD_UNTIL_SPECIFIED": 0x40, "JOB_PROCESS_AFTER_SPECIFIED": 0x80,
        "RESOURCES_ARE_NOT_READY": 0x100, "DEVICE_STOPPED_PARTLY": 0x200, "DEVICE_STOPPED": 0x400,
        "JOB_INTERPRETING": 0x800, "JOB_PRINTING": 0x1000, "JOB_CANCELED_BY_USER": 0x2000,
        "JOB_CANCELED_BY_OPERATOR": 0x4000, "JOB_CANCELED_AT_DEVICE": 0x8000, "ABORTED_BY_SYSTEM": 0x10000,
        "PROCESSING_TO_STOP_POINT": 0x20000, "SERVICE_OFF_LINE": 0x40000, "JOB_COMPLETED_SUCCESSFULLY": 0x80000,
        "JOB_COMPLETED_WITH_WARNINGS": 0x100000, "JOB_COMPLETED_WITH_ERRORS": 0x200000,
    },
    objects.Service: {
        "OTHER": 1, "UNKNOWN": 2, "PRINT": 4, "SCAN": 8, "FAX_IN": 0x10, "FAX_OUT": 0x20, "GET_FILE": 0x40,
        "PUT_FILE": 0x80, "MAIL_LIST": 0x100,
    },
    objects.Attribute: {
        "JOB_STATE_REASONS_2": 3, "JOB_STATE_REASONS_3": 4, "JOB_STATE_REASONS_4": 5, "PROCESSING_MESSAGE": 6,
        "JOB_NAME": 23, "JOB_SERVICE_TYPES": 24, "JOB_ORIGINATING_HOST": 29, "PHYSICAL_DEVICE": 32, "DOCUMENT_NAME": 35,
        "SIDES": 55, "JOB_K_OCTETS_TRANSFERRED": 94, "SHEET_COMPLETED_COPY_NUMBER": 95, "JOB_COLLATION_TYPE": 97,
        "IMPRESSIONS_SPOOLED": 110, "IMPRESSIONS_SENT_TO_DEVICE": 111, "PAGES_REQUESTED": 130, "PAGES_COMPLETED": 131,
        "SHEETS_REQUESTED": 150, "SHEETS_COMPLETED": 151, "JOB_SUBMISSION_TO_SERVER_TIME": 190,
        "JOB_SUBMISSION_TIME": 191, "JOB_STARTED_PROCESSING_TIME": 193, "JOB_COMPLETION_TIME": 194,
    },
    objects.Collation: {"UNCOLLATED_SHEETS": 3, "COLLATED_DOCUMENTS": 4, "UNCOLLATED_DOCUMENTS": 5},
    pwg_counters.ServiceType: {
        "OTHER": 1, "UNKNOWN": 2, "SYSTEM_TOTALS": 3, "COPY": 4, "EMAIL_IN": 5, "EMAIL_OUT": 6, "FAX_IN": 7,
        "FAX_OUT": 8, "NETWORK_FAX_IN": 9, "NETWORK_FAX_OUT": 10, "PRINT": 11, "SCAN": 12, "TRANSFORM": 13,
    },
    pwg_counters.ServiceState: {
        "OTHER": 1, "UNKNOWN": 2, "IDLE": 3, "PROCESSING": 4, "STOPPED": 5, "TESTING": 6, "DOWN": 7,
    },
    pwg_counters.Persistence: {"LIFETIME": 3, "POWER_ON": 4, "RESET": 5},
    host_resources.DeviceStatus: {"UNKNOWN": 1, "RUNNING": 2, "WARNING": 3, "TESTING": 4, "DOWN": 5},
    host_resources.PrinterStatus: {"OTHER": 1, "UNKNOWN": 2, "IDLE": 3, "PRINTING": 4, "WARMUP": 5},
    printer_mib.Severity: {"OTHER": 1, "CRITICAL": 3, "WARNING_UNARY": 4, "WARNING_BINARY": 5},
    printer_mib.Group: {
        "OTHER": 1, "DEVICE": 4, "GENERAL_PRINTER": 5, "COVER": 6, "INPUT": 8, "OUTPUT": 9, "MEDIA_PATH": 13,
        "FINISHER": 30,
    },
    printer_mib.Code: {
        "COVER_OPEN": 3, "COVER_CLOSED": 4, "INTERLOCK_OPEN": 5, "JAM": 8, "SUBUNIT_EMPTY": 13,
        "SUBUNIT_TURNED_OFF": 21, "SUBUNIT_OFFLINE": 22, "POWER_SAVER": 23, "WARMING_UP": 24,
        "RECOVERABLE_FAILURE": 29, "UNRECOVERABLE_FAILURE": 30, "DOOR_OPEN": 501, "POWER_UP": 503,
    },
    host_resources.PrinterError: {
        "LOW_PAPER": 0x8000, "NO_PAPER": 0x4000, "LOW_TONER": 0x2000, "NO_TONER": 0x1000, "DOOR_OPEN": 0x0800,
        "JAMMED": 0x0400, "OFFLINE": 0x0200, "SERVICE_REQUESTED": 0x0100, "INPUT_TRAY_MISSING": 0x0080,
        "OUTPUT_TRAY_MISSING": 0x0040, "MARKER_SUPPLY_MISSING": 0x0020, "OUTPUT_NEAR_FULL": 0x0010,
        "OUTPUT_FULL": 0x0008, "INPUT_TRAY_EMPTY": 0x0004, "OVERDUE_MAINTENANCE": 0x0002,
    },
}  # fmt: skip
COLUMNS = [  # pairs: two that came to stand at one place would be one key
    (objects.ACTIVE_JOBS, "1.1.1.2"), (objects.OLDEST_ACTIVE, "1.1.1.3"), (objects.NEWEST_ACTIVE, "1.1.1.4"),
    (objects.JOB_PERSISTENCE, "1.1.1.5"), (objects.ATTRIBUTE_PERSISTENCE, "1.1.1.6"), (objects.STATE, "3.1.1.2"),
    (objects.REASONS, "3.1.1.3"), (objects.INTERVENING_JOBS, "3.1.1.4"), (objects.KOCTETS_REQUESTED, "3.1.1.5"),
    (objects.KOCTETS_PROCESSED, "3.1.1.6"), (objects.IMPRESSIONS_REQUESTED, "3.1.1.7"),
    (objects.IMPRESSIONS_COMPLETED, "3.1.1.8"), (objects.OWNER, "3.1.1.9"),
    (objects.AS_INTEGER, "4.1.1.3"), (objects.AS_OCTETS, "4.1.1.4"),
]  # fmt: skip


@pytest.mark.parametrize("enum", TABLES, ids=lambda enum: enum.__name__)
def test_every_number_is_the_published_one(enum: type) -> None:
    assert {member.name: int(member) for member in enum} == TABLES[enum]


def test_every_column_stands_where_the_module_has_it() -> None:
    assert [oid.removeprefix(f"{JM}.") for oid, _ in COLUMNS] == [column for _, column in COLUMNS]
    assert (objects.KNOWN_REASONS, objects.KNOWN_SERVICES) == (0x3FFFFF, 0x1FF)
    assert objects.LEAST_PERSISTENCE == 15


def test_every_object_of_host_resources_and_printer_stands_where_its_rfc_has_it() -> None:
    assert {*printer_mib.SCAN_GROUPS} == {50, 51, 52}
    assert {60, 61} == printer_mib.FAX_GROUPS
    pwg_5107_3 = {5102, 5103, 5104, 5113, 5114, 5205, 5206, 5210, 5211, 5212, 5221, 5222, 5223, 5233, 5234}
    assert {*printer_mib.KINDS} == {3, 5, 8, 21, 22, 24, 501} | pwg_5107_3
    assert oids.HR_DEVICE_STATUS == "1.3.6.1.2.1.25.3.2.1.5"
    assert (oids.HR_PRINTER_STATUS, oids.HR_PRINTER_ERRORS) == ("1.3.6.1.2.1.25.3.5.1.1", "1.3.6.1.2.1.25.3.5.1.2")
    assert oids.PRT_ALERT_ENTRY == "1.3.6.1.2.1.43.18.1.1"
    assert oids.PRT_MARKER_LIFE_COUNT == "1.3.6.1.2.1.43.10.2.1.4"
    assert printer_parts.CONSOLE_TEXT == "1.3.6.1.2.1.43.16.5.1.2"
    severity, group, code, said = (f"1.3.6.1.2.1.43.18.1.1.{column}.1.6" for column in (2, 4, 7, 8))
    walked: dict[str, int | bytes | str] = {severity: 2, group: 4, code: 7, said: b"Jam"}
    assert printer_mib.alerts(walked) == (printer_mib.Alert(6, 2, 4, 7, "Jam"),)


S, X, NO = JobStatus, JobExtendedStatus, Reason(0)
OK, WARN, ERR = Reason.JOB_COMPLETED_SUCCESSFULLY, Reason.JOB_COMPLETED_WITH_WARNINGS, Reason.JOB_COMPLETED_WITH_ERRORS
ROWS = [
    (State.PENDING, NO, S.PENDING, X.NONE, X.NONE),
    (State.PENDING, Reason.JOB_INCOMING, S.PENDING, X.NONE, X.NONE),
    (State.PENDING_HELD, NO, S.PENDING | S.PAUSED, X.NONE, X.NONE),
    (State.PROCESSING, NO, S.INPROGRESS, X.RECEIVING, X.TRANSMITTING),
    (State.PROCESSING, Reason.PROCESSING_TO_STOP_POINT, S.CANCELING, X.NONE, X.NONE),
    (State.PROCESSING, Reason.PROCESSING_TO_STOP_POINT | Reason.ABORTED_BY_SYSTEM, S.INPROGRESS, X.NONE, X.NONE),
    (State.PROCESSING_STOPPED, NO, S.INPROGRESS, X.NONE, X.NONE),
    (State.CANCELED, Reason.JOB_CANCELED_AT_DEVICE, S.CANCELED, X.NONE, X.NONE),
    (State.CANCELED, Reason.JOB_CANCELED_BY_USER, S.CANCELED, X.NONE, X.NONE),
    (State.CANCELED, Reason.JOB_CANCELED_BY_OPERATOR, S.CANCELED, X.NONE, X.NONE),
    (State.ABORTED, Reason.ABORTED_BY_SYSTEM, S.FAILED, X.NONE, X.NONE),
    (State.COMPLETED, OK, S.COMPLETED, X.CALL_COMPLETED, X.CALL_COMPLETED),
    (State.COMPLETED, WARN, S.COMPLETED, X.CALL_COMPLETED, X.CALL_COMPLETED),
    (State.COMPLETED, ERR, S.COMPLETED, X.PARTIALLY_RECEIVED, X.CALL_COMPLETED),
]


def told(track: Track, service: Service, state: State, reasons: Reason) -> tuple[Track, FaxJobStatus]:
    """The fax that the row is; its track goes on."""
    after = follow(track, {(1, 7): JobRow((1, 7), state, reasons, service)})
    (report,) = reports(after)
    as_fax = fax(report)
    assert as_fax is not None
    assert report.kind is (JobKind.FAX_IN if service is Service.FAX_IN else JobKind.FAX_OUT)
    return after, step(None, as_fax, lambda _: 1).status


@pytest.mark.parametrize(("state", "reasons", "status", "incoming", "outgoing"), ROWS)
def test_each_state_of_a_job_is_one_status_of_a_fax(
    state: State, reasons: Reason, status: JobStatus, incoming: JobExtendedStatus, outgoing: JobExtendedStatus
) -> None:
    for service, code in ((Service.FAX_IN, incoming), (Service.FAX_OUT, outgoing)):
        _, found = told(Track("t"), service, state, reasons)
        assert (found.status, found.extended_status_code) == (status, code)


def test_a_state_that_is_not_known_is_the_one_before() -> None:
    track, _ = told(Track("t"), Service.FAX_IN, State.PROCESSING, NO)
    _, found = told(track, Service.FAX_IN, State.UNKNOWN, NO)
    assert (found.status, found.extended_status_code) == (S.INPROGRESS, X.RECEIVING)
