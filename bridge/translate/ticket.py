"""A client's ticket held against what the device can do: what will be scanned, and what the client is told of it.

Pure. The order is the specification's: an unsupported Format is refused; any other setting that cannot be had is
refused when the client marked it MustHonor, and replaced otherwise (`Override`); a setting left out gets its
default (`UsedDefault`). Spec: WS-Scan CreateScanJob, ValidateScanTicket, DocumentFinalParameters, ImageInformation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from bridge.imaging.errors import ImagingError
from bridge.imaging.target import DEFAULT_QUALITY, Target, announce
from bridge.translate.capabilities import (
    COLORS,
    FORMATS,
    LOSSY,
    QUALITY,
    SOURCES,
    colors,
    input_sources,
    scanned_as,
)
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
    DocumentFinalParameters,
    DocumentParameters,
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
)
from bridge.wsscan.values import ColorEntry, ContentType, FilmScanMode, Format, InputSource, Rotation
from drivers.contract.capabilities import Capabilities, Size, SourceCapabilities
from drivers.contract.document import Region, ScanRequest

_T = TypeVar("_T")

# What most people want from a page that they did not describe.
DEFAULT_RESOLUTION: Final = 300
THOUSANDTHS: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a ticket comes to."""

    request: ScanRequest  # its native_id still empty
    target: Target  # how each page is coded
    final: DocumentFinalParameters
    images: ImageInformation


@dataclass(frozen=True, slots=True)
class _Settled(Generic[_T]):
    """One setting as it will be used, and how that compares to what was asked."""

    value: _T
    override: bool | None = None
    used_default: bool | None = None


def plan(ticket: ScanTicket, capabilities: Capabilities) -> Plan:
    """What the ticket comes to on this device. Raises OperationRefused."""
    asked = ticket.document_parameters or DocumentParameters()
    format_ = _format(asked.format)
    input_source = _input_source(asked.input_source, capabilities)
    source = capabilities.of(SOURCES[input_source.value])
    if source is None:
        raise faults.not_accepting_jobs()
    front = asked.media_sides.media_front if asked.media_sides else MediaSide()
    color = _color(front.color_processing, source, format_.value, conflict=_honored(asked.format))
    quality = _quality(asked.compression_quality_factor, format_.value)
    images = _images_to_transfer(asked.images_to_transfer, input_source.value)
    input_size, size = _input_size(asked.input_size, source)
    scan_region, region = _scan_region(front.scan_region, source, size)
    final_resolution, resolution = _resolution(front.resolution, source)
    native = scanned_as(COLORS[color.value], source)
    if native is None:
        raise faults.operation_failed()
    target = Target(
        format=FORMATS[format_.value],
        mode=COLORS[color.value],
        width=_pixels(region.width, resolution[0]),
        height=_pixels(region.height, resolution[1]),
        resolution=resolution,
        quality=quality.value,
    )
    side = FinalMediaSide(
        scan_region=scan_region,
        color_processing=UsedColor(value=color.value, override=color.override, used_default=color.used_default),
        resolution=final_resolution,
    )
    duplex = input_source.value is InputSource.ADF_DUPLEX
    asked_back = asked.media_sides.media_back if asked.media_sides else None
    back = _back(asked_back, side) if duplex else None
    try:
        said = announce(target)
    except ImagingError as err:
        raise faults.invalid_args(str(err)) from err
    info = SideImageInfo(
        pixels_per_line=said.pixels_per_line, number_of_lines=said.number_of_lines, bytes_per_line=said.bytes_per_line
    )
    final = DocumentFinalParameters(
        format=UsedFormat(value=format_.value, override=format_.override, used_default=format_.used_default),
        compression_quality_factor=UsedQuality(
            value=quality.value, override=quality.override, used_default=quality.used_default
        ),
        images_to_transfer=UsedCount(value=images.value, override=images.override, used_default=images.used_default),
        input_source=UsedInputSource(
            value=input_source.value, override=input_source.override, used_default=input_source.used_default
        ),
        film_scan_mode=_film_scan_mode(asked.film_scan_mode, input_source.value),
        content_type=_content_type(asked.content_type),
        input_size=input_size,
        exposure=_exposure(asked.exposure),
        scaling=_scaling(asked.scaling),
        rotation=_rotation(asked.rotation),
        media_sides=FinalMediaSides(media_front=side, media_back=back),
    )
    return Plan(
        request=ScanRequest("", SOURCES[input_source.value], native, resolution, region, images.value),
        target=target,
        final=final,
        images=ImageInformation(media_front_image_info=info, media_back_image_info=info if duplex else None),
    )


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


