"""Tickets against devices: what is used, what is said of it, what is refused. Expected values by the order of
validation in the specification (dossier section 6) and by hand."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bridge.errors import OperationRefused
from bridge.translate.capabilities import configuration
from bridge.translate.ticket import Plan, corrected, default_ticket, is_exact, media_type, plan
from bridge.wsscan.events import ElementChanges, ScannerElementsChangeEvent
from bridge.wsscan.faults import Subcode, subcode_of
from bridge.wsscan.operations import CreateScanJobRequest, CreateScanJobResponse
from bridge.wsscan.ticket import ScanTicket
from bridge.wsscan.year import Year, respell
from drivers.contract.capabilities import Capabilities, FilmKind, Mode, Size, Source, SourceCapabilities
from drivers.contract.document import Region
from tests.schema import schema

NS = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
COLOUR = (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
A4 = SourceCapabilities((1200, 1200), (75, 150, 300, 600, 1200), COLOUR, Size(40, 40), Size(8500, 11690))
GREY_ADF = SourceCapabilities((600, 600), (100, 200, 300), (Mode.GRAY8,), Size(1000, 1000), Size(8500, 14000))
SLIDE = SourceCapabilities((2400, 2400), (2400,), (Mode.RGB24,), Size(100, 100), Size(1400, 950))

FLATBED = Capabilities(platen=A4)
POSTER = Capabilities(platen=replace(A4, resolutions=(1000,)))
SIMPLEX = Capabilities(platen=A4, feeder=GREY_ADF)
DUPLEX = Capabilities(platen=A4, feeder=GREY_ADF, feeder_back=GREY_ADF)
SHEETFED = Capabilities(feeder=GREY_ADF)
FILM = Capabilities(film=SLIDE)
FILMS = Capabilities(platen=A4, film=SLIDE, films=tuple(FilmKind))
DEVICES = [FLATBED, SIMPLEX, DUPLEX, SHEETFED, FILM, FILMS]
NAMES = ["flatbed", "simplex", "duplex", "sheetfed", "film", "films"]


def asked(parameters: str) -> ScanTicket:
    """A ticket with those DocumentParameters; prefix w is bound."""
    return ScanTicket.from_xml(
        etree.fromstring(
            f'<w:ScanTicket xmlns:w="{NS}"><w:JobDescription><w:JobName>j</w:JobName>'
            "<w:JobOriginatingUserName>u</w:JobOriginatingUserName></w:JobDescription>"
            f"<w:DocumentParameters>{parameters}</w:DocumentParameters></w:ScanTicket>"
        )
    )


def front(inner: str, back: str = "") -> str:
    return f"<w:MediaSides><w:MediaFront>{inner}</w:MediaFront>{back}</w:MediaSides>"


def region(width: int, height: int, x: int = 0, y: int = 0, must: str = "") -> str:
    return front(
        f"<w:ScanRegion><w:ScanRegionXOffset {must}>{x}</w:ScanRegionXOffset>"
        f"<w:ScanRegionYOffset {must}>{y}</w:ScanRegionYOffset><w:ScanRegionWidth {must}>{width}</w:ScanRegionWidth>"
        f"<w:ScanRegionHeight {must}>{height}</w:ScanRegionHeight></w:ScanRegion>"
    )


def setting(name: str, value: str) -> Callable[[str], str]:
    return lambda must: f"<w:{name}{must}>{value}</w:{name}>"


def refused(parameters: str, capabilities: Capabilities = FLATBED) -> Subcode | None:
    with pytest.raises(OperationRefused) as caught:
        plan(asked(parameters), capabilities)
    return subcode_of(caught.value.fault)


def valid(made: Plan) -> None:
    answer = CreateScanJobResponse(
        job_id=1, job_token="t", image_information=made.images, document_final_parameters=made.final
    ).to_xml()
    for year in Year:
        schema.validate(respell(answer, year), year)


MUST = ' w:MustHonor="true"'


# Defaults.


@pytest.mark.parametrize("device", DEVICES, ids=NAMES)
def test_an_empty_ticket_gets_defaults_and_nothing_overridden(device: Capabilities) -> None:
    made = plan(asked(""), device)
    valid(made)
    assert is_exact(made.final)
    for used in (made.final.format, made.final.input_source, made.final.content_type, made.final.rotation):
        assert used.used_default is True


def test_a_ticket_without_parameters_is_an_a4_colour_jpeg_from_the_platen() -> None:
    made = plan(ScanTicket(job_description=asked("").job_description), FLATBED)
    assert made.request.source is Source.PLATEN
    assert made.request.mode is Mode.RGB24
    assert made.request.resolution == (300, 300)
    assert made.request.region == Region(0, 0, 8500, 11690)
    assert made.request.pages == 1
    assert made.final.format.value == "exif"
    # 8.5 inch and 11.69 inch at 300 ppi.
    info = made.images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines, info.bytes_per_line) == (2550, 3507, 0)
    assert media_type(made.final) == "image/jpeg"


@pytest.mark.parametrize("device", DEVICES, ids=NAMES)
def test_the_default_ticket_creates_a_job_exactly_as_it_says(device: Capabilities) -> None:
    ticket = default_ticket(device)
    request = CreateScanJobRequest(scan_ticket=ticket).to_xml()
    for year in Year:
        schema.validate(respell(request, year), year)
    made = plan(ticket, device)
    valid(made)
    assert is_exact(made.final)
    assert b"UsedDefault" not in etree.tostring(made.final.to_xml()).replace(b"FilmScanMode", b"")
    assert default_ticket(device) == corrected(ticket, made.final)


def test_a_device_that_cannot_scan_has_a_ticket_without_parameters_and_takes_none() -> None:
    assert default_ticket(Capabilities()).document_parameters is None
    assert refused("", Capabilities()) is Subcode.NOT_ACCEPTING_JOBS


# One setting after the other: supported, not supported, not supported and MustHonor.


@pytest.mark.parametrize(
    ("name", "good", "bad", "place"),
    [
        ("InputSource", "Platen", "ADF", lambda final: final.input_source),
        ("InputSource", "Platen", "Drawer", lambda final: final.input_source),
        ("ContentType", "Auto", "Newspaper", lambda final: final.content_type),
        ("Rotation", "0", "45", lambda final: final.rotation),
        ("FilmScanMode", "NotApplicable", "ColorSlideFilm", lambda final: final.film_scan_mode),
        ("ImagesToTransfer", "1", "5", lambda final: final.images_to_transfer),
    ],
)
def test_a_setting_is_kept_replaced_or_refused(name: str, good: str, bad: str, place: Callable[[Any], Any]) -> None:
    element = setting(name, good)
    kept = plan(asked(element(MUST)), FLATBED)
    assert (str(place(kept.final).value), place(kept.final).override) == (good, None)
    assert place(kept.final).used_default is None
    element = setting(name, bad)
    replaced = plan(asked(element("")), FLATBED)
    assert (str(place(replaced.final).value), place(replaced.final).override) == (good, True)
    assert not is_exact(replaced.final)
    valid(replaced)
    assert refused(element(MUST)) is Subcode.INVALID_ARGS


FROM_FILM = "<w:InputSource>Film</w:InputSource>"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("ColorSlideFilm", FilmKind.SLIDE),
        ("ColorNegativeFilm", FilmKind.COLOUR_NEGATIVE),
        ("BlackandWhiteNegativeFilm", FilmKind.GREY_NEGATIVE),
    ],
)
def test_a_kind_of_film_that_the_scanner_tells_apart_is_scanned_as_such(word: str, kind: FilmKind) -> None:
    made = plan(asked(FROM_FILM + setting("FilmScanMode", word)(MUST)), FILMS)
    assert made.request.film is kind
    assert made.final.film_scan_mode is not None
    assert (made.final.film_scan_mode.value, made.final.film_scan_mode.override) == (word, None)
    assert is_exact(made.final)
    valid(made)
    assert plan(corrected(asked(""), made.final), FILMS).request.film is kind


def test_film_that_nobody_calls_anything_is_a_slide_where_kinds_are_told_apart() -> None:
    made = plan(asked(FROM_FILM), FILMS)
    assert made.final.film_scan_mode is not None
    assert (made.final.film_scan_mode.value, made.final.film_scan_mode.used_default) == ("ColorSlideFilm", True)
    assert made.request.film is FilmKind.SLIDE
    replaced = plan(asked(FROM_FILM + setting("FilmScanMode", "NotApplicable")("")), FILMS)
    assert replaced.final.film_scan_mode is not None
    assert (replaced.final.film_scan_mode.value, replaced.final.film_scan_mode.override) == ("ColorSlideFilm", True)
    assert refused(FROM_FILM + setting("FilmScanMode", "NotApplicable")(MUST), FILMS) is Subcode.INVALID_ARGS


def test_a_kind_of_film_is_nothing_on_the_glass() -> None:
    made = plan(asked(setting("FilmScanMode", "ColorNegativeFilm")("")), FILMS)
    assert made.final.film_scan_mode is not None
    assert (made.final.film_scan_mode.value, made.final.film_scan_mode.override) == ("NotApplicable", True)
    assert made.request.film is None
    assert plan(asked(FROM_FILM), FILM).request.film is None


TONES = "<w:Contrast>50</w:Contrast><w:Brightness>-300</w:Brightness><w:Sharpness>7</w:Sharpness>"


def test_tones_are_used_as_they_are_asked_for() -> None:
    made = plan(asked(f"<w:Exposure{MUST}><w:ExposureSettings>{TONES}</w:ExposureSettings></w:Exposure>"), FLATBED)
    exposure = made.final.exposure.exposure_settings
    assert (exposure.contrast.value, exposure.brightness.value, exposure.sharpness.value) == (50, -300, 7)
    adjust = made.target.adjust
    assert (adjust.contrast, adjust.brightness, adjust.sharpness) == (50, -300, 7)
    assert is_exact(made.final)
    valid(made)


def test_a_tone_that_is_left_out_is_told_as_a_default() -> None:
    one = "<w:Exposure><w:ExposureSettings><w:Sharpness>7</w:Sharpness></w:ExposureSettings></w:Exposure>"
    exposure = plan(asked(one), FLATBED).final.exposure.exposure_settings
    assert (exposure.contrast.value, exposure.contrast.used_default) == (0, True)
    assert (exposure.sharpness.value, exposure.sharpness.used_default) == (7, None)


DEEP = Capabilities(platen=replace(FLATBED.platen, modes=(Mode.RGB48,)))


def test_pixels_of_16_bits_come_as_scanned() -> None:
    deep = "<w:Format>png</w:Format>" + front("<w:ColorProcessing>RGB48</w:ColorProcessing>")
    toned = f"<w:ExposureSettings>{TONES}</w:ExposureSettings></w:Exposure>"
    made = plan(asked(f"<w:Exposure>{toned}{deep}"), DEEP)
    exposure = made.final.exposure.exposure_settings
    assert (exposure.contrast.value, exposure.contrast.override) == (0, True)
    assert refused(f"<w:Exposure{MUST}>{toned}{deep}", DEEP) is Subcode.INVALID_ARGS
    auto = "<w:AutoExposure>true</w:AutoExposure></w:Exposure>"
    assert plan(asked(f"<w:Exposure>{auto}{deep}"), DEEP).target.adjust.auto_exposure is False
    assert refused(f"<w:Exposure{MUST}>{auto}{deep}", DEEP) is Subcode.INVALID_ARGS


@pytest.mark.parametrize("must", ["", MUST])
def test_automatic_exposure_is_told_as_no_setting(must: str) -> None:
    made = plan(asked(f"<w:Exposure{must}><w:AutoExposure>true</w:AutoExposure></w:Exposure>"), FLATBED)
    assert made.target.adjust.auto_exposure
    exposure = made.final.exposure.exposure_settings
    assert (exposure.contrast.value, exposure.contrast.override, exposure.contrast.used_default) == (0, None, None)
    assert is_exact(made.final)
    valid(made)
    no = plan(asked(f"<w:Exposure{must}><w:AutoExposure>false</w:AutoExposure></w:Exposure>"), FLATBED)
    assert not no.target.adjust.auto_exposure
    assert is_exact(no.final)


def test_what_is_announced_is_scaled_and_then_turned() -> None:
    ticket = (
        "<w:Scaling><w:ScalingWidth>50</w:ScalingWidth><w:ScalingHeight>200</w:ScalingHeight></w:Scaling>"
        "<w:Rotation>90</w:Rotation>"
        + front(
            "<w:ScanRegion><w:ScanRegionWidth>4000</w:ScanRegionWidth><w:ScanRegionHeight>1000</w:ScanRegionHeight>"
            "</w:ScanRegion><w:Resolution><w:Width>600</w:Width><w:Height>300</w:Height></w:Resolution>"
        )
    )
    made = plan(asked(ticket), FLATBED)
    # 2400 by 300 pixels are scanned; 1200 by 600 are left of them, and turned.
    assert made.request.region == Region(0, 0, 4000, 1000)
    assert made.request.resolution == (600, 300)
    info = made.images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines) == (600, 1200)
    assert made.final.rotation.value == "90"
    valid(made)


def test_scaling_to_days_of_work_gives_way_or_is_refused() -> None:
    """85000 by 116900 pixels would be a file of G4, and 10 gigapixels to be made."""
    lineart = front(
        "<w:ColorProcessing>BlackAndWhite1</w:ColorProcessing><w:Resolution><w:Width>1000</w:Width></w:Resolution>"
    )
    scaled = "<w:ScalingWidth>1000</w:ScalingWidth><w:ScalingHeight>1000</w:ScalingHeight></w:Scaling>"
    g4 = "<w:Format>tiff-single-g4</w:Format>"
    made = plan(asked(f"{g4}<w:Scaling>{scaled}{lineart}"), POSTER)
    assert (made.final.scaling.scaling_width.value, made.final.scaling.scaling_width.override) == (100, True)
    assert refused(f"{g4}<w:Scaling{MUST}>{scaled}{lineart}", POSTER) is Subcode.INVALID_ARGS


def test_scaling_beyond_what_a_file_holds_gives_way_or_is_refused() -> None:
    scaling = "<w:ScalingWidth>1000</w:ScalingWidth><w:ScalingHeight>1000</w:ScalingHeight></w:Scaling>"
    fine = front("<w:Resolution><w:Width>1200</w:Width></w:Resolution>")
    made = plan(asked(f"<w:Scaling>{scaling}{fine}"), FLATBED)
    assert (made.final.scaling.scaling_width.value, made.final.scaling.scaling_width.override) == (100, True)
    assert made.images.media_front_image_info.pixels_per_line == 10200
    assert refused(f"<w:Scaling{MUST}>{scaling}{fine}") is Subcode.INVALID_ARGS
    coarse = front("<w:Resolution><w:Width>75</w:Width></w:Resolution>")
    assert plan(asked(f"<w:Scaling>{scaling}{coarse}"), FLATBED).images.media_front_image_info.pixels_per_line == 6370


def test_a_scanner_makes_grey_of_what_is_to_become_better_black_and_white() -> None:
    """A device's own black and white leaves nothing to adjust."""
    own = Capabilities(platen=replace(FLATBED.platen, modes=(Mode.GRAY8, Mode.LINEART)))
    bilevel = "<w:Format>tiff-single-g4</w:Format>" + front("<w:ColorProcessing>BlackAndWhite1</w:ColorProcessing>")
    assert plan(asked(bilevel), own).request.mode is Mode.LINEART
    assert plan(asked(f"{bilevel}<w:Rotation>90</w:Rotation>"), own).request.mode is Mode.LINEART
    for wish in (
        "<w:ContentType>Photo</w:ContentType>",
        f"<w:Exposure><w:ExposureSettings>{TONES}</w:ExposureSettings></w:Exposure>",
        "<w:Exposure><w:AutoExposure>true</w:AutoExposure></w:Exposure>",
        "<w:Scaling><w:ScalingWidth>50</w:ScalingWidth><w:ScalingHeight>50</w:ScalingHeight></w:Scaling>",
    ):
        made = plan(asked(bilevel + wish), own)
        assert (made.request.mode, made.target.mode) == (Mode.GRAY8, Mode.LINEART)


