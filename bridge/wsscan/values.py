"""The values of WS-Scan: bounded scalars, and the words that formats, sources, colours and the like are named by.

A vendor may add words of its own, so every list is open: a known word is read as its member, any other is kept
as the text it was (at most 255 characters).
Spec: WS-Scan V1.0, FormatValue, InputSource, ContentType, ColorEntry, FilmScanMode, RotationValue.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from bridge.soap.element import XsInt

MAX_INT: Final = 2**31 - 1
MAX_TEXT: Final = 255

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(value: object) -> object:
    """Text that XML 1.0 can carry: names of jobs and scanners also come from devices, which send anything."""
    return _NOT_XML.sub("?", value) if isinstance(value, str) else value


ShortText = Annotated[str, BeforeValidator(_printable), Field(max_length=127)]
LongText = Annotated[str, BeforeValidator(_printable), Field(max_length=MAX_TEXT)]
Count = Annotated[XsInt, Field(ge=0, le=MAX_INT)]
Identifier = Annotated[XsInt, Field(ge=1, le=MAX_INT)]
# In 1/1000 inch, or pixels per inch. The schema begins at 1; real devices say 0 for "not known", and are understood.
Length = Annotated[XsInt, Field(ge=0, le=MAX_INT)]
Quality = Annotated[XsInt, Field(ge=0, le=100)]
ScalePercent = Annotated[XsInt, Field(ge=1, le=1000)]
Tone = Annotated[XsInt, Field(ge=-1000, le=1000)]
SharpnessLevel = Annotated[XsInt, Field(ge=-100, le=100)]

_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def _xs_date_time(value: object) -> object:
    if isinstance(value, str) and not _DATE_TIME.fullmatch(value):
        raise ValueError("is not an xs:dateTime of the years 1 to 9999")
    return value


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:  # a scanner's clock need not be anybody's real time: any zone is as true
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError as err:  # 0001-01-01 east of Greenwich
        raise ValueError("is not an xs:dateTime of the years 1 to 9999") from err


XsDateTime = Annotated[datetime, BeforeValidator(_xs_date_time), AfterValidator(_in_utc)]


def open_list(words: type[StrEnum]) -> Callable[[object], str]:
    """A validator that takes a text for the member it names, or for itself where it names none."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is not text")
        if not 0 < len(value) <= MAX_TEXT:
            raise ValueError(f"is not 1 to {MAX_TEXT} characters long")
        try:
            return words(value)
        except ValueError:
            return value

    return read


class Format(StrEnum):
    """File formats. The tiff-multi ones, pdf-a and xps hold all images of a job in one file."""

    DIB = "dib"
    EXIF = "exif"
    JBIG = "jbig"
    JFIF = "jfif"
    JPEG2K = "jpeg2k"
    PDF_A = "pdf-a"
    PNG = "png"
    TIFF_SINGLE_UNCOMPRESSED = "tiff-single-uncompressed"
    TIFF_SINGLE_G4 = "tiff-single-g4"
    TIFF_SINGLE_G3MH = "tiff-single-g3mh"
    TIFF_SINGLE_JPEG_TN2 = "tiff-single-jpeg-tn2"
    TIFF_MULTI_UNCOMPRESSED = "tiff-multi-uncompressed"
    TIFF_MULTI_G4 = "tiff-multi-g4"
    TIFF_MULTI_G3MH = "tiff-multi-g3mh"
    TIFF_MULTI_JPEG_TN2 = "tiff-multi-jpeg-tn2"
    XPS = "xps"


class InputSource(StrEnum):
    ADF = "ADF"
    ADF_DUPLEX = "ADFDuplex"
    FILM = "Film"
    PLATEN = "Platen"


class ContentType(StrEnum):
    AUTO = "Auto"
    TEXT = "Text"
    PHOTO = "Photo"
    HALFTONE = "Halftone"
    MIXED = "Mixed"


class ColorEntry(StrEnum):
    """Colour modes by bits of a pixel; the words of ColorEntry and of ColorProcessing."""

    BLACK_AND_WHITE_1 = "BlackAndWhite1"
    GRAYSCALE_4 = "Grayscale4"
    GRAYSCALE_8 = "Grayscale8"
    GRAYSCALE_16 = "Grayscale16"
    RGB_24 = "RGB24"
    RGB_48 = "RGB48"
    RGBA_32 = "RGBa32"
    RGBA_64 = "RGBa64"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # the documents' examples write GrayScale4 for the schema's Grayscale4
        text = str(value)
        return cls(text.replace("GrayScale", "Grayscale")) if text.startswith("GrayScale") else None


class FilmScanMode(StrEnum):
    NOT_APPLICABLE = "NotApplicable"
    COLOR_SLIDE_FILM = "ColorSlideFilm"
    COLOR_NEGATIVE_FILM = "ColorNegativeFilm"
    BLACK_AND_WHITE_NEGATIVE_FILM = "BlackandWhiteNegativeFilm"


class Rotation(StrEnum):
    """Degrees, clockwise."""

    NONE = "0"
    QUARTER = "90"
    HALF = "180"
    THREE_QUARTERS = "270"


FormatWord = Annotated[Format | str, PlainValidator(open_list(Format))]
InputSourceWord = Annotated[InputSource | str, PlainValidator(open_list(InputSource))]
ContentTypeWord = Annotated[ContentType | str, PlainValidator(open_list(ContentType))]
ColorWord = Annotated[ColorEntry | str, PlainValidator(open_list(ColorEntry))]
FilmScanModeWord = Annotated[FilmScanMode | str, PlainValidator(open_list(FilmScanMode))]
RotationWord = Annotated[Rotation | str, PlainValidator(open_list(Rotation))]
