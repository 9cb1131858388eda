"""What real clients and the documents wrote: read without loss, or refused for what is wrong with it.

The recordings are read from $WSD_REALDATA and are not part of the project; the fixtures below it are our own and
show the same habits (children in any order, qualified attributes, either year, padding).
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from bridge.errors import WireError
from bridge.soap import tree
from bridge.wsscan import events, operations
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.sections import ScannerSection
from bridge.wsscan.year import Year, normalise, respell
from tests.schema import schema

ROOT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("WSD_REALDATA", ROOT.parent / "shared" / "realdata"))
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
TYPES: dict[str, type[ScanElement]] = {
    cls.__name__: cls
    for cls in (*operations.REQUESTS.values(), *operations.RESPONSES.values(), *events.EVENTS.values())
}


@pytest.fixture
def recordings() -> Path:
    if not REALDATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no recordings in {REALDATA}: set WSD_REALDATA")
        pytest.skip(f"no recordings in {REALDATA}; our own fixtures are tested")
    return REALDATA


def body_of(data: bytes) -> tuple[etree._Element, Year | None]:
    body = tree.parse(data).find(f"{SOAP}Body")
    assert body is not None
    year = normalise(body)
    return body[0], year


def captured(recordings: Path, name: str) -> etree._Element:
    """The body of a client's HTTP request."""
    head, _, data = (recordings / "captures" / "sane-airscan-0.99.27" / name).read_bytes().partition(b"\n\n")
    if not data:
        head, _, data = head.partition(b"\r\n\r\n")
    element, year = body_of(data)
    assert year is Year.Y2006_08
    return element


def documented(recordings: Path, name: str) -> bytes:
    return (recordings / "wsd" / "ms-docs-examples" / name).read_bytes()


def leaves(element: etree._Element) -> Counter[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """All that an element says, by path, regardless of order, padding, prefixes and of whole milliseconds."""
    found: Counter[tuple[str, str, tuple[tuple[str, str], ...]]] = Counter()
    for each in element.iter(etree.Element):
        path = "/".join([etree.QName(a).localname for a in reversed(list(each.iterancestors()))][-6:])
        text = re.sub(r"^[a-z0-9]+:(?=[A-Z])", "", re.sub(r"\.000Z$", "Z", (each.text or "").strip()))
        attributes = sorted((etree.QName(str(k)).localname, v.rpartition(":")[2]) for k, v in each.attrib.items())
        attributes = [(k, "true" if (k, v) == ("MustHonor", "1") else v) for k, v in attributes]
        found[f"{path}/{etree.QName(each).localname}", text, tuple(attributes)] += 1
    return found


def read_without_loss(element: etree._Element) -> ScanElement:
    cls = TYPES[etree.QName(element).localname]
    model = cls.from_xml(element)
    written = respell(model.to_xml(), Year.Y2006_08)
    schema.validate(written, Year.Y2006_08)
    assert cls.from_xml(written) == model
    detached = tree.parse(etree.tostring(element, with_tail=False))
    assert leaves(written) == leaves(detached)
    return model


# A client nobody here wrote ---------------------------------------------------------------------------------


def test_sane_airscan_creates_a_job(recordings: Path) -> None:
    model = read_without_loss(captured(recordings, "CreateScanJob.http"))
    assert isinstance(model, operations.CreateScanJobRequest)
    assert model.scan_identifier is None
    assert model.scan_ticket.job_description.job_originating_user_name == "sane-airscan"
    parameters = model.scan_ticket.document_parameters
    assert parameters is not None
    assert parameters.format is not None
    assert (parameters.format.value, parameters.format.must_honor) == ("png", None)
    assert parameters.images_to_transfer is not None
    assert parameters.images_to_transfer.value == 0
    assert parameters.input_source is not None
    assert parameters.input_source.value == "Platen"
    assert parameters.media_sides is not None
    front = parameters.media_sides.media_front
    assert front.scan_region is not None
    assert (front.scan_region.scan_region_width.value, front.scan_region.scan_region_height.value) == (8500, 11690)
    assert front.color_processing is not None
    assert front.color_processing.value == "RGB24"
    assert front.resolution is not None
    assert (front.resolution.width, front.resolution.height) == (75, 75)


def test_sane_airscan_retrieves_an_image(recordings: Path) -> None:
    model = read_without_loss(captured(recordings, "RetrieveImage.http"))
    assert isinstance(model, operations.RetrieveImageRequest)
    assert (model.job_id, model.job_token) == (17, "tok17")
    assert model.document_description.document_name == "IMAGE000.JPG"


def test_sane_airscan_cancels_a_job(recordings: Path) -> None:
    assert read_without_loss(captured(recordings, "CancelJob.http")) == operations.CancelJobRequest(job_id=17)


@pytest.mark.parametrize("section", [ScannerSection.CONFIGURATION, ScannerSection.STATUS])
def test_sane_airscan_asks_for_a_section_under_a_prefix_of_its_own(recordings: Path, section: ScannerSection) -> None:
    name = f"GetScannerElements-{etree.QName(section).localname}.http"
    model = read_without_loss(captured(recordings, name))
    assert isinstance(model, operations.GetScannerElementsRequest)
    assert model.requested_elements.name == (section,)


# The documents' examples, as published ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "getjobhistoryrequest-1.xml",
        "getjobhistoryresponse-1.xml",
        "getjobhistoryresponse-2.xml",
        "getscannerelementsrequest-1.xml",
        "getscannerelementsrequest-2.xml",
        "getscannerelementsrequest-3.xml",
        "getscannerelementsresponse-1.xml",
        "getscannerelementsresponse-2.xml",
        "getscannerelementsresponse-3.xml",
    ],
)
def test_a_well_formed_example_is_read_without_loss(recordings: Path, name: str) -> None:
    element, year = body_of(documented(recordings, name))
    assert year is Year.Y2006_01
    read_without_loss(element)


