"""Which devices are there, against which are served: the only room that asks drivers.catalog.

A device that is found for the first time is opened and handed to `appeared`; from then on its observers are
watched until it is replaced. Being unplugged does not end that: the observers tell it (GONE) and see it return.
It is looked for when something is plugged in or out, and now and then (docs/decisions/0045-hot-plug-by-word.md).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Protocol

from bridge.config import Config
from bridge.log import kept_short
from bridge.scanner.hosted import HostedScanner
from drivers import catalog
from drivers.contract.clock import Clock
from drivers.contract.driver import Device, Finding, Observer
from drivers.contract.errors import DeviceRefused, DriverError
from drivers.contract.observation import Readiness
from drivers.snmp.credentials import credentials
from drivers.usb.uevents import Uevents
from drivers.watch import BACK_OFF, snapshots

_log = logging.getLogger(__name__)

PACE: Final = 2.0  # seconds between looks at the buses
RETRY: Final = 10.0  # seconds before a device that would not open is tried again
RETRY_PART: Final = 300.0  # the same for one that is observed, but cannot scan
LONG: Final = 60.0  # seconds between looks for a scanner that is gone, where its return is told
AWAY: Final = 15.0  # seconds that a device may be out of reach while a job started at it goes on

Appeared = Callable[[Device], Awaitable[HostedScanner]]


async def find(config: Config, clock: Clock, *, patient: bool = False, unserved: bool = False) -> list[Finding]:
    """Every scanner that is there, as the configuration wants them looked for. What SANE sees comes seconds later,
    with another look, unless one is `patient`. `unserved`: also what the table of routes alone takes for a scanner."""
    found = await catalog.find(
        local=config.usb.enabled,
        usbip=tuple(f"usbip://{place}" for place in config.usb.usbip),
        agents=tuple(
            catalog.Agent(each.host, each.port, credentials(**each.credentials()), each.scanner) for each in config.snmp
        ),
        services=tuple(catalog.Service(each.url, each.certificate) for each in config.escl),
        mdns=config.mdns.escl,
        sane=_sane(config),
        patient=patient,
        unserved=unserved,
        clock=clock,
    )
    there = {finding.key for finding in found}
    named = [each.key for each in config.scanner]
    named += (each.scanner for each in config.button)
    named += (each.scanner for each in config.snmp)
    for key in named:
        if key and key not in there:
            _note_absent(key)
    return found


@cache
def _note_absent(key: str) -> None:
    """Said once: it may be unplugged, or its key mistyped."""
    _log.warning("device=%s: is in the configuration, but not there", kept_short(key))


def _sane(config: Config) -> catalog.Sane | None:
    """How SANE is to look. Where this machine's USB is none of ours, SANE has to be told what else to look at."""
    said = config.sane
    if not said.enabled or not (config.usb.enabled or said.backends or said.network):
        return None
    return catalog.Sane(said.library, said.backends, said.network, config.firmware_dir)


class Lookout(Protocol):
    """When it is worth while to look at the buses again."""

    @property
    def all_told(self) -> bool:
        """Whether no USB device comes or goes without a word."""

    def due(self) -> float:
        """Seconds until the next look, when nothing is told."""

    async def changed(self, seconds: float) -> bool:
        """Wait until something was plugged in or out (True), or for so long."""

    def close(self) -> None:
        """Listen no more."""


class ByClock:
    """Nobody tells of changes."""

    all_told = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def due(self) -> float:
        return PACE

    async def changed(self, seconds: float) -> bool:
        await self._clock.sleep(seconds)
        return False

    def close(self) -> None:
        pass


