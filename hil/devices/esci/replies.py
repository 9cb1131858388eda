"""The fixed answers of the scanner, built from what its body shows.

Layouts: SANE epson2 (`epson2-commands.c`, `epson2-ops.c`); all numbers little-endian.
"""

import struct

from hil.devices.esci.parameters import OPTION_DUPLEX, Parameters
from hil.devices.esci.product import Product
from hil.devices.mechanism import State

STX, ACK, NAK, CAN = 0x02, 0x06, 0x15, 0x18

FATAL, NOT_READY, AREA_END, OPTION, EXTENDED = 0x80, 0x40, 0x20, 0x10, 0x02  # ESC F and every header's second byte
INSTALLED, ENABLED, ERROR, NO_PAPER, JAM, OPEN, DUPLEX = 0x80, 0x40, 0x20, 0x08, 0x04, 0x02, 0x01  # units
WARMING = 0x02
BUTTON_UNIT = 0x01
CAN_DUPLEX, PAGE_FEEDER, FIRST_SHEET = 0x10, 0x20, 0x08
FLATBED = 0x40
FORM_FEED, SENSES_DOUBLE_FEED = 0x04, 0x08


def status(state: State) -> int:
    """The status byte of `ESC F` and of all headers."""
    return (FATAL if state.fatal else 0) | (NOT_READY if state.in_use else 0) | OPTION | EXTENDED


def header(state: State, size: int = 0) -> bytes:
    """The four bytes before an info block of that size; alone they answer `ESC F`."""
    return struct.pack("<BBH", STX, status(state), size)


def feeder(state: State, parameters: Parameters, product: Product) -> int:
    """The feeder's byte. The protocol has no bit of its own for a double feed: it is the general error."""
    if not all(product.feeder):
        return 0
    return (
        INSTALLED
        | (ENABLED if parameters.option else 0)
        | (ERROR if state.double_fed else 0)
        | (0 if state.paper else NO_PAPER)
        | (JAM if state.jammed else 0)
        | (OPEN if state.cover_open else 0)
    )


def film(state: State, parameters: Parameters, product: Product) -> int:
    """The film unit's byte."""
    if not all(product.film):
        return 0
    return INSTALLED | (ENABLED if parameters.option else 0) | (OPEN if state.cover_open else 0)


def identity(product: Product) -> bytes:
    """`ESC I`: level, resolutions, largest area at the highest of them."""
    resolutions = b"".join(b"R" + struct.pack("<H", each) for each in product.resolutions)
    return product.level.encode() + resolutions + b"A" + struct.pack("<2H", *product.platen)


def extended_status(state: State, parameters: Parameters, product: Product) -> bytes:
    """`ESC f`: 42 bytes."""
    main = FLATBED | _feeding(product) | BUTTON_UNIT
    main |= (FATAL if state.fatal else 0) | (WARMING if state.warming else 0)
    packed = struct.pack(
        "<BB2HB2HB2H10x16s",
        main,
        feeder(state, parameters, product),
        *product.feeder,
        film(state, parameters, product),
        *product.film,
        0,
        *product.platen,
        product.model.ljust(16).encode(),
    )
    assert len(packed) == 42
    return packed


def extended_identity(product: Product) -> bytes:
    """`FS I`: 80 bytes."""
    packed = struct.pack(
        "<2s2x4I6IBB16s4sBB12x",
        product.level.encode(),
        product.optical,
        product.lowest,
        product.optical,
        product.platen[0],
        *product.platen,
        *product.feeder,
        *product.film,
        _feeding(product) | BUTTON_UNIT,
        FORM_FEED | SENSES_DOUBLE_FEED if all(product.feeder) else 0,
        product.model.ljust(16).encode(),
        product.rom.encode(),
        16,
        max(product.depths),
    )
    assert len(packed) == 80
    return packed


def _feeding(product: Product) -> int:
    return PAGE_FEEDER | CAN_DUPLEX | FIRST_SHEET if all(product.feeder) else 0


def scanner_status(state: State, parameters: Parameters, product: Product) -> bytes:
    """`FS F`: 16 bytes."""
    main = (FATAL if state.fatal else 0) | (NOT_READY if state.in_use else 0) | (WARMING if state.warming else 0)
    duplex = DUPLEX if parameters.option == OPTION_DUPLEX else 0
    film_unit = film(state, parameters, product)
    return bytes([main, feeder(state, parameters, product) | duplex, film_unit]) + bytes(13)


def conditions(parameters: Parameters) -> bytes:
    """`ESC S`: 45 bytes, each value behind its command's letter."""
    p = parameters
    return b"".join(
        (
            struct.pack("<sB", b"C", p.color),
            struct.pack("<s2H", b"R", p.main_resolution, p.sub_resolution),
            struct.pack("<s4H", b"A", p.left, p.top, p.width, p.height),
            struct.pack("<sB", b"D", p.depth),
            struct.pack("<sB", b"B", p.halftone),
            struct.pack("<sB", b"L", p.brightness),
            struct.pack("<sB", b"Z", p.gamma),
            struct.pack("<sBB", b"H", 100, 100),
            struct.pack("<sB", b"M", p.correction),
            struct.pack("<sB", b"Q", p.sharpness),
            struct.pack("<sB", b"g", p.speed),
            struct.pack("<sB", b"K", p.mirror),
            struct.pack("<sB", b"s", p.segmentation),
            struct.pack("<sB", b"t", p.threshold),
            struct.pack("<sB", b"d", p.block_lines),
            struct.pack("<sB", b"e", p.option),
            struct.pack("<sB", b"N", p.film),
        )
    )


def start(state: State, block: int = 0, blocks: int = 0, last: int = 0, *, failed: bool = False) -> bytes:
    """The 14 bytes that answer `FS G`."""
    return struct.pack("<BB3I", STX, status(state) | (FATAL if failed else 0), block, blocks, last)
