"""Community-based SNMP messages: what an agent reads and writes.

Spec: RFC 1157 §4 (v1), RFC 1901 §3 and RFC 3416 §3 (v2c). Bad input is a ValueError.
"""

from dataclasses import dataclass
from enum import IntEnum

from hil.snmp import ber
from hil.snmp.ber import Oid, Tag, Typed


class Version(IntEnum):
    V1 = 0
    V2C = 1


class Pdu(IntEnum):
    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GET_BULK = 0xA5


class Status(IntEnum):
    """error-status."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    READ_ONLY = 4
    GEN_ERR = 5
    WRONG_LENGTH = 8
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17


@dataclass(frozen=True, slots=True)
class Request:
    """`first` and `second` are error-status and error-index, or non-repeaters and max-repetitions of GETBULK."""

    version: Version
    community: bytes
    pdu: Pdu
    id: int
    first: int
    second: int
    names: tuple[Oid, ...]


Bind = tuple[Oid, Typed]


def parse(datagram: bytes) -> Request:
    """A request of v1 or v2c; values that came with the names are dropped."""
    body, rest = ber.expect(datagram, Tag.SEQUENCE)
    if rest:
        raise ValueError("octets after the message")
    version, body = ber.expect(body, Tag.INTEGER)
    community, body = ber.expect(body, Tag.OCTETS)
    kind, pdu, _ = ber.unwrap(body)
    numbers = []
    for _ in range(3):
        content, pdu = ber.expect(pdu, Tag.INTEGER)
        numbers.append(ber.decode_integer(content))
    binds, _ = ber.expect(pdu, Tag.SEQUENCE)
    names = []
    while binds:
        bind, binds = ber.expect(binds, Tag.SEQUENCE)
        name, _ = ber.expect(bind, Tag.OID)
        names.append(ber.decode_oid(name))
    return Request(
        Version(ber.decode_integer(version)), community, Pdu(kind), numbers[0], numbers[1], numbers[2], tuple(names)
    )


def response(request: Request, binds: list[Bind], status: Status = Status.NO_ERROR, index: int = 0) -> bytes:
    """The datagram that answers `request`."""
    pairs = b"".join(
        ber.wrap(Tag.SEQUENCE, ber.wrap(Tag.OID, ber.encode_oid(name)) + ber.encode(typed)) for name, typed in binds
    )
    numbers = b"".join(ber.encode(Typed(Tag.INTEGER, number)) for number in (request.id, status, index))
    return ber.wrap(
        Tag.SEQUENCE,
        ber.encode(Typed(Tag.INTEGER, request.version))
        + ber.wrap(Tag.OCTETS, request.community)
        + ber.wrap(Pdu.RESPONSE, numbers + ber.wrap(Tag.SEQUENCE, pairs)),
    )
