"""The token language as the scanner speaks it: `#TAG`, words of four characters, numbers, bytes after their length.

Everything is a multiple of four bytes. Source: SANE epsonds, utsushi's grammar and the answers it has on record.
"""

import re
from collections.abc import Iterator

Value = int | str | bytes

REQUEST = re.compile(rb"[A-Z0-9 ]{4}x[0-9A-Fa-f]{7}")  # epsonds writes small letters
_NUMBER = {b"d"[0]: (4, 10), b"i"[0]: (8, 10), b"x"[0]: (8, 16)}


def token(tag: str, *values: Value) -> bytes:
    """`token("ADF", "AREA", 850, 1400)`: numbers below 1000 are written short, as newer scanners do."""
    return b"#" + tag.encode().ljust(3) + b"".join(map(_coded, values))


def long(number: int) -> str:
    """A number in its long form, as pages are told: SANE's epsonds reads no other mixture rightly."""
    return f"i{number:07d}"


def _coded(value: Value) -> bytes:
    match value:
        case bytes():
            return b"h%03X" % len(value) + value + bytes(-len(value) % 4)
        case int():
            return b"d%03d" % value if 0 <= value < 1000 else b"i%07d" % value
        case str():
            return value.encode()


def head(code: bytes, tokens: bytes, size: int = 0) -> bytes:
    """The 64 bytes before an answer's data."""
    return (b"%sx%07X%s#---" % (code, size, tokens)).ljust(64, b"\0")[:64]


def read(block: bytes) -> Iterator[tuple[str, list[Value]]] | None:
    """A parameter block; None when it is none."""
    found: list[tuple[str, list[Value]]] = []
    at = 0
    try:
        while at < len(block):
            quad = block[at : at + 4]
            if quad[:1] == b"#":
                found.append((quad[1:4].decode(), []))
                at += 4
            elif quad[0] in _NUMBER and quad[1:].isdigit():
                size, base = _NUMBER[quad[0]]
                found[-1][1].append(int(block[at + 1 : at + size], base))
                at += size
            elif quad[:1] == b"h" and re.fullmatch(rb"[0-9A-Fa-f]{3}", quad[1:]):
                length = int(quad[1:], 16)
                found[-1][1].append(block[at + 4 : at + 4 + length])
                at += 4 + length + -length % 4
            else:
                found[-1][1].append(quad.decode())
                at += 4
    except (IndexError, ValueError):
        return None
    return iter(found)
