"""Whatever bytes an ESC/I-2 scanner sends, a decoder answers or says that they are wrong; nothing else."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.errors import DeviceGarbled
from drivers.usb.esci2 import observe, tokens, wire
from drivers.usb.esci2.jpeg import with_height
from hil.devices.esci2 import words

_QUADS = st.sampled_from(
    [b"#ERR", b"#PB ", b"#pst", b"#---", b"ADF ", b"PE  ", b"h", b"h003", b"d01", b"i00000", b"x", b"#"]
)
_BLOCKS = st.one_of(st.binary(max_size=200), st.lists(_QUADS, max_size=30).map(b"".join))


@given(_BLOCKS)
def test_tokens(block: bytes) -> None:
    found = tuple(tokens.read(block))
    assert len(found) <= block.count(b"#")
    observe.idle(observe.Condition(wire.faults(found, "ERR")), feeder=True)
    for token in found:
        assert token.text.isascii()


@given(_BLOCKS, st.integers(0, 70))
def test_heads(block: bytes, size: int) -> None:
    for sample in (block, (b"IMG x0000000" + block).ljust(64, b"\0")[:size]):
        with suppress(DeviceGarbled):
            head = wire.head(sample)
            assert 0 <= head.size <= wire.MAX_TABLE
            observe.idle(observe.condition(head), feeder=False)


@given(st.binary(max_size=60), st.integers(0, 10**7))
def test_jpeg_heads(data: bytes, height: int) -> None:
    for sample in (data, b"\xff\xd8\xff\xc0" + data):
        changed = with_height(sample, height)
        assert changed is None or len(changed) == len(sample)


@given(st.integers(0, 9_999_999), st.text("ABC", min_size=4, max_size=4), st.binary(max_size=40))
def test_what_the_simulated_scanner_writes_the_driver_reads(number: int, word: str, data: bytes) -> None:
    [token] = tokens.read(words.token("XYZ", number, word, data))
    assert token.values == (number, word, data)
