"""Whichever byte of a tape is changed into whatever other, its line and its place in it are named."""

import re
from itertools import accumulate, repeat

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hil.tape import remainder, seal
from hil.tape.seal import By

LINES = (
    '{"tape": 2, "devices": [{"lane": "usb", "name": "usb1", "ids": "04b8:012b"}], "wall": "2026-11-21T09:00:00Z"}',
    '{"t": 0.1, "kind": "usb", "device": "usb1", "transfer": "bulk", "endpoint": "02", "hex": "1c 46", "text": "FS F"}',
    '{"t": 0.2, "kind": "snmp", "device": "snmp1", "request": "get", "oids": ["1.3"], "binds": [["1.3", "text", "a"]]}',
    '{"t": 0.3, "kind": "answered", "device": "http1", "exchange": 1, "status": 200, "text": "<a>é</a>", "last": true}',
    '{"t": 0.4, "kind": "note", "text": "the recording ended"}',
)
TAPE = b"\n".join([*(each.encode() for each in LINES), seal.sealing([each.encode() for each in LINES], By.RECORDER)])


def change(tape: bytes) -> str | None:
    sealed = seal.split(tape.split(b"\n"))
    assert sealed is not None
    return sealed.change


def place(at: int) -> tuple[str, str]:
    begins = TAPE.rfind(b"\n", 0, at) + 1
    number = TAPE.count(b"\n", 0, at) + 1
    return f"line {number}: ", f"byte {at - begins + 1} of the line"


@given(st.integers(0, len(TAPE) - 1), st.integers(1, 255))
@settings(max_examples=400)
def test_a_byte_that_is_another_is_named(at: int, difference: int) -> None:
    line, byte = place(at)
    said = change(TAPE[:at] + bytes([TAPE[at] ^ difference]) + TAPE[at + 1 :])
    assert said is not None
    assert said.startswith(line)
    assert byte in said


def test_at_no_place_a_change_passes() -> None:
    for at in range(len(TAPE)):
        line, byte = place(at)
        said = change(TAPE[:at] + bytes([TAPE[at] ^ 1]) + TAPE[at + 1 :])
        assert said is not None, at
        assert said.startswith(line), at
        assert byte in said, at


@given(st.integers(0, len(TAPE) - 1), st.binary(max_size=4), st.integers(0, 4))
@example(0, b"\0", 0)
@settings(max_examples=300)
def test_whatever_stands_for_up_to_four_bytes_is_noticed_in_its_line(at: int, put: bytes, gone: int) -> None:
    tape = TAPE[:at] + put + TAPE[at + gone :]
    said = change(tape)
    assert (said is None) == (tape == TAPE)
    if said is not None:
        first = next(n for n, (one, other) in enumerate(zip(tape + b"\0", TAPE + b"\0", strict=False)) if one != other)
        assert re.match(r"line \d+: ", said)
        assert abs(int(said[5 : said.index(":")]) - TAPE.count(b"\n", 0, first) - 1) <= 1


def test_no_two_changes_of_one_byte_leave_the_same_remainder() -> None:
    # c * 256^i and d * 256^j are the same where 256^(j - i) is c / d
    prime = remainder.PRIME
    ratios = {sign * c * pow(d, -1, prime) % prime for c in range(1, 256) for d in range(1, 256) for sign in (1, -1)}
    powers = accumulate(repeat(256, remainder.SEARCHED), lambda power, base: power * base % prime)
    assert ratios.isdisjoint(powers)
