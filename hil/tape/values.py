"""SNMP values as a tape says them: the type by its name, octets as text where they are text.

`["1.3.6.1.2.1.1.5.0", "text", "scanner"]`, `["…", "octets", "00 1b a9"]`, `["…", "ticks", 12345]`
"""

from enum import StrEnum

from hil.snmp.ber import EMPTY, NUMBERS, Tag, Typed
from hil.snmp.mib import oid


class Kind(StrEnum):
    """The types of RFC 2578 and the exceptions of RFC 3416; `text` is an OCTET STRING of printable ASCII."""

    INTEGER = "integer"
    OCTETS = "octets"
    TEXT = "text"
    NULL = "null"
    OID = "oid"
    IP_ADDRESS = "ip"
    COUNTER32 = "counter32"
    GAUGE32 = "gauge32"
    TIME_TICKS = "ticks"
    OPAQUE = "opaque"
    COUNTER64 = "counter64"
    NO_SUCH_OBJECT = "no-such-object"
    NO_SUCH_INSTANCE = "no-such-instance"
    END_OF_MIB_VIEW = "end-of-mib"


Said = tuple[Kind, int | str | None]


def said(value: Typed) -> Said:
    """A value for the tape."""
    content = value.value
    if isinstance(content, bytes):
        if value.tag is Tag.OCTETS:
            return octets(content)
        if value.tag is Tag.IP_ADDRESS and len(content) == 4:
            return Kind.IP_ADDRESS, ".".join(map(str, content))
        return Kind[value.tag.name], content.hex(" ")
    return Kind[value.tag.name], ".".join(map(str, content)) if isinstance(content, tuple) else content


def told(tag: int, value: int | str | None) -> Said:
    """The same of what a tap tells: BER tag, and number, dotted OID or hexadecimal. Raises ValueError."""
    kind = Tag(tag)
    if isinstance(value, str) and kind is not Tag.OID:
        return said(Typed(kind, bytes.fromhex(value)))
    return Kind[kind.name], value


def octets(data: bytes) -> Said:
    """An OCTET STRING."""
    if data and all(0x20 <= byte < 0x7F for byte in data):
        return Kind.TEXT, data.decode("ascii")
    return Kind.OCTETS, data.hex(" ")


def data(kind: Kind, value: int | str | None) -> bytes | None:
    """The bytes of an OCTET STRING; None for any other type."""
    if not isinstance(value, str):
        return None
    if kind is Kind.TEXT:
        return value.encode("utf-8")
    return bytes.fromhex(value) if kind is Kind.OCTETS else None


def typed(kind: Kind, value: int | str | None) -> Typed:
    """What an agent sends. Raises ValueError."""
    raw = data(kind, value)
    if raw is not None:
        return Typed(Tag.OCTETS, raw)
    tag = Tag[kind.name] if kind is not Kind.TEXT else Tag.OCTETS
    if tag in EMPTY:
        return Typed(tag)
    if tag in NUMBERS:
        if not isinstance(value, int):
            raise ValueError(f"{kind} is a number, not {value!r}")
        return Typed(tag, value)
    if not isinstance(value, str):
        raise ValueError(f"{kind} is text, not {value!r}")
    if tag is Tag.OID:
        return Typed(tag, oid(value))
    if tag is Tag.IP_ADDRESS and "." in value:
        return Typed(tag, bytes(int(part) for part in value.split(".")))
    return Typed(tag, bytes.fromhex(value))
