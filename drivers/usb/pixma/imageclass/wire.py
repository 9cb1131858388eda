"""The imageCLASS command set as bytes. Pure.

A command is a header of 10 bytes (command at 0, at 7 the length of the data that follow or are wanted, big-endian) and
its data, the last byte of which makes their sum 0 modulo 256; with some models that is the last byte but one. An
answer is a status of 2 bytes, and data summed the same way; after a failure the status comes alone. The answer to a
read is a header of 8 bytes (generation 0: 6), which begins with a status, and image bytes.
Source: spec dossier on device protocols (c); SANE pixma_common.c, pixma_imageclass.c, pixma_mp730.c (generation 0).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from drivers.usb.pixma import answers
from drivers.usb.pixma.answers import Condition, End

ANSWER_HEADER = 2
BLOCK_HEADER, OLD_BLOCK_HEADER = 8, 6
FIRST = 512  # of a model whose header comes with data: what is read at first
MOST_BLOCK = 0x80000  # SANE keeps room for so much
STATUS_BYTES = 12
ERROR_BYTES = 16
OLD_BLOCK = 0xC000  # bytes of a block that generation 0 is asked for, as SANE
_BACK_WAITS = 0x51


class Command(IntEnum):
    """Bytes 0 and 1."""

    START = 0xDB20
    SOURCE = 0xDD20
    PARAMETERS = 0xDE20
    STATUS = 0xF320
    READ = 0xD420
    READ_2 = 0xD460
    ERROR = 0xFF20
    ACTIVATE = 0xCF60
    CALIBRATE = 0xE920


class Read(IntEnum):
    """What a read is for."""

    BEGIN = 0
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Block:
    """`data` came with the header, `rest` bytes follow."""

    end: End
    data: bytes
    rest: int


def command(code: int, data: bytes = b"", wanted: int = 0) -> bytes:
    """`data` comes with its checksum, of which there are two kinds; `wanted` counts that of the answer."""
    return struct.pack(">H5xHx", code, len(data) or wanted) + data


def read(code: Command, what: Read) -> bytes:
    """A command of 11 bytes."""
    return struct.pack(">H6xBxB", code, what, 0x06)


def old_read() -> bytes:
    """Of generation 0: a command like any other."""
    return command(Command.READ, wanted=OLD_BLOCK + OLD_BLOCK_HEADER - ANSWER_HEADER)


def old_block(answer: bytes) -> Block:
    """An answer to that, its first 6 to 512 bytes. Raises DeviceGarbled."""
    flags, size = struct.unpack_from(">2xBxH", answer)
    return _block(flags, answer[OLD_BLOCK_HEADER:], size, answer)


def block(answer: bytes) -> Block:
    """An answer to a read, its first 8 to 512 bytes: as many as came at once. Raises DeviceGarbled.

    Where they are 512 the size has 32 bits. Else nobody has seen more than 16 used, and with a model whose header comes
    alone the other two are not known to be 0.
    """
    flags, large, size = struct.unpack_from(">2xBxH0xH", answer)
    size += large << 16 if len(answer) == FIRST else 0
    return _block(flags, answer[BLOCK_HEADER:], size, answer)


def _block(flags: int, data: bytes, size: int, answer: bytes) -> Block:
    if not len(data) <= size <= MOST_BLOCK:
        raise answers.garbled(f"a block of {len(data)} to {MOST_BLOCK} bytes", answer)
    return Block(answers.end(flags), data, size - len(data))


def condition(data: bytes, generation: int) -> Condition:
    """The data of F320, without the checksum."""
    paper = data[1] == 0 or (generation > 0 and (data[1] & 0x0F == 0 or data[1] == _BACK_WAITS))
    return Condition(paper, data[7], data[8] == 1)
