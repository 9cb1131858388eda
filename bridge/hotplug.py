"""Which devices are there, against which are served: the only room that asks drivers.catalog.

A device that is found for the first time is opened and handed to `appeared`; from then on its observers are
watched until it is replaced. Being unplugged does not end that: the observers tell it (GONE) and see it return.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final

from bridge.config import Config
from bridge.log import kept_short
from bridge.scanner.hosted import HostedScanner
from drivers import catalog
from drivers.contract.clock import Clock
from drivers.contract.driver import Device, Finding, Observer
from drivers.contract.errors import DeviceRefused, DriverError
from drivers.contract.observation import Readiness
from drivers.snmp.credentials import Community, Version
from drivers.watch import snapshots

_log = logging.getLogger(__name__)

PACE: Final = 2.0  # seconds between looks at the buses
RETRY: Final = 10.0  # seconds before a device that would not open is tried again
AWAY: Final = 15.0  # seconds that a device may be out of reach while a job started at it goes on

Appeared = Callable[[Device], Awaitable[HostedScanner]]


async def find(config: Config, clock: Clock, *, patient: bool = False) -> list[Finding]:
    """Every scanner that is there, as the configuration wants them looked for. What SANE sees comes seconds later,
    with another look, unless one is `patient`."""
    found = await catalog.find(
        local=config.usb.enabled,
        usbip=tuple(f"usbip://{place}" for place in config.usb.usbip),
        agents=tuple(
            catalog.Agent(each.host, each.port, Community(each.community.get_secret_value(), Version(each.version)))
            for each in config.snmp
        ),
        sane=_sane(config),
        patient=patient,
        share=tuple(entry.key for entry in config.scanner if entry.share),
        clock=clock,
    )
    there = {finding.key for finding in found}
    for entry in config.scanner:
        if entry.key not in there:
            _note_absent(entry.key)
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
    return catalog.Sane(said.library, said.backends, said.network)


class Hotplug:
    """Keeps what is served in step with what is there."""

    def __init__(
        self, find_all: Callable[[], Awaitable[list[Finding]]], wanted: Callable[[str], bool], clock: Clock
    ) -> None:
        self._find = find_all
        self._wanted = wanted
        self._clock = clock
        self._watched: dict[str, asyncio.Task[None]] = {}
        self._retry_at: dict[str, float] = {}
        self._complaints: dict[str, str] = {}

    def forget(self, key: str) -> None:
        """The device of that key has come back under another one: the old place is watched no longer."""
        task = self._watched.pop(key, None)
        if task is not None:
            task.cancel()

    async def run(self, appeared: Appeared) -> None:
        """For ever: look at the buses, open what is new."""
        async with asyncio.TaskGroup() as watches:
            while True:
                for finding in await self._find():
                    if finding.driver is None or finding.key in self._watched or not self._wanted(finding.key):
                        continue
                    if self._clock.monotonic() < self._retry_at.get(finding.key, 0.0):
                        continue
                    device = await self._open(finding)
                    if device is not None:
                        self._watched[finding.key] = watches.create_task(self._watch(device, appeared))
                await self._clock.sleep(PACE)

    async def _open(self, finding: Finding) -> Device | None:
        try:
            device = await finding.open()
        except DriverError as err:
            # Once is enough: the same complaint is not repeated at every try.
            if self._complaints.get(finding.key) != str(err):
                self._complaints[finding.key] = str(err)
                level = logging.ERROR if isinstance(err, DeviceRefused) else logging.WARNING
                _log.log(level, "device=%s: cannot be opened: %s", finding.key, kept_short(str(err), 300))
            self._retry_at[finding.key] = self._clock.monotonic() + RETRY
            return None
        self._complaints.pop(finding.key, None)
        return device

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
            async for snapshot in snapshots(observer, self._clock, known=scanner.last_look):
                gone = snapshot.readiness is Readiness.GONE
                if gone is (waiting is None):
                    said = (
                        f"gone: {kept_short(snapshot.explanation or 'nobody says why', 300)}" if gone else "back again"
                    )
                    _log.warning("device=%s: %s", scanner.identity.key, said)
                scanner.look(snapshot)
                if gone and waiting is None:
                    waiting = asyncio.create_task(self._give_up(scanner))
                elif not gone and waiting is not None:
                    waiting.cancel()
                    waiting = None
        finally:
            if waiting is not None:
                waiting.cancel()

    async def _give_up(self, scanner: HostedScanner) -> None:
        await self._clock.sleep(AWAY)
        scanner.abandon()
