"""ESC/I-2 as bytes: tokens, heads, tables and conditions. Samples by hand, after what utsushi has on record."""

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci2 import observe, wire
from drivers.usb.esci2.jpeg import with_height
from drivers.usb.esci2.observe import Condition
from drivers.usb.esci2.tokens import Token, number, read
from drivers.usb.esci2.wire import Fault, PageStart


def head(text: bytes, code: bytes = b"IMG ", size: int = 0) -> wire.Head:
    return wire.head((b"%sx%07X" % (code, size) + text).ljust(64, b"\0"))


def tokens(block: bytes) -> list[Token]:
    return list(read(block))


def test_a_request_has_twelve_bytes():
    assert wire.request(b"FIN ") == b"FIN x0000000"
    assert wire.request(b"PARA", 364) == b"PARAx000016C"


def test_numbers_have_three_forms():
    [token] = tokens(b"#XYZd017i0001234i-000020x000FFFF")
    assert token.numbers == (17, 1234, -20, 65535)


def test_words_and_flags_are_kept_apart():
    assert tokens(b"#ADFALGNCNTR#ADFPREF#DLS") == [
        Token("ADF", ("ALGN", "CNTR")),
        Token("ADF", ("PREF",)),
        Token("DLS"),
    ]


def test_bytes_may_be_anything_and_are_filled_up_to_four():
    block = b"#GMTRED h005#---\x00\xaa\xbb\xcc#VERh003abc\0#---#LOST"
    assert tokens(block) == [Token("GMT", ("RED ", b"#---\0")), Token("VER", (b"abc",))]


def test_text_is_without_what_fills_it():
    [token] = tokens(b"#PRDh010PID 08BC        #---")
    assert token.text == "PID 08BC"


def test_what_is_no_token_is_passed_over():
    assert [token.tag for token in tokens(b"\0\0\0\0rubbish#PRDh004DS-4")] == ["PRD"]


def test_a_number_is_written_as_short_as_it_can_be():
    assert [number(0), number(999), number(1000)] == [b"d000", b"d999", b"i0001000"]


def test_a_head_tells_where_a_page_begins():
    found = head(b"#psti0000256i0000002i0000945#typIMGB#---", size=0x1234)
    assert (found.size, found.start, found.back) == (0x1234, PageStart(256, 2, 945), True)


@pytest.mark.parametrize("text", [b"#peni0001696i0002347#lftd000", b"#pend696i0002347#lftd000"])
def test_a_head_tells_where_a_page_ends_and_how_many_are_left(text: bytes):
    found = head(text + b"#---")
    assert found.end is not None
    assert found.end[1] == 2347
    assert found.left == 0


def test_a_head_tells_all_its_troubles():
    found = head(b"#errADF PJ  #errFB  LOCK#---")
    assert found.faults == (Fault("ADF ", "PJ  "), Fault("FB  ", "LOCK"))


def test_a_head_tells_cancel_busy_and_refusal():
    assert head(b"#atnCAN #---").cancel
    assert not head(b"#atnNONE#---").cancel
    assert head(b"#nrdBUSY#---").not_ready == "BUSY"
    assert head(b"#nrdNONE#---").not_ready == ""
    assert head(b"#parFAIL#---").parameters == "FAIL"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"IMG x0000000".ljust(63, b"\0"),
        b"IMG y0000000".ljust(64, b"\0"),
        b"IMG x00000z0".ljust(64, b"\0"),
        b"IMG x0010001".ljust(64, b"\0"),  # 64 kB and one byte
        b"\xff" * 64,
    ],
)
def test_what_is_no_head_is_garbled(data: bytes):
    with pytest.raises(DeviceGarbled):
        wire.head(data)


KINDS = {
    "OPN ": TroubleKind.COVER_OPEN,
    "PJ  ": TroubleKind.JAM,
    "DFED": TroubleKind.DOUBLE_FEED,
    "LTF ": TroubleKind.LAMP_FAILED,
    "LOCK": TroubleKind.INTERLOCK_OPEN,
    "DTCL": TroubleKind.INTERLOCK_OPEN,
    "ERR ": TroubleKind.ATTENTION,
    "AUT ": TroubleKind.ATTENTION,
    "PERM": TroubleKind.ATTENTION,
    "BTLO": TroubleKind.ATTENTION,
    "WHAT": TroubleKind.ATTENTION,  # nobody knows it
}


@pytest.mark.parametrize(("unit", "where"), [("ADF ", Unit.FEEDER), ("FB  ", Unit.PLATEN), ("TPU ", Unit.FILM)])
@pytest.mark.parametrize("cause", KINDS)
def test_every_trouble_of_every_unit_is_told(unit: str, where: Unit, cause: str):
    seen = observe.condition(head(b"#---", b"STAT"), tuple(read(f"#ERR{unit}{cause}".encode())))
    snapshot = observe.idle(seen, feeder=True)
    assert snapshot.readiness is Readiness.STOPPED
    assert snapshot.troubles == {Trouble(KINDS[cause], where)}
    assert snapshot.feeder is Feeder.LOADED
    assert snapshot.explanation


def test_an_empty_feeder_is_no_trouble():
    seen = observe.condition(head(b"#---", b"STAT"), tuple(read(b"#ERRADF PE  ")))
    snapshot = observe.idle(seen, feeder=True)
    assert (snapshot.readiness, snapshot.feeder, snapshot.troubles) == (Readiness.IDLE, Feeder.EMPTY, frozenset())


@pytest.mark.parametrize("word", ["WUP ", "WUD "])
def test_a_lamp_that_warms_is_told_in_either_spelling(word: str):
    snapshot = observe.idle(Condition(not_ready=word), feeder=False)
    assert snapshot.readiness is Readiness.WARMING
    assert snapshot.troubles == {Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN)}
    assert snapshot.feeder is Feeder.UNKNOWN


def test_a_reserved_scanner_is_busy():
    assert observe.idle(Condition(not_ready="RSVD"), feeder=True).readiness is Readiness.BUSY


def test_of_a_button_only_the_event_counts():
    seen = observe.condition(head(b"#---", b"STAT"), tuple(read(b"#PB d178")))  # 0xb2: event 2, duplex, a size
    assert seen.event == 2


def test_the_height_of_a_jpeg_is_set_where_its_frame_is():
    begin = b"\xff\xd8\xff\xe0\x00\x04ab"
    frame = b"\xff\xc0\x00\x11\x08\xff\xff\x03\x52\x03rest"
    assert with_height(begin + frame, 169) == begin + b"\xff\xc0\x00\x11\x08\x00\xa9\x03\x52\x03rest"
    assert with_height(begin + frame[:6], 169) is None
    assert with_height(begin + b"\xff\xda\x00\x04ab", 169) is None
