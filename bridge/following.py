"""The fax systems of a running bridge: who is looked at, what is told when one is away, and who may hear of it.

A HylaFAX server has a task of its own; an SNMP agent is looked at anyway, as a scanner, and its looks are overheard.
A source that is away keeps its jobs, called stale, and is asked again, later each time; that is said once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from bridge.config import Config, Hylafax
from bridge.errors import ConfigError
from bridge.fax.faxcomex import AccessRights
from bridge.log import kept_short
from bridge.net import doors
from bridge.net.listening import listen
from bridge.net.serving import serving
from bridge.net.sse import EVENTS, FaxEvents, Pass
from bridge.service.fax import FaxService
from bridge.state import State
from bridge.tokens import own_token
from drivers.contract.clock import Clock
from drivers.contract.driver import Device, Finding, Observer
from drivers.contract.errors import DriverError
from drivers.contract.fax import FaxObserver
from drivers.contract.observation import Readiness, Snapshot
from drivers.snmp.device import key as agent_key
from drivers.snmp.seen import SOURCE as AGENT

_log = logging.getLogger(__name__)

ALL_RIGHTS: Final = AccessRights(sum(AccessRights))
PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before a source that is away is asked again; the last repeats


class FaxSource(FaxObserver, Protocol):
    """One that can be closed."""

    async def close(self) -> None: ...


Opener = Callable[[], Awaitable[FaxSource]]


async def follow(source: str, opener: Opener, service: FaxService, clock: Clock) -> None:
    """For ever: what that fax system shows is what the service sees, under the name `source`. Once opened it stays so:
    an observer that lost its system knows what to make up for when it is back."""
    observer: FaxSource | None = None
    away, told = 0, False
    try:
        while True:
            try:
                if observer is None:
                    observer = await opener()
                seen = await observer.poll()
                if told:
                    _log.warning("fax source %s: back again", source)
                away, told = 0, False
                service.see(replace(seen, source=source))
                await observer.rest(seen)
                continue
            except DriverError as err:
                if not told:
                    _log.warning("fax source %s: away: %s", source, kept_short(str(err), 300))
            except Exception:  # noqa: BLE001 - a driver's bug harms its own source
                if not told:
                    _log.exception("fax source %s: broke", source)
            service.lose(source)
            told = True
            await clock.sleep(PAUSES[min(away, len(PAUSES) - 1)])
            away += 1
    finally:
        if observer is not None:
            await observer.close()


@dataclass(slots=True)
class Overheard:
    """An observer whose looks the fax service sees as well, if it is an SNMP agent's."""

    observer: Observer
    source: str
    service: FaxService
    heard: bool = False  # it is one
    broken: bool = False  # what it said could not be understood, and that was logged

    async def poll(self) -> Snapshot:
        """As the observer's own."""
        try:
            seen = await self.observer.poll()
        except DriverError:
            self._lose()
            raise
        if seen.readiness is Readiness.GONE:
            self._lose()
        elif seen.source == AGENT:  # of one MFP, what brings the pages looks on too, and knows no faxes
            self._tell(seen)
        return seen

    def _tell(self, seen: Snapshot) -> None:
        self.heard = True
        try:
            self.service.see_mfp(self.source, seen)
        except Exception:  # noqa: BLE001 - a bug about faxes keeps no scanner from scanning
            if not self.broken:
                _log.exception("fax source %s: broke", self.source)
            self.broken = True
            self._lose()

    def _lose(self) -> None:
        if self.heard:
            self.service.lose(self.source)

    async def rest(self, seen: Snapshot) -> None:
        """As the observer's own."""
        await self.observer.rest(seen)


def overheard(finding: Finding, source: str, service: FaxService) -> Finding:
    """The same, but the fax service sees what an agent among its observers sees, under that name."""

    def over(opener: Callable[[], Awaitable[Device]]) -> Callable[[], Awaitable[Device]]:
        async def opened() -> Device:
            device = await opener()
            return replace(device, observers=tuple(Overheard(each, source, service) for each in device.observers))

        return opened

    shared = None if finding.shared is None else over(finding.shared)
    return replace(finding, open=over(finding.open), shared=shared)


@dataclass(frozen=True, slots=True)
class Agents:
    """Looks for scanners as before, and overhears those agents among them whose faxes are wanted."""

    names: Mapping[str, str]  # of each as a fax source, by the key it is found with
    service: FaxService

    async def find(self, find: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
        """What `find` finds."""
        return [
            overheard(each, self.names[each.key], self.service) if each.key in self.names else each
            for each in await find()
        ]


def agents(config: Config, service: FaxService) -> Agents:
    """Those that the configuration names. One that is a part of a scanner is found with that one."""
    wanted = [(each, agent_key(each.host, each.port)) for each in config.snmp if each.fax]
    return Agents({each.scanner or key: key for each, key in wanted}, service)


def source_of(server: Hylafax) -> str:
    """Under which name its jobs are told."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"hylafax-{host}:{server.port}"


async def hylafax(server: Hylafax, clock: Clock) -> FaxSource:
    """The server, logged in to. Raises DriverError."""
    from drivers.hylafax.open import open_observer  # noqa: PLC0415 - for those who have one

    secret = server.password.get_secret_value()
    return await open_observer(server.host, server.port, server.user, secret, clock, log=server.log)


def _passes(config: Config) -> tuple[Pass, ...]:
    """Who may listen. Raises ConfigError."""
    given = []
    for each in config.fax.token:
        rights = AccessRights(sum(AccessRights[word.upper()] for word in {*each.rights}))
        given.append(Pass(each.name, each.token.get_secret_value(), rights))
    return tuple(given) or (Pass("this machine", own_token(config.state_dir), ALL_RIGHTS),)


@asynccontextmanager
async def faxes(config: Config, state: State, clock: Clock) -> AsyncIterator[Agents]:
    """Servers are followed and fax events served while the block lasts. Raises ConfigError."""

    def number(source: str, line: str) -> int:
        try:
            return state.fax_line(source, line)
        except ConfigError as err:
            _log.warning("%s", err)  # it holds until the next start
            return state.fax_line(source, line)

    service = FaxService(state.instance_id, number)
    said = config.fax
    secured = None
    if not said.local and config.tls.certificate is not None:
        secured = doors.context(config.tls.certificate, config.tls.key)
    sockets = listen(said.listen.address, said.listen.port, ipv6=config.service.ipv6, said=("fax", "listen"))
    face = FaxEvents(service, _passes(config))
    async with serving(face.application(), [(sock, secured) for sock in sockets]):
        scheme = "http" if secured is None else "https"
        place = said.listen.model_copy(update={"port": sockets[0].getsockname()[1]})
        _log.info("fax events at %s://%s%s", scheme, place, EVENTS)
        if secured is None and not said.local:
            _log.warning("fax events and their tokens cross the network in clear: [tls] has no certificate")
        openers = {source_of(each): partial(hylafax, each, clock) for each in said.hylafax}
        following = [asyncio.create_task(follow(*each, service, clock)) for each in openers.items()]
        try:
            yield agents(config, service)
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            service.close()