def test_the_examples_say_what_they_say(recordings: Path) -> None:
    def read(name: str) -> ScanElement:
        return read_without_loss(body_of(documented(recordings, name))[0])

    asked = read("getscannerelementsrequest-3.xml")
    assert isinstance(asked, operations.GetScannerElementsRequest)
    vendor = asked.requested_elements.name[1]
    assert vendor == "{https://www.example.com/extension}InvalidRequestEntry"
    history = read("getjobhistoryresponse-2.xml")
    assert isinstance(history, operations.GetJobHistoryResponse)
    assert [(job.job_id, job.scans_completed.count) for job in history.job_history.job_summary] == [(1, 4), (2, 1)]
    described = read("getscannerelementsresponse-1.xml")
    assert isinstance(described, operations.GetScannerElementsResponse)
    (data,) = described.scanner_elements.element_data
    assert data.scanner_description is not None
    assert data.scanner_description.scanner_name[0].text == "Accounting Scanner in Copy Room 2"
    state = read("getscannerelementsresponse-2.xml")
    assert isinstance(state, operations.GetScannerElementsResponse)
    (data,) = state.scanner_elements.element_data
    assert data.scanner_status is not None
    assert [c.condition_id for c in data.scanner_status.active_conditions.device_condition] == [1384, 534]
    configured = read("getscannerelementsresponse-3.xml")
    assert isinstance(configured, operations.GetScannerElementsResponse)
    known, unknown = configured.scanner_elements.element_data
    assert known.scanner_configuration is not None
    assert known.scanner_configuration.adf is not None
    assert known.scanner_configuration.adf.adf_supports_duplex is False
    assert (unknown.name, unknown.valid) == (vendor, False)


def test_the_example_that_misspells_its_parameters_lacks_them(recordings: Path) -> None:
    element, _ = body_of(documented(recordings, "createscanjobresponse-1.xml"))
    with pytest.raises(WireError) as refused:
        operations.CreateScanJobResponse.from_xml(element)
    assert refused.value.path == "CreateScanJobResponse/DocumentFinalParameters"
    assert refused.value.reason == "is missing"


def test_the_same_example_spelt_rightly_is_read_without_loss(recordings: Path) -> None:
    text = documented(recordings, "createscanjobresponse-1.xml").replace(b"FinalParamters", b"FinalParameters")
    model = read_without_loss(body_of(text)[0])
    assert isinstance(model, operations.CreateScanJobResponse)
    final = model.document_final_parameters
    size = final.input_size.input_media_size
    assert (size.width.value, size.width.override, size.width.used_default) == (8500, True, None)
    assert (final.rotation.value, final.rotation.used_default) == ("0", True)
    assert final.media_sides.media_front.color_processing.value == "RGB24"


MALFORMED = [
    "createscanjobrequest-1.xml",
    "createscanjobrequest-2.xml",
    "jobstatusevent-1.xml",
    "scanavailableevent-1.xml",
    "scanavailableevent-2.xml",
    "scanavailableevent-3.xml",
    "scannerstatusconditionevent-1.xml",
    "scannerstatussummaryevent-1.xml",
    "wsd-scan-service-operation-error-reporting-1.xml",
    "wsd-scan-service-operation-error-reporting-2.xml",
]


@pytest.mark.parametrize("name", MALFORMED)
def test_an_example_that_is_not_well_formed_is_refused_as_such(recordings: Path, name: str) -> None:
    with pytest.raises(WireError, match="not well-formed XML"):
        tree.parse(documented(recordings, name))


def mended(recordings: Path, name: str) -> etree._Element:
    """The body of a malformed example with its tags closed."""
    text = documented(recordings, name)
    text = text.replace(b"</soap:Body\n", b"</soap:Body>\n").replace(b"</soap:Body\r\n", b"</soap:Body>\n")
    for tag in (b"JobOriginatingUserName", b"DocumentName"):
        text = text.replace(b"</" + tag, b"</wscn:" + tag)
    element, year = body_of(text)
    assert year is Year.Y2006_01
    return element


