"""The part of BER that SNMP uses: definite lengths, single-octet tags.

Spec: ITU-T X.690 §8; types of RFC 2578, RFC 3416. Total on bad input: everything wrong is a ValueError.
Its own code, so that it does not share a mistake with the library that the driver uses.
"""

from dataclasses import dataclass
from enum import IntEnum

Oid = tuple[int, ...]


class Tag(IntEnum):
    """Types of values; the numbers are also the type column of a .snmprec file."""

    INTEGER = 2
    OCTETS = 4
    NULL = 5
    OID = 6
    SEQUENCE = 0x30
    IP_ADDRESS = 64
    COUNTER32 = 65
    GAUGE32 = 66
    TIME_TICKS = 67
    OPAQUE = 68
    COUNTER64 = 70
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


NUMBERS = frozenset({Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64})
EMPTY = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})


@dataclass(frozen=True, slots=True)
class Typed:
    """A value with its type: int for numbers, Oid for OBJECT IDENTIFIER, None for the empty ones, else octets."""

    tag: Tag
    value: int | bytes | Oid | None = None


def wrap(tag: int, content: bytes) -> bytes:
    """Tag, length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def unwrap(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content, and what follows."""
    if len(data) < 2:
        raise ValueError("truncated before a length")
    tag, size, start = data[0], data[1], 2
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4:
            raise ValueError(f"length of {octets} octets")
        start += octets
        size = int.from_bytes(data[2:start], "big")
    if len(data) < start + size:
        raise ValueError("truncated in a value")
    return tag, data[start : start + size], data[start + size :]


def expect(data: bytes, wanted: int) -> tuple[bytes, bytes]:
    """Content and rest of a value that must have this tag."""
    tag, content, rest = unwrap(data)
    if tag != wanted:
        raise ValueError(f"tag {tag:#x} where {wanted:#x} belongs")
    return content, rest


def encode(typed: Typed) -> bytes:
    """One value with its tag."""
    value = typed.value
    if typed.tag in EMPTY:
        return wrap(typed.tag, b"")
    if isinstance(value, int):
        return wrap(typed.tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, tuple):
        return wrap(typed.tag, encode_oid(value))
    if isinstance(value, bytes):
        return wrap(typed.tag, value)
    raise ValueError(f"no value for {typed.tag.name}")


def encode_oid(oid: Oid) -> bytes:
    """The content of an OBJECT IDENTIFIER; `0.0` may stand alone."""
    first, second, *others = (*oid, 0, 0)[: max(len(oid), 2)]
    return b"".join(_base128(arc) for arc in (first * 40 + second, *others))


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))


def decode_oid(content: bytes) -> Oid:
    """The arcs of an OBJECT IDENTIFIER's content."""
    arcs: list[int] = []
    arc = 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if arc > 0xFFFFFFFF:
            raise ValueError("an arc over 32 bits")
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    if not arcs or content[-1] & 0x80:
        raise ValueError("truncated object identifier")
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - first * 40, *arcs[1:])


def decode_integer(content: bytes) -> int:
    """A signed integer of at most nine octets."""
    if not 1 <= len(content) <= 9:
        raise ValueError(f"integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)
