"""As much of DNS as finding scanners takes: one question, and the records of an answer.

Spec: RFC 1035 sections 4.1 and 4.1.4, RFC 6763 (services), RFC 2782 (SRV). Pure; nothing in an answer is believed
beyond its bounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 9000  # RFC 6762 section 17
MOST_RECORDS: Final = 256
MOST_JUMPS: Final = 16
PTR, TXT, SRV, INTERNET = 12, 16, 33, 1


class NotDns(ValueError):
    """The datagram is none."""


@dataclass(frozen=True, slots=True)
class Service:
    """One instance of a service."""

    kind: str
    port: int
    text: dict[str, str] = field(default_factory=dict)


def question(kinds: tuple[str, ...]) -> bytes:
    """A query for the instances of those kinds of service."""
    head = b"".join(number.to_bytes(2, "big") for number in (0, 0, len(kinds), 0, 0, 0))
    tail = PTR.to_bytes(2, "big") + INTERNET.to_bytes(2, "big")
    return head + b"".join(_coded(kind) + tail for kind in kinds)


def _coded(name: str) -> bytes:
    return b"".join(len(label).to_bytes(1, "big") + label.encode() for label in name.split(".")) + b"\0"


def services(data: bytes, kinds: tuple[str, ...]) -> list[Service]:
    """The instances of those kinds that an answer describes whole. Raises NotDns."""
    instances: dict[str, str] = {}
    ports: dict[str, int] = {}
    texts: dict[str, dict[str, str]] = {}
    for name, kind, at, size in _records(data):
        if kind == PTR and name in kinds:
            instances[_name(data, at)[0]] = name
        elif kind == SRV and size >= 7:
            ports[name] = int.from_bytes(data[at + 4 : at + 6], "big")
        elif kind == TXT:
            texts[name] = dict(_pairs(data[at : at + size]))
    return [
        Service(kind, ports[name], texts.get(name, {})) for name, kind in instances.items() if ports.get(name)
    ]  # fmt: skip


def _records(data: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Name, type, and place and size of the data of each record."""
    if not 12 <= len(data) <= MOST_BYTES or not data[2] & 0x80:
        raise NotDns("no answer")
    questions, *counts = (int.from_bytes(data[at : at + 2], "big") for at in (4, 6, 8, 10))
    at = 12
    for _ in range(min(questions, MOST_RECORDS)):
        at = _name(data, at)[1] + 4
    for _ in range(min(sum(counts), MOST_RECORDS)):
        name, at = _name(data, at)
        kind, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 8 : at + 10], "big")
        at += 10
        if at + size > len(data):
            raise NotDns("a record longer than its datagram")
        yield name, kind, at, size
        at += size


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name there in lower case, and where what follows it begins."""
    labels: list[str] = []
    end, jumps, size = -1, 0, 0
    while True:
        if at >= len(data):
            raise NotDns("a name longer than its datagram")
        length = data[at]
        if length >= 0xC0:
            end = at + 2 if end < 0 else end
            at, jumps = int.from_bytes(data[at : at + 2], "big") & 0x3FFF, jumps + 1
            if jumps > MOST_JUMPS:
                raise NotDns("a name that goes in circles")
            continue
        label = data[at + 1 : at + 1 + length]
        at, size = at + 1 + length, size + 1 + length
        if not length:
            return ".".join(labels).lower(), at if end < 0 else end
        if size > 255 or length > 63:
            raise NotDns("a name that is too long")
        labels.append(label.decode("utf-8", "replace").replace(".", "\\."))


def _pairs(data: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(data):
        word = data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace")
        at += 1 + data[at]
        name, _, value = word.partition("=")
        yield name.lower(), value
