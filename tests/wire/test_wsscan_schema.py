"""The schema judges as the service's own one was seen to: the variants of JobStatus that are valid, and those that
are not. What these rows say was found out with the original schema and a validator, not with our code."""

import pytest
from lxml import etree

from bridge.wsscan.year import Year
from tests.schema import schema

NS08 = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
NS01 = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"


def event(children: str, namespace: str = NS08, attributes: str = "") -> etree._Element:
    return etree.fromstring(
        f'<e:JobStatusEvent xmlns:e="{namespace}" xmlns:v="urn:vendor">'
        f"<e:JobStatus {attributes}>{children}</e:JobStatus></e:JobStatusEvent>"
    )


def job_status(
    job_id: str = "253", state: str = "Processing", reason: str | None = "JobScanning", count: str = "4", more: str = ""
) -> str:
    reasons = (
        ""
        if reason is None
        else f"<e:JobStateReasons><e:JobStateReason>{reason}</e:JobStateReason></e:JobStateReasons>"
    )
    return (
        f"<e:JobId>{job_id}</e:JobId><e:JobState>{state}</e:JobState>{reasons}"
        f"<e:ScansCompleted>{count}</e:ScansCompleted>{more}"
    )


CREATED = "<e:JobCreatedTime>2006-01-24T11:34:35.8345Z</e:JobCreatedTime>"
COMPLETED = "<e:JobCompletedTime>2006-01-24T11:35:00Z</e:JobCompletedTime>"


@pytest.mark.parametrize(
    "children",
    [
        job_status(more=CREATED),
        job_status(more=CREATED + COMPLETED),
        job_status(reason=None),
        job_status(count="0"),
        job_status(count="2147483647"),
        job_status(job_id="2147483647"),
        job_status(state="Pending-Held"),
        job_status(state="v:Anything"),
        *(job_status(reason=word) for word in ("JobTransfering", "JobScanningAndTransfering", "CompressionError")),
        job_status(reason="JobCompletedSuccessfully"),
        job_status(reason="v:Custom"),
    ],
)
def test_a_job_status_of_2006_08_is_valid(children: str) -> None:
    schema.validate(event(children), Year.Y2006_08)


@pytest.mark.parametrize(
    "children",
    [
        "<e:JobId>253</e:JobId><e:JobState>Started</e:JobState>",
        "<e:JobId>253</e:JobId><e:JobState>Processing</e:JobState><e:JobStateReasons/><e:ScansCompleted>4</e:ScansCompleted>",
        "<e:JobCreatedTime>2006-01-24T11:34:35Z</e:JobCreatedTime>" + job_status(),
        job_status(more=COMPLETED + CREATED),
        job_status(job_id="0"),
        job_status(job_id="2147483648"),
        job_status(count="-1"),
        job_status(count="2147483648"),
        job_status(more="<v:Percent>50</v:Percent>"),
        job_status(more="<e:Percent>50</e:Percent>"),
        job_status(state="Held"),
        job_status(state="ProcessingStopped"),
        *(job_status(reason=w) for w in ("JobTransferring", "JobScanningAndTransferring", "ImageTransferError")),
        job_status(more="<e:JobCreatedTime>yesterday</e:JobCreatedTime>"),
    ],
)
def test_a_job_status_of_2006_08_is_not_valid(children: str) -> None:
    assert schema.errors(event(children), Year.Y2006_08)


def test_a_vendors_attribute_is_valid_and_one_of_ours_or_without_namespace_is_not() -> None:
    assert not schema.errors(event(job_status(), attributes='v:Percent="40"'), Year.Y2006_08)
    assert schema.errors(event(job_status(), attributes='e:MustHonor="true"'), Year.Y2006_08)
    assert schema.errors(event(job_status(), attributes='Percent="40"'), Year.Y2006_08)


def test_each_year_knows_its_own_namespace_only() -> None:
    assert schema.errors(event(job_status(), NS01), Year.Y2006_08)
    assert schema.errors(event(job_status(), NS08), Year.Y2006_01)
    schema.validate(event(job_status(), NS01), Year.Y2006_01)


@pytest.mark.parametrize("word", ["JobTransferring", "JobScanningAndTransferring", "ImageTransferError"])
def test_the_documents_words_are_valid_in_2006_01(word: str) -> None:
    schema.validate(event(job_status(reason=word), NS01), Year.Y2006_01)


@pytest.mark.parametrize("word", ["JobTransfering", "JobScanningAndTransfering", "CompressionError"])
def test_the_schemas_own_words_are_not_valid_in_2006_01(word: str) -> None:
    assert schema.errors(event(job_status(reason=word), NS01), Year.Y2006_01)


def body(text: str) -> etree._Element:
    """A message from its text, which begins with a tag without attributes."""
    return etree.fromstring(text.replace(">", f' xmlns:e="{NS08}" xmlns:v="urn:vendor">', 1))


def test_names_of_sections_are_attributes_without_a_namespace() -> None:
    response = (
        "<e:GetScannerElementsResponse><e:ScannerElements><e:ElementData {0}Name='v:Thing' {0}Valid='false'/>"
        "</e:ScannerElements></e:GetScannerElementsResponse>"
    )
    assert not schema.errors(body(response.format("")), Year.Y2006_08)
    assert schema.errors(body(response.format("e:")), Year.Y2006_08)


def test_the_request_for_sections_of_a_job_is_not_the_bare_operation() -> None:
    request = (
        "<e:{0}><e:JobId>1</e:JobId><e:RequestedElements><e:Name>e:JobStatus</e:Name></e:RequestedElements></e:{0}>"
    )
    assert not schema.errors(body(request.format("GetJobElementsRequest")), Year.Y2006_08)
    assert schema.errors(body(request.format("GetJobElements")), Year.Y2006_08)


def test_the_id_of_a_condition_is_an_attribute_without_a_namespace_and_its_name_is_from_a_closed_list() -> None:
    text = (
        "<e:ScannerStatusConditionEvent><e:DeviceCondition {0}Id='7'><e:Time>2006-01-21T17:22:27Z</e:Time>"
        "<e:Name>{1}</e:Name><e:Component>Platen</e:Component><e:Severity>Critical</e:Severity></e:DeviceCondition>"
        "</e:ScannerStatusConditionEvent>"
    )
    assert not schema.errors(body(text.format("", "LampError")), Year.Y2006_08)
    assert not schema.errors(body(text.format("", "LampWarning")), Year.Y2006_08)
    assert schema.errors(body(text.format("e:", "LampError")), Year.Y2006_08)
    assert schema.errors(body(text.format("", "v:Fire")), Year.Y2006_08)
    assert schema.errors(body(text.format("", "LampWarming")), Year.Y2006_08)


def test_the_end_of_a_job_needs_its_reasons() -> None:
    text = (
        "<e:JobEndStateEvent><e:JobEndState><e:JobId>7</e:JobId><e:JobCompletedState>Completed</e:JobCompletedState>"
        "{0}<e:JobName>n</e:JobName><e:JobOriginatingUserName>u</e:JobOriginatingUserName>"
        "<e:ScansCompleted>1</e:ScansCompleted></e:JobEndState></e:JobEndStateEvent>"
    )
    reasons = "<e:JobCompletedStateReasons><e:JobStateReason>None</e:JobStateReason></e:JobCompletedStateReasons>"
    assert not schema.errors(body(text.format(reasons)), Year.Y2006_08)
    assert schema.errors(body(text.format("")), Year.Y2006_08)
