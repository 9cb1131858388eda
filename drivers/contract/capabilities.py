"""What a device can do, so that a ticket can be held against it before anything moves."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How one pixel is coded."""

    LINEART = "lineart"  # 1 bit, most significant first, rows padded to whole bytes, 1 = white
    GRAY8 = "gray8"
    GRAY16 = "gray16"  # big-endian
    RGB24 = "rgb24"
    RGB48 = "rgb48"  # big-endian

    @property
    def bits(self) -> int:
        """Bits of one pixel."""
        return {"lineart": 1, "gray8": 8, "gray16": 16, "rgb24": 24, "rgb48": 48}[self.value]

    def row_bytes(self, width: int) -> int:
        """Bytes of one row of `width` pixels."""
        return (width * self.bits + 7) // 8


class Source(StrEnum):
    """Where the paper lies."""

    PLATEN = "platen"
    FEEDER = "feeder"
    FEEDER_DUPLEX = "feeder-duplex"
    FILM = "film"


class FilmKind(StrEnum):
    """What kind of film lies in the film unit. A negative is delivered as the picture that it shows."""

    SLIDE = "slide"
    COLOUR_NEGATIVE = "colour-negative"
    GREY_NEGATIVE = "grey-negative"


@dataclass(frozen=True, slots=True)
class Size:
    """Width (fast scan direction) and height in 1/1000 inch."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SourceCapabilities:
    """What one source can do."""

    optical: tuple[int, int]  # ppi, horizontal and vertical
    resolutions: tuple[int, ...]  # ppi, ascending, each usable in both directions
    modes: tuple[Mode, ...]  # best first
    minimum: Size
    maximum: Size


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one device can do. A source that is None does not exist."""

    platen: SourceCapabilities | None = None
    feeder: SourceCapabilities | None = None
    feeder_back: SourceCapabilities | None = None  # present exactly when the feeder scans both sides in one job
    film: SourceCapabilities | None = None
    films: tuple[FilmKind, ...] = ()  # the kinds it tells apart, its default first; none: nothing is done for film
    buttons: tuple[str, ...] = ()
    stall_limit: float | None = None  # seconds for which a page may be left unread; None = as long as need be

    def of(self, source: Source) -> SourceCapabilities | None:
        """The capabilities behind one source; None where the device has no such source."""
        match source:
            case Source.PLATEN:
                return self.platen
            case Source.FEEDER:
                return self.feeder
            case Source.FEEDER_DUPLEX:
                return self.feeder if self.feeder_back is not None else None
            case Source.FILM:
                return self.film
