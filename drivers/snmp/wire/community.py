"""v1 and v2c over a UDP socket of its own, with pysnmp's messages and without its engine.

Spec: RFC 1157 §4, RFC 1901 §3, RFC 3416 §3. Where the time goes (docs/decisions/0059-snmp-requests.md): coding one
message costs pysnmp 0.3 to 1 ms, nearly all of the bill, and an idle device is asked the same and answers the same
each time. So a request that may come again is coded once and only its request-id changes from then on; and an answer
that is octet for octet the one before, the request-id aside, is not decoded again.
"""

import asyncio
import errno
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from drivers.snmp.credentials import Community, Version
from drivers.snmp.reading import FEW
from drivers.snmp.wire import values
from drivers.snmp.wire.asking import Answer, Ask, Bind, Silence, Unreachable

LARGEST = 65_507  # octets of an answer over UDP
KEPT = 20  # prepared requests: an idle look is one and one for each job set, a busy one a few
# Request-ids that take four octets, so that they can be changed in place.
LEAST_ID, MOST_ID = 0x01000000, 0x7EFFFFFF
_MARK = 0x11111111  # a request-id to be found among a request's octets
_LEAST_HEAD = 7  # octets of a message that are neither its community nor its PDU: SEQUENCE, version, OCTET STRING
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, errno.ENETDOWN})


@dataclass(slots=True)
class _Prepared:
    """A request in octets, where its request-id stands (0: it is sent once, as it is), and its last answer."""

    octets: bytearray
    at: int
    reply: bytes = b""  # with `reply_at` at the request-id
    reply_at: int = 0
    answer: Answer | None = None

    def numbered(self, number: int) -> bytes:
        if self.at:
            self.octets[self.at : self.at + 4] = number.to_bytes(4, "big")
        return bytes(self.octets)

    def repeated(self, reply: bytes, number: int) -> Answer | None:
        """The last answer, where this one is the same."""
        at, last = self.reply_at, self.reply
        same = (
            len(reply) == len(last)
            and reply[at : at + 4] == number.to_bytes(4, "big")
            and reply[:at] == last[:at]
            and reply[at + 4 :] == last[at + 4 :]
        )
        return self.answer if same else None

    def keep(self, reply: bytes, number: int, answer: Answer) -> None:
        """Remember it, unless it writes the request-id in a way of its own."""
        at = reply.find(b"\x02\x04" + number.to_bytes(4, "big"))
        self.reply, self.reply_at, self.answer = (reply, at + 2, answer) if at >= 0 else (b"", 0, None)