@pytest.mark.parametrize("word", ["Auto", "Text", "Photo", "Halftone", "Mixed"])
def test_every_content_type_is_taken(word: str) -> None:
    made = plan(asked(f"<w:ContentType{MUST}>{word}</w:ContentType>"), FLATBED)
    assert made.target.content == word
    assert is_exact(made.final)


def test_a_detected_size_is_replaced_by_the_whole_area_or_refused() -> None:
    auto = "<w:DocumentSizeAutoDetect>{}</w:DocumentSizeAutoDetect></w:InputSize>"
    made = plan(asked(f"<w:InputSize>{auto.format('true')}"), FLATBED)
    size = made.final.input_size.input_media_size
    assert (size.width.value, size.height.value, size.width.override) == (8500, 11690, True)
    assert refused(f"<w:InputSize{MUST}>{auto.format('true')}") is Subcode.INVALID_ARGS
    assert is_exact(plan(asked(f"<w:InputSize{MUST}>{auto.format('false')}"), FLATBED).final)


def test_a_paper_larger_than_the_glass_is_clipped_or_refused() -> None:
    size = "<w:InputMediaSize><w:Width>11690</w:Width><w:Height>5000</w:Height></w:InputMediaSize></w:InputSize>"
    made = plan(asked(f"<w:InputSize>{size}"), FLATBED)
    used = made.final.input_size.input_media_size
    assert (used.width.value, used.width.override, used.height.value, used.height.override) == (8500, True, 5000, None)
    # Without a region the paper is scanned, not the glass.
    assert made.request.region == Region(0, 0, 8500, 5000)
    assert refused(f"<w:InputSize{MUST}>{size}") is Subcode.INVALID_ARGS


