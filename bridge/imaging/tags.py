"""Image file directories, the tagged lists that TIFF and Exif share. Little-endian.

Spec: TIFF 6.0 section 2; Exif 2.3 (CIPA DC-008) section 4.6.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """Field types."""

    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    UNDEFINED = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: text or bytes for ASCII and UNDEFINED, else numbers; a RATIONAL is a whole number here."""

    tag: int
    kind: Kind
    value: bytes | Sequence[int]

    def coded(self) -> tuple[int, bytes]:
        """Count and bytes of the value."""
        if isinstance(self.value, bytes):
            return len(self.value), self.value
        numbers = list(self.value)
        match self.kind:
            case Kind.SHORT:
                return len(numbers), struct.pack(f"<{len(numbers)}H", *numbers)
            case Kind.RATIONAL:
                return len(numbers), b"".join(struct.pack("<II", number, 1) for number in numbers)
            case _:
                return len(numbers), struct.pack(f"<{len(numbers)}I", *numbers)


def header(first: int = 8) -> bytes:
    """The eight bytes before everything; the first directory stands at offset `first`, at once if nothing is said."""
    return struct.pack("<2sHI", b"II", 42, first)


def directory(entries: Sequence[Entry], at: int, following: int = 0) -> bytes:
    """A directory to stand at offset `at`, its longer values behind it; even in length. `following` is the offset of
    the next page's, 0 after the last."""
    fields = struct.pack("<H", len(entries))
    values = b""
    values_at = at + 2 + 12 * len(entries) + 4
    for entry in sorted(entries, key=lambda entry: entry.tag):
        count, coded = entry.coded()
        if len(coded) <= 4:
            place = coded.ljust(4, b"\0")
        else:
            place = struct.pack("<I", values_at + len(values))
            values += coded + b"\0" * (len(coded) % 2)  # values begin on even offsets
        fields += struct.pack("<HHI", entry.tag, entry.kind, count) + place
    return fields + struct.pack("<I", following) + values


def text(value: str) -> bytes:
    """A string as a field holds it: ASCII, what is not becomes a question mark, closed by a zero."""
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return plain.encode("ascii", "replace") + b"\0"
