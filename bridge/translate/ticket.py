"""A client's ticket held against what the device can do: what will be scanned, and what the client is told of it.

Pure. The order is the specification's: an unsupported Format is refused; any other setting that cannot be had is
refused when the client marked it MustHonor, and replaced otherwise; a setting left out gets its default.
Spec: WS-Scan CreateScanJob, ValidateScanTicket, DocumentFinalParameters, ImageInformation.
"""

from dataclasses import dataclass, replace
from typing import Final

from bridge.imaging.adjust import Adjust, Content
from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Announcement, Target, adjusted, announce
from bridge.translate import geometry, settings
from bridge.translate.capabilities import COLORS, FILMS, FORMATS, SOURCES, input_sources, scanned_as
from bridge.translate.settle import Settled, honored
from bridge.wsscan import faults
from bridge.wsscan.names import qname
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
    UsedFormat,
    UsedInputSource,
    UsedQuality,
    UsedRotation,
    UsedScale,
    UsedSharpness,
    UsedTone,
)
from bridge.wsscan.ticket import (
    Dimensions,
    DocumentFinalParameters,
    DocumentParameters,
    Exposure,
    ExposureSettings,
    FinalExposure,
    FinalExposureSettings,
    FinalMediaSide,
    FinalMediaSides,
    FinalScaling,
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
)
from bridge.wsscan.values import ContentType, FilmScanMode, Format, InputSource
from drivers.contract.capabilities import Capabilities
from drivers.contract.document import ScanRequest

# What scaling may make of a scan: a poster, and not days of work for somebody's joke.
MOST_PIXELS: Final = 2**30


@dataclass(frozen=True, slots=True)
class Plan:
    """What a ticket comes to."""

    request: ScanRequest  # its native_id still empty
    target: Target  # how each page is coded
    final: DocumentFinalParameters
    images: ImageInformation


def plan(ticket: ScanTicket, capabilities: Capabilities) -> Plan:
    """What the ticket comes to on this device. Raises OperationRefused."""
    asked = ticket.document_parameters or DocumentParameters()
    chosen = settings.format_(asked.format)
    origin = settings.input_source(asked.input_source, capabilities)
    source = capabilities.of(SOURCES[origin.value])
    if source is None:
        raise faults.not_accepting_jobs()
    front = asked.media_sides.media_front if asked.media_sides else MediaSide()
    color = settings.color(front.color_processing, source, chosen.value, format_honored=honored(asked.format))
    mode = COLORS[color.value]
    input_size, size = geometry.input_size(asked.input_size, source)
    scan_region, region = geometry.scan_region(front.scan_region, source, size)
    final_resolution, resolution = geometry.resolution(front.resolution, source)
    quality = settings.quality(asked.compression_quality_factor, chosen.value)
    images = settings.images_to_transfer(asked.images_to_transfer, origin.value)
    content = settings.content_type(asked.content_type)
    contrast, brightness, sharpness, automatic = settings.exposure(asked.exposure, mode)
    scaling = settings.scaling(asked.scaling, mode)
    rotation = settings.rotation(asked.rotation)
    film = settings.film_scan_mode(asked.film_scan_mode, origin.value, capabilities)
    adjust = Adjust(
        brightness=brightness.value,
        contrast=contrast.value,
        sharpness=sharpness.value,
        scaling=(scaling[0].value, scaling[1].value),
        rotation=int(rotation.value),
        auto_exposure=automatic,
    )
    native = scanned_as(mode, source, worked_on=content.value is not ContentType.AUTO or not adjust.keeps_values)
    if native is None:
        raise faults.operation_failed()
    scanned = Target(
        format=FORMATS[chosen.value],
        mode=mode,
        width=geometry.pixels(region.width, resolution[0]),
        height=geometry.pixels(region.height, resolution[1]),
        resolution=resolution,
        quality=quality.value,
    )
    target, said, scaling = _fitting(scanned, adjust, Content(content.value.value), scaling, asked.scaling)
    side = FinalMediaSide(
        scan_region=scan_region,
        color_processing=UsedColor(value=color.value, override=color.override, used_default=color.used_default),
        resolution=final_resolution,
    )
    duplex = origin.value is InputSource.ADF_DUPLEX
    back = geometry.back(asked.media_sides.media_back if asked.media_sides else None, side) if duplex else None
    info = SideImageInfo(
        pixels_per_line=said.pixels_per_line, number_of_lines=said.number_of_lines, bytes_per_line=said.bytes_per_line
    )
    final = DocumentFinalParameters(
        format=UsedFormat(value=chosen.value, override=chosen.override, used_default=chosen.used_default),
        compression_quality_factor=UsedQuality(
            value=quality.value, override=quality.override, used_default=quality.used_default
        ),
        images_to_transfer=UsedCount(value=images.value, override=images.override, used_default=images.used_default),
        input_source=UsedInputSource(value=origin.value, override=origin.override, used_default=origin.used_default),
        film_scan_mode=film,
        content_type=UsedContentType(value=content.value, override=content.override, used_default=content.used_default),
        input_size=input_size,
        exposure=_exposure(contrast, brightness, sharpness, automatic=automatic),
        scaling=FinalScaling(scaling_width=_scale(scaling[0]), scaling_height=_scale(scaling[1])),
        rotation=UsedRotation(value=rotation.value, override=rotation.override, used_default=rotation.used_default),
        media_sides=FinalMediaSides(media_front=side, media_back=back),
    )
    return Plan(
        request=ScanRequest(
            "",
            SOURCES[origin.value],
            native,
            resolution,
            region,
            images.value,
            film=None if film is None else FILMS.get(FilmScanMode(film.value)),
        ),
        target=target,
        final=final,
        images=ImageInformation(media_front_image_info=info, media_back_image_info=info if duplex else None),
    )


