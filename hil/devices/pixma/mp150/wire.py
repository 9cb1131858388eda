"""Commands and answers of the mp150 command set, from and to bytes. Pure.

A command is a header of 16 bytes (command at 0, length of what follows or is wanted at 14, both BE16), then its data,
whose last byte makes the sum of the data 0 modulo 256. An answer is a header of 8 bytes that begins with a BE16 status,
then its data with such a last byte; an image block has a header of 8 bytes more and no checksum.
Source: SANE pixma_mp150.c, pixma_common.c; dossier device-protocols (c).
"""

import struct
from enum import IntEnum

from hil.devices.pixma.answers import Status, checked
from hil.devices.pixma.page import Block

HEADER = 16
BLOCK_HEADER = 8


class Command(IntEnum):
    """Bytes 0 and 1."""

    START = 0xDB20
    SOURCE = 0xDD20
    GAMMA = 0xEE20
    PARAMETERS = 0xDE20
    STATUS = 0xF320
    ABORT = 0xEF20
    TIME = 0xEB80
    READ = 0xD420
    ERROR = 0xFF20
    PARAMETERS_3 = 0xD820
    START_3 = 0xD920
    STATUS_3 = 0xDA20


# Those that are followed by data; of the others the length says how much is wanted.
WITH_DATA = frozenset({Command.SOURCE, Command.GAMMA, Command.PARAMETERS, Command.PARAMETERS_3, Command.TIME})


def size(head: bytes) -> int:
    """How many bytes the command has that begins with these, at least `HEADER` of them."""
    command, length = struct.unpack_from(">H12xH", head)
    return HEADER + (length if command in WITH_DATA else 0)


def answer(status: Status, data: bytes = b"") -> bytes:
    """An answer; `data` without its checksum."""
    head = struct.pack(">HxB4x", status, 0x21 if status is Status.BUSY else 0)
    return head + (checked(data) if data else b"")


def image(info: Block, data: bytes) -> bytes:
    """The answer to READ."""
    return answer(Status.OK) + struct.pack(">B3xI", info, len(data)) + data