# One function for each setting, in the order of the schema.


def _honored(asked: object) -> bool:
    return bool(getattr(asked, "must_honor", None))


def _settle(
    asked: _T | None, must_honor: bool | None, usable: Callable[[_T], bool], default: _T, path: str
) -> _Settled[_T]:
    """One setting by the general rule."""
    if asked is None:
        return _Settled(default, used_default=True)
    if usable(asked):
        return _Settled(asked)
    if must_honor:
        raise faults.invalid_args(f"{path} {asked} is not supported and MustHonor is set")
    return _Settled(default, override=True)


def _format(asked: AskedFormat | None) -> _Settled[Format]:
    if asked is None:
        return _Settled(next(iter(FORMATS)), used_default=True)
    if isinstance(asked.value, Format) and asked.value in FORMATS:
        return _Settled(asked.value)
    raise faults.format_not_supported(tuple(FORMATS))


def _quality(asked: AskedQuality | None, format_: Format) -> _Settled[int]:
    if format_ not in LOSSY:
        # The factor means nothing to a lossless format, which is told as the best there is.
        return _Settled(QUALITY[1], used_default=None if asked else True, override=None)
    if asked is None:
        return _Settled(DEFAULT_QUALITY, used_default=True)
    return _Settled(asked.value)


def _images_to_transfer(asked: AskedCount | None, source: InputSource) -> _Settled[int]:
    if source in (InputSource.PLATEN, InputSource.FILM):
        if asked is None:
            return _Settled(1, used_default=True)
        # 0 stands for "all there is", which is one.
        return _settle(asked.value or 1, asked.must_honor, lambda count: count == 1, 1, "ImagesToTransfer")
    return _Settled(0, used_default=True) if asked is None else _Settled(asked.value)


def _input_source(asked: AskedInputSource | None, capabilities: Capabilities) -> _Settled[InputSource]:
    usable = input_sources(capabilities)
    if not usable:
        raise faults.not_accepting_jobs()
    value = None if asked is None else asked.value
    settled = _settle(value, _honored(asked), lambda word: word in usable, usable[0], "InputSource")
    return _Settled(InputSource(settled.value), settled.override, settled.used_default)


def _content_type(asked: AskedContentType | None) -> UsedContentType:
    value = None if asked is None else asked.value
    settled = _settle(value, _honored(asked), lambda word: word == ContentType.AUTO, ContentType.AUTO, "ContentType")
    return UsedContentType(value=settled.value, override=settled.override, used_default=settled.used_default)


def _film_scan_mode(asked: AskedFilmScanMode | None, source: InputSource) -> UsedFilmScanMode | None:
    """Told where film is scanned or somebody asked; the one mode there is says that nothing is done for film."""
    if asked is None and source is not InputSource.FILM:
        return None
    value = None if asked is None else asked.value
    none = FilmScanMode.NOT_APPLICABLE
    settled = _settle(value, _honored(asked), lambda word: word == none, none, "FilmScanMode")
    return UsedFilmScanMode(value=settled.value, override=settled.override, used_default=settled.used_default)


