"""SET WINDOW: one scan area for each side, and the scanner's own judgement of it.

Layout: SANE fujitsu (`fujitsu-scsi.h`, window descriptor): a header of 8 bytes with the size of a descriptor, then one
descriptor for each side. Positions and lengths are 1/1200 inch.
"""

import struct
from dataclasses import dataclass

from drivers.contract.capabilities import Mode
from hil.devices.fujitsu.product import Product
from hil.devices.fujitsu.sense import Sense, bad_parameter

HEADER = 8
FRONT, BACK = 0x00, 0x80
DESCRIPTOR = struct.Struct(">BxHH4I6B")  # up to the image's composition and depth
LEAST = 0x40
MONO, COLOUR = 0x00, 0xC1  # vendor codes: how the bytes behind 0x28 are to be read
_MODES = {0: Mode.LINEART, 2: Mode.GRAY8, 5: Mode.RGB24}
_DEPTHS = {Mode.LINEART: 1, Mode.GRAY8: 8, Mode.RGB24: 8}


@dataclass(frozen=True, slots=True)
class Window:
    """One side's area, already known to be possible. Sizes are pixels of `resolution`."""

    side: int
    resolution: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    mode: Mode
    threshold: int
    reverse: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.mode.row_bytes(self.width)


def read(parameters: bytes, product: Product, *, flatbed: bool) -> list[Window] | Sense:
    """The windows of one SET WINDOW, or what is wrong with them."""
    size = int.from_bytes(parameters[6:8], "big")
    if len(parameters) < HEADER + LEAST or size < LEAST or (len(parameters) - HEADER) % size:
        return bad_parameter(6)
    windows: list[Window] = []
    for at in range(HEADER, len(parameters), size):
        window = _one(parameters[at : at + size], product, at, flatbed=flatbed)
        if isinstance(window, Sense):
            return window
        windows.append(window)
    return windows


def _one(data: bytes, product: Product, at: int, *, flatbed: bool) -> Window | Sense:
    side, across, down, left, top, width, height, _, threshold, _, composition, depth, _ = DESCRIPTOR.unpack_from(data)
    mode = _MODES.get(composition)
    far, low = product.area(flatbed=flatbed)
    wrong = {
        0x00: side not in ({FRONT, BACK} if product.duplex and not flatbed else {FRONT}),
        0x02: not product.lowest <= across <= product.optical,
        0x04: not product.lowest <= down <= product.optical,
        0x0E: not width or left + width > far,
        0x12: not height or top + height > low,
        0x19: mode is None or (product.colour_only and mode is not Mode.RGB24),
        0x1A: mode is not None and depth != _DEPTHS[mode],
        0x20: data[0x20] != 0,  # it compresses nothing
        0x28: data[0x28] != (COLOUR if mode is Mode.RGB24 else MONO),
        0x2A: mode is Mode.RGB24 and (data[0x2A], data[0x2B]) != product.order,
    }
    for offset, bad in wrong.items():
        if bad:
            return bad_parameter(at + offset)
    assert mode is not None
    pixels = (width * across + 600) // 1200
    if product.ways and mode is Mode.RGB24 and pixels % 2:
        return bad_parameter(at + 0x0E)
    return Window(
        side,
        (across, down),
        left * across // 1200,
        top * down // 1200,
        max(8, pixels // 8 * 8) if mode is Mode.LINEART else max(1, pixels),
        max(1, (height * down + 600) // 1200),
        mode,
        threshold or 128,
        bool(data[0x1D] & 0x80),
    )
