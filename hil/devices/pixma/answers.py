"""What every command set here answers with: a status, and data whose last byte makes their sum 0 modulo 256. Pure.

Source: SANE pixma_common.c; dossier device-protocols (c).
"""

from enum import IntEnum


class Status(IntEnum):
    """The answer's first two bytes."""

    OK = 0x0606
    FAILED = 0x1515
    BUSY = 0x1414


def missing(data: bytes) -> int:
    """The byte that makes the sum 0."""
    return -sum(data) & 0xFF


def checked(data: bytes) -> bytes:
    """With that byte behind it."""
    return data + bytes([missing(data)])
