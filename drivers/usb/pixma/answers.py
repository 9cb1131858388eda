"""What Canon's command sets answer with: a status, and data whose last byte makes their sum 0 modulo 256. Pure.

Source: spec dossier on device protocols (c); SANE pixma_common.c.
"""

from enum import IntEnum

from drivers.contract.errors import DeviceGarbled


class Status(IntEnum):
    """The first two bytes of an answer."""

    OK = 0x0606
    FAILED = 0x1515
    BUSY = 0x1414


class Refused(Exception):
    """0x1515: the command failed, be it that somebody pressed cancel at the scanner."""


class Busy(Exception):
    """0x1414: not now."""


def garbled(expected: str, data: bytes) -> DeviceGarbled:
    return DeviceGarbled(f"expected {expected}, got {data[:16].hex(' ') or 'nothing'}")


def status(header: bytes) -> Status:
    """Raises DeviceGarbled."""
    try:
        return Status(int.from_bytes(header[:2], "big"))
    except ValueError:
        raise garbled("an answer", header) from None


def check(found: Status) -> None:
    """Raises Refused, Busy."""
    if found is Status.FAILED:
        raise Refused
    if found is Status.BUSY:
        raise Busy


def missing(data: bytes) -> int:
    """The byte that makes the sum 0."""
    return -sum(data) & 0xFF


def data(answer: bytes) -> bytes:
    """An answer's data without the checksum. Raises DeviceGarbled."""
    if missing(answer):
        raise garbled("data whose sum is 0", answer)
    return answer[:-1]
