"""A ticket for what the user wants, within what the scanner says it can do.

Spec: WS-Scan V1.0, ScanTicket; sane-airscan and Windows send the same settings.
"""

from dataclasses import dataclass

from bridge.wsscan.configuration import Colors, Resolutions, ScannerConfiguration
from bridge.wsscan.settings import (
    AskedColor,
    AskedCount,
    AskedFilmScanMode,
    AskedFormat,
    AskedInputSource,
    AskedLength,
    AskedQuality,
)
from bridge.wsscan.ticket import (
    Dimensions,
    DocumentParameters,
    InputSize,
    JobDescription,
    MediaSide,
    MediaSides,
    Resolution,
    ScanRegion,
    ScanTicket,
)
from bridge.wsscan.values import ColorEntry, FilmScanMode, InputSource

A4 = Dimensions(width=8268, height=11693)


class Unable(Exception):
    """The scanner does not offer what was asked; the text says what it does offer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants. `size` is cut to what the source can take; `images` 0: all there are."""

    source: InputSource
    format: str = "jfif"
    color: ColorEntry = ColorEntry.RGB_24
    resolution: int = 150
    images: int = 0
    size: Dimensions = A4
    quality: int | None = None  # 0…100; None: the scanner's own
    film: FilmScanMode | None = None  # what lies in the film unit; None: the scanner's own guess
    name: str = "scan"
    user: str = "wsd-scan-hil"


def make(wish: Wish, configuration: ScannerConfiguration) -> ScanTicket:
    """The ticket. Raises Unable, before the scanner must."""
    formats = configuration.device_settings.formats_supported.format_value
    if wish.format not in formats:
        raise Unable(f"format {wish.format} is not offered, {', '.join(map(str, formats))} are")
    colors, resolutions, largest = _source(wish.source, configuration)
    if wish.color not in colors.color_entry:
        raise Unable(f"colour {wish.color} is not offered, {', '.join(map(str, colors.color_entry))} are")
    common = sorted(set(resolutions.widths.width) & set(resolutions.heights.height))
    if wish.resolution not in common:
        raise Unable(f"{wish.resolution} ppi are not offered, {', '.join(map(str, common))} are")
    size = Dimensions(width=min(wish.size.width, largest.width), height=min(wish.size.height, largest.height))
    side = MediaSide(
        scan_region=ScanRegion(
            scan_region_x_offset=AskedLength(value=0),
            scan_region_y_offset=AskedLength(value=0),
            scan_region_width=AskedLength(value=size.width),
            scan_region_height=AskedLength(value=size.height),
        ),
        color_processing=AskedColor(value=wish.color),
        resolution=Resolution(width=wish.resolution, height=wish.resolution),
    )
    return ScanTicket(
        job_description=JobDescription(job_name=wish.name, job_originating_user_name=wish.user),
        document_parameters=DocumentParameters(
            format=AskedFormat(value=wish.format, must_honor=True),
            compression_quality_factor=None if wish.quality is None else AskedQuality(value=wish.quality),
            images_to_transfer=AskedCount(value=wish.images),
            input_source=AskedInputSource(value=wish.source, must_honor=True),
            film_scan_mode=None if wish.film is None else AskedFilmScanMode(value=wish.film, must_honor=True),
            input_size=InputSize(input_media_size=size),
            media_sides=MediaSides(
                media_front=side, media_back=side if wish.source is InputSource.ADF_DUPLEX else None
            ),
        ),
    )


def _source(source: InputSource, configuration: ScannerConfiguration) -> tuple[Colors, Resolutions, Dimensions]:
    platen, feeder, film = configuration.platen, configuration.adf, configuration.film
    match source:
        case InputSource.PLATEN if platen is not None:
            return platen.platen_color, platen.platen_resolutions, platen.platen_maximum_size
        case InputSource.ADF | InputSource.ADF_DUPLEX if feeder is not None:
            if source is InputSource.ADF_DUPLEX and not feeder.adf_supports_duplex:
                raise Unable("the feeder does not scan both sides")
            front = feeder.adf_front
            return front.adf_color, front.adf_resolutions, front.adf_maximum_size
        case InputSource.FILM if film is not None:
            return film.film_color, film.film_resolutions, film.film_maximum_size
    offered = [name for name, part in (("Platen", platen), ("ADF", feeder), ("Film", film)) if part is not None]
    raise Unable(f"source {source} is not there, {', '.join(offered) or 'nothing'} is")
