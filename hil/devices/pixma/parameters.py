"""What the host asks to be scanned: the data of DE20 (generations 1 and 2) and of D820 (3 and later).

Both say the same in the same order, at other places. Source: SANE pixma_mp150.c, `send_scan_param`.
"""

import struct
from dataclasses import dataclass

from hil.devices.pixma.product import Product

RESOLUTION_MARK = 0x8000  # set in both resolutions
GRAY, COLOR = 0x04, 0x08
OLD, OLD_BYTES = 0x04, 0x30
NEW, NEW_BYTES = 0x08, 0x38
FEEDER = 2
DUPLEX = 3
LEAST = 16  # pixels either way; SANE assumes it of every model


@dataclass(frozen=True, slots=True)
class Parameters:
    """One page; positions and lengths are pixels at its resolution."""

    ppi: int
    left: int
    top: int
    width: int
    height: int
    colored: bool
    feeder: bool
    duplex: bool

    @property
    def samples(self) -> int:
        """Bytes of one pixel."""
        return 3 if self.colored else 1

    @property
    def row_bytes(self) -> int:
        return self.width * self.samples

    @property
    def bytes(self) -> int:
        """Of the whole page."""
        return self.row_bytes * self.height


def old(data: bytes, source: bytes, product: Product) -> Parameters | None:
    """DE20, after DD20 with `source`; None: not such a scan."""
    if len(data) != OLD_BYTES or not source:
        return None
    return _read(data, OLD, feeder=source[0] == FEEDER, duplex=False, product=product)


def new(data: bytes, product: Product) -> Parameters | None:
    """D820; None: not such a scan."""
    if len(data) != NEW_BYTES:
        return None
    return _read(data, NEW, feeder=data[0] == FEEDER, duplex=data[2] == DUPLEX, product=product)


def _read(data: bytes, at: int, *, feeder: bool, duplex: bool, product: Product) -> Parameters | None:
    across, down, left, top, width, height, kind, bits = struct.unpack_from(">HHIIIIBB", data, at)
    ppi = across & ~RESOLUTION_MARK
    found = Parameters(ppi, left, top, width, height, kind == COLOR, feeder, duplex)
    if across != down or not across & RESOLUTION_MARK or kind not in (GRAY, COLOR) or bits != 8 * found.samples:
        return None
    return found if _possible(found, product) else None


def _possible(wanted: Parameters, product: Product) -> bool:
    """Whether this scanner can do it. Lines are padded to 32 pixels, and so may reach beyond the area by as many."""
    length = product.feeder if wanted.feeder else product.platen
    right, bottom = product.width * wanted.ppi // 75, length * wanted.ppi // 75
    multiple = 32 if product.generation > 1 else 4 if wanted.colored else 12
    return (
        wanted.ppi % 75 == 0
        and wanted.ppi // 75 in (1, 2, 4, 8, 16, 32, 64)
        and wanted.ppi <= product.optical
        and wanted.width % multiple == 0
        and wanted.width >= LEAST
        and wanted.left + wanted.width <= right + 2 * 32
        and LEAST <= wanted.height <= bottom - wanted.top
        and (product.duplex or not wanted.duplex)
    )