@pytest.mark.parametrize(("ppi", "used"), [(75, 75), (100, 150), (301, 600), (9600, 1200), (1, 75)])
def test_a_resolution_is_the_next_higher_one_there_is(ppi: int, used: int) -> None:
    ticket = front(f"<w:Resolution><w:Width>{ppi}</w:Width></w:Resolution>")
    made = plan(asked(ticket), FLATBED)
    assert made.request.resolution == (used, used)
    final = made.final.media_sides.media_front.resolution
    assert final.width.override is (None if ppi == used else True)
    if ppi != used:
        assert refused(ticket.replace("Resolution>", f"Resolution{MUST}>", 1)) is Subcode.INVALID_ARGS


def test_a_resolution_of_nothing_is_the_default() -> None:
    ticket = front("<w:Resolution><w:Width>0</w:Width><w:Height>0</w:Height></w:Resolution>")
    made = plan(asked(ticket), FLATBED)
    assert made.request.resolution == (300, 300)
    assert made.final.media_sides.media_front.resolution.width.used_default is True
    valid(made)


def test_resolutions_may_differ_by_direction() -> None:
    ticket = front("<w:Resolution><w:Width>600</w:Width><w:Height>150</w:Height></w:Resolution>")
    made = plan(asked(ticket), FLATBED)
    info = made.images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines) == (5100, 1753)


