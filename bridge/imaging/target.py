"""What a client was promised: one image in one format, and the figures of it that go out before the scan.

Spec: WS-Scan Format, ImageInformation (PixelsPerLine, NumberOfLines, BytesPerLine), CompressionQualityFactor.
What is announced here is delivered to the pixel, whatever the device brings.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bridge.imaging import adjust as adjusting
from bridge.imaging.adjust import AS_SCANNED, Adjust, Content
from bridge.imaging.errors import ImagingError
from bridge.imaging.spool import Spool
from drivers.contract.capabilities import Mode

# A third larger than at libjpeg's own default of 75, and the edges of text stay clean.
DEFAULT_QUALITY = 85

# Cuts the page: numbers of rows in, that many fitted rows out, until the promised height is reached.
Strips = Callable[[Iterable[int]], Iterator[bytes]]
Encoder = Callable[[Strips, "Target", Spool], Iterator[bytes]]
DocumentEncoder = Callable[[Iterator["Ready"], "Target", Spool], Iterator[bytes]]


class Delivery(StrEnum):
    """When the first byte can leave."""

    STREAMED = "streamed"  # while the device still scans
    SPOOLED = "spooled"  # once the page is complete


@dataclass(frozen=True, slots=True)
class Ready:
    """One page of a document as its encoder gets it: to be read to its end before the next is asked for."""

    strips: Strips
    coded: Iterator[bytes] | None = None  # a JPEG of the device's own that is what was promised, then in their place


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table of formats."""

    name: str  # WS-Scan FormatValue
    media_type: str
    modes: tuple[Mode, ...]
    delivery: Delivery
    compressed: bool
    row_multiple: int = 1  # bytes to which a row is padded
    longest_side: int = 2**31 - 1  # pixels
    bounded: bool = False  # offsets in the file are 32 bits wide
    lossy: bool = False  # quality means something
    multi_page: bool = False  # one file holds all pages of a job


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when a page was scanned, for formats that can say so. Empty: not said."""

    make: str = ""
    model: str = ""
    taken: datetime | None = None  # written as given, in its own zone


@dataclass(frozen=True, slots=True)
class Target:
    """One image as promised."""

    format: Format
    mode: Mode
    width: int  # pixels, as delivered
    height: int  # rows, as delivered
    resolution: tuple[int, int]  # ppi, as delivered
    quality: int = DEFAULT_QUALITY  # 0…100, for lossy formats only
    origin: Origin = Origin()
    adjust: Adjust = AS_SCANNED
    content: Content = Content.AUTO
    scanned: tuple[int, int] | None = None  # width and height before `adjust`; None: as delivered

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as pixels, without the padding of the format."""
        return self.mode.row_bytes(self.width)

    @property
    def scanned_size(self) -> tuple[int, int]:
        """Width and height that the device is asked for."""
        return self.scanned or (self.width, self.height)

    @property
    def delivery(self) -> Delivery:
        """When the first byte of this image can leave."""
        waits = self.adjust.rotation or self.adjust.auto_exposure
        return Delivery.SPOOLED if waits else self.format.delivery

    @property
    def padded_row_bytes(self) -> int:
        """Bytes of one row in an uncompressed file."""
        multiple = self.format.row_multiple
        return -(-self.row_bytes // multiple) * multiple


def adjusted(target: Target, adjust: Adjust, content: Content = Content.AUTO) -> Target:
    """What becomes of an image of the scan's own size and resolution. Scaling leaves the ppi as they are: the print
    grows or shrinks."""
    scanned = (target.width, target.height)
    width, height = adjusting.delivered_size(scanned, adjust)
    resolution = adjusting.turned(target.resolution, adjust.rotation)
    return replace(
        target, width=width, height=height, resolution=resolution, adjust=adjust, content=content, scanned=scanned
    )


@dataclass(frozen=True, slots=True)
class Announcement:
    """ImageInformation of one side."""

    pixels_per_line: int
    number_of_lines: int
    bytes_per_line: int  # padding included; 0 for a compressed format


def announce(target: Target) -> Announcement:
    """Say what will be delivered. Raises ImagingError where it cannot be."""
    check(target)
    return Announcement(target.width, target.height, 0 if target.format.compressed else target.padded_row_bytes)


def check(target: Target) -> None:
    """Raise ImagingError for an image that its format cannot hold."""
    name = target.format.name
    if target.mode not in target.format.modes:
        raise ImagingError(f"{name} cannot hold {target.mode} pixels")
    if not (0 < target.width <= target.format.longest_side and 0 < target.height <= target.format.longest_side):
        raise ImagingError(f"{name} cannot hold {target.width} by {target.height} pixels")
    # 1 MiB is more than any header or index of ours.
    if target.format.bounded and target.padded_row_bytes * target.height > 2**32 - 2**20:
        raise ImagingError(f"{name} cannot hold {target.width} by {target.height} {target.mode} pixels: over 4 GiB")
    if min(target.resolution) < 1 or max(target.resolution) > 65535:
        raise ImagingError(f"{name} cannot state a resolution of {target.resolution[0]} by {target.resolution[1]} ppi")
    adjusting.check(target.adjust, target.mode)
    if adjusting.delivered_size(target.scanned_size, target.adjust) != (target.width, target.height):
        raise ImagingError(f"{target.width} by {target.height} pixels are not what is made of {target.scanned_size}")
