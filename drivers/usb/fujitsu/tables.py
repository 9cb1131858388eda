"""JPEG's quantisation tables, as a scanner takes them that wants them although it compresses nothing. Pure.

ISO/IEC 10918-1 (T.81) Annex K, tables K.1 and K.2, in the order of its figure A.6. Facts on the scanner: SANE fujitsu
(`send_q_table`), whose tables are these at three tenths.
"""

import struct
from typing import Final

_LUMINANCE: Final = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE: Final = (
    *(17, 18, 24, 47, 99, 99, 99, 99),
    *(18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99),
    *(99,) * 32,
)
_SIDE: Final = 8


def quantisation() -> bytes:
    """Header and both tables: the parameters of SEND."""
    both = [bytes(table[at] * 3 // 10 for at in _zigzag()) for table in (_LUMINANCE, _CHROMINANCE)]
    return struct.pack(">4xHH2x", *map(len, both)) + b"".join(both)


def _zigzag() -> list[int]:
    """Places of a block from the lowest frequency on: along its diagonals, up and down in turn."""

    def order(at: int) -> tuple[int, int]:
        row, column = divmod(at, _SIDE)
        diagonal = row + column
        return diagonal, row if diagonal % 2 else column

    return sorted(range(_SIDE * _SIDE), key=order)
