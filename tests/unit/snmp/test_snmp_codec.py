"""Octets by hand from X.690 and RFC 3416, so that agent and driver do not vouch for each other."""

import pytest

from hil.snmp.agent import answer
from hil.snmp.ber import Tag, Typed, decode_integer, decode_oid, encode, encode_oid, unwrap
from hil.snmp.message import Pdu, Request, Version, parse, response
from hil.snmp.mib import Mib, oid, read_line

SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)
# A v2c GET of sysDescr.0, community public, request-id 1.
GET = bytes.fromhex("3026 020101 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010100 0500")
# The same from a v1 manager.
GET_V1 = GET[:4] + b"\0" + GET[5:]


def test_a_get_is_read() -> None:
    assert parse(GET) == Request(Version.V2C, b"public", Pdu.GET, 1, 0, 0, (SYS_DESCR,))


def test_an_answer_is_written() -> None:
    assert response(parse(GET), [(SYS_DESCR, Typed(Tag.OCTETS, b"hi"))]) == bytes.fromhex(
        "3028 020101 0406 7075626c6963 a21b 020101 020100 020100 3010 300e 0608 2b06010201010100 0402 6869"
    )


@pytest.mark.parametrize(
    ("typed", "octets"),
    [
        (Typed(Tag.INTEGER, 0), "020100"),
        (Typed(Tag.INTEGER, 127), "02017f"),
        (Typed(Tag.INTEGER, 128), "02020080"),
        (Typed(Tag.INTEGER, -1), "0201ff"),
        (Typed(Tag.COUNTER32, 2**32 - 1), "410500ffffffff"),
        (Typed(Tag.COUNTER64, 2**64 - 1), "460900ffffffffffffffff"),
        (Typed(Tag.OID, (1, 3, 6, 1, 4, 1, 2435)), "06072b060104019303"),
        (Typed(Tag.OID, (0, 0)), "060100"),
        (Typed(Tag.IP_ADDRESS, b"\xff\xff\xff\0"), "4004ffffff00"),
        (Typed(Tag.NO_SUCH_OBJECT), "8000"),
        (Typed(Tag.OCTETS, b"x" * 200), "0481c8" + "78" * 200),
    ],
)
def test_values_are_written_as_x690_says(typed: Typed, octets: str) -> None:
    assert encode(typed).hex() == octets


def test_object_identifiers_come_back() -> None:
    for name in ((1, 3, 6, 1, 4, 1, 11), (2, 999, 3), (0, 0), (1, 3, 4294967295)):
        assert decode_oid(encode_oid(name)) == name


@pytest.mark.parametrize("bad", [b"", b"\x30", b"\x30\x85\0\0\0\0\1", b"\x30\x05\2", GET[:-1], GET + b"\0", b"\2\1\1"])
def test_garbage_is_silence(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(bad)
    assert answer(bad, Mib({}), b"public") is None


def test_broken_numbers_and_names_are_value_errors() -> None:
    for bad in (b"", b"\x81", b"\x8f\xff\xff\xff\xff\x7f"):
        with pytest.raises(ValueError, match=r".+"):
            decode_oid(bad)
    with pytest.raises(ValueError, match="integer"):
        decode_integer(b"")
    with pytest.raises(ValueError, match="truncated"):
        unwrap(b"\4\5ab")


def test_a_foreign_community_is_silence() -> None:
    assert answer(GET, Mib({}), b"secret") is None


def test_what_is_missing_is_an_exception_in_v2c_and_no_such_name_in_v1() -> None:
    assert answer(GET, Mib({}), b"public") == bytes.fromhex(
        "3026 020101 0406 7075626c6963 a219 020101 020100 020100 300e 300c 0608 2b06010201010100 8000"
    )
    assert answer(GET_V1, Mib({}), b"public") == bytes.fromhex(
        "3026 020100 0406 7075626c6963 a219 020101 020102 020101 300e 300c 0608 2b06010201010100 0500"
    )


def test_a_set_is_refused() -> None:
    as_set = GET.replace(b"\xa0\x19", b"\xa3\x19")
    refused = answer(as_set, Mib({SYS_DESCR: Typed(Tag.OCTETS, b"hi")}), b"public")
    assert refused is not None
    assert refused[15:24] == bytes.fromhex("020101 020111 020101")  # request-id, notWritable (17), first binding


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("1.3|2|-3", Typed(Tag.INTEGER, -3)),
        ("1.3|4|a|b", Typed(Tag.OCTETS, b"a|b")),
        ("1.3|4|", Typed(Tag.OCTETS, b"")),
        ("1.3|4x|00000010", Typed(Tag.OCTETS, b"\0\0\0\x10")),
        ("1.3|6|1.3.6", Typed(Tag.OID, (1, 3, 6))),
        ("1.3|64|255.255.255.0", Typed(Tag.IP_ADDRESS, b"\xff\xff\xff\0")),
        ("1.3|64x|7f000001", Typed(Tag.IP_ADDRESS, b"\x7f\0\0\1")),
        ("1.3|67|139939", Typed(Tag.TIME_TICKS, 139939)),
        ("1.3|70|7240356", Typed(Tag.COUNTER64, 7240356)),
    ],
)
def test_a_line_of_a_recording_is_an_object(line: str, typed: Typed) -> None:
    assert read_line(line) == (oid("1.3"), typed)


def test_a_line_that_is_no_object_is_a_value_error() -> None:
    for bad in ("1.3", "1.3|2", "1.3|2|x", "a.b|2|1", "1.3|99|1", "1.3|4x|0"):
        with pytest.raises(ValueError, match=r".+"):
            read_line(bad)