def test_the_event_of_job_253_is_read_when_its_tag_is_closed(recordings: Path) -> None:
    model = read_without_loss(mended(recordings, "jobstatusevent-1.xml"))
    assert isinstance(model, events.JobStatusEvent)
    status = model.job_status
    assert (status.job_id, status.job_state, status.scans_completed.count) == (253, "Processing", 4)
    assert status.job_created_time is not None
    assert status.job_created_time.isoformat() == "2006-01-24T11:34:35.834500+00:00"


def test_the_scanners_events_are_read_when_their_tags_are_closed(recordings: Path) -> None:
    available = read_without_loss(mended(recordings, "scanavailableevent-3.xml"))
    assert available == events.ScanAvailableEvent(
        client_context="App1ScanID2345", scan_identifier="AnyUniqueIdentifierSuchAsAGUID"
    )
    summary = read_without_loss(mended(recordings, "scannerstatussummaryevent-1.xml"))
    assert isinstance(summary, events.ScannerStatusSummaryEvent)
    assert summary.status_summary.scanner_state == "Stopped"
    condition = events.ScannerStatusConditionEvent.from_xml(mended(recordings, "scannerstatusconditionevent-1.xml"))
    assert condition.device_condition.condition_id == 1543
    # 100 nanoseconds are beyond what a time here can hold: 17:22:27.5242689
    assert condition.device_condition.time.microsecond == 524_268


def test_the_job_requests_are_read_when_their_tags_are_closed(recordings: Path) -> None:
    first = read_without_loss(mended(recordings, "createscanjobrequest-1.xml"))
    assert isinstance(first, operations.CreateScanJobRequest)
    assert first.destination_token == "Dest1234TokenString"
    parameters = first.scan_ticket.document_parameters
    assert parameters is not None
    assert parameters.scaling is not None
    assert (parameters.scaling.scaling_width, parameters.scaling.must_honor) == (125, True)  # wscn:MustHonor="1"
    assert parameters.input_size is not None
    assert parameters.input_size.document_size_auto_detect is True
    second = operations.CreateScanJobRequest.from_xml(mended(recordings, "createscanjobrequest-2.xml"))
    parameters = second.scan_ticket.document_parameters  # the stray DocumentDescription of this ticket is ignored
    assert parameters is not None
    assert parameters.media_sides is not None
    resolution = parameters.media_sides.media_front.resolution
    assert resolution is not None
    assert (resolution.width, resolution.height) == (1200, None)


# Our own, for where there are no recordings ---------------------------------------------------------------------


def enveloped(body: str, namespace: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:q="{namespace}">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


RETRIEVE = (
    "<q:RetrieveImageRequest><q:DocumentDescription><q:DocumentName>a.jpg</q:DocumentName></q:DocumentDescription>"
    "<q:Extra/><q:JobId>\n 5 \n</q:JobId><q:JobToken>t</q:JobToken></q:RetrieveImageRequest>"
)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("year", Year)
def test_a_request_in_any_order_and_either_spelling_is_read(scheme: str, year: Year) -> None:
    namespace = year.namespace.replace("http:", f"{scheme}:")
    element, spoken = body_of(enveloped(RETRIEVE, namespace))
    assert spoken is year
    model = operations.read_request(operations.Operation.RETRIEVE_IMAGE, element)
    assert isinstance(model, operations.RetrieveImageRequest)
    assert (model.job_id, model.job_token, model.document_description.document_name) == (5, "t", "a.jpg")


def test_a_real_devices_default_ticket_with_an_unknown_width_is_understood() -> None:
    text = (
        '<q:GetScannerElementsResponse><q:ScannerElements><q:ElementData q:Name="q:DefaultScanTicket" q:Valid="true">'
        "<q:DefaultScanTicket><q:JobDescription><q:JobName/><q:JobOriginatingUserName/></q:JobDescription>"
        "<q:DocumentParameters><q:MediaSides><q:MediaFront><q:ScanRegion><q:ScanRegionWidth>0</q:ScanRegionWidth>"
        "<q:ScanRegionHeight>0</q:ScanRegionHeight></q:ScanRegion></q:MediaFront></q:MediaSides>"
        "</q:DocumentParameters></q:DefaultScanTicket></q:ElementData></q:ScannerElements>"
        "</q:GetScannerElementsResponse>"
    )
    element, _ = body_of(enveloped(text, Year.Y2006_08.namespace))
    (data,) = operations.GetScannerElementsResponse.from_xml(element).scanner_elements.element_data
    assert data.name == qname("DefaultScanTicket")
    assert data.default_scan_ticket is not None
    parameters = data.default_scan_ticket.document_parameters
    assert parameters is not None
    assert parameters.media_sides is not None
    region = parameters.media_sides.media_front.scan_region
    assert region is not None
    assert region.scan_region_width.value == 0