def test_an_unknown_format_is_refused_with_or_without_must_honor() -> None:
    for must in ("", MUST):
        for word in ("jpeg2k", "xps", "x-raw"):
            assert refused(f"<w:Format{must}>{word}</w:Format>") is Subcode.FORMAT_NOT_SUPPORTED


def test_the_format_is_looked_at_first() -> None:
    assert refused(f"<w:Format>xps</w:Format><w:Rotation{MUST}>45</w:Rotation>") is Subcode.FORMAT_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("format_must", "color_must", "outcome"),
    [
        (MUST, MUST, Subcode.CONFLICTING_REQUIRED_PARAMETERS),
        ("", MUST, Subcode.INVALID_ARGS),
        (MUST, "", "RGB24"),
        ("", "", "RGB24"),
    ],
)
def test_a_bilevel_jpeg_is_a_conflict_only_where_both_must_be(format_must: str, color_must: str, outcome: str) -> None:
    ticket = f"<w:Format{format_must}>jfif</w:Format>" + front(
        f"<w:ColorProcessing{color_must}>BlackAndWhite1</w:ColorProcessing>"
    )
    if isinstance(outcome, Subcode):
        assert refused(ticket) is outcome
    else:
        used = plan(asked(ticket), FLATBED).final.media_sides.media_front.color_processing
        assert (used.value, used.override) == (outcome, True)