def _back(asked: MediaSide | None, front: FinalMediaSide) -> FinalMediaSide:
    """The back is scanned as the front is; what was asked otherwise for it is replaced, MustHonor forbids that."""
    if asked is None:
        return front

    def settle(name: str, value: int | None, must_honor: bool | None, used: UsedLength) -> UsedLength:
        like = _settle(value, must_honor, lambda length: length == used.value, used.value, f"MediaBack/{name}")
        return _length(like)

    def offset(name: str, part: AskedLength | None, used: UsedLength) -> UsedLength:
        return settle(name, None if part is None else part.value, _honored(part), used)

    def extent(name: str, part: AskedLength | None, used: UsedLength) -> UsedLength:
        # 0 stands for "not known", as everywhere.
        return offset(name, part if part is not None and part.value else None, used)

    wanted, had = asked.scan_region, front.scan_region
    resolution, color = asked.resolution, asked.color_processing
    width = None if resolution is None else resolution.width or None
    height = None if resolution is None else resolution.height or width
    honored = _honored(resolution)
    front_color = front.color_processing.value
    like = _settle(
        None if color is None else color.value,
        _honored(color),
        lambda word: word == front_color,
        front_color,
        "MediaBack/ColorProcessing",
    )
    x, y, w, h = (
        (None, None, None, None)
        if wanted is None
        else (
            wanted.scan_region_x_offset,
            wanted.scan_region_y_offset,
            wanted.scan_region_width,
            wanted.scan_region_height,
        )
    )
    return FinalMediaSide(
        scan_region=FinalScanRegion(
            scan_region_x_offset=offset("ScanRegionXOffset", x, had.scan_region_x_offset),
            scan_region_y_offset=offset("ScanRegionYOffset", y, had.scan_region_y_offset),
            scan_region_width=extent("ScanRegionWidth", w, had.scan_region_width),
            scan_region_height=extent("ScanRegionHeight", h, had.scan_region_height),
        ),
        color_processing=UsedColor(value=like.value, override=like.override, used_default=like.used_default),
        resolution=FinalResolution(
            width=settle("Resolution", width, honored, front.resolution.width),
            height=settle("Resolution", height, honored, front.resolution.height),
        ),
    )


def _input_size(asked: InputSize | None, source: SourceCapabilities) -> tuple[FinalInputSize, Dimensions]:
    most = Dimensions(width=source.maximum.width, height=source.maximum.height)
    least = _least(source)
    wanted = None if asked is None else asked.input_media_size
    if asked is not None and wanted is None and asked.document_size_auto_detect and asked.must_honor:
        raise faults.invalid_args("InputSize/DocumentSizeAutoDetect is not supported and MustHonor is set")
    width = _within(None if wanted is None else wanted.width, least.width, most.width)
    height = _within(None if wanted is None else wanted.height, least.height, most.height)
    if asked is not None and asked.must_honor and (width.override or height.override):
        raise faults.invalid_args("InputSize/InputMediaSize is not supported and MustHonor is set")
    replaced = True if asked is not None and wanted is None and asked.document_size_auto_detect else None
    return (
        FinalInputSize(
            input_media_size=FinalDimensions(width=_length(width, replaced), height=_length(height, replaced))
        ),
        Dimensions(width=width.value, height=height.value),
    )


def _within(asked: int | None, least: int, most: int) -> _Settled[int]:
    """A length clipped into the possible; 0 is how real devices and clients say "not known"."""
    if not asked:
        return _Settled(most, used_default=True)
    clipped = min(max(asked, least), most)
    return _Settled(clipped, override=True if clipped != asked else None)


def _length(settled: _Settled[int], replaced: bool | None = None) -> UsedLength:
    used_default = None if replaced else settled.used_default
    return UsedLength(value=settled.value, override=replaced or settled.override, used_default=used_default)


def _least(source: SourceCapabilities) -> Size:
    """A device that names no minimum still scans something."""
    return Size(max(1, source.minimum.width), max(1, source.minimum.height))


def _scan_region(
    asked: ScanRegion | None, source: SourceCapabilities, size: Dimensions
) -> tuple[FinalScanRegion, Region]:
    """The region within the scan area; what reaches over its edge is cut off, MustHonor forbids that."""

    def settle(name: str, part: AskedLength | None, least: int, most: int, default: int) -> _Settled[int]:
        if part is None or (part.value == 0 and least > 0):
            return _Settled(min(max(default, least), most), used_default=True)
        clipped = min(max(part.value, least), most)
        if clipped != part.value and part.must_honor:
            raise faults.invalid_args(f"{name} {part.value} is outside the scan area and MustHonor is set")
        return _Settled(clipped, override=True if clipped != part.value else None)

    most, least = source.maximum, _least(source)
    x_asked = None if asked is None else asked.scan_region_x_offset
    y_asked = None if asked is None else asked.scan_region_y_offset
    w_asked = None if asked is None else asked.scan_region_width
    h_asked = None if asked is None else asked.scan_region_height
    x = settle("ScanRegionXOffset", x_asked, 0, most.width - least.width, 0)
    y = settle("ScanRegionYOffset", y_asked, 0, most.height - least.height, 0)
    width = settle("ScanRegionWidth", w_asked, least.width, most.width - x.value, size.width)
    height = settle("ScanRegionHeight", h_asked, least.height, most.height - y.value, size.height)
    return (
        FinalScanRegion(
            scan_region_x_offset=_length(x),
            scan_region_y_offset=_length(y),
            scan_region_width=_length(width),
            scan_region_height=_length(height),
        ),
        Region(x.value, y.value, width.value, height.value),
    )


