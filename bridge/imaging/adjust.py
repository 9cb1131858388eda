"""What a ticket wants done to the scanned pixels, and what it makes of their number.

Spec: WS-Scan ExposureSettings (Brightness and Contrast -1000…1000, Sharpness -100…100, 0 = as scanned), Scaling
(percent, 1…1000), Rotation (degrees clockwise), ContentType. ImageInformation counts the pixels after all of it.
The formulas and why: docs/decisions/0020-adjustments.md.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bridge.imaging.errors import ImagingError
from drivers.contract.capabilities import Mode

ROTATIONS: Final = (0, 90, 180, 270)
SCALING: Final = (1, 1000)  # percent
TONE: Final = 1000
SHARPNESS: Final = 100

_DEEP = frozenset({Mode.GRAY16, Mode.RGB48})


class Content(StrEnum):
    """What lies on the glass; what each changes: docs/decisions/0021-content-types.md."""

    AUTO = "Auto"
    TEXT = "Text"
    PHOTO = "Photo"
    HALFTONE = "Halftone"
    MIXED = "Mixed"


@dataclass(frozen=True, slots=True)
class Adjust:
    """The changes between the scanned and the delivered pixels; the default changes nothing."""

    brightness: int = 0
    contrast: int = 0
    sharpness: int = 0
    scaling: tuple[int, int] = (100, 100)  # percent of the scan's width and height, before it is turned
    rotation: int = 0  # degrees, clockwise
    auto_exposure: bool = False  # in the place of brightness and contrast

    @property
    def keeps_values(self) -> bool:
        """Whether every delivered pixel is one of the scanned pixels."""
        return replace(self, rotation=0) == AS_SCANNED

    def for_mode(self, mode: Mode) -> "Adjust":
        """What of it can be done to pixels of that mode: 16 bits are delivered as scanned, turned at most."""
        return Adjust(rotation=self.rotation) if mode in _DEEP else self


AS_SCANNED: Final = Adjust()


def check(adjust: Adjust, mode: Mode) -> None:
    """Raise ImagingError for what cannot be done."""
    tones = (adjust.brightness, adjust.contrast)
    if max(map(abs, tones)) > TONE or abs(adjust.sharpness) > SHARPNESS:
        raise ImagingError(f"no exposure is {tones[0]}, {tones[1]} and {adjust.sharpness}")
    if not all(SCALING[0] <= percent <= SCALING[1] for percent in adjust.scaling):
        raise ImagingError(f"no image is scaled to {adjust.scaling[0]} by {adjust.scaling[1]} %")
    if adjust.rotation not in ROTATIONS:
        raise ImagingError(f"no image is turned by {adjust.rotation} degrees")
    if adjust.auto_exposure and any(tones):
        raise ImagingError("exposure is either automatic or set")
    if adjust != adjust.for_mode(mode):
        raise ImagingError(f"{mode} pixels are delivered as scanned: they can be turned, nothing else")


def scaled_size(size: tuple[int, int], scaling: tuple[int, int]) -> tuple[int, int]:
    """Width and height after scaling: to the nearest pixel, half a pixel up, never nothing."""
    return max(1, (size[0] * scaling[0] + 50) // 100), max(1, (size[1] * scaling[1] + 50) // 100)


def turned(pair: tuple[int, int], rotation: int) -> tuple[int, int]:
    """A horizontal and a vertical figure of a page after the page was turned."""
    return pair if rotation in (0, 180) else (pair[1], pair[0])


def delivered_size(scanned: tuple[int, int], adjust: Adjust) -> tuple[int, int]:
    """Width and height in pixels of what is made of a scan of that size."""
    return turned(scaled_size(scanned, adjust.scaling), adjust.rotation)


def tone_table(brightness: int, contrast: int) -> bytes:
    """For each 8-bit value its new one: moved by brightness, then stretched around the middle by contrast.

    out = (v + 255 b/1000 - 127.5) (1000 + c)/(1000 - c) + 127.5, rounded and held within 0…255. In whole numbers,
    so that 0 and 0 are exactly the identity. At contrast 1000 the middle is a threshold that brightness moves.
    """
    return bytes(_toned(value, brightness, contrast) for value in range(256))


def _toned(value: int, brightness: int, contrast: int) -> int:
    above_middle = 2000 * value + 510 * brightness - 255_000  # in 1/2000
    if contrast == TONE:
        return 255 if above_middle >= 0 else 0
    whole = 2000 * (TONE - contrast)
    return max(0, min(255, (above_middle * (TONE + contrast) + 128 * whole) // whole))
