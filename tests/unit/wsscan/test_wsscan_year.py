from datetime import UTC, datetime

import pytest
from lxml import etree

from bridge.wsscan import year as years
from bridge.wsscan.job import JobEndState, JobStateReasons, JobStatus, ScansCompleted
from bridge.wsscan.operations import GetScannerElementsRequest
from bridge.wsscan.scanner import (
    ActiveConditions,
    ConditionName,
    DeviceCondition,
    ScannerState,
    ScannerStateReason,
    ScannerStateReasons,
    StatusSummary,
)
from bridge.wsscan.sections import ScannerSection
from bridge.wsscan.year import Year, normalise, respell

NS08 = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
NS01 = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"


def test_an_action_is_the_namespace_and_the_name() -> None:
    assert years.action("CreateScanJob") == f"{NS08}/CreateScanJob"
    assert years.action("JobStatusEvent", Year.Y2006_01) == f"{NS01}/JobStatusEvent"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (f"{NS08}/CreateScanJob", (Year.Y2006_08, "CreateScanJob")),
        (f"\n  {NS01}/JobStatusEvent\n", (Year.Y2006_01, "JobStatusEvent")),
        (NS01.replace("http:", "https:") + "/CancelJob", (Year.Y2006_01, "CancelJob")),
        (NS01, (Year.Y2006_01, "")),
        (f"{NS08}/", (Year.Y2006_08, "")),
        (f"{NS08}x/CreateScanJob", None),
        (f"{NS08}/a/b", None),
        (f"{NS08}/Cancel Job", None),
        ("http://schemas.microsoft.com/windows/2007/08/wdp/scan/CancelJob", None),
        ("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", None),
        ("", None),
    ],
)
def test_year_and_name_of_an_action(uri: str, expected: tuple[Year, str] | None) -> None:
    assert years.split_action(uri) == expected
    assert years.year_of_action(uri) is (None if expected is None else expected[0])


@pytest.mark.parametrize(
    ("namespace", "year"),
    [
        (NS08, Year.Y2006_08),
        (NS01, Year.Y2006_01),
        (NS01.replace("http:", "https:"), Year.Y2006_01),
        (NS08.replace("http:", "https:"), Year.Y2006_08),
    ],
)
def test_elements_attributes_and_names_of_any_year_become_2006_08(namespace: str, year: Year) -> None:
    root = etree.fromstring(
        f'<q:GetScannerElementsResponse xmlns:q="{namespace}" xmlns:v="urn:v"><q:ScannerElements>'
        '<q:ElementData q:Name="q:ScannerStatus" q:Valid="true"/><q:ElementData Name="v:Own" Valid="false"/>'
        "<v:ElementData/></q:ScannerElements></q:GetScannerElementsResponse>"
    )
    assert normalise(root) is year
    known, own = root[0].findall(f"{{{NS08}}}ElementData")
    assert dict(own.attrib) == {"Name": "v:Own", "Valid": "false"}
    assert set(known.attrib) == {f"{{{NS08}}}Name", f"{{{NS08}}}Valid"}
    prefix, _, local = known.attrib[f"{{{NS08}}}Name"].partition(":")
    assert (known.nsmap[prefix], local) == (NS08, "ScannerStatus")
    assert root[0][2].tag == "{urn:v}ElementData"


def test_the_first_element_says_which_year_was_spoken() -> None:
    root = etree.fromstring(
        f'<a xmlns:x="{NS01}" xmlns:y="{NS08}"><x:CancelJobRequest><y:JobId/></x:CancelJobRequest></a>'
    )
    assert normalise(root) is Year.Y2006_01
    assert [child.tag for child in root.iter()] == ["a", f"{{{NS08}}}CancelJobRequest", f"{{{NS08}}}JobId"]
    assert normalise(etree.fromstring("<a><b/></a>")) is None


