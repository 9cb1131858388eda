"""A set of objects in lexicographic order, as an agent serves it; and the reader of .snmprec recordings.

Spec: RFC 3416 §4.2 (order); snmpsim's `OID|TYPE|VALUE`: TYPE is a decimal BER tag, `x` after it for hex.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path

from hil.snmp.ber import NUMBERS, Oid, Tag, Typed


class Mib:
    """Objects by name."""

    def __init__(self, objects: Mapping[Oid, Typed]) -> None:
        self._objects = dict(objects)
        self._order = sorted(self._objects)

    @property
    def names(self) -> list[Oid]:
        """All of them, in order."""
        return list(self._order)

    def get(self, name: Oid) -> Typed | None:
        """The object of exactly this name."""
        return self._objects.get(name)

    def after(self, name: Oid) -> tuple[Oid, Typed] | None:
        """The first object behind `name`; None at the end."""
        at = bisect_right(self._order, name)
        return (self._order[at], self._objects[self._order[at]]) if at < len(self._order) else None

    def has_object(self, name: Oid) -> bool:
        """Whether an instance of the same object exists (RFC 3416 §4.2.1: noSuchInstance, else noSuchObject)."""
        follower = self.after(name[:-1]) if len(name) > 1 else None
        return follower is not None and follower[0][: len(name) - 1] == name[:-1]


def oid(dotted: str) -> Oid:
    """`1.3.6` as arcs."""
    return tuple(int(arc) for arc in dotted.strip().strip(".").split("."))


def read_recording(path: Path) -> Mib:
    """A whole .snmprec file. Raises ValueError naming file and line."""
    objects = {}
    for number, line in enumerate(path.read_text("utf-8", errors="surrogateescape").split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                name, typed = read_line(line.rstrip("\r"))
            except ValueError as err:
                raise ValueError(f"{path}:{number}: {err}") from err
            objects[name] = typed
    return Mib(objects)


def read_line(line: str) -> tuple[Oid, Typed]:
    """One object."""
    name, kind, value = line.split("|", 2)
    hexadecimal = kind.endswith("x")
    tag = Tag(int(kind.removesuffix("x")))
    raw = bytes.fromhex(value) if hexadecimal else value.encode("utf-8", errors="surrogateescape")
    return oid(name), _typed(tag, raw, as_text=not hexadecimal)


def _typed(tag: Tag, raw: bytes, *, as_text: bool) -> Typed:
    if tag in NUMBERS:
        return Typed(tag, int(raw) if as_text else int.from_bytes(raw, "big"))
    if tag is Tag.OID:
        return Typed(tag, oid(raw.decode()))
    if tag is Tag.IP_ADDRESS and as_text:
        return Typed(tag, bytes(int(part) for part in raw.split(b".")))
    return Typed(tag) if tag is Tag.NULL else Typed(tag, raw)


def overlay(below: Mib, above: Iterable[tuple[Oid, Typed]]) -> Mib:
    """A recording with some objects replaced or added."""
    return Mib({**{name: value for name in below.names if (value := below.get(name))}, **dict(above)})
