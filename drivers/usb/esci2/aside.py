"""What of a page cannot be handed over yet, put aside in a file without a name: deflated, bounded.

The two sides of a sheet come mixed, and are to be read one after the other.
"""

import zlib
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

from drivers.contract.errors import ScanFailed

MOST_BYTES = 512 * 1024 * 1024  # on the disk: a page of A3 in colour at 600 ppi that does not deflate has 209 MB
_LEVEL = 1  # it is read again within seconds


class Aside:
    """Pieces, in order. The file is made by the first of them."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._sizes: list[int] = []
        self._total = 0

    def put(self, piece: bytes) -> None:
        """Raises ScanFailed when there is no more room."""
        packed = zlib.compress(piece, _LEVEL)
        self._total += len(packed)
        if self._total > MOST_BYTES:
            raise ScanFailed("the other side of the sheet is too large to be put aside")
        try:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115  # close()
            self._file.write(packed)
        except OSError as err:
            raise ScanFailed(f"the other side of the sheet cannot be put aside: {err.strerror}") from err
        self._sizes.append(len(packed))

    def taken(self) -> Iterator[bytes]:
        """All pieces, the first one first; then it is empty and its file gone."""
        if self._file is not None:
            self._file.seek(0)
            for size in self._sizes:
                yield zlib.decompress(self._file.read(size))
        self.close()

    def backwards(self) -> Iterator[bytes]:
        """All pieces, the last one first."""
        if self._file is not None:
            at = self._total
            for size in reversed(self._sizes):
                at -= size
                self._file.seek(at)
                yield zlib.decompress(self._file.read(size))
        self.close()

    def close(self) -> None:
        """Give the room back; may be called twice."""
        self._sizes.clear()
        self._total = 0
        if self._file is not None:
            self._file.close()
            self._file = None