def test_a_colour_the_source_lacks_is_replaced_or_refused() -> None:
    ticket = "<w:InputSource>ADF</w:InputSource>" + front("<w:ColorProcessing{}>RGB24</w:ColorProcessing>")
    used = plan(asked(ticket.format("")), SIMPLEX).final.media_sides.media_front.color_processing
    assert (used.value, used.override) == ("Grayscale8", True)
    assert refused(ticket.format(MUST), SIMPLEX) is Subcode.INVALID_ARGS


def test_a_mode_the_device_lacks_is_made_from_one_it_has() -> None:
    ticket = "<w:Format>tiff-single-g4</w:Format><w:InputSource>ADF</w:InputSource>" + front(
        f"<w:ColorProcessing{MUST}>BlackAndWhite1</w:ColorProcessing>"
    )
    made = plan(asked(ticket), SIMPLEX)
    assert made.request.mode is Mode.GRAY8
    assert made.target.mode is Mode.LINEART
    assert made.images.media_front_image_info.bytes_per_line == 0


@pytest.mark.parametrize(
    ("name", "color", "bytes_per_line"),
    # 8.5 inch at 75 ppi are 637 pixels.
    [
        ("dib", "RGB24", 1912),
        ("dib", "Grayscale8", 640),
        ("dib", "BlackAndWhite1", 80),
        ("tiff-single-uncompressed", "RGB24", 1911),
        ("tiff-single-uncompressed", "BlackAndWhite1", 80),
        ("png", "RGB24", 0),
        ("exif", "Grayscale8", 0),
    ],
)
def test_image_information_says_what_a_line_takes(name: str, color: str, bytes_per_line: int) -> None:
    ticket = f"<w:Format>{name}</w:Format>" + front(
        f"<w:ColorProcessing>{color}</w:ColorProcessing><w:Resolution><w:Width>75</w:Width></w:Resolution>"
    )
    made = plan(asked(ticket), FLATBED)
    info = made.images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines, info.bytes_per_line) == (637, 876, bytes_per_line)
    assert (made.target.width, made.target.height) == (637, 876)