def _fitting(
    scanned: Target,
    adjust: Adjust,
    content: Content,
    scaling: tuple[Settled[int], Settled[int]],
    asked: Scaling | None,
) -> tuple[Target, Announcement, tuple[Settled[int], Settled[int]]]:
    """The image with its adjustments; scaling gives way where the result would be more than a file can hold."""
    target = adjusted(scanned, adjust, content)
    try:
        said = announce(target)
        if target.width * target.height <= MOST_PIXELS or adjust.scaling == (100, 100):
            return target, said, scaling
        reason = f"Scaling would make {target.width} by {target.height} pixels"
    except ImagingError as err:
        reason = str(err)
    if adjust.scaling == (100, 100) or honored(asked):
        raise faults.invalid_args(reason)
    kept: Settled[int] = Settled(100, override=True)
    unscaled = adjusted(scanned, replace(adjust, scaling=(100, 100)), content)
    return unscaled, announce(unscaled), (kept, kept)


def _exposure(
    contrast: Settled[int], brightness: Settled[int], sharpness: Settled[int], *, automatic: bool
) -> FinalExposure:
    """There is no element for automatic exposure among what is used: it is told as the settings that were not set."""

    def tone(settled: Settled[int]) -> UsedTone:
        used_default = None if automatic else settled.used_default
        return UsedTone(value=settled.value, override=settled.override, used_default=used_default)

    return FinalExposure(
        exposure_settings=FinalExposureSettings(
            contrast=tone(contrast),
            brightness=tone(brightness),
            sharpness=UsedSharpness(
                value=sharpness.value, override=sharpness.override, used_default=sharpness.used_default
            ),
        )
    )


def _scale(settled: Settled[int]) -> UsedScale:
    return UsedScale(value=settled.value, override=settled.override, used_default=settled.used_default)


def default_ticket(capabilities: Capabilities) -> ScanTicket:
    """A ticket that names every setting and gets exactly what it names. A device that cannot scan gets none of them."""
    description = JobDescription(job_name="Scan", job_originating_user_name="Unknown")
    if not input_sources(capabilities):
        return ScanTicket(job_description=description)
    final = plan(ScanTicket(job_description=description), capabilities).final
    return ScanTicket(job_description=description, document_parameters=_as_asked(final))


def corrected(ticket: ScanTicket, final: DocumentFinalParameters) -> ScanTicket:
    """The ValidScanTicket: the client's own, with the settings it would get."""
    return ScanTicket(job_description=ticket.job_description, document_parameters=_as_asked(final))


def media_type(final: DocumentFinalParameters) -> str:
    """The MIME type of the files that were agreed on."""
    return FORMATS[Format(final.format.value)].media_type


def is_exact(final: DocumentFinalParameters) -> bool:
    """Whether nothing that was asked for had to be replaced."""
    return not any(element.get(qname("Override")) for element in final.to_xml().iter())


def _as_asked(final: DocumentFinalParameters) -> DocumentParameters:
    sides = final.media_sides
    film = final.film_scan_mode
    size = final.input_size.input_media_size
    exposure = final.exposure.exposure_settings
    return DocumentParameters(
        format=AskedFormat(value=final.format.value),
        compression_quality_factor=AskedQuality(value=final.compression_quality_factor.value),
        images_to_transfer=AskedCount(value=final.images_to_transfer.value),
        input_source=AskedInputSource(value=final.input_source.value),
        film_scan_mode=None if film is None else AskedFilmScanMode(value=film.value),
        content_type=AskedContentType(value=final.content_type.value),
        input_size=InputSize(input_media_size=Dimensions(width=size.width.value, height=size.height.value)),
        exposure=Exposure(
            exposure_settings=ExposureSettings(
                contrast=exposure.contrast.value,
                brightness=exposure.brightness.value,
                sharpness=exposure.sharpness.value,
            )
        ),
        scaling=Scaling(
            scaling_width=final.scaling.scaling_width.value, scaling_height=final.scaling.scaling_height.value
        ),
        rotation=AskedRotation(value=final.rotation.value),
        media_sides=MediaSides(
            media_front=_side_as_asked(sides.media_front),
            media_back=None if sides.media_back is None else _side_as_asked(sides.media_back),
        ),
    )


def _side_as_asked(side: FinalMediaSide) -> MediaSide:
    return MediaSide(
        scan_region=ScanRegion(
            scan_region_x_offset=AskedLength(value=side.scan_region.scan_region_x_offset.value),
            scan_region_y_offset=AskedLength(value=side.scan_region.scan_region_y_offset.value),
            scan_region_width=AskedLength(value=side.scan_region.scan_region_width.value),
            scan_region_height=AskedLength(value=side.scan_region.scan_region_height.value),
        ),
        color_processing=AskedColor(value=side.color_processing.value),
        resolution=Resolution(width=side.resolution.width.value, height=side.resolution.height.value),
    )
