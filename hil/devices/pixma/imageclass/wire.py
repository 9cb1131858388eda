"""Commands and answers of the imageCLASS command set, from and to bytes. Pure.

A command is a header of 10 bytes (command at 0, length of what follows or is wanted at 7, both BE16), then its data
with their checksum; a read has one byte more instead. An answer is a BE16 status and data whose sum is 0 modulo 256;
an image block has a header of 8 bytes (status, flags, size at 4; generation 0: of 6) and no checksum.
Source: SANE pixma_imageclass.c, pixma_mp730.c (generation 0), pixma_common.c; dossier device-protocols (c).
"""

import struct
from enum import IntEnum

from hil.devices.pixma.answers import Status, checked, missing
from hil.devices.pixma.page import Block

HEADER = 10
READ_BYTES = 11  # but in generation 0, where it is a command like any other
BEGIN, GO_ON = 0, 4  # byte 8 of a read
ANY = Block.PAGE_END | Block.NO_DATA


class Command(IntEnum):
    """Bytes 0 and 1."""

    START = 0xDB20
    SOURCE = 0xDD20
    PARAMETERS = 0xDE20
    STATUS = 0xF320
    ABORT = 0xEF20
    READ = 0xD420
    READ_2 = 0xD460
    ERROR = 0xFF20
    ACTIVATE = 0xCF60
    CALIBRATE = 0xE920


READS = frozenset({Command.READ, Command.READ_2})
WITH_DATA = frozenset({Command.SOURCE, Command.PARAMETERS, Command.ACTIVATE})


def size(head: bytes, generation: int) -> int:
    """How many bytes the command has that begins with these, at least `HEADER` of them."""
    command, length = struct.unpack_from(">H5xH", head)
    if command in READS and generation > 0:
        return READ_BYTES
    return HEADER + (length if command in WITH_DATA else 0)


def sums(data: bytes, *, tail: bool, mirrored: bool) -> bool:
    """Whether a command's data have the right checksum. `mirrored`: behind one that is the last byte but one its
    opposite follows, and not 0."""
    if not tail:
        return not missing(data)
    return not missing(data[:-1]) and data[-1:] == bytes([missing(data[-2:-1]) if mirrored else 0])


def answer(status: Status, data: bytes = b"") -> bytes:
    """An answer; `data` without its checksum."""
    return status.to_bytes(2, "big") + (checked(data) if data else b"")


def header(status: Status, flags: Block, size: int = 0) -> bytes:
    """Of the answer to a read."""
    return struct.pack(">HBxI", status, flags, size)


def old_block(flags: Block, data: bytes) -> bytes:
    """The answer to a read, generation 0."""
    return struct.pack(">HBxH", Status.OK, flags, len(data)) + data
