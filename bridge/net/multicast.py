"""WS-Discovery on the wire: UDP 3702 and its IPv4 group, one socket for each of our addresses.

Copies of a message follow the first as SOAP-over-UDP (September 2004, appendix I) says. Answers go out of the
3702 socket, to directly connected hosts only and never through a gateway. What a datagram is answered with is
decided by whoever is given as `answer`; here is only the socket.
"""

import asyncio
import errno
import fcntl
import ipaddress
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

from bridge.discovery.responder import APP_MAX_DELAY, Reply
from bridge.discovery.throttle import Throttle
from bridge.errors import ConfigError
from drivers.contract.clock import Clock

log: Final = logging.getLogger(__name__)

PORT: Final = 3702
GROUP_V4: Final = "239.255.255.250"
# Copies after the first, and the waits between them in seconds (DPWS 2006 appendix I).
MULTICAST_COPIES: Final = 2
UNICAST_COPIES: Final = 1
_MIN_DELAY, _MAX_DELAY, _UPPER_DELAY = 0.050, 0.250, 0.450
_MAX_PENDING: Final = 256
_SIOCGIFADDR: Final = 0x8915
_IP_MULTICAST_ALL: Final = 49  # linux/in.h; Python's socket module does not name it

Answer = Callable[[bytes, str, str], tuple[Reply, ...]]
"""(datagram, address of its sender, our address there) to what is owed."""


class Multicast:
    """A discovery socket on one of our IPv4 addresses. Made by `opened()`."""

    def __init__(self, local: str, transport: asyncio.DatagramTransport, clock: Clock, random: Random) -> None:
        self.local = local
        self._transport, self._clock, self._random = transport, clock, random
        self._tasks: set[asyncio.Task[None]] = set()

    async def announce(self, data: bytes) -> None:
        """Multicast a Hello: after a random wait, so that not everybody speaks at once when power returns."""
        await self._clock.sleep(self._random.uniform(0, APP_MAX_DELAY))
        await self.say(data)

    async def say(self, data: bytes) -> None:
        """Multicast at once (Bye, Probe), copies included. What the network refuses is logged, not raised."""
        await self._repeat(data, (GROUP_V4, PORT), MULTICAST_COPIES)

    def start(self, data: bytes) -> None:
        """say() without waiting for the copies."""
        self._own(self.say(data))

    def owe(self, reply: Reply, to: tuple[str, int]) -> None:
        """Send the reply when its wait is over; dropped when too many wait already."""
        if len(self._tasks) >= _MAX_PENDING:
            log.warning("discovery answer to %s dropped: %d answers are waiting", to[0], _MAX_PENDING)
            return
        self._own(self._pay(reply, to))

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pay(self, reply: Reply, to: tuple[str, int]) -> None:
        if reply.delay > 0:
            await self._clock.sleep(reply.delay)
        await self._repeat(reply.data, to, UNICAST_COPIES)

    async def _repeat(self, data: bytes, to: tuple[str, int], copies: int) -> None:
        self._send(data, to)
        wait = self._random.uniform(_MIN_DELAY, _MAX_DELAY)
        for _ in range(copies):
            await self._clock.sleep(wait)
            self._send(data, to)
            wait = min(2 * wait, _UPPER_DELAY)

    def _send(self, data: bytes, to: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, to)

    async def close(self) -> None:
        """Stop sending; what is still owed is not paid."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands on what comes from directly connected hosts."""

    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if is_on_link(addr[0]):
            self._heard(data, addr)

    def error_received(self, exc: Exception) -> None:
        log.info("discovery: %s", exc)


@asynccontextmanager
async def opened(
    interface: str, answer: Answer, clock: Clock, random: Random, throttle: Throttle | None = None
) -> AsyncIterator[Multicast]:
    """Listen on `interface` (a name or one of our IPv4 addresses) until the block ends.

    Raises ConfigError when the interface or the port cannot be had.
    """
    local = address_of(interface)
    limits = throttle or Throttle()
    links: list[Multicast] = []

    def heard(data: bytes, addr: tuple[str, int]) -> None:
        if not limits.admit(addr[0], clock.monotonic()):
            log.debug("discovery message from %s dropped: too many", addr[0])
            return
        for link in links:
            for reply in answer(data, addr[0], link.local):
                link.owe(reply, addr)

    link = Multicast(local, await _transport(interface, local, PORT, heard), clock, random)
    links.append(link)
    try:
        yield link
    finally:
        links.clear()
        await link.close()


async def ask(
    interface: str, data: bytes, seconds: float, *, clock: Clock, random: Random, heard: Callable[[bytes, str], bool]
) -> None:
    """Multicast a client's question (Probe, Resolve) and hand each answer with its sender to `heard`.

    Ends when `heard` says True (enough) or the time is over. Copies of an answer are handed on too: their MessageID
    tells. Raises ConfigError.
    """
    local = address_of(interface)
    enough = asyncio.Event()

    def hear(answer: bytes, addr: tuple[str, int]) -> None:
        if not enough.is_set() and heard(answer, addr[0]):
            enough.set()

    link = Multicast(local, await _transport(interface, local, 0, hear), clock, random)
    try:
        link.start(data)
        waits = [asyncio.ensure_future(enough.wait()), asyncio.ensure_future(clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
    finally:
        await link.close()


def address_of(interface: str) -> str:
    """The IPv4 address that `interface`, a name or already an address of ours, stands for. Raises ConfigError."""
    try:
        return str(ipaddress.IPv4Address(interface))
    except ValueError:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            found = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError as err:
            raise ConfigError("discovery", interface, f"has no IPv4 address: {err.strerror}") from err
    return socket.inet_ntoa(found[20:24])


def is_on_link(address: str) -> bool:
    """Whether the host is reached without a gateway. Asks the routing table; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        try:
            sock.connect((address, PORT))
        except OSError:
            return False
    return True


async def _transport(
    interface: str, local: str, port: int, heard: Callable[[bytes, tuple[str, int]], None]
) -> asyncio.DatagramTransport:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(local))
        if port:
            # Other discovery daemons (wsdd, Samba's) own the port too.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            # Hear only what comes in on this interface, not what other programs joined elsewhere.
            sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            sock.bind(("", port))
            sock.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP_V4) + socket.inet_aton(local)
            )
        else:
            sock.bind((local, 0))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(heard), sock=sock)
    except OSError as err:
        sock.close()
        what = "is no address of this machine" if err.errno in (errno.ENODEV, errno.EADDRNOTAVAIL) else str(err)
        raise ConfigError("discovery", interface, f"cannot use UDP {port or 'port'} at {local}: {what}") from err
    return transport
