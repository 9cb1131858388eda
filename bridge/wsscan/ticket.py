"""What a client asks of a scan (ScanTicket) and what it will get (DocumentFinalParameters, ImageInformation).

Both hold the same settings in the same order; what is asked may be absent, what is used is all there.
Lengths are 1/1000 inch, resolutions pixels per inch; width runs along the line of pixels.
Spec: WS-Scan V1.0, ScanTicket, DocumentParameters, DocumentFinalParameters, ImageInformation, ValidationInfo.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bridge.soap.element import XsBoolean
from bridge.wsscan.names import ScanElement
from bridge.wsscan.settings import (
    Asked,
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
from bridge.wsscan.values import Count, Length, LongText, ScalePercent, SharpnessLevel, Tone


class JobDescription(ScanElement):
    job_name: LongText
    job_originating_user_name: LongText
    job_information: LongText | None = None


class Dimensions(ScanElement):
    """A size in 1/1000 inch."""

    width: Length
    height: Length


# What is asked ------------------------------------------------------------------------------------------------


class InputSize(Asked):
    """The size of the original: found by the scanner, or given. One of the two is there."""

    document_size_auto_detect: XsBoolean | None = None
    input_media_size: Dimensions | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.document_size_auto_detect is None and self.input_media_size is None:
            raise ValueError("holds neither DocumentSizeAutoDetect nor InputMediaSize")
        return self


class ExposureSettings(ScanElement):
    contrast: Tone | None = None
    brightness: Tone | None = None
    sharpness: SharpnessLevel | None = None


class Exposure(Asked):
    """Chosen by the scanner, or given. One of the two is there."""

    auto_exposure: XsBoolean | None = None
    exposure_settings: ExposureSettings | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.auto_exposure is None and self.exposure_settings is None:
            raise ValueError("holds neither AutoExposure nor ExposureSettings")
        return self


class Scaling(Asked):
    """In percent."""

    scaling_width: ScalePercent
    scaling_height: ScalePercent


class ScanRegion(ScanElement):
    """The part of the original to scan, in 1/1000 inch from its upper left corner."""

    scan_region_x_offset: Annotated[AskedLength | None, Field(alias="ScanRegionXOffset")] = None
    scan_region_y_offset: Annotated[AskedLength | None, Field(alias="ScanRegionYOffset")] = None
    scan_region_width: AskedLength
    scan_region_height: AskedLength


class Resolution(Asked):
    """Pixels per inch; without a height it is square."""

    width: Length
    height: Length | None = None


class MediaSide(ScanElement):
    scan_region: ScanRegion | None = None
    color_processing: AskedColor | None = None
    resolution: Resolution | None = None


class MediaSides(ScanElement):
    """How each side is scanned. Without `media_back` the front's parameters hold for both."""

    media_front: MediaSide
    media_back: MediaSide | None = None


class DocumentParameters(ScanElement):
    format: AskedFormat | None = None
    compression_quality_factor: AskedQuality | None = None
    images_to_transfer: AskedCount | None = None
    input_source: AskedInputSource | None = None
    film_scan_mode: AskedFilmScanMode | None = None
    content_type: AskedContentType | None = None
    input_size: InputSize | None = None
    exposure: Exposure | None = None
    scaling: Scaling | None = None
    rotation: AskedRotation | None = None
    media_sides: MediaSides | None = None


class ScanTicket(ScanElement):
    """Also the type of DefaultScanTicket and ValidScanTicket."""

    job_description: JobDescription
    document_parameters: DocumentParameters | None = None


# What is used -------------------------------------------------------------------------------------------------


class FinalDimensions(ScanElement):
    width: UsedLength
    height: UsedLength


class FinalInputSize(ScanElement):
    input_media_size: FinalDimensions


class FinalExposureSettings(ScanElement):
    contrast: UsedTone
    brightness: UsedTone
    sharpness: UsedSharpness


class FinalExposure(ScanElement):
    exposure_settings: FinalExposureSettings


class FinalScaling(ScanElement):
    scaling_width: UsedScale
    scaling_height: UsedScale


class FinalScanRegion(ScanElement):
    scan_region_x_offset: Annotated[UsedLength, Field(alias="ScanRegionXOffset")]
    scan_region_y_offset: Annotated[UsedLength, Field(alias="ScanRegionYOffset")]
    scan_region_width: UsedLength
    scan_region_height: UsedLength


class FinalResolution(ScanElement):
    width: UsedLength
    height: UsedLength


class FinalMediaSide(ScanElement):
    scan_region: FinalScanRegion
    color_processing: UsedColor
    resolution: FinalResolution


class FinalMediaSides(ScanElement):
    media_front: FinalMediaSide
    media_back: FinalMediaSide | None = None


class DocumentFinalParameters(ScanElement):
    format: UsedFormat
    compression_quality_factor: UsedQuality
    images_to_transfer: UsedCount
    input_source: UsedInputSource
    film_scan_mode: UsedFilmScanMode | None = None
    content_type: UsedContentType
    input_size: FinalInputSize
    exposure: FinalExposure
    scaling: FinalScaling
    rotation: UsedRotation
    media_sides: FinalMediaSides


class SideImageInfo(ScanElement):
    """The image of one side after rotation and scaling; `bytes_per_line` is 0 for a compressed format."""

    pixels_per_line: Count
    number_of_lines: Count
    bytes_per_line: Count


class ImageInformation(ScanElement):
    media_front_image_info: SideImageInfo
    media_back_image_info: SideImageInfo | None = None


class ValidationInfo(ScanElement):
    """Whether a ticket can be carried out, what it would give, and where it cannot one that could."""

    valid_ticket: XsBoolean
    image_information: ImageInformation
    valid_scan_ticket: ScanTicket | None = None


# What a job made ----------------------------------------------------------------------------------------------


class DocumentDescription(ScanElement):
    document_name: LongText


class Document(ScanElement):
    document_description: DocumentDescription


class Documents(ScanElement):
    """The files of a job, all made with the same parameters."""

    document_final_parameters: DocumentFinalParameters
    document: Annotated[tuple[Document, ...], Field(min_length=1)]
