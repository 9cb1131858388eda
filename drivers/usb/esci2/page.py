"""One page on its way from the scanner's bytes to what the contract promises.

Rows lose the bytes that fill them up, get exactly the width and height that were promised, and are turned where the
scanner sends backs upside down. A JPEG is handed on as it is; of one that may end early the height in its head is set
right when it is known. What is not yet its turn is put aside.
"""

from collections.abc import Iterator

from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded, Page, Raster
from drivers.usb.esci.rows import Rows
from drivers.usb.esci2 import wire
from drivers.usb.esci2.aside import Aside
from drivers.usb.esci2.jpeg import with_height
from drivers.usb.esci2.parameters import Parameters
from drivers.usb.esci2.wire import PageStart

_HEAD_BYTES = 64 * 1024  # in which the frame of a JPEG must be found


class PageOnItsWay:
    """Bytes in by `add`, whole rows or JPEG out by `ready`. `held`: nothing is ready before the page is `over`."""

    def __init__(self, asked: Parameters, start: PageStart, *, back: bool, turned: bool, truncates: bool) -> None:
        """`turned`: it comes upside down; `truncates`: it may be shorter than its beginning says."""
        self._asked = asked
        self._start = start
        self._back = back
        self._turned = turned and not asked.coded
        self._held = self._turned or (asked.coded and truncates)
        self._rows = None if asked.coded else Rows(asked.mode, start.width, asked.wanted, asked.height)
        self._row_bytes = asked.mode.row_bytes(start.width)
        self._rest = b""
        self._aside = Aside()
        self._received = 0
        self.over = False

    @property
    def header(self) -> Page:
        """As the contract announces it."""
        asked = self._asked
        if asked.coded:
            return Encoded("jpeg", iter(()), self._back)
        return Raster(asked.wanted, asked.height, asked.mode, asked.resolution, iter(()), self._back)

    @property
    def percent(self) -> int | None:
        """How much of it has come; a JPEG does not tell."""
        total = (self._row_bytes + self._start.padding) * (self._start.height or self._asked.height)
        return None if self._asked.coded or not total else min(100, self._received * 100 // total)

    @property
    def begins(self) -> bool:
        """Whether anything can be handed over yet."""
        return self.over or not self._held

    def add(self, data: bytes) -> None:
        self._received += len(data)
        if self._rows is not None:
            data = self._unpadded(data)
            data = data if self._turned else self._rows.add(data)
        if data:
            self._aside.put(data)

    def passing(self, data: bytes) -> bytes:
        """`add` and `ready` in one, for a page whose turn it is and that is not held: nothing is put aside."""
        self._received += len(data)
        return data if self._rows is None else self._rows.add(self._unpadded(data))

    def end(self, size: tuple[int, int]) -> None:
        """The scanner has sent it all; `size` as it was scanned."""
        self._start = PageStart(self._start.width, self._start.padding, size[1] or self._start.height)
        self.over = True

    def ready(self) -> Iterator[bytes]:
        """What was put aside, and when it is over what is still promised."""
        if self._turned and self._rows is not None:
            for piece in self._aside.backwards():
                yield self._rows.add(_turned(piece, self._asked.mode))
        elif self._held:
            yield from self._coded()
        else:
            yield from self._aside.taken()
        if self.over and self._rows is not None and (white := self._rows.padding()):
            yield white

    def close(self) -> None:
        """It will not be handed over."""
        self._aside.close()

    def _coded(self) -> Iterator[bytes]:
        pieces, head = self._aside.taken(), b""
        for piece in pieces:
            head += piece
            if (changed := with_height(head, self._start.height)) is not None:
                yield changed
                yield from pieces
                return
            if len(head) > _HEAD_BYTES:
                break
        raise wire.garbled("a JPEG", head)

    def _unpadded(self, data: bytes) -> bytes:
        """Whole rows without the bytes that fill them up."""
        size = self._row_bytes + self._start.padding
        data = self._rest + data
        whole = len(data) // size * size
        self._rest = data[whole:]
        if not self._start.padding:
            return data[:whole]
        return b"".join(data[at : at + self._row_bytes] for at in range(0, whole, size))


def _turned(rows: bytes, mode: Mode) -> bytes:
    """Rows in the other order, each from its other end; rows of LINEART have whole bytes of pixels here."""
    if mode is Mode.LINEART:
        return rows[::-1].translate(_MIRRORED)
    pixel = mode.bits // 8
    result = bytearray(len(rows))
    for byte in range(pixel):
        result[byte::pixel] = rows[byte::pixel][::-1]
    return bytes(result)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
