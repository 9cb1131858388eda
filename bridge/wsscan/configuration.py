"""What the scanner can do: its settings, and its glass, feeder and film unit where it has them.

Lengths are 1/1000 inch, resolutions pixels per inch.
Spec: WS-Scan V1.0, ScannerConfiguration, DeviceSettings, Platen, ADF, Film.
"""

from typing import Annotated

from pydantic import Field

from bridge.soap.element import XsBoolean
from bridge.wsscan.names import ScanElement
from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.values import (
    ColorWord,
    ContentTypeWord,
    FilmScanModeWord,
    FormatWord,
    Length,
    Quality,
    RotationWord,
    ScalePercent,
)

_SOME = Field(min_length=1)


class FormatsSupported(ScanElement):
    format_value: Annotated[tuple[FormatWord, ...], _SOME]


class CompressionQualityFactorSupported(ScanElement):
    min_value: Quality
    max_value: Quality


class ContentTypesSupported(ScanElement):
    content_type_value: Annotated[tuple[ContentTypeWord, ...], _SOME]


class ScalingRange(ScanElement):
    """In percent."""

    min_value: ScalePercent
    max_value: ScalePercent


class ScalingRangeSupported(ScanElement):
    scaling_width: ScalingRange
    scaling_height: ScalingRange


class RotationsSupported(ScanElement):
    rotation_value: Annotated[tuple[RotationWord, ...], _SOME]


class DeviceSettings(ScanElement):
    """What holds for every source. A scanner that cannot scale says 100 to 100, one that cannot turn 0 alone."""

    formats_supported: FormatsSupported
    compression_quality_factor_supported: CompressionQualityFactorSupported
    content_types_supported: ContentTypesSupported
    document_size_auto_detect_supported: XsBoolean
    auto_exposure_supported: XsBoolean
    brightness_supported: XsBoolean
    contrast_supported: XsBoolean
    scaling_range_supported: ScalingRangeSupported
    rotations_supported: RotationsSupported


class OpticalResolution(ScanElement):
    """Without a height it is square."""

    width: Length
    height: Length | None = None


class Widths(ScanElement):
    width: Annotated[tuple[Length, ...], _SOME]


class Heights(ScanElement):
    height: Annotated[tuple[Length, ...], _SOME]


class Resolutions(ScanElement):
    """The resolutions offered. Clients offer their user what is in both lists."""

    widths: Widths
    heights: Heights


class Colors(ScanElement):
    color_entry: Annotated[tuple[ColorWord, ...], _SOME]


class Platen(ScanElement):
    platen_optical_resolution: OpticalResolution
    platen_resolutions: Resolutions
    platen_color: Colors
    platen_minimum_size: Dimensions
    platen_maximum_size: Dimensions


class ADFSide(ScanElement):
    adf_optical_resolution: Annotated[OpticalResolution, Field(alias="ADFOpticalResolution")]
    adf_resolutions: Annotated[Resolutions, Field(alias="ADFResolutions")]
    adf_color: Annotated[Colors, Field(alias="ADFColor")]
    adf_minimum_size: Annotated[Dimensions, Field(alias="ADFMinimumSize")]
    adf_maximum_size: Annotated[Dimensions, Field(alias="ADFMaximumSize")]


class ADF(ScanElement):
    """The document feeder. Some devices describe a back although they say that they do not scan it."""

    adf_supports_duplex: Annotated[XsBoolean, Field(alias="ADFSupportsDuplex")]
    adf_front: Annotated[ADFSide, Field(alias="ADFFront")]
    adf_back: Annotated[ADFSide | None, Field(alias="ADFBack")] = None


class FilmScanModesSupported(ScanElement):
    film_scan_mode_value: Annotated[tuple[FilmScanModeWord, ...], _SOME]


class Film(ScanElement):
    film_scan_modes_supported: FilmScanModesSupported
    film_optical_resolution: OpticalResolution
    film_resolutions: Resolutions
    film_color: Colors
    film_minimum_size: Dimensions
    film_maximum_size: Dimensions


class ScannerConfiguration(ScanElement):
    device_settings: DeviceSettings
    platen: Platen | None = None
    adf: Annotated[ADF | None, Field(alias="ADF")] = None
    film: Film | None = None
