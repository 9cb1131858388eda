"""A UDP port where whoever knows our address asks who we are: unicast Probe and Resolve, beside the HTTP of that port.

Spec: WS-Discovery April 2005, unicast; SOAP-over-UDP. DSM has its devices ask at the scan server's own port, 5362.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from bridge.discovery.responder import Answer, Reply
from bridge.discovery.throttle import Throttle
from bridge.service.access import Access
from bridge.service.peer import Peer
from drivers.contract.clock import Clock

_log = logging.getLogger(__name__)

_MOST_WAITING: Final = 64


@asynccontextmanager
async def probed(beside: Iterable[socket.socket], answer: Answer, access: Access, clock: Clock) -> AsyncIterator[None]:
    """Answer while the block lasts, at the addresses and the port of these listening sockets. A port that is taken is
    said and done without: HTTP is asked all the same."""
    loop = asyncio.get_running_loop()
    ears = []
    try:
        for door in beside:
            try:
                ear, _ = await loop.create_datagram_endpoint(lambda: _Ear(answer, access, clock), sock=_beside(door))
            except OSError as err:
                _log.warning("UDP port %d: %s: nobody is answered there", door.getsockname()[1], err.strerror or err)
            else:
                ears.append(ear)
        yield
    finally:
        for ear in ears:
            ear.abort()


def _beside(door: socket.socket) -> socket.socket:
    """Raises OSError."""
    made = socket.socket(door.family, socket.SOCK_DGRAM)
    try:
        if door.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(door.getsockname())
    except OSError:
        made.close()
        raise
    return made


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer, access: Access, clock: Clock) -> None:
        self._answer, self._access, self._clock = answer, access, clock
        self._throttle = Throttle()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        for task in self._tasks:
            task.cancel()

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        here = _towards(address, self._transport.get_extra_info("socket").family)
        if here is None or len(self._tasks) >= _MOST_WAITING:
            return
        peer = Peer(address[0].partition("%")[0], here.partition("%")[0], address[1])
        if self._access.may_enter(peer) and self._throttle.admit(peer.address, self._clock.monotonic()):
            for reply in self._answer(data, peer.address, here):
                task = asyncio.get_running_loop().create_task(self._pay(reply, address))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _pay(self, reply: Reply, address: tuple[Any, ...]) -> None:
        await self._clock.sleep(reply.delay)
        self._transport.sendto(reply.data, address)

    def error_received(self, exc: Exception) -> None:
        _log.debug("a Probe's answer did not arrive: %s", exc)


def _towards(address: tuple[Any, ...], family: int) -> str | None:
    """Our address on the way there, as the routing table has it; nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect(address)
            return str(way.getsockname()[0])
    except OSError:
        return None
