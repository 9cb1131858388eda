"""The mp150 command set as bytes. Pure.

A command is a header of 16 bytes (command at 0, at 14 the length of the data that follow or are wanted, all
big-endian) and its data, the last byte of which makes their sum 0 modulo 256. An answer is a header of 8 bytes that
begins with a status, and data summed the same way; after a failure the header comes alone.
Source: spec dossier on device protocols (c); SANE pixma_common.c, pixma_mp150.c.
"""

import struct
from enum import IntEnum

from drivers.usb.pixma import answers
from drivers.usb.pixma.answers import Condition, End

ANSWER_HEADER = 8
BLOCK_HEADER = 8
# Of a power of 2 like SANE's; small, so that a cancel need not wait for much that is on its way.
MOST_BLOCK = 64 * 1024
LAST_BLOCK = 32  # SANE asks for no more once the scanner has said that it has no more data
STATUS_3_BYTES = 8
ERROR_BYTES = 16


class Command(IntEnum):
    """Bytes 0 and 1."""

    START = 0xDB20
    SOURCE = 0xDD20
    GAMMA = 0xEE20
    PARAMETERS = 0xDE20
    STATUS = 0xF320
    READ = 0xD420
    ERROR = 0xFF20
    PARAMETERS_3 = 0xD820
    START_3 = 0xD920
    STATUS_3 = 0xDA20


def command(code: int, data: bytes = b"", wanted: int = 0) -> bytes:
    """`data` comes without its checksum; `wanted` counts that of the answer."""
    body = data + bytes([answers.missing(data)]) if data else b""
    return struct.pack(">H12xH", code, len(body) or wanted) + body


def read(most: int) -> bytes:
    """Ask for a block of at most so many image bytes."""
    return struct.pack(">H10xI", Command.READ, most + BLOCK_HEADER)


def block(header: bytes, most: int) -> tuple[End, int]:
    """What an image block's header says of the end, and how many bytes follow."""
    flags, size = struct.unpack(">B3xI", header)
    if size > most:
        raise answers.garbled(f"a block of at most {most} bytes", header)
    return answers.end(flags), size


def condition(data: bytes, generation: int) -> Condition:
    """The data of F320, without the checksum."""
    return Condition(data[1] == 0, data[7], data[8 if generation == 1 else 9] == 1, back=data[2] == 0)


def ready(data: bytes) -> bool:
    """The data of DA20: bit 0 or 1 says that blocks may be asked for."""
    return bool(data[0] & 0x03)