@pytest.mark.parametrize(("name", "quality", "used"), [("jfif", 40, 40), ("jfif", 0, 0), ("png", 40, 100)])
def test_the_quality_counts_for_lossy_formats_only(name: str, quality: int, used: int) -> None:
    ticket = f"<w:Format>{name}</w:Format><w:CompressionQualityFactor{MUST}>{quality}</w:CompressionQualityFactor>"
    made = plan(asked(ticket), FLATBED)
    assert made.final.compression_quality_factor.value == used
    assert is_exact(made.final)


@pytest.mark.parametrize(
    ("source", "count", "used", "override"),
    [("Platen", 0, 1, None), ("Platen", 1, 1, None), ("Platen", 3, 1, True), ("ADF", 0, 0, None), ("ADF", 7, 7, None)],
)
def test_how_many_images(source: str, count: int, used: int, override: bool | None) -> None:
    ticket = f"<w:ImagesToTransfer>{count}</w:ImagesToTransfer><w:InputSource>{source}</w:InputSource>"
    made = plan(asked(ticket), SIMPLEX)
    assert (made.final.images_to_transfer.value, made.final.images_to_transfer.override) == (used, override)
    assert made.request.pages == used


# Both sides.


def test_without_a_back_the_front_holds_for_both_sides() -> None:
    ticket = "<w:InputSource>ADFDuplex</w:InputSource>" + front("<w:Resolution><w:Width>200</w:Width></w:Resolution>")
    made = plan(asked(ticket), DUPLEX)
    valid(made)
    assert made.request.source is Source.FEEDER_DUPLEX
    sides = made.final.media_sides
    assert sides.media_back == sides.media_front
    assert made.images.media_back_image_info == made.images.media_front_image_info