def _resolution(asked: Resolution | None, source: SourceCapabilities) -> tuple[FinalResolution, tuple[int, int]]:
    default = _nearest(DEFAULT_RESOLUTION, source.resolutions)

    def settle(value: int | None) -> _Settled[int]:
        if not value:
            return _Settled(default, used_default=True)
        nearest = _nearest(value, source.resolutions)
        return _settle(value, _honored(asked), lambda ppi: ppi in source.resolutions, nearest, "Resolution")

    width = settle(None if asked is None else asked.width)
    height = settle(None if asked is None else asked.height or asked.width)
    return FinalResolution(width=_length(width), height=_length(height)), (width.value, height.value)


def _nearest(value: int, choices: Sequence[int]) -> int:
    """The choice that loses least: the next higher one, else the highest."""
    return next((choice for choice in choices if choice >= value), choices[-1])


def _color(
    asked: AskedColor | None, source: SourceCapabilities, format_: Format, *, conflict: bool
) -> _Settled[ColorEntry]:
    """A mode that the source can give and the format can hold. `conflict`: the format itself must be honored."""
    possible = [entry for entry in colors(source) if COLORS[entry] in FORMATS[format_].modes]
    if not possible:
        raise faults.format_not_supported(tuple(FORMATS))
    value = None if asked is None else asked.value
    if value in colors(source) and value not in possible and _honored(asked):
        if conflict:
            raise faults.conflicting_required_parameters()
        raise faults.invalid_args(f"ColorProcessing {value} does not go with Format {format_} and MustHonor is set")
    settled = _settle(value, _honored(asked), lambda word: word in possible, possible[0], "ColorProcessing")
    return _Settled(ColorEntry(settled.value), settled.override, settled.used_default)


def _exposure(asked: Exposure | None) -> FinalExposure:
    """Brightness and contrast are not offered, so every scan is at 0."""
    settings = None if asked is None else asked.exposure_settings

    def settle(name: str, value: int | None) -> _Settled[int]:
        return _settle(value, _honored(asked), lambda tone: tone == 0, 0, f"ExposureSettings/{name}")

    if asked is not None and asked.auto_exposure and asked.must_honor:
        raise faults.invalid_args("Exposure/AutoExposure is not supported and MustHonor is set")
    automatic = asked is not None and asked.auto_exposure and settings is None
    contrast = settle("Contrast", None if settings is None else settings.contrast)
    brightness = settle("Brightness", None if settings is None else settings.brightness)
    sharpness = settle("Sharpness", None if settings is None else settings.sharpness)
    if automatic:
        contrast = brightness = sharpness = _Settled(0, override=True)
    return FinalExposure(
        exposure_settings=FinalExposureSettings(
            contrast=UsedTone(value=0, override=contrast.override, used_default=contrast.used_default),
            brightness=UsedTone(value=0, override=brightness.override, used_default=brightness.used_default),
            sharpness=UsedSharpness(value=0, override=sharpness.override, used_default=sharpness.used_default),
        )
    )


def _scaling(asked: Scaling | None) -> FinalScaling:
    def settle(name: str, value: int | None) -> UsedScale:
        settled = _settle(value, _honored(asked), lambda percent: percent == 100, 100, f"Scaling/{name}")
        return UsedScale(value=settled.value, override=settled.override, used_default=settled.used_default)

    return FinalScaling(
        scaling_width=settle("ScalingWidth", None if asked is None else asked.scaling_width),
        scaling_height=settle("ScalingHeight", None if asked is None else asked.scaling_height),
    )


def _rotation(asked: AskedRotation | None) -> UsedRotation:
    value = None if asked is None else asked.value
    settled = _settle(value, _honored(asked), lambda word: word == Rotation.NONE, Rotation.NONE, "Rotation")
    return UsedRotation(value=settled.value, override=settled.override, used_default=settled.used_default)


def _pixels(thousandths: int, ppi: int) -> int:
    """Whole pixels within that length, at least one: never more is announced than the region holds."""
    return max(1, thousandths * ppi // THOUSANDTHS)
