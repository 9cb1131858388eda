"""What pysnmp makes of a value, as a tag and plain Python. Spec: RFC 2578 §7, X.690 (tags)."""

from typing import Any

# pysnmp and the pyasn1 under it ship no types.
from pyasn1.type import univ  # type: ignore[import-untyped]

from drivers.snmp.reading import Value

LONGEST = 4096  # octets of one value that we keep


def tag(value: Any) -> int:
    """The BER tag as one octet."""
    outer = value.tagSet.superTags[-1]
    return int(outer.tagClass | outer.tagFormat | outer.tagId)


def plain(value: Any) -> Value | None:
    """None for Null, noSuchObject, noSuchInstance, endOfMibView."""
    match value:
        case univ.Null():
            return None
        case univ.ObjectIdentifier():
            return str(value)
        case univ.OctetString():  # also IpAddress and Opaque
            return bytes(value.asOctets())[:LONGEST]
        case univ.Integer():  # also all counters
            return int(value)
        case _:
            return None