def test_a_back_that_is_to_be_otherwise_is_replaced_or_refused() -> None:
    back = "<w:MediaBack><w:Resolution{}><w:Width>100</w:Width></w:Resolution></w:MediaBack>"
    ticket = "<w:InputSource>ADFDuplex</w:InputSource>" + front(
        "<w:Resolution><w:Width>200</w:Width></w:Resolution>", back
    )
    made = plan(asked(ticket.format("")), DUPLEX)
    valid(made)
    used = made.final.media_sides.media_back
    assert used is not None
    assert (used.resolution.width.value, used.resolution.width.override) == (200, True)
    assert used.color_processing.used_default is True
    assert refused(ticket.format(MUST), DUPLEX) is Subcode.INVALID_ARGS
    # From a source with one side the back means nothing.
    assert plan(asked(ticket.format(MUST).replace("ADFDuplex", "ADF")), DUPLEX).final.media_sides.media_back is None


def test_a_back_like_the_front_is_exact() -> None:
    side = "<w:ColorProcessing>Grayscale8</w:ColorProcessing><w:Resolution><w:Width>200</w:Width></w:Resolution>"
    ticket = "<w:InputSource>ADFDuplex</w:InputSource>" + front(side, f"<w:MediaBack>{side}</w:MediaBack>")
    assert is_exact(plan(asked(ticket), DUPLEX).final)


def test_duplex_from_a_simplex_feeder_is_replaced() -> None:
    made = plan(asked("<w:InputSource>ADFDuplex</w:InputSource>"), SIMPLEX)
    assert (made.final.input_source.value, made.final.input_source.override) == ("Platen", True)
    assert made.final.media_sides.media_back is None


# Regions.


def test_a_region_over_the_edge_is_cut_or_refused() -> None:
    made = plan(asked(region(8500, 11690, x=500, y=690)), FLATBED)
    assert made.request.region == Region(500, 690, 8000, 11000)
    used = made.final.media_sides.media_front.scan_region
    assert used.scan_region_x_offset.override is None
    assert used.scan_region_width.override is True
    assert refused(region(8500, 11690, x=500, must=MUST)) is Subcode.INVALID_ARGS


def test_a_region_of_nothing_is_the_whole_area() -> None:
    made = plan(asked(region(0, 0)), FLATBED)
    assert made.request.region == Region(0, 0, 8500, 11690)
    valid(made)


def test_a_device_that_knows_no_minimum_still_scans_something() -> None:
    device = Capabilities(platen=SourceCapabilities((300, 300), (300,), (Mode.GRAY8,), Size(0, 0), Size(8500, 11690)))
    made = plan(asked(region(0, 0)), device)
    assert made.request.region == Region(0, 0, 8500, 11690)
    valid(made)
    schema.validate(configuration_element(device), Year.Y2006_08)


def test_a_region_of_a_hair_is_one_pixel() -> None:
    device = Capabilities(platen=SourceCapabilities((75, 75), (75,), (Mode.GRAY8,), Size(1, 1), Size(8500, 11690)))
    info = plan(asked(region(1, 1)), device).images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines) == (1, 1)


def test_an_image_that_no_file_can_hold_is_refused() -> None:
    huge = SourceCapabilities((19200, 19200), (19200,), (Mode.RGB24,), Size(1, 1), Size(8500, 14000))
    assert refused("<w:Format>jfif</w:Format>", Capabilities(platen=huge)) is Subcode.INVALID_ARGS


