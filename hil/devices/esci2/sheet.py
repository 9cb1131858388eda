"""What comes of one sheet, or of the original on the glass: the answers to IMG in their order, and when each is ready.

Both sides of a sheet pass at once, so their pieces come by turns; a scanner of two passes sends one after the other.
The carriage runs ahead of the host by at most `AHEAD` pieces, then it waits: so a slow host slows the motor.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from hil.devices.esci2 import pixels, words
from hil.devices.esci2.parameters import Parameters
from hil.devices.esci2.product import Product

AHEAD = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer: its tokens and data, and how much of the page it completes."""

    back: bool
    tokens: bytes
    data: bytes
    rows: float  # that the carriage must pass for it
    percent: float
    last: bool = False  # of its page


class Sheet:
    """The pieces of one sheet."""

    def __init__(self, parameters: Parameters, product: Product, number: int, now: float) -> None:
        sides = [
            _page(parameters, product, number, back=back) for back in ((False, True) if parameters.duplex else (False,))
        ]
        self._pieces = _in_turn(sides) if product.passes == 1 else (piece for side in sides for piece in side)
        self._next: Piece | None = next(self._pieces, None)
        self._scanned_at = now
        self._taken: deque[float] = deque([now] * AHEAD, maxlen=AHEAD)
        self._ready_at: float | None = None

    @property
    def next(self) -> Piece | None:
        """What comes next; None: the sheet is done."""
        return self._next

    def ready_at(self, lines_per_second: float) -> float:
        """When that is ready; the speed counts from the piece's beginning."""
        if self._ready_at is None and self._next is not None:
            start = max(self._scanned_at, self._taken[0])
            self._ready_at = start + (self._next.rows / lines_per_second if lines_per_second else 0.0)
        return self._scanned_at if self._ready_at is None else self._ready_at

    def take(self, now: float) -> None:
        """It was handed over."""
        self._scanned_at = now if self._ready_at is None else self._ready_at
        self._ready_at = None
        self._taken.append(now)
        self._next = next(self._pieces, None)


def _in_turn(sides: list[Iterator[Piece]]) -> Iterator[Piece]:
    for together in zip_longest(*sides):
        yield from (piece for piece in together if piece is not None)


def _page(parameters: Parameters, product: Product, number: int, *, back: bool) -> Iterator[Piece]:
    width, asked = parameters.area[2], parameters.area[3]
    height = pixels.height(parameters, product)
    _, padding = pixels.row_bytes(parameters, product)
    side = words.token("typ", "IMGB" if back else "IMGA")
    coded = parameters.coded
    begin = words.token("pst", *map(words.long, (width, 0 if coded else padding, asked))) + side
    data = _jpeg(parameters, product, number, back=back) if coded else _rows(parameters, product, number, back=back)
    done = 0.0
    for chunk, share in data:
        done = min(1.0, done + share)
        yield Piece(back, begin or side, chunk, height * share, 100.0 * done)
        begin = b""
    yield Piece(back, words.token("pen", *map(words.long, (width, height))) + side, b"", 0.0, 100.0, last=True)


def _rows(parameters: Parameters, product: Product, number: int, *, back: bool) -> Iterator[tuple[bytes, float]]:
    """Pieces of the size that the host wants, wherever that cuts a row."""
    total = pixels.height(parameters, product) * sum(pixels.row_bytes(parameters, product))
    held = bytearray()
    for row in pixels.rows(parameters, product, number, back=back):
        held += row
        while len(held) >= parameters.chunk:
            yield bytes(held[: parameters.chunk]), parameters.chunk / total
            del held[: parameters.chunk]
    if held:
        yield bytes(held), len(held) / total


def _jpeg(parameters: Parameters, product: Product, number: int, *, back: bool) -> Iterator[tuple[bytes, float]]:
    data = pixels.jpeg(parameters, product, number, back=back)
    for start in range(0, len(data), parameters.chunk):
        piece = data[start : start + parameters.chunk]
        yield piece, len(piece) / len(data)
