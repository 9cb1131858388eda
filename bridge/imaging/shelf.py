"""Pieces of a page put aside, deflated, to be taken again in another order."""

import zlib
from array import array

from bridge.imaging.spool import Spool

_LEVEL = 1  # the spool is there for minutes at most


def packed(piece: bytes) -> bytes:
    """A piece as it is put aside; zlib works beside others."""
    return zlib.compress(piece, _LEVEL)


class Shelf:
    """Numbered from 0 in the order in which they were put. The spool is its own."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._ends = array("Q", [0])

    def put(self, piece: bytes) -> None:
        """`piece` is packed. Raises SpoolFull."""
        self._spool.append(piece)
        self._ends.append(self._spool.size)

    def take(self, number: int) -> bytes:
        """The piece, unpacked."""
        start, end = self._ends[number], self._ends[number + 1]
        return zlib.decompress(self._spool.read(start, end - start))

    def __len__(self) -> int:
        return len(self._ends) - 1
