"""A real SNMP agent on UDP for what the bench simulates or recorded: v1 and v2c, GET, GETNEXT, GETBULK; SET is refused.

Spec: RFC 1157 §4.1, RFC 3416 §4.2, RFC 3584 §4 (v1 has no Counter64 and no exceptions), RFC 3584 §5.2 (an unknown
community gets no answer). The objects come from a callable at each request, so a model is a function of time.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from hil.snmp.ber import Oid, Tag, Typed
from hil.snmp.message import Bind, Pdu, Request, Status, Version, parse, response
from hil.snmp.mib import Mib

LARGEST = 1472  # octets of an answer: one Ethernet frame
MOST_REPETITIONS = 100

Source = Callable[[], Mib | None]  # None: the device is switched off, or its cable is out


@dataclass(slots=True)
class Line:
    """How bad the network is; may be changed while the agent runs."""

    loss: float = 0.0  # part of the requests that get lost
    delay: float = 0.0  # seconds until an answer leaves


class Agent(asyncio.DatagramProtocol):
    """One agent; `start` opens its socket."""

    def __init__(self, source: Source, community: str = "public", line: Line | None = None, seed: int = 0) -> None:
        self.line = line or Line()
        self.requests = 0  # datagrams that came in, whatever became of them
        self._source = source
        self._community = community.encode()
        self._dice = random.Random(seed)  # noqa: S311 a repeatable bad network
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen; the address with the real port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))
        address = self._transport.get_extra_info("sockname")
        return address[0], address[1]

    def close(self) -> None:
        """Give the socket back."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        mib = self._source()
        if mib is None or self._dice.random() < self.line.loss:
            return
        reply = answer(data, mib, self._community)
        if reply is None:
            return
        if self.line.delay:
            asyncio.get_running_loop().call_later(self.line.delay, self._send, reply, addr)
        else:
            self._send(reply, addr)

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(reply, addr)


def answer(datagram: bytes, mib: Mib, community: bytes) -> bytes | None:
    """What goes back; None for silence (garbage, foreign community, GETBULK in v1)."""
    try:
        request = parse(datagram)
    except ValueError:
        return None
    if request.community != community or (request.version is Version.V1 and request.pdu is Pdu.GET_BULK):
        return None
    match request.pdu:
        case Pdu.GET | Pdu.GET_NEXT:
            return _fitting(request, _gotten(request, mib))
        case Pdu.GET_BULK:
            return _bulk(request, mib)
        case Pdu.SET:
            status = Status.READ_ONLY if request.version is Version.V1 else Status.NOT_WRITABLE
            return response(request, _echo(request), status, 1)
        case _:
            return None


def _gotten(request: Request, mib: Mib) -> list[Bind]:
    v1 = request.version is Version.V1
    if request.pdu is Pdu.GET:
        return [(name, _exact(mib, name, v1=v1)) for name in request.names]
    return [_next(mib, name, v1=v1) for name in request.names]


def _exact(mib: Mib, name: Oid, *, v1: bool) -> Typed:
    found = mib.get(name)
    if found is not None and not (v1 and found.tag is Tag.COUNTER64):
        return found
    return Typed(Tag.NO_SUCH_INSTANCE if mib.has_object(name) else Tag.NO_SUCH_OBJECT)


def _next(mib: Mib, name: Oid, *, v1: bool) -> Bind:
    follower = mib.after(name)
    while follower is not None and v1 and follower[1].tag is Tag.COUNTER64:
        follower = mib.after(follower[0])
    return follower or (name, Typed(Tag.END_OF_MIB_VIEW))


def _fitting(request: Request, binds: list[Bind]) -> bytes:
    missing = next((at for at, (_, typed) in enumerate(binds, 1) if typed.tag >= Tag.NO_SUCH_OBJECT), 0)
    if request.version is Version.V1 and missing:
        return response(request, _echo(request), Status.NO_SUCH_NAME, missing)
    reply = response(request, binds)
    return reply if len(reply) <= LARGEST else response(request, [], Status.TOO_BIG)


def _bulk(request: Request, mib: Mib) -> bytes:
    """RFC 3416 §4.2.3: what does not fit is left out at the end."""
    once = max(0, min(request.first, len(request.names)))
    binds = [_next(mib, name, v1=False) for name in request.names[:once]]
    columns = list(request.names[once:])
    for _ in range(max(0, min(request.second, MOST_REPETITIONS)) if columns else 0):
        row = [_next(mib, name, v1=False) for name in columns]
        binds += row
        columns = [name for name, _ in row]
        if len(response(request, binds)) > LARGEST or all(typed.tag is Tag.END_OF_MIB_VIEW for _, typed in row):
            break
    while binds and len(reply := response(request, binds)) > LARGEST:
        binds.pop()
    return reply if binds else response(request, [])


def _echo(request: Request) -> list[Bind]:
    return [(name, Typed(Tag.NULL)) for name in request.names]
