"""ESC/I as bytes: commands, and decoders of every answer. Pure.

Facts: spec dossier on device protocols (a), checked against SANE's epson2 backend. An answer that the
protocol does not allow raises DeviceGarbled with its first bytes.
"""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum

from drivers.contract.errors import DeviceGarbled

STX, ACK, NAK, CAN = 0x02, 0x06, 0x15, 0x18
EJECT, FEED = b"\x0c", b"\x19"

RESET = b"\x1b@"
IDENTITY = b"\x1bI"
IDENTITY_2 = b"\x1bi"
STATUS = b"\x1bF"
EXTENDED_STATUS = b"\x1bf"
BUTTON = b"\x1b!"
START = b"\x1bG"
FOCUS = b"\x1bq"
SET_FOCUS = b"\x1bp"
FS_IDENTITY = b"\x1cI"
FS_STATUS = b"\x1cF"
FS_PARAMETERS = b"\x1cW"
FS_START = b"\x1cG"

FS_IDENTITY_SIZE, FS_STATUS_SIZE, FS_START_SIZE = 80, 16, 14
MAX_PAYLOAD = (
    4096  # of an information block; the longest known (ESC I of a scanner with many resolutions) has about 200
)
MAX_BLOCK = 8 * 1024 * 1024


class Status(IntEnum):
    """Bits of the status byte (`ESC F` and byte 1 of every information block)."""

    FATAL = 0x80
    IN_USE = 0x40  # through another interface of the scanner
    AREA_END = 0x20
    OPTION = 0x10  # an option unit (feeder, film) is fitted
    COLOUR = 0x0C
    EXTENDED = 0x02  # FS commands are understood


class Colour(IntEnum):
    """Colour attribute of a block in `ESC G` transfers."""

    GREEN = 0x04
    RED = 0x08
    BLUE = 0x0C


class ErrorByte(IntEnum):
    """Bits of the byte that ends each block of an `FS G` transfer."""

    FATAL = 0x80
    IN_USE = 0x40
    CANCEL = 0x10  # somebody pressed cancel at the scanner


@dataclass(frozen=True, slots=True)
class Part:
    """State of the feeder, the film unit or the main body."""

    installed: bool = False
    enabled: bool = False
    error: bool = False
    empty: bool = False
    jam: bool = False
    open: bool = False
    double_feed: bool = False  # never told as such: what an unnamed error is on a scanner that senses double feeds

    @property
    def unnamed(self) -> bool:
        """Whether there is an error and no bit says which."""
        return self.error and not (self.jam or self.open or self.empty)


@dataclass(frozen=True, slots=True)
class Condition:
    """What one status command told."""

    fatal: bool = False
    in_use: bool = False
    warming: bool = False
    feeder: Part = Part()
    film: Part = Part()
    body: Part = Part()


@dataclass(frozen=True, slots=True)
class Identity:
    """`ESC I`: command level, resolutions in ppi, and the platen in pixels of the highest one."""

    level: str
    resolutions: tuple[int, ...] = ()
    area: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class ExtendedStatus:
    """`ESC f`: the condition and, in pixels of the highest resolution, the areas."""

    condition: Condition
    platen: tuple[int, int]
    feeder: tuple[int, int]
    film: tuple[int, int]
    duplex: bool
    button: bool
    model: str  # empty on old scanners


@dataclass(frozen=True, slots=True)
class ExtendedIdentity:
    """`FS I`: areas in pixels of the basic (optical) resolution; (0, 0) = there is no such unit."""

    level: str
    optical: int
    minimum: int
    maximum: int
    max_pixels: int
    platen: tuple[int, int]
    feeder: tuple[int, int]
    film: tuple[int, int]
    flatbed: bool
    duplex: bool
    button: bool
    senses_double_feed: bool
    model: str
    firmware: str
    depth: int  # bits of one sample at most


@dataclass(frozen=True, slots=True)
class Transfer:
    """The header of an `FS G` transfer: `count` blocks of `block` bytes, then one of `last` unless that is 0."""

    status: int
    block: int
    count: int
    last: int

    @property
    def sizes(self) -> int:
        """How many blocks there are."""
        return self.count + (1 if self.last else 0)

    @property
    def total(self) -> int:
        """Image bytes of the page."""
        return self.block * self.count + self.last


def header(data: bytes) -> tuple[int, int]:
    """Status and payload length of an information block."""
    if len(data) != 4 or data[0] != STX:
        raise garbled("an information block", data)
    length = int.from_bytes(data[2:4], "little")
    if length > MAX_PAYLOAD:
        raise garbled(f"an information block of {length} bytes", data)
    return data[1], length


