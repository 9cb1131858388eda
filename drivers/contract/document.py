"""The pages of one scan, handed from a driver to whoever encodes them.

A `Document` is read by blocking iteration in one worker thread. Nothing holds a page whole: a page's
chunks pass through a bounded queue, and a full queue stops the driver's reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from drivers.contract.capabilities import FilmKind, Mode, Source


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the scan area in 1/1000 inch, from its top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One scan, already known to be within the device's capabilities."""

    native_id: str  # the name under which the device's snapshots report this scan (JobReport.native_id)
    source: Source
    mode: Mode
    resolution: tuple[int, int]  # ppi, horizontal and vertical
    region: Region
    pages: int = 0  # images wanted; 0 = one from a platen, all there are from a feeder
    film: FilmKind | None = None  # one of the device's `films`, where it scans film and has any


@dataclass(frozen=True, slots=True)
class Raster:
    """One page as rows of pixels. `chunks` blocks, yields whole rows, and raises DriverError."""

    width: int  # pixels
    height: int | None  # rows; None when only the device's end of page will tell
    mode: Mode
    resolution: tuple[int, int]  # ppi
    chunks: Iterator[bytes | memoryview]
    back: bool = False  # the back side of a sheet


@dataclass(frozen=True, slots=True)
class Encoded:
    """One page that the device coded itself. `chunks` blocks and raises DriverError."""

    format: str  # "jpeg"
    chunks: Iterator[bytes | memoryview]
    back: bool = False


Page = Raster | Encoded


class Document(Protocol):
    """The pages of one running scan."""

    def __iter__(self) -> Iterator[Page]:
        """Block for each page, in the order scanned; read one page's chunks to their end before the next.

        Ends when the last page is done. Raises FeederEmpty (no page at all), CanceledAtDevice, ScanFailed,
        DeviceGone, DeviceTimeout, DeviceGarbled; and ScanCanceled after `cancel`, once the hardware has stopped.
        """

    def cancel(self) -> None:
        """Ask the driver to stop; returns at once, may be called from any thread and more than once."""
