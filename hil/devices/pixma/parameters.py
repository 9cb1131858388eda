"""What the host asks to be scanned, which all command sets say in the same 22 bytes, at other places.

Source: SANE pixma_mp150.c, pixma_imageclass.c, `send_scan_param`.
"""

import struct
from dataclasses import dataclass

from hil.devices.pixma.product import Product

GRAY, COLOR = 0x04, 0x08
BYTES = 22
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


def read(data: bytes, mark: int, *, feeder: bool, duplex: bool, product: Product) -> Parameters | None:
    """From the 22 bytes that all command sets have in common; `mark` is set in both resolutions. None: not such a
    scan."""
    across, down, left, top, width, height, kind, bits = struct.unpack(">HHIIIIBB", data)
    ppi = across & ~mark
    found = Parameters(ppi, left, top, width, height, kind == COLOR, feeder, duplex)
    if across != down or not across & mark or kind not in (GRAY, COLOR) or bits != 8 * found.samples:
        return None
    return found if _possible(found, product) else None


def _possible(wanted: Parameters, product: Product) -> bool:
    """Whether this scanner can do it. Lines are padded to 32 pixels, and so may reach beyond the area by as many."""
    length = product.feeder if wanted.feeder else product.platen
    right, bottom = product.width * wanted.ppi // 75, length * wanted.ppi // 75
    multiple = product.step(colored=wanted.colored)
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
