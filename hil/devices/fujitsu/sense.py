"""What the scanner says when a command did not simply succeed: sense data, and the answer to a command.

Layout: SANE fujitsu (`fujitsu-scsi.h`, REQUEST SENSE): 18 bytes of fixed format; EOM, ILI and key share byte 2, bytes
3-6 are the residual (valid: bit 7 of byte 0), 12 and 13 code and qualifier, 15-17 point at an offending parameter byte.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """SCSI status."""

    GOOD = 0x00
    CHECK = 0x02
    BUSY = 0x08


@dataclass(frozen=True, slots=True)
class Sense:
    """One reason. `residual`: bytes of the answer that mean nothing."""

    key: int = 0
    code: int = 0
    qualifier: int = 0
    eom: bool = False
    ili: bool = False
    residual: int = 0
    offending: int | None = None  # offset in the parameter list

    def pack(self) -> bytes:
        """The 18 bytes."""
        flags = (0x40 if self.eom else 0) | (0x20 if self.ili else 0) | self.key
        valid = 0x80 if self.eom or self.ili else 0
        pointer = b"\0\0\0" if self.offending is None else struct.pack(">BH", 0x80, self.offending)
        head = struct.pack(">BBBIB4x", 0x70 | valid, 0, flags, self.residual, 10)
        return head + bytes([self.code, self.qualifier, 0]) + pointer


NONE = Sense()
NOT_READY = Sense(2)
JAM = Sense(3, 0x80, 0x01)
COVER_OPEN = Sense(3, 0x80, 0x02)
HOPPER_EMPTY = Sense(3, 0x80, 0x03)
DOUBLE_FEED = Sense(3, 0x80, 0x07)
NO_DATA_YET = Sense(3, 0x80, 0x13)
STOP_BUTTON = Sense(3, 0x80, 0x20)
MECHANICAL = Sense(4, 0x80, 0x05)
UNKNOWN_COMMAND = Sense(5, 0x20, 0x00)
BAD_FIELD = Sense(5, 0x24, 0x00)
BAD_UNIT = Sense(5, 0x25, 0x00)
SEQUENCE = Sense(5, 0x2C, 0x00)
BAD_WINDOWS = Sense(5, 0x2C, 0x02)
POWER_ON = Sense(6, 0x00, 0x00)


def bad_parameter(offset: int) -> Sense:
    """A parameter that this scanner does not have."""
    return Sense(5, 0x26, 0x00, offending=offset)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ends. `data`: what is sent before the status; None where the command brings none."""

    status: Status = Status.GOOD
    data: bytes | None = None
    sense: Sense = NONE


GOOD = Answer()


def check(sense: Sense) -> Answer:
    """The command was not carried out."""
    return Answer(Status.CHECK, None, sense)
