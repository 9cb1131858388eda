"""The event that started this project: job 253, its JobStatusEvent, in both namespace years, to the byte."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from bridge.wsscan.events import JobStatusEvent
from bridge.wsscan.job import JobState, JobStateReason, JobStateReasons, JobStatus, ScansCompleted
from bridge.wsscan.year import Year, normalise, respell
from tests.schema import schema

JOB_253 = JobStatusEvent(
    job_status=JobStatus(
        job_id=253,
        job_state=JobState.PROCESSING,
        job_state_reasons=JobStateReasons.of(JobStateReason.JOB_SCANNING),
        scans_completed=ScansCompleted(count=4),
        job_created_time=datetime(2006, 1, 24, 11, 34, 35, 834_500, UTC),
    )
)
NAMESPACES = {
    Year.Y2006_01: b"http://schemas.microsoft.com/windows/2006/01/wdp/scan",
    Year.Y2006_08: b"http://schemas.microsoft.com/windows/2006/08/wdp/scan",
}


def text_of_job_253(year: Year) -> bytes:
    return (
        b'<wscn:JobStatusEvent xmlns:wscn="%s"><wscn:JobStatus>'
        b"<wscn:JobId>253</wscn:JobId>"
        b"<wscn:JobState>Processing</wscn:JobState>"
        b"<wscn:JobStateReasons><wscn:JobStateReason>JobScanning</wscn:JobStateReason></wscn:JobStateReasons>"
        b"<wscn:ScansCompleted>4</wscn:ScansCompleted>"
        b"<wscn:JobCreatedTime>2006-01-24T11:34:35.8345Z</wscn:JobCreatedTime>"
        b"</wscn:JobStatus></wscn:JobStatusEvent>" % NAMESPACES[year]
    )


@pytest.mark.parametrize("year", Year)
def test_job_253_is_written_as_the_founding_document_prints_it(year: Year) -> None:
    element = respell(JOB_253.to_xml(), year)
    assert etree.tostring(element) == text_of_job_253(year)
    schema.validate(element, year)


@pytest.mark.parametrize("year", Year)
def test_job_253_is_read_from_what_the_founding_document_prints(year: Year) -> None:
    element = etree.fromstring(text_of_job_253(year))
    assert normalise(element) is year
    assert JobStatusEvent.from_xml(element) == JOB_253


@pytest.mark.parametrize("year", Year)
def test_a_percentage_is_an_attribute_that_the_schema_lets_pass(year: Year) -> None:
    status = JOB_253.job_status.model_copy(update={"scans_completed": ScansCompleted(count=4, percent=60)})
    element = respell(JobStatusEvent(job_status=status).to_xml(), year)
    schema.validate(element, year)
    (scans,) = element.iter("{*}ScansCompleted")
    assert dict(scans.attrib) == {"{urn:wsd-scan-bridge:progress}Percent": "60"}
    assert scans.text == "4"


@pytest.mark.parametrize(
    ("reason", "in_2006_01", "in_2006_08"),
    [
        (JobStateReason.JOB_TRANSFERING, "JobTransferring", "JobTransfering"),
        (JobStateReason.JOB_SCANNING_AND_TRANSFERING, "JobScanningAndTransferring", "JobScanningAndTransfering"),
        (JobStateReason.IMAGE_TRANSFER_ERROR, "ImageTransferError", None),
        (JobStateReason.COMPRESSION_ERROR, None, "CompressionError"),
        (JobStateReason.JOB_TIMED_OUT, "JobTimedOut", "JobTimedOut"),
    ],
)
def test_a_reason_is_spelt_as_the_year_spells_it(
    reason: JobStateReason, in_2006_01: str | None, in_2006_08: str | None
) -> None:
    status = JOB_253.job_status.model_copy(update={"job_state_reasons": JobStateReasons.of(reason)})
    event = JobStatusEvent(job_status=status).to_xml()
    for year, word in ((Year.Y2006_01, in_2006_01), (Year.Y2006_08, in_2006_08)):
        element = respell(event, year)
        schema.validate(element, year)
        assert [found.text for found in element.iter("{*}JobStateReason")] == ([] if word is None else [word])
        assert (element.find(".//{*}JobStateReasons") is None) == (word is None)