# Recorded and peculiar tickets.


def recordings() -> Path:
    default = Path(__file__).parents[4] / "shared" / "realdata"
    return Path(os.environ.get("WSD_REALDATA", default)) / "captures" / "sane-airscan-0.99.27"


def test_the_ticket_of_sane_airscan_is_taken_as_it_is() -> None:
    recorded = recordings() / "CreateScanJob.http"
    if not recorded.exists():
        pytest.skip(f"no recordings at {recorded}")
    envelope = etree.fromstring(recorded.read_bytes().split(b"\r\n\r\n", 1)[1])
    (body,) = envelope.iter(f"{{{NS}}}CreateScanJobRequest")
    made = plan(CreateScanJobRequest.from_xml(body).scan_ticket, FLATBED)
    assert is_exact(made.final)
    valid(made)
    assert made.request.source is Source.PLATEN
    assert made.request.resolution == (75, 75)
    assert made.request.region == Region(0, 0, 8500, 11690)
    assert made.final.format.value == "png"
    info = made.images.media_front_image_info
    assert (info.pixels_per_line, info.number_of_lines, info.bytes_per_line) == (637, 876, 0)


def test_a_ticket_with_a_format_and_nothing_else() -> None:
    made = plan(asked("<w:Format>exif</w:Format>"), DUPLEX)
    assert (made.final.format.value, made.final.format.used_default) == ("exif", None)
    assert made.final.input_source.used_default is True
    assert made.final.film_scan_mode is None
    valid(made)


def test_a_corrected_ticket_is_exact_the_second_time() -> None:
    ticket = asked("<w:ContentType>Photo</w:ContentType><w:Rotation>180</w:Rotation>" + region(9999, 99999))
    again = corrected(ticket, plan(ticket, FLATBED).final)
    assert is_exact(plan(again, FLATBED).final)


# What is announced.


def configuration_element(device: Capabilities) -> etree._Element:
    """In the only message that may hold it alone."""
    changes = ElementChanges(scanner_configuration=configuration(device))
    return ScannerElementsChangeEvent(element_changes=changes).to_xml()


@pytest.mark.parametrize("device", [*DEVICES, Capabilities()], ids=[*NAMES, "nothing"])
def test_the_configuration_is_valid_and_names_the_sources_there_are(device: Capabilities) -> None:
    element = configuration_element(device)
    for year in Year:
        schema.validate(respell(element, year), year)
    (section,) = element.iter(f"{{{NS}}}ScannerConfiguration")
    shown = {etree.QName(child).localname for child in section}
    there = {"Platen": device.platen, "ADF": device.feeder, "Film": device.film}
    assert shown == {"DeviceSettings", *(name for name, source in there.items() if source)}


def test_the_kinds_of_film_that_the_scanner_tells_apart_are_announced() -> None:
    for device, words in (
        (FILM, ("NotApplicable",)),
        (FILMS, ("ColorSlideFilm", "ColorNegativeFilm", "BlackandWhiteNegativeFilm")),
    ):
        film = configuration(device).film
        assert film is not None
        assert film.film_scan_modes_supported.film_scan_mode_value == words


def test_every_mode_that_can_be_made_is_announced_and_no_other() -> None:
    announced = configuration(SIMPLEX)
    assert announced.platen is not None
    assert announced.platen.platen_color.color_entry == ("RGB24", "Grayscale8", "BlackAndWhite1")
    assert announced.adf is not None
    assert announced.adf.adf_front.adf_color.color_entry == ("Grayscale8", "BlackAndWhite1")
    assert announced.adf.adf_supports_duplex is False


@pytest.mark.parametrize("device", DEVICES, ids=NAMES)
def test_every_announced_format_can_be_had(device: Capabilities) -> None:
    for name in configuration(device).device_settings.formats_supported.format_value:
        assert is_exact(plan(asked(f"<w:Format{MUST}>{name}</w:Format>"), device).final)
