"""What an SNMP link gives: plain values by numeric OID, and the Protocol a tape or a simulation can stand in for.

Spec: RFC 2578 (types). A missing object is None and never an error, because no MFP has all objects.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

Value = int | bytes | str  # INTEGER and counters; OCTET STRING; an OBJECT IDENTIFIER as "1.3.6…"
Reading = Mapping[str, Value | None]

FEW = 2  # rows: a walk of no more may be asked for again and again, and costs little while the answer stays the same


class Link(Protocol):
    """One agent that can be asked.

    Both calls raise DeviceTimeout (no answer), DeviceGone (no way to it), DeviceRefused (it denies access),
    DeviceGarbled (an answer the protocol does not allow).
    """

    async def get(self, oids: Sequence[str]) -> dict[str, Value | None]:
        """The value of each object; None where the agent has no such object."""

    async def walk(self, root: str, *, rows: int = 500, seconds: float = 10.0, after: str = "") -> dict[str, Value]:
        """What stands below `root`, in the agent's order, behind `after` where one is given; at most `rows` objects,
        DeviceTimeout after `seconds`."""

    async def close(self) -> None:
        """Give the socket back; may be called twice."""


def number(reading: Reading, oid: str) -> int | None:
    """An integer; None where there is none or the agent says something else."""
    value = reading.get(oid)
    return value if isinstance(value, int) else None


def octets(reading: Reading, oid: str) -> bytes | None:
    """An octet string; None where there is none or the agent says something else."""
    value = reading.get(oid)
    return value if isinstance(value, bytes) else None


def text(reading: Reading, oid: str) -> str:
    """An octet string as one printable line; empty where there is none."""
    return printable(octets(reading, oid) or b"")


def printable(raw: bytes) -> str:
    """UTF-8, else Latin-1, without control characters and outer blanks."""
    try:
        said = raw.decode()
    except UnicodeDecodeError:
        said = raw.decode("latin-1")
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
