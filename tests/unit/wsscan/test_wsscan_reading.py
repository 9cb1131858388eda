"""How lenient the models read, and what they refuse, by path."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from bridge.errors import WireError
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.destinations import ScanDestinations
from bridge.wsscan.job import JobEndState, JobState, JobStateReason, JobStateReasons, JobStatus
from bridge.wsscan.names import ScanElement
from bridge.wsscan.operations import (
    CancelJobRequest,
    CreateScanJobRequest,
    GetActiveJobsRequest,
    GetJobElementsRequest,
    GetScannerElementsRequest,
    Operation,
    read_request,
)
from bridge.wsscan.scanner import ConditionName, DeviceCondition, LocalText, ScannerStatus
from bridge.wsscan.sections import JobSection, RequestedElements
from bridge.wsscan.ticket import DocumentParameters
from bridge.wsscan.values import ColorEntry
from bridge.wsscan.year import normalise

NS = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"


def xml(text: str) -> etree._Element:
    return etree.fromstring(f'<x xmlns:w="{NS}" xmlns:v="urn:v">{text}</x>')[0]


def status(state: str = "Processing", more: str = "", count: str = "0", job_id: str = "1") -> etree._Element:
    return xml(
        f"<w:JobStatus><w:JobId>{job_id}</w:JobId><w:JobState>{state}</w:JobState>{more}"
        f"<w:ScansCompleted>{count}</w:ScansCompleted></w:JobStatus>"
    )


def reasons(*words: str) -> str:
    return (
        f"<w:JobStateReasons>{''.join(f'<w:JobStateReason>{w}</w:JobStateReason>' for w in words)}</w:JobStateReasons>"
    )


def refusal(cls: type[ScanElement], element: etree._Element) -> WireError:
    with pytest.raises(WireError) as caught:
        cls.from_xml(element)
    return caught.value


# Words ------------------------------------------------------------------------------------------------------


def test_a_known_state_is_its_member_and_an_unknown_one_its_text() -> None:
    assert JobStatus.from_xml(status("Pending-Held")).job_state is JobState.PENDING_HELD
    assert JobStatus.from_xml(status("Held")).job_state is JobState.PENDING_HELD
    unknown = JobStatus.from_xml(status("ProcessingStopped")).job_state
    assert unknown == "ProcessingStopped"
    assert not isinstance(unknown, JobState)


def test_all_spellings_of_a_reason_are_one_reason() -> None:
    words = ("JobTransferring", "JobTransfering", "JobScanningAndTransferring", "ImageTransferError", "v:Own")
    found = JobStatus.from_xml(status(more=reasons(*words))).job_state_reasons
    assert found == JobStateReasons.of(
        JobStateReason.JOB_TRANSFERING,
        JobStateReason.JOB_TRANSFERING,
        JobStateReason.JOB_SCANNING_AND_TRANSFERING,
        JobStateReason.IMAGE_TRANSFER_ERROR,
        "v:Own",
    )


def test_a_word_ending_in_transferring_that_is_no_reason_stays_text() -> None:
    assert JobStateReasons.of("NotTransferring").job_state_reason == ("NotTransferring",)


def test_an_empty_list_of_reasons_is_no_list_where_it_may_be_absent() -> None:
    assert JobStatus.from_xml(status(more="<w:JobStateReasons/>")).job_state_reasons is None
    end = xml(
        "<w:JobEndState><w:JobId>1</w:JobId><w:JobCompletedState>Completed</w:JobCompletedState>"
        "<w:JobCompletedStateReasons/><w:JobName/><w:JobOriginatingUserName/><w:ScansCompleted>1</w:ScansCompleted>"
        "</w:JobEndState>"
    )
    assert JobEndState.from_xml(end).job_completed_state_reasons == JobStateReasons.of(JobStateReason.NONE)


def test_the_documents_spellings_of_colour_and_lamp_are_understood() -> None:
    assert ColorEntry("GrayScale4") is ColorEntry.GRAYSCALE_4
    assert ConditionName("LampWarming") is ConditionName.LAMP_WARMING


# Bounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "path"),
    [
        (status(job_id="0"), "JobStatus/JobId"),
        (status(job_id="2147483648"), "JobStatus/JobId"),
        (status(job_id="1.0"), "JobStatus/JobId"),
        (status(job_id=""), "JobStatus/JobId"),
        (status(count="-1"), "JobStatus/ScansCompleted"),
        (status(count="four"), "JobStatus/ScansCompleted"),
        (status(state=""), "JobStatus/JobState"),
        (status(state="x" * 256), "JobStatus/JobState"),
        (status(more="<w:JobCreatedTime>1700000000</w:JobCreatedTime>"), "JobStatus/JobCreatedTime"),
        (status(more="<w:JobCreatedTime>2006-13-01T00:00:00Z</w:JobCreatedTime>"), "JobStatus/JobCreatedTime"),
        (status(more="<w:JobCreatedTime>0001-01-01T00:00:00+01:00</w:JobCreatedTime>"), "JobStatus/JobCreatedTime"),
        (status(more="<w:JobId>2</w:JobId>"), "JobStatus/JobId"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(element: etree._Element, path: str) -> None:
    assert refusal(JobStatus, element).path == path


def test_a_missing_child_is_named_by_its_path() -> None:
    request = xml(
        "<w:CreateScanJobRequest><w:ScanTicket><w:JobDescription><w:JobName/></w:JobDescription></w:ScanTicket></w:CreateScanJobRequest>"
    )
    error = refusal(CreateScanJobRequest, request)
    assert error.path == "CreateScanJobRequest/ScanTicket/JobDescription/JobOriginatingUserName"
    assert error.reason == "is missing"


DESTINATION = (
    "<w:ScanDestination><w:ClientDisplayName>{0}</w:ClientDisplayName><w:ClientContext>c</w:ClientContext>"
    "</w:ScanDestination>"
)


def test_texts_are_bounded() -> None:
    text = f"<w:ScanDestinations>{DESTINATION}</w:ScanDestinations>"
    assert ScanDestinations.from_xml(xml(text.format("n" * 127))).scan_destination[0].client_context == "c"
    assert refusal(ScanDestinations, xml(text.format("n" * 128))).path.endswith("/ClientDisplayName")


def test_destinations_are_at_least_one_and_at_most_64() -> None:
    one = DESTINATION.format("n")
    for count, fine in ((0, False), (1, True), (64, True), (65, False)):
        element = xml(f"<w:ScanDestinations>{one * count}</w:ScanDestinations>")
        if fine:
            assert len(ScanDestinations.from_xml(element).scan_destination) == count
        else:
            assert refusal(ScanDestinations, element).path == "ScanDestinations/ScanDestination"


def test_a_devices_unprintable_name_can_be_written() -> None:
    assert LocalText(text="a\x00b\ud800").to_xml().text == "a?b?"


# Times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("2006-01-24T11:34:35", datetime(2006, 1, 24, 11, 34, 35, tzinfo=UTC)),
        ("\n 2006-01-24T13:34:35.5+02:00 ", datetime(2006, 1, 24, 11, 34, 35, 500_000, UTC)),
        ("2006-01-21T17:22:27.5242689Z", datetime(2006, 1, 21, 17, 22, 27, 524_268, UTC)),
    ],
)
def test_a_time_is_read_in_utc(text: str, expected: datetime) -> None:
    found = JobStatus.from_xml(status(more=f"<w:JobCreatedTime>{text}</w:JobCreatedTime>")).job_created_time
    assert found == expected
    assert found is not None
    assert found.tzinfo is UTC


# Settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("", None),
        ('w:MustHonor="true"', True),
        ('MustHonor="1"', True),
        ('w:MustHonor="0"', False),
        ('MustHonor="false"', False),
        ('v:MustHonor="true"', None),
    ],
)
def test_must_honor_is_read_with_and_without_its_namespace(attribute: str, expected: bool | None) -> None:
    element = xml(f"<w:DocumentParameters><w:Format {attribute}>png</w:Format></w:DocumentParameters>")
    found = DocumentParameters.from_xml(element).format
    assert found is not None
    assert found.must_honor is expected


def test_must_honor_says_true_or_false() -> None:
    element = xml('<w:DocumentParameters><w:Format w:MustHonor="yes">png</w:Format></w:DocumentParameters>')
    assert refusal(DocumentParameters, element).path == "DocumentParameters/Format/MustHonor"


@pytest.mark.parametrize("name", ["InputSize", "Exposure"])
def test_a_choice_of_nothing_is_refused(name: str) -> None:
    element = xml(f"<w:DocumentParameters><w:{name}/></w:DocumentParameters>")
    assert refusal(DocumentParameters, element).path == f"DocumentParameters/{name}"


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("<w:CompressionQualityFactor>101</w:CompressionQualityFactor>", "CompressionQualityFactor"),
        (
            "<w:Scaling><w:ScalingWidth>0</w:ScalingWidth><w:ScalingHeight>1</w:ScalingHeight></w:Scaling>",
            "Scaling/ScalingWidth",
        ),
        (
            "<w:Exposure><w:ExposureSettings><w:Contrast>1001</w:Contrast></w:ExposureSettings></w:Exposure>",
            "Exposure/ExposureSettings/Contrast",
        ),
        (
            "<w:Exposure><w:ExposureSettings><w:Sharpness>-101</w:Sharpness></w:ExposureSettings></w:Exposure>",
            "Exposure/ExposureSettings/Sharpness",
        ),
        ("<w:Format/>", "Format"),
    ],
)
def test_a_setting_out_of_range_is_refused(setting: str, path: str) -> None:
    element = xml(f"<w:DocumentParameters>{setting}</w:DocumentParameters>")
    assert refusal(DocumentParameters, element).path == f"DocumentParameters/{path}"


def test_a_configuration_without_its_settings_is_refused() -> None:
    error = refusal(ScannerConfiguration, xml("<w:ScannerConfiguration><w:ADF/></w:ScannerConfiguration>"))
    assert error.path == "ScannerConfiguration/DeviceSettings"


# Conditions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["Id", "w:Id"])
def test_a_conditions_id_is_read_with_and_without_its_namespace(attribute: str) -> None:
    element = xml(
        f'<w:DeviceCondition {attribute}="9"><w:Time>2006-01-01T00:00:00Z</w:Time><w:Name>MediaJam</w:Name>'
        "<w:Component>ADF</w:Component><w:Severity>Critical</w:Severity></w:DeviceCondition>"
    )
    condition = DeviceCondition.from_xml(element)
    assert condition.condition_id == 9
    assert dict(condition.to_xml().attrib) == {"Id": "9"}


def test_a_scanner_where_all_is_well_writes_an_empty_list_of_conditions() -> None:
    element = xml(
        "<w:ScannerStatus><w:ScannerCurrentTime>2006-01-01T00:00:00Z</w:ScannerCurrentTime>"
        "<w:ScannerState>Idle</w:ScannerState><w:ConditionHistory/></w:ScannerStatus>"
    )
    written = ScannerStatus.from_xml(element).to_xml()
    names = [etree.QName(child).localname for child in written]
    assert names == ["ScannerCurrentTime", "ScannerState", "ActiveConditions"]


# Requests ---------------------------------------------------------------------------------------------------

NAMES = "<w:JobId>3</w:JobId><w:RequestedElements>{0}</w:RequestedElements>"


@pytest.mark.parametrize("root", ["GetJobElementsRequest", "GetJobElements"])
def test_a_request_may_bear_the_operations_bare_name(root: str) -> None:
    names = NAMES.format("<w:Name>w:JobStatus</w:Name>")
    request = read_request(Operation.GET_JOB_ELEMENTS, xml(f"<w:{root}>{names}</w:{root}>"))
    assert request == GetJobElementsRequest(job_id=3, requested_elements=RequestedElements(name=(JobSection.STATUS,)))


def test_another_operations_request_is_refused() -> None:
    with pytest.raises(WireError, match="CancelJobRequest: is missing, the body holds GetActiveJobsRequest"):
        read_request(Operation.CANCEL_JOB, xml("<w:GetActiveJobsRequest/>"))
    with pytest.raises(WireError, match="CancelJobRequest: is missing"):
        read_request(Operation.CANCEL_JOB, None)
    with pytest.raises(WireError, match="CancelJobRequest: is missing"):
        read_request(Operation.CANCEL_JOB, xml("<v:CancelJobRequest><w:JobId>1</w:JobId></v:CancelJobRequest>"))


def test_a_request_with_things_unknown_in_it_is_read() -> None:
    body = xml("<w:CancelJobRequest><v:Why/><w:JobId w:Own='1'>3</w:JobId><w:Later>x</w:Later></w:CancelJobRequest>")
    assert read_request(Operation.CANCEL_JOB, body) == CancelJobRequest(job_id=3)
    assert read_request(Operation.GET_ACTIVE_JOBS, xml("<w:GetActiveJobsRequest> </w:GetActiveJobsRequest>")) == (
        GetActiveJobsRequest()
    )


def test_a_name_is_known_by_its_namespace_and_never_by_its_prefix() -> None:
    body = etree.fromstring(
        f'<a:GetJobElementsRequest xmlns:a="{NS}" xmlns:wscn="urn:v"><a:JobId>3</a:JobId><a:RequestedElements>'
        f'<a:Name>wscn:JobStatus</a:Name><b:Name xmlns:b="{NS}">b:Documents</b:Name><a:Name>ScanTicket</a:Name>'
        "<a:Name>a:Document</a:Name></a:RequestedElements></a:GetJobElementsRequest>"
    )
    names = GetJobElementsRequest.from_xml(body).requested_elements.name
    assert names == ("{urn:v}JobStatus", JobSection.DOCUMENTS, JobSection.TICKET, f"{{{NS}}}Document")
    assert JobSection(names[3]) is JobSection.DOCUMENTS
    assert body[1][0].text == "wscn:JobStatus"  # reading leaves the message as it was


@pytest.mark.parametrize("name", ["nowhere:JobStatus", "", "w:", ":JobStatus", "w:a:b", "w:two words"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    body = xml(f"<w:GetJobElementsRequest>{NAMES.format(f'<w:Name>{name}</w:Name>')}</w:GetJobElementsRequest>")
    assert "Name" in refusal(GetJobElementsRequest, body).path


def test_the_sections_asked_for_at_once_are_bounded() -> None:
    names = "<w:RequestedElements>" + "<w:Name>w:ScannerStatus</w:Name>" * 65 + "</w:RequestedElements>"
    body = xml(f"<w:GetScannerElementsRequest>{names}</w:GetScannerElementsRequest>")
    assert refusal(GetScannerElementsRequest, body).path == "GetScannerElementsRequest/RequestedElements/Name"


@pytest.mark.parametrize("local", ["9lives", "a/b"])
def test_a_name_that_xml_forbids_is_refused_and_not_kept_for_the_answer(local: str) -> None:
    body = xml(f"<w:GetJobElementsRequest>{NAMES.format(f'<w:Name>w:{local}</w:Name>')}</w:GetJobElementsRequest>")
    normalise(body)
    assert refusal(GetJobElementsRequest, body).reason == "is not a qualified name"
