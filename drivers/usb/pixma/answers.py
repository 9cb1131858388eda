"""What Canon's command sets answer with: a status, and data whose last byte makes their sum 0 modulo 256. Pure.

Source: spec dossier on device protocols (c); SANE pixma_common.c.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from drivers.contract.errors import DeviceGarbled


class Status(IntEnum):
    """The first two bytes of an answer."""

    OK = 0x0606
    FAILED = 0x1515
    BUSY = 0x1414


class End(IntFlag):
    """A byte of an image block's header. A page ends with any of them (imageCLASS), or with the first and the last
    together (mp150, and imageCLASS before generation 1)."""

    PAGE = 0x08
    NO_PAPER = 0x10
    NO_DATA = 0x20


@dataclass(frozen=True, slots=True)
class Condition:
    """What F320 says."""

    paper: bool
    lamp: int  # a number that nobody has explained
    calibrated: bool
    back: bool = False  # the back of the sheet that is in the path waits


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


def end(flags: int) -> End:
    """Of the byte that says it; nobody has explained its other bits."""
    return End(flags & (End.PAGE | End.NO_PAPER | End.NO_DATA))


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
