"""What one scan is, written for the scanner: the parameters of SET WINDOW. Pure.

Positions and lengths on the wire are 1/1200 inch. Facts: SANE fujitsu (`set_window`, `fujitsu-scsi.h`).
"""

import struct
from dataclasses import dataclass, replace
from enum import Enum

from drivers.contract.capabilities import Mode
from drivers.usb.fujitsu import wire

UNIT = 1200
DESCRIPTOR_SIZE = 64
THRESHOLD = 0x80
MONO, COLOUR = 0x00, 0xC1  # vendor codes: how the bytes behind 0x28 are to be read
NON_STANDARD_PAPER = 0xC0
_COMPOSITIONS = {Mode.LINEART: 0, Mode.GRAY8: 2, Mode.RGB24: 5}
PAPER_LENGTH = 14032  # 1/1200 inch: A4, the least that is announced


class Order(Enum):
    """How the colours of a row come, and the two bytes by which that is asked for."""

    RGB = (1, 0)
    BGR = (1, 5)
    PLANES = (0, 0)  # the row in red, in green, in blue


@dataclass(frozen=True, slots=True)
class Window:
    """One page, in pixels of `resolution`. `paper`: width and length that the feeder is told, in 1/1200 inch."""

    mode: Mode
    resolution: tuple[int, int]
    left: int
    top: int
    width: int
    lines: int
    order: Order = Order.RGB
    paper: tuple[int, int] | None = None  # None: flatbed
    duplex: bool = False

    @property
    def row_bytes(self) -> int:
        return self.mode.row_bytes(self.width)

    @property
    def sides(self) -> tuple[int, ...]:
        return (wire.FRONT, wire.BACK) if self.duplex else (wire.FRONT,)


def fit(width: int, left: int, limit: int, multiple: int) -> int:
    """The width to ask for: the next multiple, or the last one before the edge of the area."""
    wider = -(-width // multiple) * multiple
    return wider if left + wider <= limit else max(multiple, (limit - left) // multiple * multiple)


def block_lines(window: Window, limit: int, least: int, blocks: int) -> int:
    """How many rows to read at once: bytes between `least` and `limit`, and about `blocks` blocks a page.

    Always an even number of rows, since some scanners take no odd number of bytes.
    """
    row = window.row_bytes
    count = min(limit // row, max(-(-window.lines // blocks), -(-least // row)))
    return max(2, count - count % 2)


def parameters(window: Window) -> bytes:
    """Header and one descriptor for each side; paper is told with the first."""
    front = _descriptor(window, wire.FRONT)
    back = _descriptor(replace(window, paper=None), wire.BACK) if window.duplex else b""
    return bytes(6) + DESCRIPTOR_SIZE.to_bytes(2, "big") + front + back


def pre_read(window: Window) -> bytes:
    """What a scanner that wants it before all else is told of the scan: a diagnosis in its makers' words."""
    composition = _COMPOSITIONS[window.mode]
    return b"SET PRE READMODE" + struct.pack(">HHIIB3x", *window.resolution, *(window.paper or (0, 0)), composition)


def _descriptor(window: Window, side: int) -> bytes:
    across, down = window.resolution
    lineart = window.mode is Mode.LINEART
    data = bytearray(DESCRIPTOR_SIZE)
    struct.pack_into(
        ">BxHH4I6B",
        data,
        0,
        side,
        across,
        down,
        window.left * UNIT // across,
        window.top * UNIT // down,
        -(-window.width * UNIT // across),
        -(-window.lines * UNIT // down),
        0,  # brightness: as it is
        THRESHOLD if lineart else 0,
        0,  # contrast: as it is
        _COMPOSITIONS[window.mode],
        1 if lineart else 8,
        0,  # halftone: none
    )
    if window.mode is Mode.RGB24:
        data[0x28:0x2C] = bytes([COLOUR, 0, *window.order.value])
    if window.paper is not None:
        data[0x35] = NON_STANDARD_PAPER
        struct.pack_into(">II", data, 0x36, *window.paper)
    return bytes(data)