class CommunityAsker(asyncio.DatagramProtocol):
    """`wire.asking.Asker`; made by `connect`."""

    def __init__(self, community: Community, timeout: float, retries: int) -> None:
        v1 = community.version is Version.V1
        self._dialect = api.PROTOCOL_MODULES[api.SNMP_VERSION_1 if v1 else api.SNMP_VERSION_2C]
        self._community = community.name.encode()
        self._timeout, self._retries = timeout, retries
        self._prepared: dict[tuple[Ask, tuple[str, ...], tuple[int, int]], _Prepared] = {}
        self._number = LEAST_ID + secrets.randbelow(MOST_ID - LEAST_ID)  # strangers who cannot see it must not guess it
        self._turn = asyncio.Lock()  # one request on its way: small agents drop what comes in between
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: tuple[int, _Prepared, asyncio.Future[Answer]] | None = None
        self._trouble = ""
        self._timer: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()

    async def ask(self, kind: Ask, oids: Sequence[str], numbers: tuple[int, int] = (0, 0)) -> Answer:
        async with self._turn:
            if self._transport is None or self._transport.is_closing():
                raise Unreachable("the link was closed")
            self._number = LEAST_ID if self._number >= MOST_ID else self._number + 1
            prepared = self._prepare(kind, tuple(oids), numbers)
            answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._waiting, self._trouble = (self._number, prepared, answered), ""
            self._send(prepared.numbered(self._number), answered, self._retries)
            try:
                return await answered
            finally:
                self._waiting = None
                if self._timer is not None:
                    self._timer.cancel()

    def _send(self, datagram: bytes, answered: "asyncio.Future[Answer]", left: int) -> None:
        """Send now, and again each `timeout` until it is answered or nobody expects an answer any more."""
        if answered.done() or self._transport is None:
            return
        if left < 0:
            answered.set_exception(Silence(self._trouble))
            return
        self._timer = asyncio.get_running_loop().call_later(self._timeout, self._send, datagram, answered, left - 1)
        self._transport.sendto(datagram)

    def question(self, kind: Ask, oids: tuple[str, ...]) -> bytes:
        """A request in octets, for who sends it in a way of his own."""
        return self._encode(kind, oids, (0, 0), self._number)

    def _prepare(self, kind: Ask, oids: tuple[str, ...], numbers: tuple[int, int]) -> _Prepared:
        if kind is Ask.BULK and numbers[1] > FEW:  # a step of a walk, which asks for each row once
            return _Prepared(bytearray(self._encode(kind, oids, numbers, self._number)), 0)
        what = kind, oids, numbers
        found = self._prepared.pop(what, None)
        if found is None:
            octets = self._encode(kind, oids, numbers, _MARK)
            # Behind a community of the same octets, and nothing between the two can be taken for it.
            at = octets.index(b"\x02\x04" + _MARK.to_bytes(4, "big"), _LEAST_HEAD + len(self._community))
            found = _Prepared(bytearray(octets), at + 2)
        self._prepared[what] = found
        if len(self._prepared) > KEPT:
            del self._prepared[next(iter(self._prepared))]
        return found

    def _encode(self, kind: Ask, oids: tuple[str, ...], numbers: tuple[int, int], number: int) -> bytes:
        dialect = self._dialect
        match kind:
            case Ask.GET:
                pdu, face = dialect.GetRequestPDU(), dialect.apiPDU
            case Ask.NEXT:
                pdu, face = dialect.GetNextRequestPDU(), dialect.apiPDU
            case Ask.BULK:
                pdu, face = dialect.GetBulkRequestPDU(), dialect.apiBulkPDU
        face.set_defaults(pdu)
        face.set_request_id(pdu, number)
        if kind is Ask.BULK:
            face.set_non_repeaters(pdu, numbers[0])
            face.set_max_repetitions(pdu, numbers[1])
        face.set_varbinds(pdu, [(oid, dialect.Null("")) for oid in oids])
        message = dialect.Message()
        dialect.apiMessage.set_defaults(message)
        dialect.apiMessage.set_community(message, self._community)
        dialect.apiMessage.set_pdu(message, pdu)
        return bytes(encoder.encode(message))

    # asyncio.DatagramProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it in Python 3.11

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002 the socket is connected
        if self._waiting is None or len(data) > LARGEST:
            return
        number, prepared, answered = self._waiting
        answer = prepared.repeated(data, number)
        if answer is None:
            answer = self._decode(data, number)
            if answer is None:
                return  # late, or from somebody who does not know what he is asked: the answer may still come
            prepared.keep(data, number, answer)
        if not answered.done():
            answered.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        """What ICMP says is a rumour while an answer may still come, but there is no waiting without a way."""
        if self._waiting is None:
            return
        self._trouble = exc.strerror or "" if isinstance(exc, OSError) else ""
        answered = self._waiting[2]
        if isinstance(exc, OSError) and exc.errno in _NO_WAY and not answered.done():
            answered.set_exception(Unreachable(self._trouble))

    def _decode(self, data: bytes, number: int) -> Answer | None:
        dialect = self._dialect
        try:
            message, _ = decoder.decode(data, asn1Spec=dialect.Message())
            if dialect.apiMessage.get_community(message).asOctets() != self._community:
                return None
            pdu = dialect.apiMessage.get_pdu(message)
            if not pdu.isSameTypeWith(dialect.GetResponsePDU()) or int(dialect.apiPDU.get_request_id(pdu)) != number:
                return None
            binds: list[Bind] = [
                (str(name), values.tag(value), values.plain(value)) for name, value in dialect.apiPDU.get_varbinds(pdu)
            ]
            status, index = dialect.apiPDU.get_error_status(pdu), dialect.apiPDU.get_error_index(pdu, muteErrors=True)
            return Answer(int(status), int(index), tuple(binds))
        except (PyAsn1Error, PySnmpError, ValueError, IndexError, RecursionError):
            self._trouble = "something came that cannot be read"
            return None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 what it was, a request in flight is told
        self._closed.set()

    async def close(self) -> None:
        if self._waiting is not None and not self._waiting[2].done():
            self._waiting[2].set_exception(Unreachable("the link was closed"))
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()


async def connect(address: tuple[str, int], community: Community, *, timeout: float, retries: int) -> CommunityAsker:
    """A socket to this agent alone. Raises OSError when there is no way."""
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: CommunityAsker(community, timeout, retries), remote_addr=address
    )
    return protocol
