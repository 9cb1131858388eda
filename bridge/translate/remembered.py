"""A client's ticket as it is told again later, in GetJobElements.

Pure. Tickets are read more leniently than the schema allows: a length of 0 stands for "not known", and any text may
stand where a word is expected. Nothing like that is said by us: what WS-Scan has no way to say is left out.
Spec: WS-Scan ScanTicket, and the values of its elements.
"""

import re
from enum import Enum
from typing import Final, TypeVar

from bridge.wsscan.settings import (
    AskedColor,
    AskedContentType,
    AskedFilmScanMode,
    AskedFormat,
    AskedInputSource,
    AskedRotation,
)
from bridge.wsscan.ticket import InputSize, MediaSide, MediaSides, Resolution, ScanRegion, ScanTicket

_Word = TypeVar("_Word", AskedColor, AskedContentType, AskedFilmScanMode, AskedFormat, AskedInputSource, AskedRotation)
_VENDORS: Final = re.compile(r"\w+:[\w_\-.]+", re.ASCII)


def remembered(ticket: ScanTicket) -> ScanTicket:
    """The same ticket without the settings that cannot be said."""
    asked = ticket.document_parameters
    if asked is None:
        return ticket
    kept = {
        "format": _word(asked.format),
        "input_source": _word(asked.input_source),
        "film_scan_mode": _word(asked.film_scan_mode),
        "content_type": _word(asked.content_type),
        "input_size": _input_size(asked.input_size),
        "rotation": _word(asked.rotation),
        "media_sides": _sides(asked.media_sides),
    }
    return ticket.model_copy(update={"document_parameters": asked.model_copy(update=kept)})


def _word(asked: _Word | None) -> _Word | None:
    if asked is None or isinstance(asked.value, Enum) or _VENDORS.fullmatch(asked.value):
        return asked
    return None


def _input_size(asked: InputSize | None) -> InputSize | None:
    size = None if asked is None else asked.input_media_size
    return None if size is not None and not (size.width and size.height) else asked


def _sides(asked: MediaSides | None) -> MediaSides | None:
    if asked is None:
        return None
    back = None if asked.media_back is None else _side(asked.media_back)
    return asked.model_copy(update={"media_front": _side(asked.media_front), "media_back": back})


def _side(asked: MediaSide) -> MediaSide:
    kept = {
        "scan_region": _region(asked.scan_region),
        "color_processing": _word(asked.color_processing),
        "resolution": _resolution(asked.resolution),
    }
    return asked.model_copy(update=kept)


def _region(asked: ScanRegion | None) -> ScanRegion | None:
    whole = asked is not None and asked.scan_region_width.value and asked.scan_region_height.value
    return asked if whole else None


def _resolution(asked: Resolution | None) -> Resolution | None:
    if asked is None or not asked.width:
        return None
    return asked if asked.height is None or asked.height else asked.model_copy(update={"height": None})
