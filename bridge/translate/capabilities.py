"""What a device can do, as the ScannerConfiguration and the DefaultScanTicket that clients read.

Pure. Only what a ticket could really get is announced: a mode the device lacks is announced when imaging can make
it from one the device has; nothing else is promised.
Spec: WS-Scan ScannerConfiguration, DefaultScanTicket.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from bridge.imaging import adjust
from bridge.imaging.formats import DOCUMENTS, TABLE
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
from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.values import ColorEntry, ContentType, FilmScanMode, Format, InputSource, Rotation
from drivers.contract.capabilities import Capabilities, FilmKind, Mode, Size, Source, SourceCapabilities

QUALITY: Final = (0, 100)
SCALING: Final = adjust.SCALING

SOURCES: Final = MappingProxyType(
    {
        InputSource.PLATEN: Source.PLATEN,
        InputSource.ADF: Source.FEEDER,
        InputSource.ADF_DUPLEX: Source.FEEDER_DUPLEX,
        InputSource.FILM: Source.FILM,
    }
)

COLORS: Final = MappingProxyType(
    {
        ColorEntry.RGB_24: Mode.RGB24,
        ColorEntry.GRAYSCALE_8: Mode.GRAY8,
        ColorEntry.BLACK_AND_WHITE_1: Mode.LINEART,
        ColorEntry.RGB_48: Mode.RGB48,
        ColorEntry.GRAYSCALE_16: Mode.GRAY16,
    }
)

# What a mode can be scanned in, best first: itself, or the least that holds all it shows.
_SCANNED_AS: Final = MappingProxyType(
    {
        Mode.RGB24: (Mode.RGB24, Mode.RGB48),
        Mode.GRAY8: (Mode.GRAY8, Mode.RGB24, Mode.GRAY16, Mode.RGB48),
        Mode.LINEART: (Mode.LINEART, Mode.GRAY8, Mode.RGB24, Mode.GRAY16, Mode.RGB48),
        Mode.RGB48: (Mode.RGB48,),
        Mode.GRAY16: (Mode.GRAY16, Mode.RGB48),
    }
)

FILMS: Final = MappingProxyType(
    {
        FilmScanMode.COLOR_SLIDE_FILM: FilmKind.SLIDE,
        FilmScanMode.COLOR_NEGATIVE_FILM: FilmKind.COLOUR_NEGATIVE,
        FilmScanMode.BLACK_AND_WHITE_NEGATIVE_FILM: FilmKind.GREY_NEGATIVE,
    }
)

# Offered in the order in which imaging ranks them: clients take the first that suits them.
FORMATS: Final = MappingProxyType({Format(name): format_ for name, format_ in (TABLE | DOCUMENTS).items()})


MOST_RESOLUTIONS: Final = 64
USUAL_RESOLUTIONS: Final = frozenset({75, 100, 150, 200, 240, 300, 400, 600, 1200, 2400, 4800})


def scanned_as(mode: Mode, source: SourceCapabilities, *, worked_on: bool = False) -> Mode | None:
    """The device's own mode from which `mode` is made; None when it cannot be had.

    `worked_on`: tones, content or size are to be changed, for which a device's own black and white leaves nothing.
    """
    usable: list[Mode] = [have for have in _SCANNED_AS[mode] if have in source.modes]
    if worked_on and usable[:1] == [Mode.LINEART] and len(usable) > 1:
        return usable[1]
    return usable[0] if usable else None


def colors(source: SourceCapabilities) -> tuple[ColorEntry, ...]:
    """Every ColorEntry that this source can give, colour first."""
    return tuple(entry for entry, mode in COLORS.items() if scanned_as(mode, source) is not None)


def input_sources(capabilities: Capabilities) -> tuple[InputSource, ...]:
    """The sources a ticket may name; the first is the default."""
    return tuple(entry for entry, source in SOURCES.items() if capabilities.of(source) is not None)


def film_scan_modes(capabilities: Capabilities) -> tuple[FilmScanMode, ...]:
    """The modes in which film is scanned, the default first; where the device knows no kinds of film, the one that says
    so."""
    modes = {film: mode for mode, film in FILMS.items()}
    return tuple(modes[film] for film in capabilities.films) or (FilmScanMode.NOT_APPLICABLE,)


def configuration(capabilities: Capabilities) -> ScannerConfiguration:
    """The whole of it."""
    percent = ScalingRange(min_value=SCALING[0], max_value=SCALING[1])
    return ScannerConfiguration(
        device_settings=DeviceSettings(
            formats_supported=FormatsSupported(format_value=tuple(FORMATS)),
            compression_quality_factor_supported=CompressionQualityFactorSupported(
                min_value=QUALITY[0], max_value=QUALITY[1]
            ),
            content_types_supported=ContentTypesSupported(content_type_value=tuple(ContentType)),
            document_size_auto_detect_supported=False,
            auto_exposure_supported=True,
            brightness_supported=True,
            contrast_supported=True,
            scaling_range_supported=ScalingRangeSupported(scaling_width=percent, scaling_height=percent),
            rotations_supported=RotationsSupported(rotation_value=tuple(Rotation)),
        ),
        platen=None if capabilities.platen is None else _platen(capabilities.platen),
        adf=None if capabilities.feeder is None else _adf(capabilities.feeder, capabilities.feeder_back),
        film=None if capabilities.film is None else _film(capabilities.film, film_scan_modes(capabilities)),
    )


def _platen(source: SourceCapabilities) -> Platen:
    return Platen(
        platen_optical_resolution=_optical(source),
        platen_resolutions=_resolutions(source),
        platen_color=Colors(color_entry=colors(source)),
        platen_minimum_size=_size(source.minimum),
        platen_maximum_size=_size(source.maximum),
    )


def _adf(front: SourceCapabilities, back: SourceCapabilities | None) -> ADF:
    return ADF(
        adf_supports_duplex=back is not None,
        adf_front=_side(front),
        adf_back=None if back is None else _side(back),
    )


def _side(source: SourceCapabilities) -> ADFSide:
    return ADFSide(
        adf_optical_resolution=_optical(source),
        adf_resolutions=_resolutions(source),
        adf_color=Colors(color_entry=colors(source)),
        adf_minimum_size=_size(source.minimum),
        adf_maximum_size=_size(source.maximum),
    )


def _film(source: SourceCapabilities, modes: tuple[FilmScanMode, ...]) -> Film:
    return Film(
        film_scan_modes_supported=FilmScanModesSupported(film_scan_mode_value=modes),
        film_optical_resolution=_optical(source),
        film_resolutions=_resolutions(source),
        film_color=Colors(color_entry=colors(source)),
        film_minimum_size=_size(source.minimum),
        film_maximum_size=_size(source.maximum),
    )


def _optical(source: SourceCapabilities) -> OpticalResolution:
    return OpticalResolution(width=source.optical[0], height=source.optical[1])


def _resolutions(source: SourceCapabilities) -> Resolutions:
    told = announced_resolutions(source.resolutions)
    return Resolutions(widths=Widths(width=told), heights=Heights(height=told))


def announced_resolutions(resolutions: Sequence[int]) -> tuple[int, ...]:
    """All of them, or so many that four sources and the other sections find room in an envelope: the highest, what
    people ask for, then the others from below."""
    if len(resolutions) <= MOST_RESOLUTIONS:
        return tuple(resolutions)
    usual = [each for each in resolutions if each in USUAL_RESOLUTIONS]
    chosen = dict.fromkeys((max(resolutions), *usual, *sorted(resolutions)))
    return tuple(sorted(list(chosen)[:MOST_RESOLUTIONS]))


def _size(size: Size) -> Dimensions:
    return Dimensions(width=max(1, size.width), height=max(1, size.height))
