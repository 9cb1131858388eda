"""What the delivered files are called: a template with the job's own words in it, made safe for any file system.

Names come from clients, from the panel and from the operator. Whatever they hold, the result lies below the folder
that the operator named, can be written on FAT, NTFS and ext4, and is the same at each try.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bridge.filters.filter import StoredImage, Work
from bridge.imaging import formats
from bridge.imaging.errors import ImagingError

SUFFIXES: Final = MappingProxyType(
    {"image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif", "image/bmp": ".bmp", "application/pdf": ".pdf"}
)
OTHER: Final = ".bin"
MOST_BYTES: Final = 200  # of one name: 255 less the number, the suffix and what the name on the way has before it
MOST_NUMBER: Final = 999

_UNSAFE: Final = re.compile(r'[\\/:*?"<>|]')
# Names that Windows takes for devices, with any suffix.
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


@dataclass(frozen=True, slots=True)
class FileNames:
    """A template, and the words that a job does not know itself (scanner, button)."""

    template: str = "{name}"
    more: Mapping[str, str] = field(default_factory=dict)

    def of(self, work: Work, image: StoredImage) -> tuple[str, ...]:
        """Folders and the name without its suffix."""
        local = work.created.astimezone()
        place = work.images.index(image) + 1
        page = f"{place:0{len(str(len(work.images)))}}"
        words = {
            "scanner": "",
            "button": "",
            **self.more,
            "name": work.name,
            "user": work.user,
            "date": f"{local:%Y-%m-%d}",
            "time": f"{local:%H.%M.%S}",
            "year": f"{local:%Y}",
            "month": f"{local:%m}",
            "page": page,
        }
        parts = [
            safe(part.format_map({name: _UNSAFE.sub("_", word) for name, word in words.items()}))
            for part in self.template.split("/")
        ]
        if len(work.images) > 1 and "{page}" not in self.template:
            parts[-1] = f"{parts[-1]}-{page}"
        return tuple(parts)


def safe(text: str) -> str:
    """One name of a file or folder: printable, no path, not hidden, no device of Windows, bounded."""
    text = _UNSAFE.sub("_", "".join(char if char.isprintable() else "_" for char in text))
    text = text.encode(errors="replace")[:MOST_BYTES].decode(errors="ignore").lstrip(". ").rstrip(". ")
    if _DEVICES.match(text):
        text = f"_{text}"
    return text or "scan"


def numbered(stem: str, suffix: str) -> Iterator[str]:
    """The names to try, one after the other, where others may have taken some."""
    yield f"{stem}{suffix}"
    for number in range(2, MOST_NUMBER + 1):
        yield f"{stem} ({number}){suffix}"


def media_type(image: StoredImage) -> str:
    """Its MIME type."""
    try:
        return formats.of(image.format).media_type
    except ImagingError:
        return "application/octet-stream"


def suffix(image: StoredImage) -> str:
    """With its dot."""
    return SUFFIXES.get(media_type(image), OTHER)
