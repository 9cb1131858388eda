"""A line as one big number, its remainder modulo a prime, and from that what a changed line was before.

Where only a few bytes in a row were changed, those that were there can be had back: what the front must have left is
reckoned forward byte by byte, what must have stood before the rest is reckoned backward from the remainder, and
what lies between is the number that is missing. A wrong find needs one chance in 2^64 divided by the places and bytes
that are tried, and would have to be a line of a tape as well.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Final

from pydantic import ValidationError

from hil.tape.records import RECORD, Header

LINE_BREAK: Final = b"\n"
# The first prime from 2^64 divided by the golden ratio. In a line that is searched no two different changes of one byte
# leave the same remainder, which was tried out for all; it is not so of 2^64 - 59, where 256^8 is as little as 59.
PRIME: Final = 0x9E3779B97F4A7C55
_INVERSE: Final = pow(256, -1, PRIME)
WIDEST: Final = 4  # bytes in a row that are looked for
SEARCHED: Final = 256 * 1024  # bytes of a line; of a longer one only that it was changed is said
# How many bytes stand there now and how many did then: few before many.
_SIZES: Final = sorted(set(product(range(WIDEST + 1), repeat=2)) - {(0, 0)}, key=lambda each: (max(each), sum(each)))


@dataclass(frozen=True, slots=True)
class Before:
    """What a changed line was."""

    at: int  # the first byte that is another
    was: bytes
    now: bytes
    line: bytes


def remainder(line: bytes) -> int:
    """Of the line as a number, with a 1 in front, so that zeros count there too."""
    return int.from_bytes(b"\x01" + line) % PRIME


def before(line: bytes, then: int) -> Before | None:
    """What the line was when its remainder was `then`; None where more was changed than can be told."""
    if len(line) > SEARCHED:
        return None
    return next((found for found in _tried(line, then) if _is_one(found.line)), None)


def _tried(line: bytes, then: int) -> Iterator[Before]:
    front = _fronts(line)
    # back[n]: the remainder of all that stood before line[n:]
    back = [*accumulate(reversed(line), lambda rest, byte: (rest - byte) * _INVERSE % PRIME, initial=then)][::-1]
    for now, was in _SIZES:
        for at in range(len(line) - now + 1):
            missing = (back[at + now] - (front[at] << 8 * was)) % PRIME
            if missing < 1 << 8 * was:
                put = missing.to_bytes(was)
                yield Before(at, put, line[at : at + now], line[:at] + put + line[at + now :])


def two(line: bytes, first: int, second: int) -> Before | None:
    """The same where two lines became one, because something stands for the line break between them, or nothing."""
    for at, rest in enumerate(_fronts(line)):
        if rest == first:
            for now in (line[at : at + 1], b""):
                if remainder(line[at + len(now) :]) == second:
                    return Before(at, LINE_BREAK, now, line[:at] + LINE_BREAK + line[at + len(now) :])
    return None


def _fronts(line: bytes) -> list[int]:
    """The remainders of line[:0], line[:1], …"""
    return list(accumulate(line, lambda rest, byte: (rest * 256 + byte) % PRIME, initial=1))


def _is_one(line: bytes) -> bool:
    """Whether a tape may say that: its first line or a record."""
    for read in (RECORD.validate_json, Header.model_validate_json):
        with suppress(ValidationError):
            read(line)
            return True
    return False
