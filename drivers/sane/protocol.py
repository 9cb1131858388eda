"""What the bridge and a SANE child say to each other; known to both, and importing nothing heavy.

The bridge writes one JSON object a line. The child answers in frames: a kind, a length, a payload; `J` is a JSON
object, `D` says in which slot of the memory that both share the next bytes of an image lie, and how many. Every request
but a cancel and a grant of a slot is numbered (`asked`, from 1; 0 is the greeting) and has one `J` answer with that
number and a `status`; a read sends its `D` before it.
Source: SANE standard 1.06, chapter 4 (status, option and frame codes).
"""

import struct
from enum import IntEnum
from typing import Final

HEAD: Final = struct.Struct(">cI")
JSON: Final = b"J"
DATA: Final = b"D"
FILLED: Final = struct.Struct(">II")  # slot and bytes, the payload of a `D`
MAX_PAYLOAD: Final = 4 * 1024 * 1024  # a backend with hundreds of options stays far below
MAX_REQUEST: Final = 64 * 1024
SLOT: Final = 2 * 1024 * 1024  # bytes of an image are what the child gathers at most before it hands rows on
SLOTS: Final = 10  # more than are on their way to a coded page, so that none is copied
GATHER_SECONDS: Final = 0.05  # rows wait no longer for others while more come

CHILD_BROKE: Final = -1  # a status of ours: libsane cannot be loaded, or the request made no sense


class Status(IntEnum):
    """SANE_Status; the last two are newer than the standard."""

    GOOD = 0
    UNSUPPORTED = 1
    CANCELLED = 2
    DEVICE_BUSY = 3
    INVAL = 4
    EOF = 5
    JAMMED = 6
    NO_DOCS = 7
    COVER_OPEN = 8
    IO_ERROR = 9
    NO_MEM = 10
    ACCESS_DENIED = 11
    WARMING_UP = 12
    HW_LOCKED = 13


class Type(IntEnum):
    """SANE_Value_Type."""

    BOOL = 0
    INT = 1
    FIXED = 2
    STRING = 3
    BUTTON = 4
    GROUP = 5


class Unit(IntEnum):
    """SANE_Unit."""

    NONE = 0
    PIXEL = 1
    BIT = 2
    MM = 3
    DPI = 4
    PERCENT = 5
    MICROSECOND = 6


class Constraint(IntEnum):
    """SANE_Constraint_Type."""

    NONE = 0
    RANGE = 1
    WORD_LIST = 2
    STRING_LIST = 3


class Frame(IntEnum):
    """SANE_Frame."""

    GRAY = 0
    RGB = 1
    RED = 2
    GREEN = 3
    BLUE = 4


SOFT_SELECT: Final = 1  # SANE_CAP_…: the program may set it
HARD_SELECT: Final = 2  # only a person at the device may
SOFT_DETECT: Final = 4  # the program may read it
INACTIVE: Final = 32
RELOAD_OPTIONS: Final = 2  # SANE_INFO_…: other options have changed too
FIXED_ONE: Final = 65536  # SANE_Fixed has 16 bits behind the point