class ByWord:
    """The system tells what is plugged in and out of this machine's USB; where it does not, the clock has to do."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """Made inside a running event loop."""
        self._clock = clock
        self._remote, self._sane = bool(config.usb.usbip), _sane(config)
        self._told: Uevents | None = None
        self._pace = float("inf")
        if config.usb.enabled:
            try:
                self._told = Uevents()
            except OSError as err:
                self._pace = PACE
                _log.info("the system does not tell of plugged devices (%s): looking every %g s", err, PACE)

    @property
    def all_told(self) -> bool:
        return self._told is not None and not self._remote

    def due(self) -> float:
        return min(self._pace, catalog.due(usbip=self._remote, sane=self._sane))

    async def changed(self, seconds: float) -> bool:
        if self._told is None:
            await self._clock.sleep(seconds)
            return False
        told = asyncio.ensure_future(self._told.changed())
        over = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((told, over), return_when=asyncio.FIRST_COMPLETED)
            return told.done()
        finally:
            told.cancel()
            over.cancel()

    def close(self) -> None:
        """Listen no more."""
        if self._told is not None:
            self._told.close()


@dataclass(frozen=True, slots=True)
class _Watched:
    """A device that is open, at the place where it was found."""

    device: Device
    task: asyncio.Task[None]

    @property
    def identity(self) -> str:
        """The key under which it is served."""
        return self.device.identity.key


class Hotplug:
    """Keeps what is served in step with what is there."""

    def __init__(
        self,
        find_all: Callable[[], Awaitable[list[Finding]]],
        wanted: Callable[[str], bool],
        clock: Clock,
        *,
        share: Callable[[str], bool] = lambda _: False,
        known_as: Callable[[str, frozenset[str]], str] = lambda key, _: key,
        lookout: Lookout | None = None,
    ) -> None:
        """`known_as`: the key under which a device found at that key is served, when these are there. `wanted` and
        `share` go by that one."""
        self._find = find_all
        self._wanted, self._share, self._known_as = wanted, share, known_as
        self._clock = clock
        self._lookout = lookout or ByClock(clock)
        self._watched: dict[str, _Watched] = {}  # by the key that tells the place
        self._retry_at: dict[str, float] = {}
        self._complaints: dict[str, str] = {}

    async def run(self, appeared: Appeared) -> None:
        """For ever: look at the buses, open what is new."""
        async with asyncio.TaskGroup() as watches:
            found = await self._find()
            if not found:
                _log.info("no scanner is there: one that comes is served at once")
            while True:
                there = frozenset(finding.key for finding in found)
                for finding in found:
                    identity = self._identity(finding.key, there)
                    if self._is_news(finding, identity):
                        await self._leave(finding.key, identity)
                        device = await self._open(finding, identity)
                        if device is not None:
                            task = watches.create_task(self._watch(device, appeared))
                            self._watched[finding.key] = _Watched(device, task)
                if await self._lookout.changed(self._pause()):
                    self._retry_at.clear()
                found = await self._find()

    def _identity(self, place: str, there: frozenset[str]) -> str:
        """The key under which what was found at that place is served. `there`: all places where something was found."""
        if place in self._watched:
            return self._watched[place].identity
        served = {watched.identity for key, watched in self._watched.items() if key in there}
        return self._known_as(place, there | served)

    def _is_news(self, finding: Finding, identity: str) -> bool:
        """Whether it is to be opened now: it is not yet, or somebody was found who can scan with it."""
        if finding.driver is None or self._clock.monotonic() < self._retry_at.get(finding.key, 0.0):
            return False
        watched = self._watched.get(finding.key)
        if watched is not None:
            return watched.device.acquirer is None and watched.device.driver != finding.driver
        return self._wanted(identity)

    async def _leave(self, place: str, identity: str) -> None:
        """Whatever was open at that place, or served under that key at another, is no longer."""
        for key, watched in tuple(self._watched.items()):
            if key == place or watched.identity == identity:
                del self._watched[key]
                watched.task.cancel()
                await asyncio.wait((watched.task,))  # so that it is free

    def _pause(self) -> float:
        """Seconds until the next look."""
        now = self._clock.monotonic()
        return max(0.0, min([self._lookout.due(), *(at - now for at in self._retry_at.values() if at > now)]))

    async def _open(self, finding: Finding, identity: str) -> Device | None:
        opener = finding.shared if self._share(identity) and finding.shared is not None else finding.open
        try:
            device = await opener()
        except DriverError as err:
            # Once is enough: the same complaint is not repeated at every try.
            if self._complaints.get(finding.key) != str(err):
                self._complaints[finding.key] = str(err)
                level = logging.ERROR if isinstance(err, DeviceRefused) else logging.WARNING
                _log.log(level, "device=%s: cannot be opened: %s", finding.key, kept_short(str(err), 300))
            self._retry_at[finding.key] = self._clock.monotonic() + RETRY
            return None
        self._complaints.pop(finding.key, None)
        if device.driver != finding.driver:  # only a part of it could be opened
            self._retry_at[finding.key] = self._clock.monotonic() + RETRY_PART
        if identity != finding.key:
            _log.info("device=%s: is taken for %s, which is away", finding.key, identity)
        return replace(device, identity=replace(device.identity, key=identity))

    async def _watch(self, device: Device, appeared: Appeared) -> None:
        try:
            scanner = await appeared(device)
            async with asyncio.TaskGroup() as observers:
                for observer in device.observers:
                    observers.create_task(self._observe(observer, scanner))
        finally:
            await asyncio.shield(device.close())

    async def _observe(self, observer: Observer, scanner: HostedScanner) -> None:
        waiting: asyncio.Task[None] | None = None  # for it to come back
        try:
            async for snapshot in snapshots(observer, self._clock, known=scanner.last_look, away=self._away(scanner)):
                gone = snapshot.readiness is Readiness.GONE
                if gone is (waiting is None):
                    said = (
                        f"gone: {kept_short(snapshot.explanation or 'nobody says why', 300)}" if gone else "back again"
                    )
                    whose = f"{snapshot.source}: " if snapshot.source in scanner.view.onlookers else ""
                    _log.warning("device=%s: %s%s", scanner.identity.key, whose, said)
                scanner.look(snapshot)
                if gone and waiting is None:
                    waiting = asyncio.create_task(self._give_up(scanner))
                elif not gone and waiting is not None:
                    waiting.cancel()
                    waiting = None
        finally:
            if waiting is not None:
                waiting.cancel()

    def _away(self, scanner: HostedScanner) -> Callable[[float], Awaitable[object]] | None:
        """How to wait for a device that is gone: on USB until something is plugged in."""
        if not scanner.identity.key.startswith("usb-"):
            return None
        long = LONG if self._lookout.all_told else BACK_OFF[-1]
        return lambda seconds: self._lookout.changed(long if seconds >= BACK_OFF[-1] else seconds)

    async def _give_up(self, scanner: HostedScanner) -> None:
        await self._clock.sleep(AWAY)
        scanner.abandon()
