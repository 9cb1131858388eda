"""The settings of a ticket that concern the file and the pixels in it, one function each, in the schema's order.

Pure. Each gives the setting as it will be used and raises OperationRefused where the client allows no other.
Spec: WS-Scan DocumentParameters.
"""

from bridge.imaging.adjust import Adjust
from bridge.imaging.target import DEFAULT_QUALITY
from bridge.translate.capabilities import COLORS, FORMATS, QUALITY, SCALING, colors, film_scan_modes, input_sources
from bridge.translate.settle import Settled, honored, settle
from bridge.wsscan import faults
from bridge.wsscan.settings import (
    AskedColor,
    AskedContentType,
    AskedCount,
    AskedFilmScanMode,
    AskedFormat,
    AskedInputSource,
    AskedQuality,
    AskedRotation,
    UsedFilmScanMode,
)
from bridge.wsscan.ticket import Exposure, Scaling
from bridge.wsscan.values import ColorEntry, ContentType, FilmScanMode, Format, InputSource, Rotation
from drivers.contract.capabilities import Capabilities, Mode, SourceCapabilities

_ONE_AT_A_TIME = (InputSource.PLATEN, InputSource.FILM)


def format_(asked: AskedFormat | None) -> Settled[Format]:
    """Alone of all settings never replaced: a client cannot read what it did not ask for."""
    if asked is None:
        return Settled(next(iter(FORMATS)), used_default=True)
    if isinstance(asked.value, Format) and asked.value in FORMATS:
        return Settled(asked.value)
    raise faults.format_not_supported(tuple(FORMATS))


def quality(asked: AskedQuality | None, chosen: Format) -> Settled[int]:
    """The factor means nothing to a lossless format, which is told as the best there is."""
    if not FORMATS[chosen].lossy:
        return Settled(QUALITY[1], used_default=None if asked else True)
    return Settled(DEFAULT_QUALITY, used_default=True) if asked is None else Settled(asked.value)


def images_to_transfer(asked: AskedCount | None, source: InputSource) -> Settled[int]:
    """0 stands for all there are, which is one where only one can lie."""
    if source not in _ONE_AT_A_TIME:
        return Settled(0, used_default=True) if asked is None else Settled(asked.value)
    count = None if asked is None else asked.value or 1
    return settle(count, honored(asked), lambda images: images == 1, 1, "ImagesToTransfer")


def input_source(asked: AskedInputSource | None, capabilities: Capabilities) -> Settled[InputSource]:
    """Where the paper lies."""
    usable = input_sources(capabilities)
    if not usable:
        raise faults.not_accepting_jobs()
    value = None if asked is None else asked.value
    settled = settle(value, honored(asked), lambda word: word in usable, usable[0], "InputSource")
    return Settled(InputSource(settled.value), settled.override, settled.used_default)


def film_scan_mode(
    asked: AskedFilmScanMode | None, source: InputSource, capabilities: Capabilities
) -> UsedFilmScanMode | None:
    """Told where film is scanned or somebody asked; NotApplicable is all there is where film is not scanned, or nothing
    is done for it."""
    film = source is InputSource.FILM
    if asked is None and not film:
        return None
    value = None if asked is None else asked.value
    usable = film_scan_modes(capabilities) if film else (FilmScanMode.NOT_APPLICABLE,)
    settled = settle(value, honored(asked), lambda word: word in usable, usable[0], "FilmScanMode")
    return UsedFilmScanMode(value=settled.value, override=settled.override, used_default=settled.used_default)


def content_type(asked: AskedContentType | None) -> Settled[ContentType]:
    """What lies there; what imaging makes of it: docs/decisions/0021-content-types.md."""
    value = None if asked is None else asked.value
    auto = ContentType.AUTO
    settled = settle(value, honored(asked), lambda word: isinstance(word, ContentType), auto, "ContentType")
    return Settled(ContentType(settled.value), settled.override, settled.used_default)


def color(
    asked: AskedColor | None, source: SourceCapabilities, chosen: Format, *, format_honored: bool
) -> Settled[ColorEntry]:
    """A mode that the source can give and the format can hold."""
    possible = [entry for entry in colors(source) if COLORS[entry] in FORMATS[chosen].modes]
    if not possible:
        raise faults.format_not_supported(tuple(FORMATS))
    value = None if asked is None else asked.value
    if value in colors(source) and value not in possible and honored(asked):
        if format_honored:
            raise faults.conflicting_required_parameters(f"Format {chosen} and ColorProcessing {value}")
        raise faults.invalid_args(f"ColorProcessing {value} does not go with Format {chosen} and MustHonor is set")
    settled = settle(value, honored(asked), lambda word: word in possible, possible[0], "ColorProcessing")
    return Settled(ColorEntry(settled.value), settled.override, settled.used_default)


def exposure(asked: Exposure | None, mode: Mode) -> tuple[Settled[int], Settled[int], Settled[int], bool]:
    """Contrast, brightness, sharpness, and whether the scan chooses the first two itself.

    What cannot be done to pixels of that mode is left undone: they come as scanned.
    """
    settings = None if asked is None else asked.exposure_settings
    automatic = bool(asked is not None and settings is None and asked.auto_exposure)

    def usable(value: int) -> bool:
        wanted = Adjust(brightness=value)
        return wanted == wanted.for_mode(mode)

    def tone(name: str, value: int | None) -> Settled[int]:
        return settle(value, honored(asked), usable, 0, f"ExposureSettings/{name}")

    contrast = tone("Contrast", None if settings is None else settings.contrast)
    brightness = tone("Brightness", None if settings is None else settings.brightness)
    sharpness = tone("Sharpness", None if settings is None else settings.sharpness)
    if automatic and not usable(1):
        if honored(asked):
            raise faults.invalid_args("Exposure/AutoExposure is not supported in this mode and MustHonor is set")
        automatic = False
        contrast = brightness = Settled(0, override=True)
    return contrast, brightness, sharpness, automatic


def scaling(asked: Scaling | None, mode: Mode) -> tuple[Settled[int], Settled[int]]:
    """Percent of width and height."""

    def usable(percent: int) -> bool:
        wanted = Adjust(scaling=(percent, 100))
        return SCALING[0] <= percent <= SCALING[1] and wanted == wanted.for_mode(mode)

    def one(name: str, percent: int | None) -> Settled[int]:
        return settle(percent, honored(asked), usable, 100, f"Scaling/{name}")

    return (
        one("ScalingWidth", None if asked is None else asked.scaling_width),
        one("ScalingHeight", None if asked is None else asked.scaling_height),
    )


def rotation(asked: AskedRotation | None) -> Settled[Rotation]:
    """Degrees, clockwise."""
    value = None if asked is None else asked.value
    settled = settle(value, honored(asked), lambda word: isinstance(word, Rotation), Rotation.NONE, "Rotation")
    return Settled(Rotation(settled.value), settled.override, settled.used_default)
