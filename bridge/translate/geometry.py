"""What is scanned and how finely: size of the original, scan region, resolution, and the back of a sheet.

Pure. Lengths are 1/1000 inch, resolutions pixels per inch. What reaches over the edge of the scan area is cut off.
Spec: WS-Scan InputSize, ScanRegion, Resolution, MediaBack.
"""

from collections.abc import Sequence
from typing import Final

from bridge.translate.settle import Settled, honored, length, settle
from bridge.wsscan import faults
from bridge.wsscan.settings import AskedLength, UsedColor, UsedLength
from bridge.wsscan.ticket import (
    Dimensions,
    FinalDimensions,
    FinalInputSize,
    FinalMediaSide,
    FinalResolution,
    FinalScanRegion,
    InputSize,
    MediaSide,
    Resolution,
    ScanRegion,
)
from drivers.contract.capabilities import Size, SourceCapabilities
from drivers.contract.document import Region

# What most people want from a page that they did not describe.
DEFAULT_RESOLUTION: Final = 300
THOUSANDTHS: Final = 1000


def back(asked: MediaSide | None, front: FinalMediaSide) -> FinalMediaSide:
    """The back is scanned as the front is; what was asked otherwise for it is replaced, MustHonor forbids that."""
    if asked is None:
        return front

    def like_front(name: str, value: int | None, must_honor: bool | None, used: UsedLength) -> UsedLength:
        same = settle(value, must_honor, lambda asked: asked == used.value, used.value, f"MediaBack/{name}")
        return length(same)

    def offset(name: str, part: AskedLength | None, used: UsedLength) -> UsedLength:
        return like_front(name, None if part is None else part.value, honored(part), used)

    def extent(name: str, part: AskedLength | None, used: UsedLength) -> UsedLength:
        # 0 stands for "not known", as everywhere.
        return offset(name, part if part is not None and part.value else None, used)

    wanted, had = asked.scan_region, front.scan_region
    resolution, color = asked.resolution, asked.color_processing
    width = None if resolution is None else resolution.width or None
    height = None if resolution is None else resolution.height or width
    must_honor = honored(resolution)
    front_color = front.color_processing.value
    like = settle(
        None if color is None else color.value,
        honored(color),
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
            width=like_front("Resolution", width, must_honor, front.resolution.width),
            height=like_front("Resolution", height, must_honor, front.resolution.height),
        ),
    )


def input_size(asked: InputSize | None, source: SourceCapabilities) -> tuple[FinalInputSize, Dimensions]:
    """The size of the original. It is not detected: docs/decisions/0022-page-size-is-not-detected.md."""
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
            input_media_size=FinalDimensions(width=length(width, replaced), height=length(height, replaced))
        ),
        Dimensions(width=width.value, height=height.value),
    )


def _within(asked: int | None, least: int, most: int) -> Settled[int]:
    """A length clipped into the possible; 0 is how real devices and clients say "not known"."""
    if not asked:
        return Settled(most, used_default=True)
    clipped = min(max(asked, least), most)
    return Settled(clipped, override=True if clipped != asked else None)


def _least(source: SourceCapabilities) -> Size:
    """A device that names no minimum still scans something."""
    return Size(max(1, source.minimum.width), max(1, source.minimum.height))


def scan_region(
    asked: ScanRegion | None, source: SourceCapabilities, size: Dimensions
) -> tuple[FinalScanRegion, Region]:
    """The region within the scan area; what reaches over its edge is cut off, MustHonor forbids that."""

    def clip(name: str, part: AskedLength | None, least: int, most: int, default: int) -> Settled[int]:
        if part is None or (part.value == 0 and least > 0):
            return Settled(min(max(default, least), most), used_default=True)
        clipped = min(max(part.value, least), most)
        if clipped != part.value and part.must_honor:
            raise faults.invalid_args(f"{name} {part.value} is outside the scan area and MustHonor is set")
        return Settled(clipped, override=True if clipped != part.value else None)

    most, least = source.maximum, _least(source)
    x_asked = None if asked is None else asked.scan_region_x_offset
    y_asked = None if asked is None else asked.scan_region_y_offset
    w_asked = None if asked is None else asked.scan_region_width
    h_asked = None if asked is None else asked.scan_region_height
    x = clip("ScanRegionXOffset", x_asked, 0, most.width - least.width, 0)
    y = clip("ScanRegionYOffset", y_asked, 0, most.height - least.height, 0)
    width = clip("ScanRegionWidth", w_asked, least.width, most.width - x.value, size.width)
    height = clip("ScanRegionHeight", h_asked, least.height, most.height - y.value, size.height)
    return (
        FinalScanRegion(
            scan_region_x_offset=length(x),
            scan_region_y_offset=length(y),
            scan_region_width=length(width),
            scan_region_height=length(height),
        ),
        Region(x.value, y.value, width.value, height.value),
    )


def resolution(asked: Resolution | None, source: SourceCapabilities) -> tuple[FinalResolution, tuple[int, int]]:
    default = _nearest(DEFAULT_RESOLUTION, source.resolutions)

    def offered(value: int | None) -> Settled[int]:
        if not value:
            return Settled(default, used_default=True)
        nearest = _nearest(value, source.resolutions)
        return settle(value, honored(asked), lambda ppi: ppi in source.resolutions, nearest, "Resolution")

    width = offered(None if asked is None else asked.width)
    height = offered(None if asked is None else asked.height or asked.width)
    return FinalResolution(width=length(width), height=length(height)), (width.value, height.value)


def _nearest(value: int, choices: Sequence[int]) -> int:
    """The choice that loses least: the next higher one, else the highest."""
    return next((choice for choice in choices if choice >= value), choices[-1])


def pixels(thousandths: int, ppi: int) -> int:
    """Whole pixels within that length, at least one: never more is announced than the region holds."""
    return max(1, thousandths * ppi // THOUSANDTHS)
