"""IFaxJobStatus as a value: its seventeen properties, its forbidden combinations, its JSON."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bridge.errors import WireError
from bridge.fax.faxcomex import JobExtendedStatus, JobOperations, JobStatus, JobType
from bridge.fax.job_status import ALWAYS, FaxJobStatus, Property, from_date, to_date

SENDING = FaxJobStatus(
    JobStatus.INPROGRESS,
    JobType.SEND,
    pages=3,
    size=40_000,
    current_page=2,
    device_id=1,
    csid="+49 30 1234",
    extended_status_code=JobExtendedStatus.TRANSMITTING,
    available_operations=JobOperations.DELETE,
    transmission_start=datetime(2026, 3, 1, 12, tzinfo=UTC),
    known=ALWAYS
    | {
        Property.PAGES,
        Property.SIZE,
        Property.CURRENT_PAGE,
        Property.DEVICE_ID,
        Property.CSID,
        Property.EXTENDED_STATUS_CODE,
        Property.AVAILABLE_OPERATIONS,
        Property.RETRIES,
        Property.TRANSMISSION_START,
    },
)


def test_the_seventeen_properties_have_the_names_of_the_interface() -> None:
    assert [str(name) for name in Property] == [
        *("Status", "Pages", "Size", "CurrentPage", "DeviceId", "CSID", "TSID", "ExtendedStatusCode"),
        *("ExtendedStatus", "AvailableOperations", "Retries", "JobType", "ScheduledTime", "TransmissionStart"),
        *("TransmissionEnd", "CallerId", "RoutingInformation"),
    ]
    assert {name.field for name in Property} | {"known"} == {field.name for field in fields(FaxJobStatus)}


def test_it_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        SENDING.pages = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    "status",
    [
        JobStatus(0),
        JobStatus.PAUSED,
        JobStatus.NOLINE,
        JobStatus.PAUSED | JobStatus.NOLINE,
        JobStatus.PENDING | JobStatus.INPROGRESS,
        JobStatus.INPROGRESS | JobStatus.PAUSED,
        JobStatus.INPROGRESS | JobStatus.NOLINE,
        JobStatus.COMPLETED | JobStatus.PAUSED,
        JobStatus(4),
        JobStatus(0x1000),
    ],
)
def test_bits_that_cannot_stand_together_are_refused(status: JobStatus) -> None:
    with pytest.raises(ValueError, match="Status"):
        FaxJobStatus(status, JobType.SEND)


@pytest.mark.parametrize("base", [JobStatus.PENDING, JobStatus.RETRYING])
@pytest.mark.parametrize(
    "modifier", [JobStatus(0), JobStatus.PAUSED, JobStatus.NOLINE, JobStatus.PAUSED | JobStatus.NOLINE]
)
def test_pending_and_retrying_take_both_modifiers(base: JobStatus, modifier: JobStatus) -> None:
    assert FaxJobStatus(base | modifier, JobType.SEND).status == base | modifier


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pages": -1}, "Pages"),
        ({"pages": 2**31}, "Pages"),
        ({"retries": True}, "Retries"),
        ({"csid": None}, "CSID"),
        ({"tsid": "x"}, "TSID is 'x', yet not among the known"),
        ({"scheduled_time": datetime(2026, 3, 1)}, "ScheduledTime"),  # noqa: DTZ001 - that it has no zone is the point
        ({"current_page": 4}, "CurrentPage 4 is above Pages 3"),
        ({"extended_status": "no fax there", "known": SENDING.known | {Property.EXTENDED_STATUS}}, "ExtendedStatus"),
        ({"known": frozenset({Property.PAGES})}, "always known"),
    ],
)
def test_what_com_could_not_hold_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(SENDING, **changes)  # type: ignore[arg-type]


def test_zero_is_not_unknown() -> None:
    nothing = FaxJobStatus(JobStatus.PENDING, JobType.SEND)
    none_so_far = replace(nothing, known=ALWAYS | {Property.PAGES})
    assert nothing.pages == none_so_far.pages == 0
    assert nothing != none_so_far
    assert nothing.to_json()["Known"] == ["Status", "JobType"]


def test_json_brings_it_back() -> None:
    text = json.dumps(SENDING.to_json())
    assert FaxJobStatus.from_json(json.loads(text)) == SENDING
    assert json.loads(text)["Status"] == 2
    assert json.loads(text)["TransmissionStart"] == "2026-03-01T12:00:00+00:00"
    assert json.loads(text)["TransmissionEnd"] is None


def test_a_providers_own_code_and_words_come_back_too() -> None:
    code = 0x8001
    own = replace(
        SENDING,
        extended_status_code=code,
        extended_status="line noise",
        known=SENDING.known | {Property.EXTENDED_STATUS},
    )
    assert FaxJobStatus.from_json(own.to_json()) == own


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"Status": 3}, "FaxJobStatus: Status 0x3"),
        ({"Pages": "3"}, "FaxJobStatus/Pages: is no LONG"),
        ({"JobType": 7}, "FaxJobStatus/JobType"),
        ({"CSID": 5}, "FaxJobStatus/CSID: is not text"),
        ({"TransmissionStart": "noon"}, "FaxJobStatus/TransmissionStart"),
        ({"Known": 5}, "FaxJobStatus/Known"),
        ({"Known": ["Status", "JobType", "Colour"]}, "FaxJobStatus"),
        ({"Colour": 1}, "FaxJobStatus/Colour: there is no such property"),
    ],
)
def test_json_that_is_none_of_ours_names_the_property(changes: dict[str, object], where: str) -> None:
    with pytest.raises(WireError, match=where):
        FaxJobStatus.from_json(SENDING.to_json() | changes)


def test_json_must_have_every_property() -> None:
    data = SENDING.to_json()
    del data["Retries"]
    with pytest.raises(WireError, match="FaxJobStatus/Retries: is missing"):
        FaxJobStatus.from_json(data)
    with pytest.raises(WireError, match="is not an object"):
        FaxJobStatus.from_json([data])


# The third is the example of the documentation of OLE DATE: 29 December 1899, 6 a.m., is -1.25.
@pytest.mark.parametrize(
    ("moment", "date"),
    [
        (datetime(1899, 12, 30, tzinfo=UTC), 0.0),
        (datetime(2000, 1, 1, 12, tzinfo=UTC), 36526.5),
        (datetime(1899, 12, 29, 6, tzinfo=UTC), -1.25),
        (datetime(2000, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))), 36526.5),
    ],
)
def test_a_date_counts_days_since_1899(moment: datetime, date: float) -> None:
    assert to_date(moment) == date
    assert from_date(date) == moment


def test_a_date_outside_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="calendar"):
        from_date(1e9)
