"""WS-Discovery on the wire: UDP 3702 and its groups, one link for each interface and IP version.

Copies of a message follow the first as SOAP-over-UDP (September 2004, appendix I) says. Answers go out of the
3702 socket through the interface of the question, to directly connected hosts only and never through a gateway. What a
datagram is answered with is decided by whoever is given as `answer`; here are only the sockets.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final

from bridge.discovery.responder import APP_MAX_DELAY, Answer, Reply
from bridge.discovery.throttle import Throttle
from bridge.errors import ConfigError
from bridge.net import interfaces
from bridge.net.addresses import Interface, unscoped
from bridge.net.datagrams import Arrival, Datagrams, SocketAddress
from bridge.net.netlink import IPAddress
from drivers.contract.clock import Clock

log: Final = logging.getLogger(__name__)

# Copies after the first, and the waits between them in seconds (DPWS 2006 appendix I).
MULTICAST_COPIES: Final = 2
UNICAST_COPIES: Final = 1
_MIN_DELAY, _MAX_DELAY, _UPPER_DELAY = 0.050, 0.250, 0.450
_MAX_PENDING: Final = 256


class Link:
    """Discovery on one interface in one IP version, until `close()`."""

    def __init__(self, datagrams: Datagrams, clock: Clock, random: Random, heard: Callable[[Arrival], None]) -> None:
        self._datagrams = datagrams
        self._clock, self._random = clock, random
        self._tasks: set[asyncio.Task[None]] = set()
        self._owed: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(datagrams.fileno(), datagrams.readable, heard)

    @classmethod
    def serving(
        cls,
        interface: Interface,
        version: int,
        answer: Answer,
        *,
        clock: Clock,
        random: Random,
        throttle: Throttle | None = None,
    ) -> "Link":
        """Listen and answer. Raises ConfigError when the port or group cannot be had."""
        limits = throttle or Throttle()

        def heard(arrival: Arrival) -> None:
            here = link.interface
            if arrival.index != here.index or not interfaces.is_neighbour(here, arrival.sender):
                return
            if not limits.admit(str(arrival.sender), clock.monotonic()):
                log.debug("discovery message from %s dropped: too many", arrival.sender)
                return
            local = _reached(arrival, here)
            if local is not None:
                for reply in answer(arrival.data, str(arrival.sender), scoped(local, here)):
                    link.owe(reply, arrival.address, local)

        link = cls(Datagrams.open(interface, version), clock, random, heard)
        return link

    @property
    def interface(self) -> Interface:
        return self._datagrams.interface

    @property
    def version(self) -> int:
        return self._datagrams.version

    @property
    def local(self) -> str:
        """Our first address here, as `answer` and the writer of a Hello hear of it; empty when there is none."""
        own = self._own()
        return "" if own is None else scoped(own, self.interface)

    def update(self, interface: Interface) -> None:
        """The interface has other addresses now: what was owed names the old ones and is not paid; a Hello tells."""
        if interface.addresses != self.interface.addresses:
            for task in self._owed:
                task.cancel()
        self._datagrams.interface = interface

    async def announce(self, data: bytes) -> None:
        """Multicast a Hello: after a random wait, so that not everybody speaks at once when power returns."""
        await self._clock.sleep(self._random.uniform(0, APP_MAX_DELAY))
        await self.say(data)

    async def say(self, data: bytes) -> None:
        """Multicast at once (Bye, Probe), copies included. What the network refuses is logged, not raised."""
        await self._repeat(lambda: self._datagrams.multicast(data, self._own()), MULTICAST_COPIES)

    def start(self, data: bytes) -> None:
        """say() without waiting for the copies."""
        self._begin(self.say(data))

    def owe(self, reply: Reply, to: SocketAddress, local: IPAddress | None) -> None:
        """Send the reply when its wait is over; dropped when too many wait already."""
        if len(self._owed) >= _MAX_PENDING:
            log.warning("discovery answer to %s dropped: %d answers are waiting", to[0], _MAX_PENDING)
            return
        task = self._begin(self._pay(reply, to, local))
        self._owed.add(task)
        task.add_done_callback(self._owed.discard)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _pay(self, reply: Reply, to: SocketAddress, local: IPAddress | None) -> None:
        if reply.delay > 0:
            await self._clock.sleep(reply.delay)
        await self._repeat(lambda: self._datagrams.send(reply.data, to, local), UNICAST_COPIES)

    async def _repeat(self, send: Callable[[], None], copies: int) -> None:
        send()
        wait = self._random.uniform(_MIN_DELAY, _MAX_DELAY)
        for _ in range(copies):
            await self._clock.sleep(wait)
            send()
            wait = min(2 * wait, _UPPER_DELAY)

    def _own(self) -> IPAddress | None:
        """The address that multicasts leave from: of IPv6 the link-local one, which every neighbour can answer."""
        ours = [each.ip for each in self.interface.of(self.version)]
        near = next((each for each in ours if self.version == 6 and each.is_link_local), None)
        return near or (ours[0] if ours else None)

    def stop(self) -> None:
        """Leave the group; what is still owed is not paid."""
        if self._datagrams.fileno() >= 0:
            self._loop.remove_reader(self._datagrams.fileno())
        for task in self._tasks:
            task.cancel()
        self._datagrams.close()

    async def close(self) -> None:
        """stop(), and wait until nothing of it runs."""
        tasks = tuple(self._tasks)
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ask(
    interface: str,
    data: bytes,
    seconds: float,
    *,
    clock: Clock,
    random: Random,
    heard: Callable[[bytes, str], bool],
    version: int = 4,
) -> None:
    """Multicast a client's question (Probe, Resolve) and hand each answer with its sender to `heard`.

    `interface` is a name or one of our addresses; `version` 6 asks over IPv6. Ends when `heard` says True (enough) or
    the time is over. Copies of an answer are handed on too: their MessageID tells. Raises ConfigError.
    """
    here = find(interface, version)
    enough = asyncio.Event()

    def hear(arrival: Arrival) -> None:
        if not interfaces.is_neighbour(here, arrival.sender):  # what this machine itself answers comes in on lo
            return
        if not enough.is_set() and heard(arrival.data, scoped(arrival.sender, here)):
            enough.set()

    link = Link(Datagrams.open(here, version, 0), clock, random, hear)
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


def find(interface: str, version: int = 4) -> Interface:
    """The interface of that name or with that address of ours. Raises ConfigError."""
    address = interfaces.parsed(interface)
    for each in interfaces.read():
        if each.name == interface and each.of(version):
            return each
        if address is not None and (
            any(one.ip == unscoped(address) for one in each.addresses) or (each.loopback and each.holds(address))
        ):
            return each
    raise ConfigError("discovery", interface, f"is no interface that is up with an IPv{version} address")


def scoped(address: IPAddress, interface: Interface) -> str:
    """An IPv6 link-local address with its interface; any other as it is."""
    bare = unscoped(address)
    return f"{bare}%{interface.name}" if bare.version == 6 and bare.is_link_local else str(bare)


def _reached(arrival: Arrival, interface: Interface) -> IPAddress | None:
    """The address of ours that a peer reached, or for a multicast the one that it can reach."""
    ours = (each.ip for each in interface.addresses)
    return next((each for each in ours if each == arrival.target), None) or interface.local_for(arrival.sender)
