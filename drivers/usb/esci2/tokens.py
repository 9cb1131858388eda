"""The token language of ESC/I-2: `#TAG` and its values, in groups of four bytes. Pure.

A value is a word of four characters, a number (`d` and 3 decimal digits, `i` and 7, `x` and 7 hexadecimal ones) or
`h`, 3 hexadecimal digits and so many bytes, filled up to a multiple of four. `#---` ends. Bytes in `h` may be `#`, so a
block is read from its beginning in steps, never searched. What is no token is passed over up to the next one.
Facts: SANE epsonds (the commands), utsushi (the grammar, and what a dozen scanners answered).
"""

from collections.abc import Iterator
from dataclasses import dataclass

END = "---"
MOST_TOKENS = 1000  # of one block; the longest known (RESA) has 24

Value = int | str | bytes


@dataclass(frozen=True, slots=True)
class Token:
    """`tag` has three characters (`PRD`, `FB `)."""

    tag: str
    values: tuple[Value, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Its words of four characters, in order."""
        return tuple(value for value in self.values if isinstance(value, str))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its numbers, in order."""
        return tuple(value for value in self.values if isinstance(value, int))

    @property
    def text(self) -> str:
        """Its bytes as printable ASCII; scanners fill up with blanks or zeros, or give a length that is too small."""
        data = b"".join(value for value in self.values if isinstance(value, bytes))
        return "".join(chr(byte) for byte in data if 0x20 <= byte < 0x7F).strip()


def read(block: bytes) -> Iterator[Token]:
    """The tokens of a block, as far as they can be read."""
    at = block.find(b"#")
    for _ in range(MOST_TOKENS):
        if at < 0 or at + 4 > len(block):
            return
        tag = block[at + 1 : at + 4].decode("latin-1")
        if tag == END:
            return
        at += 4
        values: list[Value] = []
        while at + 4 <= len(block) and block[at : at + 1] not in (b"#", b"\0"):
            value, at = _value(block, at)
            values.append(value)
        yield Token(tag, tuple(values))
        if block[at : at + 1] != b"#":
            at = block.find(b"#", at)


def number(value: int) -> bytes:
    """A number, written as short as it can be."""
    if 0 <= value < 1000:
        return b"d%03d" % value
    return b"i%07d" % value


def _value(block: bytes, at: int) -> tuple[Value, int]:
    kind = block[at : at + 1]
    for size, letter, base in ((4, b"d", 10), (8, b"i", 10), (8, b"x", 16)):
        if kind == letter and (found := _integer(block[at + 1 : at + size], size - 1, base)) is not None:
            return found, at + size
    if kind == b"h" and (length := _integer(block[at + 1 : at + 4], 3, 16)) is not None:
        return block[at + 4 : at + 4 + length], at + 4 + -(-length // 4) * 4
    return block[at : at + 4].decode("latin-1"), at + 4


def _integer(digits: bytes, size: int, base: int) -> int | None:
    if len(digits) != size or not digits.removeprefix(b"-").isalnum():
        return None
    try:
        return int(digits, base)
    except ValueError:
        return None
