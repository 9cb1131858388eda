"""Where we can be found: a discovery link on every served interface in every IP version, as they come and go.

A Hello is said where a network is new and where our addresses on it changed (WS-Discovery April 2005 section 4.1), no
more often than the pace allows; a Bye only when we stop (docs/decisions/0026). MetadataVersion is not touched here.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from bridge.discovery.pace import HelloPace
from bridge.discovery.responder import Responder
from bridge.errors import ConfigError
from bridge.net import interfaces
from bridge.net.addresses import Interface, Selection, told, unscoped, url
from bridge.net.multicast import Link
from bridge.net.netlink import IPAddress
from drivers.contract.clock import Clock

log: Final = logging.getLogger(__name__)

RETRY: Final = 30.0  # seconds until a port that could not be had is tried again
Key = tuple[int, int]  # index of the interface, IP version


class Presence:
    """Discovery for all devices of the responder, from entering the block to its end. `port` and `scheme`: HTTP's."""

    def __init__(
        self, responder: Responder, selection: Selection, clock: Clock, random: Random, *, multicast: bool
    ) -> None:
        self.port, self.scheme = 0, "http"
        self._responder, self._selection = responder, selection
        self._clock, self._random, self._multicast = clock, random, multicast
        self._interfaces: tuple[Interface, ...] = ()
        self._links: dict[Key, Link] = {}
        self._failed: dict[Key, str] = {}
        self._hellos: dict[Key, asyncio.Task[None]] = {}
        self._pace = HelloPace()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._refresh()
        for name in self._selection.missing(self._interfaces):
            log.warning("interface %s: not there, or without an address; it is served when it comes", name)
        self._begin(self._watch())
        self._begin(self._retry())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in self._links.values():
            await link.close()
        self._links.clear()

    # Where we are.

    def urls(self, path: str, local: str) -> tuple[str, ...]:
        """Our URLs for a peer that reaches us at `local`: that address first, then others of the same interface."""
        address = interfaces.parsed(local)
        if address is None:
            return (self.url(path),)
        here = self._interface_of(address, local.partition("%")[2])
        return tuple(self._url(each, path) for each in (told(here, address) if here else (unscoped(address),)))

    def url(self, path: str, peer: str | None = None) -> str:
        """One URL: for a peer at that address, or for the people at this machine."""
        if peer is not None and (there := interfaces.parsed(peer)) is not None:
            zone = peer.partition("%")[2]
            for here in self._interfaces:
                if here.name == zone or (not zone and here.holds(there)):
                    local = here.local_for(there)
                    if local is not None:
                        return self._url(local, path)
        if self._selection.only is not None:
            return self._url(self._selection.only, path)
        first = next((each.addresses[0].ip for each in self._interfaces), None)
        return f"{self.scheme}://127.0.0.1:{self.port}{path}" if first is None else self._url(first, path)

    def _url(self, address: IPAddress, path: str) -> str:
        return url(self.scheme, address, self.port, path)

    def _interface_of(self, address: IPAddress, zone: str) -> Interface | None:
        bare = unscoped(address)
        owners = [each for each in self._interfaces if any(one.ip == bare for one in each.addresses)]
        return next((each for each in owners if each.name == zone), None) or next(iter(owners), None)

    def is_near(self, address: str) -> bool:
        """Whether that peer is on one of the networks that we serve, no router between; IPv6 link-local ones with
        their interface."""
        peer = interfaces.parsed(address)
        if peer is None:
            return False
        if peer.is_loopback:
            return True
        zone = address.partition("%")[2]
        return any(interfaces.is_neighbour(each, peer) for each in self._interfaces if zone in ("", each.name))

    # What we say.

    def announce(self, address: str) -> None:
        """A Hello of a device that is new, or has new metadata, on every network."""
        for link in self._links.values():
            self._begin(link.announce(self._responder.hello(address, link.local)))

    async def bye(self, addresses: Iterable[str]) -> None:
        """Tell every network that these devices are leaving; returns when it is said."""
        byes = [self._responder.bye(address) for address in addresses]
        await asyncio.gather(*(link.say(bye) for link in self._links.values() for bye in byes))

    # What changes.

    async def _watch(self) -> None:
        try:
            await interfaces.watch(self._refresh, self._clock)
        except OSError as err:
            log.error("changes of the network are not noticed until a restart: netlink: %s", err)

    async def _retry(self) -> None:
        while True:
            await self._clock.sleep(RETRY)
            if self._failed:
                self._refresh()

    def _refresh(self) -> None:
        try:
            found = self._selection.of(interfaces.read())
        except OSError as err:
            log.error("the network interfaces cannot be read: netlink: %s", err)
            return
        if found != self._interfaces:
            for each in found:
                if each not in self._interfaces:
                    log.info("interface %s: %s", each.name, ", ".join(str(one.ip) for one in each.addresses))
            self._interfaces = found
        wanted = {(each.index, version): each for each in found for version in _spoken(each)} if self._multicast else {}
        for key in self._links.keys() - {key for key in wanted if self._is(key, wanted[key].name)}:
            log.info("interface %s: left, IPv%d", self._links[key].interface.name, key[1])
            self._links.pop(key).stop()
        self._failed = {key: why for key, why in self._failed.items() if key in wanted}
        for key, here in wanted.items():
            self._settle(key, here)

    def _is(self, key: Key, name: str) -> bool:
        return key in self._links and self._links[key].interface.name == name

    def _settle(self, key: Key, here: Interface) -> None:
        """One network as it should be: joined, with its addresses told."""
        link = self._links.get(key)
        if link is not None:
            changed = told_on(link) != told_on(link, here)
            link.update(here)
            if changed:
                self._say_hello(key)
            return
        try:
            self._links[key] = Link.serving(
                here, key[1], self._responder.answer, clock=self._clock, random=self._random
            )
        except ConfigError as err:
            if self._failed.get(key) != str(err):
                log.error("%s: left out, tried again", err)
            self._failed[key] = str(err)
            return
        self._failed.pop(key, None)
        self._say_hello(key)

    def _say_hello(self, key: Key) -> None:
        if key not in self._hellos:  # else one waits already, and will tell what is so then
            self._hellos[key] = self._begin(self._hello(key))
            self._hellos[key].add_done_callback(lambda _: self._hellos.pop(key, None))

    async def _hello(self, key: Key) -> None:
        network = f"{self._links[key].interface.name} {key[1]}"
        while (wait := self._pace.wait(network, self._clock.monotonic())) > 0:
            await self._clock.sleep(wait)
        link = self._links.get(key)
        devices = self._responder.devices
        if link is None or not devices:
            return
        self._pace.said(network, self._clock.monotonic())
        for device in devices:
            self._begin(link.announce(self._responder.hello(device.address, link.local)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def told_on(link: Link, interface: Interface | None = None) -> frozenset[IPAddress]:
    """What a Hello on that link tells, with these addresses."""
    here = interface or link.interface
    ours = here.of(link.version)
    return frozenset(told(here, ours[0].ip)) if ours else frozenset()


def _spoken(interface: Interface) -> tuple[int, ...]:
    """The IP versions in which there is a group to join. Loopback multicasts in IPv4 only, and lacks the flag."""
    versions = [version for version in (4, 6) if interface.of(version)]
    if interface.multicast:
        return tuple(versions)
    return (4,) if interface.loopback and 4 in versions else ()
