"""What one page is, as this command set wants it. Pure.

A line is padded: to 32 pixels from generation 2 on, where it also begins at a multiple of 32; before to 4 pixels of
colour or 12 of grey. Source: SANE pixma_mp150.c, `calc_raw_width`, `send_scan_param`, `send_gamma_table`.
"""

import struct

from drivers.contract.capabilities import Mode, Source
from drivers.usb.pixma import area
from drivers.usb.pixma.area import Area, Edges
from drivers.usb.pixma.mp150.model import Model

GLASS, FEEDER, DUPLEX = 1, 2, 3
GAMMA = 2.2  # the sensor sees light; pictures are made for screens
_RESOLUTION = 0x8000
_ALIGN = 32


def parameters(model: Model, source: Source, mode: Mode, ppi: int, wanted: Edges) -> Area:
    wanted = area.within(wanted, model.pixels(source, ppi))
    skip = wanted.left % _ALIGN if model.generation > 1 else 0
    align = _ALIGN if model.generation > 1 else 4 if mode is Mode.RGB24 else 12
    passes = max(1, ppi // model.interleave) if model.interleave else 1
    sent = -(-(skip + wanted.width) // align) * align
    return Area(source, mode, ppi, wanted.left - skip, wanted.top, sent, wanted.height, skip, passes)


def select_source(source: Source, generation: int) -> bytes:
    """DD20, generations 1 and 2."""
    if source is Source.PLATEN:
        return bytes([GLASS, GLASS, 0, 0, 0, int(generation == 2), 0, 0, 0, 0, 0])
    sides = DUPLEX if source is Source.FEEDER_DUPLEX else 1
    return bytes([FEEDER, 0, 0, 0, 0, sides, sides, 0, 0, 0, 0])


def old(wanted: Area) -> bytes:
    """DE20, generations 1 and 2: it starts the page."""
    data = bytearray(0x2F)
    data[0x04:0x1A] = wanted.packed(_RESOLUTION)
    data[0x20], data[0x23], data[0x26], data[0x27] = 0xFF, 0x81, 0x02, 0x01
    return bytes(data)


def new(wanted: Area, *, calibrate: bool, digits: bool, coded: bool = False) -> bytes:
    """D820, generation 3 and later. `digits`: see models.toml; `coded`: as JPEG."""
    data = bytearray(0x37)
    data[0x00] = GLASS if wanted.source is Source.PLATEN else FEEDER
    data[0x01] = data[0x02] = 1
    if wanted.source is Source.FEEDER_DUPLEX:
        data[0x02] = data[0x03] = DUPLEX
    data[0x05] = calibrate
    data[0x08:0x1E] = wanted.packed(_RESOLUTION)
    data[0x1F], data[0x20], data[0x21], data[0x23], data[0x24] = 0x01, 0xFF, 0x81, 0x02, 0x01
    if coded:
        data[0x03], data[0x21] = 1, 0x83
    if digits:
        data[0x26:0x2A] = b"2145"  # those of the scan that SANE knows
    data[0x30] = 0x01
    return bytes(data)


def gamma(generation: int, mode: Mode) -> bytes:
    """EE20: 4096 bytes for generation 1, else 1024 little-endian numbers."""
    if generation == 1:
        table = bytes(round(255 * (step / 4095) ** (1 / GAMMA)) for step in range(4096))
        head = struct.pack(">BxH", 0x10 if mode is Mode.RGB24 else 0x01, 0x1004)
    else:
        table = struct.pack("<1024H", *(round(65535 * (step / 1023) ** (1 / GAMMA)) for step in range(1024)))
        head = struct.pack(">BxH", 0x10, 0x0804)
    return head + table + bytes(3)
