"""The frames of SCSI over USB, and the commands a Fujitsu scanner is sent in them. Pure.

A command is 31 bytes, then come its parameters or its data, then a status of 13 bytes.
Facts: spec dossier on device protocols (b), SANE fujitsu (`fujitsu-scsi.h`). All numbers are big-endian.
"""

from enum import IntEnum
from typing import Final

from drivers.contract.errors import DeviceGarbled

COMMAND_SIZE, COMMAND_MARK, CDB_AT = 31, 0x43, 0x13
STATUS_SIZE, STATUS_MARK, STATUS_AT = 13, 0x53, 9

SENSE_SIZE, INQUIRY_SIZE, VITAL_SIZE, PIXEL_SIZE = 18, 96, 204, 32
HARDWARE_SIZE, HARDWARE_LONG, HARDWARE_MOST = 12, 19, 32  # the usual one; one with switch and battery; any

TEST_UNIT_READY: Final = bytes(6)
REQUEST_SENSE: Final = bytes([0x03, 0, 0, 0, SENSE_SIZE, 0])
INQUIRY: Final = bytes([0x12, 0, 0, 0, INQUIRY_SIZE, 0])
VITAL: Final = bytes([0x12, 1, 0xF0, 0, VITAL_SIZE, 0])
EJECT: Final = bytes([0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0])
LOAD: Final = bytes([0x31, 1, 0, 0, 0, 0, 0, 0, 0, 0])

FRONT, BACK = 0x00, 0x80  # window identifiers, the sides of a sheet


class ScsiStatus(IntEnum):
    """SCSI status; every other value is handled as CHECK."""

    GOOD = 0x00
    CHECK = 0x02
    BUSY = 0x08


class Function(IntEnum):
    """Functions of SCANNER CONTROL."""

    FEEDER = 0x00
    FLATBED = 0x01
    CANCEL = 0x04
    LAMP_ON = 0x05


class ModePage(IntEnum):
    """Pages of MODE SELECT."""

    DROPOUT = 0x39
    BUFFER = 0x3A
    AUTO = 0x3C


class Table(IntEnum):
    """What SEND brings."""

    QUANTISATION = 0x88  # of JPEG


def frame(cdb: bytes) -> bytes:
    """The 31 bytes in which a command travels."""
    return (bytes([COMMAND_MARK]).ljust(CDB_AT, b"\0") + cdb).ljust(COMMAND_SIZE, b"\0")


def is_status(data: bytes) -> bool:
    """Whether a transfer looks like a status."""
    return len(data) == STATUS_SIZE and data[0] == STATUS_MARK


def hardware_status(size: int = HARDWARE_SIZE) -> bytes:
    return bytes([0xC2, 0, 0, 0, 0, 0, 0]) + size.to_bytes(2, "big") + b"\0"


def control(function: Function) -> bytes:
    return bytes([0xF1, function & 0x0F, function >> 4, 0, 0, 0, 0, 0, 0, 0])


def scan(sides: tuple[int, ...]) -> tuple[bytes, bytes]:
    """The command, and the sides as its parameters."""
    return bytes([0x1B, 0, 0, 0, len(sides), 0]), bytes(sides)


def set_window(parameters: bytes) -> tuple[bytes, bytes]:
    return bytes([0x24, 0, 0, 0, 0, 0]) + len(parameters).to_bytes(3, "big") + b"\0", parameters


def send_diagnostic(parameters: bytes) -> tuple[bytes, bytes]:
    return bytes([0x1D, 0, 0]) + len(parameters).to_bytes(2, "big") + b"\0", parameters


def send(table: Table, data: bytes) -> tuple[bytes, bytes]:
    return bytes([0x2A, 0, table, 0, 0, 0]) + len(data).to_bytes(3, "big") + b"\0", data


def read(side: int, size: int) -> bytes:
    """READ image data."""
    return bytes([0x28, 0, 0x00, 0, 0, side]) + size.to_bytes(3, "big") + b"\0"


def pixel_size(side: int) -> bytes:
    """READ how large the image is."""
    return bytes([0x28, 0, 0x80, 0, 0, side]) + PIXEL_SIZE.to_bytes(3, "big") + b"\0"


def image_ready(side: int, size: int) -> bytes:
    """SCANNER CONTROL that only asks whether so many bytes could be read."""
    return bytes([0xF1, 0x10, side, 0, 0, 0]) + size.to_bytes(3, "big") + b"\0"


def mode_select(page: ModePage, value: bytes) -> tuple[bytes, bytes]:
    """One page behind an empty header. Dropout's is two bytes longer than the others."""
    size = 8 if page is ModePage.DROPOUT else 6
    parameters = bytes(4) + bytes([page, size]) + value.ljust(size, b"\0")
    return bytes([0x15, 0x10, 0, 0, len(parameters), 0]), parameters


def garbled(expected: str, data: bytes) -> DeviceGarbled:
    return DeviceGarbled(f"expected {expected}, got {len(data)} bytes beginning {data[:16].hex(' ')}")
