"""The fixed answers of the scanner, built from what its body shows.

Layouts: SANE fujitsu (`fujitsu-scsi.h`: INQUIRY, its page F0, MODE SENSE, GET HARDWARE STATUS); numbers big-endian.
"""

import struct

from hil.devices.fujitsu.product import Product
from hil.devices.fujitsu.window import Window
from hil.devices.mechanism import State

INQUIRY_SIZE = 96
VITAL_SIZE = 0x68
HARDWARE_SIZE, HARDWARE_LONG = 12, 20
VITAL_LONG, VITAL_SENT = 0x90, 204  # of the newer ones: what it tells, and filled up to
MODE_PAGES = frozenset({0x33, 0x34, 0x37, 0x38, 0x39, 0x3A, 0x3C})
MODE_AUTO, MODE_DROPOUT = 0x3C, 0x39
MODE_HEADER = 4

SCAN, SEND, SCAN_LONG = 1, 2, 3  # buttons, as in stimuli
_SWITCHES = {SCAN: 0x01, SEND: 0x04, SCAN_LONG: 0x20}


def inquiry(product: Product) -> bytes:
    """Standard data."""
    names = b"FUJITSU " + product.model.encode().ljust(16) + product.revision.encode().ljust(4)
    kind, last = (0x92, 0x10) if product.long_page else (2, 0)
    data = bytearray(bytes([6, 0, kind, 2, INQUIRY_SIZE - 5, 0, 0, last]) + names).ljust(INQUIRY_SIZE, b"\0")
    if product.long_page:
        data[0x2C:0x2E] = 0x03, 0x01 if product.duplex else 0x00
    return bytes(data)


def vital(product: Product) -> bytes:
    """Page F0: what it can do, and which commands it understands."""
    size = VITAL_LONG if product.long_page else VITAL_SIZE
    data = bytearray(VITAL_SENT if product.long_page else size)
    data[0:3] = 6, 0xF0, 2 if product.long_page else 0
    data[4] = size - 5
    # Any resolution from the lowest on, in steps of one each way (0x11).
    struct.pack_into(">HHB", data, 0x05, product.optical, product.optical, 0x11)
    struct.pack_into(">4H", data, 0x0A, product.optical, product.optical, product.lowest, product.lowest)
    struct.pack_into(">H", data, 0x12, _standard(product))
    struct.pack_into(">II", data, 0x14, *product.feeder)
    data[0x1C] = 0x80 | 0x08 | 0x02  # colour, grey, black and white
    data[0x20] = 0x80 | (0x40 if product.platen else 0) | (0x10 if product.duplex else 0) | 0x02
    data[0x21] = 0x40 | 0x20 | 8  # prepick, senses double feeds; 8 bits of a sample
    struct.pack_into(">I", data, 0x22, product.memory)
    data[0x28] = 0x80 | 0x20 | 0x08 | 0x04 | 0x02 | 0x01  # position, read, set window, both diagnostics, scan
    data[0x29] = 0x80 | 0x20 | 0x10 | 0x08 | 0x04 | 0x02 | 0x01  # mode sense, release, reserve, mode select, …
    data[0x2B] = 0x04  # hardware status
    data[0x31] = 0x02  # scanner control
    data[0x53] = 255  # thresholds
    data[0x57] = 0x10  # one gamma of its own
    if product.long_page:
        data[0x28] |= 0x40  # send
        data[0x71] = HARDWARE_LONG
        data[0x7C] = 0x80 if product.card_slot else 0
    return bytes(data)


def _standard(product: Product) -> int:
    """Bit 8 is 200 ppi, the lowest bit is 1200."""
    low, high = (200, 180, 160, 150, 120, 100, 75, 60), (1200, 800, 600, 480, 400, 320, 300, 240)
    named = [sum(1 << bit for bit, ppi in enumerate(half) if ppi <= product.optical) for half in (low, high)]
    return named[0] << 8 | named[1]


def hardware(state: State, product: Product, *, flatbed: bool, function: int) -> bytes:
    """GET HARDWARE STATUS, as long as it can be."""
    data = bytearray(HARDWARE_LONG if product.long_page else HARDWARE_SIZE)
    data[3] = (0 if state.paper else 0x80) | (0x20 if state.cover_open else 0) | (0x02 if flatbed else 0)
    data[4] = (0x80 if state.asleep else 0) | _SWITCHES.get(state.button, 0)
    data[5] = function & 0x0F
    data[6] = 0x01 if state.double_fed else 0
    data[7] = 0x05 if state.fatal else 0
    if product.long_page:
        data[0x10] = 0x80  # the switch for its wireless network is on
    if product.battery is not None:
        data[0x11:0x13] = 0x80, product.battery
    return bytes(data)


def mode_page(code: int, kept: bytes, size: int) -> bytes:
    """MODE SENSE of one page: header and page, filled up to what was asked for."""
    page = bytes([code, 6]) + kept[:6].ljust(6, b"\0")
    return (bytes([size - 1, 0, 0, 0]) + page).ljust(size, b"\0")[:size]


def pixel_size(window: Window, rows: int, actual: int) -> bytes:
    """How large the image will be; `actual` rows once the sheet has passed, else 0."""
    width = window.width if actual else 0
    return struct.pack(">4I16x", window.width, rows, width, actual)


def identity(serial: str) -> bytes:
    """GET DEVICE ID: a number of four bytes."""
    digits = "".join(each for each in serial if each.isdigit())
    return struct.pack(">I6x", int(digits[-9:] or "0"))