def test_names_under_any_prefix_are_read_after_normalising() -> None:
    root = etree.fromstring(
        f'<GetScannerElementsRequest xmlns="{NS01}"><RequestedElements><Name>ScannerStatus</Name>'
        "</RequestedElements></GetScannerElementsRequest>"
    )
    normalise(root)
    assert GetScannerElementsRequest.from_xml(root).requested_elements.name == (ScannerSection.STATUS,)


def test_respelling_leaves_the_original_alone() -> None:
    original = JobStatus(job_id=1, job_state="Started", scans_completed=ScansCompleted(count=0)).to_xml()
    before = etree.tostring(original)
    respell(original, Year.Y2006_01)
    respell(original, Year.Y2006_08)
    assert etree.tostring(original) == before


def test_a_prefix_of_another_name_is_replaced_in_names_too() -> None:
    root = etree.fromstring(
        f'<q:GetScannerElementsRequest xmlns:q="{NS08}" xmlns:v="urn:v"><q:RequestedElements><q:Name>q:ScannerStatus'
        "</q:Name><q:Name>v:Own</q:Name></q:RequestedElements></q:GetScannerElementsRequest>"
    )
    assert etree.tostring(respell(root, Year.Y2006_01)).decode() == (
        f'<wscn:GetScannerElementsRequest xmlns:v="urn:v" xmlns:wscn="{NS01}"><wscn:RequestedElements>'
        "<wscn:Name>wscn:ScannerStatus</wscn:Name><wscn:Name>v:Own</wscn:Name></wscn:RequestedElements>"
        "</wscn:GetScannerElementsRequest>"
    )


def reasons_in(element: etree._Element) -> list[str | None]:
    return [found.text for found in element.iter("{*}JobStateReason")]


def test_an_end_state_keeps_a_reason_where_its_own_has_no_word() -> None:
    end = JobEndState(
        job_id=1,
        job_completed_state="Aborted",
        job_completed_state_reasons=JobStateReasons.of("ImageTransferError"),
        job_name="",
        job_originating_user_name="",
        scans_completed=ScansCompleted(count=1),
    ).to_xml()
    assert reasons_in(respell(end, Year.Y2006_01)) == ["ImageTransferError"]
    assert reasons_in(respell(end, Year.Y2006_08)) == ["None"]


def test_the_reasons_that_have_a_word_stay() -> None:
    status = JobStatus(
        job_id=1,
        job_state="Aborted",
        job_state_reasons=JobStateReasons.of("ImageTransferError", "JobTimedOut", "v:Own"),
        scans_completed=ScansCompleted(count=1),
    ).to_xml()
    assert reasons_in(respell(status, Year.Y2006_08)) == ["JobTimedOut", "v:Own"]


def test_the_scanners_words_follow_the_year() -> None:
    summary = StatusSummary(
        scanner_state=ScannerState.STOPPED,
        scanner_state_reasons=ScannerStateReasons.of(ScannerStateReason.INPUT_TRAY_EMPTY),
    ).to_xml()
    assert respell(summary, Year.Y2006_01).findtext(".//{*}ScannerStateReason") == "InputTrayEmpty"
    assert respell(summary, Year.Y2006_08).find(".//{*}ScannerStateReasons") is None
    when = datetime(2026, 1, 1, tzinfo=UTC)
    condition = DeviceCondition(
        condition_id=1, time=when, name=ConditionName.LAMP_WARMING, component="Platen", severity="Warning"
    )
    conditions = ActiveConditions(device_condition=(condition,)).to_xml()
    assert respell(conditions, Year.Y2006_01).findtext(".//{*}Name") == "LampWarming"
    assert respell(conditions, Year.Y2006_08).findtext(".//{*}Name") == "LampWarning"


def test_a_jobs_name_is_not_a_word_of_any_year() -> None:
    root = etree.fromstring(
        f'<w:JobDescription xmlns:w="{NS08}"><w:JobName>JobTransfering</w:JobName></w:JobDescription>'
    )
    assert respell(root, Year.Y2006_01).findtext("{*}JobName") == "JobTransfering"
