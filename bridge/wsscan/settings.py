"""A single setting of a scan: a value with what is said about it.

`Asked…` stands in a ticket, where `must_honor` means: rather no scan than another value. `Used…` stands in the
answer, where `override` means that the ticket said otherwise and `used_default` that it said nothing.
None is the absent attribute, and means false.
Spec: WS-Scan V1.0, attributes MustHonor, Override, UsedDefault.
"""

from typing import Annotated

from pydantic import Field

from bridge.soap.element import Attribute, Text, XsBoolean
from bridge.wsscan.names import ScanElement
from bridge.wsscan.values import (
    ColorWord,
    ContentTypeWord,
    Count,
    FilmScanModeWord,
    FormatWord,
    InputSourceWord,
    Length,
    Quality,
    RotationWord,
    ScalePercent,
    SharpnessLevel,
    Tone,
)

# A value has no name of its own on the wire; the small letter keeps it out of the path that an error tells.
_VALUE = Field(alias="value")


class Asked(ScanElement):
    must_honor: Annotated[XsBoolean | None, Attribute(qualified=True)] = None


class Used(ScanElement):
    override: Annotated[XsBoolean | None, Attribute(qualified=True)] = None
    used_default: Annotated[XsBoolean | None, Attribute(qualified=True)] = None


class AskedFormat(Asked):
    value: Annotated[FormatWord, Text(), _VALUE]


class AskedQuality(Asked):
    value: Annotated[Quality, Text(), _VALUE]


class AskedCount(Asked):
    value: Annotated[Count, Text(), _VALUE]


class AskedInputSource(Asked):
    value: Annotated[InputSourceWord, Text(), _VALUE]


class AskedFilmScanMode(Asked):
    value: Annotated[FilmScanModeWord, Text(), _VALUE]


class AskedContentType(Asked):
    value: Annotated[ContentTypeWord, Text(), _VALUE]


class AskedRotation(Asked):
    value: Annotated[RotationWord, Text(), _VALUE]


class AskedColor(Asked):
    value: Annotated[ColorWord, Text(), _VALUE]


class AskedLength(Asked):
    value: Annotated[Length, Text(), _VALUE]


class UsedFormat(Used):
    value: Annotated[FormatWord, Text(), _VALUE]


class UsedQuality(Used):
    value: Annotated[Quality, Text(), _VALUE]


class UsedCount(Used):
    value: Annotated[Count, Text(), _VALUE]


class UsedInputSource(Used):
    value: Annotated[InputSourceWord, Text(), _VALUE]


class UsedFilmScanMode(Used):
    value: Annotated[FilmScanModeWord, Text(), _VALUE]


class UsedContentType(Used):
    value: Annotated[ContentTypeWord, Text(), _VALUE]


class UsedRotation(Used):
    value: Annotated[RotationWord, Text(), _VALUE]


class UsedColor(Used):
    value: Annotated[ColorWord, Text(), _VALUE]


class UsedLength(Used):
    value: Annotated[Length, Text(), _VALUE]


class UsedTone(Used):
    value: Annotated[Tone, Text(), _VALUE]


class UsedSharpness(Used):
    value: Annotated[SharpnessLevel, Text(), _VALUE]


class UsedScale(Used):
    value: Annotated[ScalePercent, Text(), _VALUE]
