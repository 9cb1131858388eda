"""Every body the service can send or be sent, as full as it gets: written in schema order in both years, and read
back as it was. The orders themselves are judged by tests/schema, which was written from the service's grammar."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from bridge.soap import tree
from bridge.soap.xop import Include
from bridge.wsscan import events, operations
from bridge.wsscan.configuration import (
    ADF,
    ADFSide,
    Colors,
    CompressionQualityFactorSupported,
    ContentTypesSupported,
    DeviceSettings,
    Film,
    FilmScanModesSupported,
    FormatsSupported,
    Heights,
    OpticalResolution,
    Platen,
    Resolutions,
    RotationsSupported,
    ScalingRange,
    ScalingRangeSupported,
    ScannerConfiguration,
    Widths,
)
from bridge.wsscan.destinations import DestinationResponse, DestinationResponses, ScanDestination, ScanDestinations
from bridge.wsscan.job import JobEndState, JobStateReasons, JobStatus, JobSummary, ScansCompleted
from bridge.wsscan.names import ScanElement
from bridge.wsscan.scanner import (
    ActiveConditions,
    ConditionHistory,
    ConditionHistoryEntry,
    ConditionName,
    DeviceCondition,
    DeviceConditionCleared,
    LocalText,
    ScannerDescription,
    ScannerStateReasons,
    ScannerStatus,
    StatusSummary,
)
from bridge.wsscan.sections import (
    JobElementData,
    JobElements,
    JobSection,
    RequestedElements,
    ScannerElementData,
    ScannerElements,
    ScannerSection,
)
from bridge.wsscan.settings import (
    AskedColor,
    AskedContentType,
    AskedCount,
    AskedFilmScanMode,
    AskedFormat,
    AskedInputSource,
    AskedLength,
    AskedQuality,
    AskedRotation,
    UsedColor,
    UsedContentType,
    UsedCount,
    UsedFilmScanMode,
    UsedFormat,
    UsedInputSource,
    UsedLength,
    UsedQuality,
    UsedRotation,
    UsedScale,
    UsedSharpness,
    UsedTone,
)
from bridge.wsscan.ticket import (
    Dimensions,
    Document,
    DocumentDescription,
    DocumentFinalParameters,
    DocumentParameters,
    Documents,
    Exposure,
    ExposureSettings,
    FinalDimensions,
    FinalExposure,
    FinalExposureSettings,
    FinalInputSize,
    FinalMediaSide,
    FinalMediaSides,
    FinalResolution,
    FinalScaling,
    FinalScanRegion,
    ImageInformation,
    InputSize,
    JobDescription,
    MediaSide,
    MediaSides,
    Resolution,
    Scaling,
    ScanRegion,
    ScanTicket,
    SideImageInfo,
    ValidationInfo,
)
from bridge.wsscan.year import Year, normalise, respell
from tests.schema import schema

NOW = datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
VENDOR = "{urn:vendor}Section"

ASKED_SIDE = MediaSide(
    scan_region=ScanRegion(
        scan_region_x_offset=AskedLength(value=0),
        scan_region_y_offset=AskedLength(value=10, must_honor=True),
        scan_region_width=AskedLength(value=8500),
        scan_region_height=AskedLength(value=11000, must_honor=False),
    ),
    color_processing=AskedColor(value="RGB24", must_honor=True),
    resolution=Resolution(width=300, height=600, must_honor=True),
)
TICKET = ScanTicket(
    job_description=JobDescription(job_name="Ärger & <Co>", job_originating_user_name="u", job_information="i"),
    document_parameters=DocumentParameters(
        format=AskedFormat(value="jfif", must_honor=True),
        compression_quality_factor=AskedQuality(value=80),
        images_to_transfer=AskedCount(value=0),
        input_source=AskedInputSource(value="ADFDuplex", must_honor=True),
        film_scan_mode=AskedFilmScanMode(value="NotApplicable"),
        content_type=AskedContentType(value="v:Map"),
        input_size=InputSize(input_media_size=Dimensions(width=8500, height=11000), must_honor=True),
        exposure=Exposure(exposure_settings=ExposureSettings(contrast=-1000, brightness=1000, sharpness=-100)),
        scaling=Scaling(scaling_width=100, scaling_height=1000, must_honor=True),
        rotation=AskedRotation(value="180"),
        media_sides=MediaSides(media_front=ASKED_SIDE, media_back=ASKED_SIDE),
    ),
)
USED_SIDE = FinalMediaSide(
    scan_region=FinalScanRegion(
        scan_region_x_offset=UsedLength(value=0, used_default=True),
        scan_region_y_offset=UsedLength(value=10),
        scan_region_width=UsedLength(value=8500),
        scan_region_height=UsedLength(value=11000, override=True),
    ),
    color_processing=UsedColor(value="Grayscale8"),
    resolution=FinalResolution(width=UsedLength(value=300), height=UsedLength(value=300, override=True)),
)
FINAL = DocumentFinalParameters(
    format=UsedFormat(value="jfif"),
    compression_quality_factor=UsedQuality(value=80, used_default=True, override=False),
    images_to_transfer=UsedCount(value=1),
    input_source=UsedInputSource(value="Platen"),
    film_scan_mode=UsedFilmScanMode(value="NotApplicable"),
    content_type=UsedContentType(value="Auto"),
    input_size=FinalInputSize(
        input_media_size=FinalDimensions(width=UsedLength(value=8500), height=UsedLength(value=11000))
    ),
    exposure=FinalExposure(
        exposure_settings=FinalExposureSettings(
            contrast=UsedTone(value=0), brightness=UsedTone(value=1), sharpness=UsedSharpness(value=2, override=True)
        )
    ),
    scaling=FinalScaling(scaling_width=UsedScale(value=100), scaling_height=UsedScale(value=100)),
    rotation=UsedRotation(value="0", used_default=True),
    media_sides=FinalMediaSides(media_front=USED_SIDE, media_back=USED_SIDE),
)
SIDE_INFO = SideImageInfo(pixels_per_line=2550, number_of_lines=3300, bytes_per_line=0)
IMAGES = ImageInformation(media_front_image_info=SIDE_INFO, media_back_image_info=SIDE_INFO)
RESOLUTIONS = Resolutions(widths=Widths(width=(150, 300)), heights=Heights(height=(150, 300, 600)))
COLORS = Colors(color_entry=("BlackAndWhite1", "Grayscale8", "RGB24"))
SMALL, LARGE = Dimensions(width=1, height=1), Dimensions(width=8500, height=14000)
ADF_SIDE = ADFSide(
    adf_optical_resolution=OpticalResolution(width=600),
    adf_resolutions=RESOLUTIONS,
    adf_color=COLORS,
    adf_minimum_size=SMALL,
    adf_maximum_size=LARGE,
)
CONFIGURATION = ScannerConfiguration(
    device_settings=DeviceSettings(
        formats_supported=FormatsSupported(format_value=("dib", "exif", "v:raw")),
        compression_quality_factor_supported=CompressionQualityFactorSupported(min_value=0, max_value=100),
        content_types_supported=ContentTypesSupported(content_type_value=("Auto",)),
        document_size_auto_detect_supported=False,
        auto_exposure_supported=False,
        brightness_supported=True,
        contrast_supported=True,
        scaling_range_supported=ScalingRangeSupported(
            scaling_width=ScalingRange(min_value=100, max_value=100),
            scaling_height=ScalingRange(min_value=50, max_value=500),
        ),
        rotations_supported=RotationsSupported(rotation_value=("0", "90")),
    ),
    platen=Platen(
        platen_optical_resolution=OpticalResolution(width=1200, height=2400),
        platen_resolutions=RESOLUTIONS,
        platen_color=COLORS,
        platen_minimum_size=SMALL,
        platen_maximum_size=LARGE,
    ),
    adf=ADF(adf_supports_duplex=True, adf_front=ADF_SIDE, adf_back=ADF_SIDE),
    film=Film(
        film_scan_modes_supported=FilmScanModesSupported(film_scan_mode_value=("ColorSlideFilm",)),
        film_optical_resolution=OpticalResolution(width=1200),
        film_resolutions=RESOLUTIONS,
        film_color=COLORS,
        film_minimum_size=SMALL,
        film_maximum_size=LARGE,
    ),
)
DESCRIPTION = ScannerDescription(
    scanner_name=(LocalText(text="Scanner"), LocalText(text="Abtaster", lang="de")),
    scanner_info=(LocalText(text="i"),),
    scanner_location=(LocalText(text="l"),),
)
CONDITION = DeviceCondition(
    condition_id=7, time=NOW, name=ConditionName.LAMP_WARMING, component="Platen", severity="Informational"
)
ENTRY = ConditionHistoryEntry(
    condition_id=6, time=NOW, name="MediaJam", component="ADF", severity="Critical", clear_time=NOW
)
STATUS = ScannerStatus(
    scanner_current_time=NOW,
    scanner_state="Stopped",
    scanner_state_reasons=ScannerStateReasons.of("MediaJam", "AttentionRequired"),
    active_conditions=ActiveConditions(device_condition=(CONDITION,)),
    condition_history=ConditionHistory(condition_history_entry=(ENTRY,)),
)
JOB_STATUS = JobStatus(
    job_id=2**31 - 1,
    job_state="Completed",
    job_state_reasons=JobStateReasons.of("JobTransfering"),
    scans_completed=ScansCompleted(count=3, percent=100),
    job_created_time=NOW,
    job_completed_time=NOW,
)
SUMMARY = JobSummary(
    job_id=1,
    job_name="n",
    job_originating_user_name="u",
    job_state="Pending",
    job_state_reasons=JobStateReasons.of("None"),
    scans_completed=ScansCompleted(count=0),
)
END = JobEndState(
    job_id=1,
    job_completed_state="Aborted",
    job_completed_state_reasons=JobStateReasons.of("JobTimedOut"),
    job_name="n",
    job_originating_user_name="u",
    scans_completed=ScansCompleted(count=0),
    job_completed_time=NOW,
)
DOCUMENT = DocumentDescription(document_name="Scan001.jpg")
SUMMARIES = operations.JobSummaries(job_summary=(SUMMARY, SUMMARY))

MESSAGES: list[ScanElement] = [
    operations.CreateScanJobRequest(scan_identifier="i", destination_token="t", scan_ticket=TICKET),
    operations.CreateScanJobResponse(
        job_id=1, job_token="t", image_information=IMAGES, document_final_parameters=FINAL
    ),
    operations.RetrieveImageRequest(job_id=1, job_token="t", document_description=DOCUMENT),
    operations.RetrieveImageResponse(scan_data=operations.ScanData(include=Include.of("image@scanner"))),
    operations.CancelJobRequest(job_id=1),
    operations.CancelJobResponse(),
    operations.ValidateScanTicketRequest(scan_ticket=TICKET),
    operations.ValidateScanTicketResponse(
        validation_info=ValidationInfo(valid_ticket=False, image_information=IMAGES, valid_scan_ticket=TICKET)
    ),
    operations.GetScannerElementsRequest(requested_elements=RequestedElements(name=(*ScannerSection, VENDOR))),
    operations.GetScannerElementsResponse(
        scanner_elements=ScannerElements(
            element_data=(
                ScannerElementData(name=ScannerSection.DESCRIPTION, valid=True, scanner_description=DESCRIPTION),
                ScannerElementData(name=ScannerSection.CONFIGURATION, valid=True, scanner_configuration=CONFIGURATION),
                ScannerElementData(name=ScannerSection.STATUS, valid=True, scanner_status=STATUS),
                ScannerElementData(name=ScannerSection.DEFAULT_SCAN_TICKET, valid=True, default_scan_ticket=TICKET),
                ScannerElementData(name=VENDOR, valid=False),
            )
        )
    ),
    operations.GetJobElementsRequest(job_id=1, requested_elements=RequestedElements(name=(*JobSection, VENDOR))),
    operations.GetJobElementsResponse(
        job_elements=JobElements(
            element_data=(
                JobElementData(name=JobSection.STATUS, valid=True, job_status=JOB_STATUS),
                JobElementData(name=JobSection.TICKET, valid=True, scan_ticket=TICKET),
                JobElementData(
                    name=JobSection.DOCUMENTS,
                    valid=True,
                    documents=Documents(
                        document_final_parameters=FINAL, document=(Document(document_description=DOCUMENT),) * 2
                    ),
                ),
                JobElementData(name=VENDOR, valid=False),
            )
        )
    ),
    operations.GetActiveJobsRequest(),
    operations.GetActiveJobsResponse(active_jobs=SUMMARIES),
    operations.GetJobHistoryRequest(),
    operations.GetJobHistoryResponse(job_history=operations.JobSummaries()),
    events.ScanAvailableEvent(client_context="c", scan_identifier="i", input_source="ADF"),
    events.ScannerElementsChangeEvent(
        element_changes=events.ElementChanges(
            scanner_description=DESCRIPTION, scanner_configuration=CONFIGURATION, default_scan_ticket=TICKET
        )
    ),
    events.ScannerStatusSummaryEvent(
        status_summary=StatusSummary(
            scanner_state="Stopped", scanner_state_reasons=ScannerStateReasons.of("CoverOpen", "v:Own")
        )
    ),
    events.ScannerStatusConditionEvent(device_condition=CONDITION),
    events.ScannerStatusConditionClearedEvent(
        device_condition_cleared=DeviceConditionCleared(condition_id=7, condition_clear_time=NOW)
    ),
    events.JobStatusEvent(job_status=JOB_STATUS),
    events.JobEndStateEvent(job_end_state=END),
    ScanDestinations(scan_destination=(ScanDestination(client_display_name="PC", client_context="1"),) * 2),
    DestinationResponses(destination_response=(DestinationResponse(client_context="1", destination_token="t"),)),
]


def name_of(message: ScanElement) -> str:
    return type(message).__name__


@pytest.mark.parametrize("year", Year)
@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_a_message_is_valid_as_written_and_read_back_as_it_was(message: ScanElement, year: Year) -> None:
    element = respell(message.to_xml(), year)
    schema.validate(element, year)
    received = tree.parse(tree.serialize(element))
    assert normalise(received) is year
    assert type(message).from_xml(received) == message


@pytest.mark.parametrize("year", Year)
@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_a_message_in_an_envelope_uses_one_prefix_and_one_year(message: ScanElement, year: Year) -> None:
    soap = "http://www.w3.org/2003/05/soap-envelope"
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap={"soap": soap})
    message.to_xml(etree.SubElement(envelope, f"{{{soap}}}Body"))
    text = etree.tostring(respell(envelope, year), encoding="unicode")
    other = Year.Y2006_01 if year is Year.Y2006_08 else Year.Y2006_08
    assert text.count(f'="{year.namespace}"') == 1
    assert f'xmlns:wscn="{year.namespace}"' in text
    assert other.namespace not in text


def test_every_operation_and_every_event_is_among_the_messages() -> None:
    types = {type(message) for message in MESSAGES}
    assert types >= {*operations.REQUESTS.values(), *operations.RESPONSES.values(), *events.EVENTS.values()}
    assert len(operations.Operation) == 8
    assert len(events.EventName) == 7


@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_the_order_of_children_does_not_matter_to_the_reader(message: ScanElement) -> None:
    element = message.to_xml()
    kept = ("ElementData", "RequestedElements", "JobHistory", "ActiveJobs", "ScannerDescription", "FormatsSupported")
    for parent in element.iter(etree.Element):
        distinct = len({child.tag for child in parent}) == len(parent)
        if distinct and etree.QName(parent).localname not in kept:
            parent[:] = reversed(list(parent))
    assert type(message).from_xml(element) == message


def test_all_types_of_a_ticket_were_filled() -> None:
    assert all(getattr(TICKET.document_parameters, name) is not None for name in DocumentParameters.model_fields)
    assert all(getattr(FINAL, name) is not None for name in DocumentFinalParameters.model_fields)
