"""Which pixels of a source one page is made of, and how all of Canon's command sets write that. Pure.

Source: SANE pixma_mp150.c, pixma_imageclass.c (`send_scan_param`), pixma_common.c (the least that it asks for).
"""

import struct
from dataclasses import dataclass

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region
from drivers.contract.errors import ScanFailed

UNIT = 75  # lengths in the tables of models are in 1/75 inch
LEAST_PIXELS = 16  # either way; SANE assumes it of every model
_COLOR, _GRAY = 0x08, 0x04


@dataclass(frozen=True, slots=True)
class Area:
    """One page in pixels of its resolution; `skip` pixels of each line come before those wanted."""

    source: Source
    mode: Mode
    ppi: int
    left: int
    top: int
    width: int  # as it is sent
    height: int
    skip: int = 0
    passes: int = 1  # in how many parts a line comes, each of every so-many-th pixel

    @property
    def row_bytes(self) -> int:
        return self.mode.row_bytes(self.width)

    def packed(self, mark: int) -> bytes:
        """22 bytes; the mark is set in both resolutions."""
        return struct.pack(
            ">HHIIIIBB",
            self.ppi | mark,
            self.ppi | mark,
            self.left,
            self.top,
            self.width,
            self.height,
            _COLOR if self.mode is Mode.RGB24 else _GRAY,
            self.mode.bits,
        )


@dataclass(frozen=True, slots=True)
class Edges:
    """What was promised, in pixels."""

    left: int
    top: int
    width: int
    height: int


def edges(region: Region, ppi: int, source: tuple[int, int]) -> Edges:
    """Both edges rounded, so neighbours neither gap nor overlap. `source`: its width and height in pixels. Raises
    ScanFailed."""
    left, right, top, bottom = (
        round(mil * ppi / 1000) for mil in (region.x, region.x + region.width, region.y, region.y + region.height)
    )
    if left >= source[0] or top >= source[1]:
        raise ScanFailed("the region lies outside the scan area")
    return Edges(left, top, max(1, right - left), max(1, bottom - top))


def within(wanted: Edges, source: tuple[int, int]) -> Edges:
    """What can be asked for: at least so much as a scanner can, nothing beyond the source where that is avoidable."""
    across, down = source
    height = max(LEAST_PIXELS, min(wanted.height, down - wanted.top))
    width = max(LEAST_PIXELS, min(wanted.width, across - wanted.left))
    return Edges(wanted.left, max(0, min(wanted.top, down - height)), width, height)