def identity(payload: bytes) -> Identity:
    """Decode `ESC I`: two letters of level, then `R` and `A` records in any order."""
    if len(payload) < 2:
        raise garbled("an identity", payload)
    resolutions, area, at = set(), (0, 0), 2
    while at < len(payload):
        kind = payload[at : at + 1]
        if kind == b"R" and at + 3 <= len(payload):
            resolutions.add(int.from_bytes(payload[at + 1 : at + 3], "little"))
            at += 3
        elif kind == b"A" and at + 5 <= len(payload):
            area = _pair16(payload, at + 1)
            at += 5
        else:
            break  # padding, or a record that nobody has described: what was read stands
    return Identity(_text(payload[:2]), tuple(sorted(resolutions - {0})), area)


def identity_2(payload: bytes) -> tuple[int, int]:
    """Decode `ESC i`: optical resolution, and how many lines the colour sensors lie apart."""
    if len(payload) < 6 or payload[4] != payload[5]:
        raise garbled("an identity 2 with equal line distances", payload)
    return int.from_bytes(payload[:2], "little"), payload[4]


def status(byte: int) -> Condition:
    """Decode the status byte alone, for scanners that have no better command."""
    return Condition(fatal=bool(byte & Status.FATAL), in_use=bool(byte & Status.IN_USE))


def extended_status(byte: int, payload: bytes) -> ExtendedStatus:
    """Decode `ESC f`: the block's status byte and its 33 (old) or 42 (new) bytes."""
    if len(payload) < 16:
        raise garbled("an extended status", payload)
    main = payload[0]
    condition = Condition(
        fatal=bool((byte | main) & 0x80),
        in_use=bool(byte & Status.IN_USE),
        warming=bool(main & 0x02),
        feeder=_part(payload[1]),
        film=_part(payload[6]),
        body=replace(_part(payload[11] & 0x2E), installed=True),
    )
    return ExtendedStatus(
        condition,
        platen=_pair16(payload, 12),
        feeder=_pair16(payload, 2),
        film=_pair16(payload, 7),
        duplex=bool(main & 0x10),
        button=bool(main & 0x01),
        model=_text(payload[0x1A:0x2A]) if len(payload) >= 0x2A else "",
    )


def fs_status(data: bytes) -> Condition:
    """Decode `FS F`."""
    if len(data) != FS_STATUS_SIZE:
        raise garbled("a scanner status", data)
    return Condition(
        fatal=bool(data[0] & 0x80),
        in_use=bool(data[0] & 0x40),
        warming=bool(data[0] & 0x02),
        feeder=_part(data[1]),
        film=_part(data[2] & ~0x0C),
        body=replace(_part(data[3] & 0x2E), installed=True),
    )


def fs_identity(data: bytes) -> ExtendedIdentity:
    """Decode `FS I`."""
    if len(data) != FS_IDENTITY_SIZE:
        raise garbled("an extended identity", data)
    optical, minimum, maximum, pixels, *areas = struct.unpack_from("<10I", data, 4)
    capabilities = data[44]
    return ExtendedIdentity(
        level=_text(data[:2]),
        optical=optical,
        minimum=minimum,
        maximum=maximum,
        max_pixels=pixels,
        platen=(areas[0], areas[1]),
        feeder=(areas[2], areas[3]),
        film=(areas[4], areas[5]),
        flatbed=not capabilities & 0x40,
        duplex=bool(capabilities & 0x10),
        button=bool(capabilities & 0x01),
        senses_double_feed=bool(data[45] & 0x08),
        model=_text(data[46:62]),
        firmware=_text(data[62:66]),
        depth=data[67],
    )


def fs_start(data: bytes) -> Transfer:
    """Decode the answer to `FS G`."""
    if len(data) != FS_START_SIZE or data[0] != STX:
        raise garbled("a transfer header", data)
    transfer = Transfer(data[1], *struct.unpack_from("<3I", data, 2))
    if max(transfer.block, transfer.last) > MAX_BLOCK:
        raise garbled(f"blocks of {transfer.block} bytes", data)
    return transfer


def garbled(expected: str, data: bytes) -> DeviceGarbled:
    """The error that shows the first bytes of a wrong answer."""
    return DeviceGarbled(f"expected {expected}, got {len(data)} bytes: {data[:16].hex(' ') or 'nothing'}")


def _part(byte: int) -> Part:
    return Part(
        installed=bool(byte & 0x80),
        enabled=bool(byte & 0x40),
        error=bool(byte & 0x20),
        empty=bool(byte & 0x08),
        jam=bool(byte & 0x04),
        open=bool(byte & 0x02),
    )


def _pair16(data: bytes, at: int) -> tuple[int, int]:
    x, y = struct.unpack_from("<HH", data, at)
    return x, y


def _text(data: bytes) -> str:
    """Printable ASCII; models differ in padding with blanks or zeros."""
    return "".join(chr(byte) for byte in data if 0x20 <= byte < 0x7F).strip()
