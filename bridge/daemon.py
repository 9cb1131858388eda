"""The running bridge: every part made, joined and ended in order.

Nothing is decided here. Floors, from the ground: state and clock, the scanners, their services, the sockets; the
scanners appear and the sockets stay.
"""

import asyncio
import ipaddress
import logging
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from bridge import systemd
from bridge.config import Config
from bridge.discovery.responder import Announced, Responder
from bridge.dpws.metadata import SCANNER_SERVICE_TYPE
from bridge.errors import ConfigError, DeliveryFailed
from bridge.eventing.ledger import Ledger, Limits, Owed
from bridge.hotplug import ByClock, Hotplug, Lookout
from bridge.keeping import Keeping
from bridge.net import doors, wiretap
from bridge.net.addresses import Selection
from bridge.net.courier import Courier, Letter
from bridge.net.presence import Presence
from bridge.net.serving import serving
from bridge.net.web import Web
from bridge.presses import Presses
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.service.access import Access
from bridge.service.endpoint import Endpoint, digest
from bridge.service.scan import ScanService, shown
from bridge.service.subscriptions import Subscriptions, end_letter
from bridge.soap import names
from bridge.state import State
from bridge.wsscan.values import InputSource
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.http import HttpClient
from drivers.contract.observation import ButtonPress, Feeder

_log = logging.getLogger(__name__)

DEVICE_TYPES: Final = (f"{{{names.WSDP}}}Device", f"{{{names.WSCN}}}ScanDeviceType")
EXPIRY_PACE: Final = 30.0
GRACE: Final = 3.0  # seconds for the last events to leave


@dataclass(frozen=True, slots=True)
class Hosted:
    """Everything that serves one scanner."""

    scanner: HostedScanner
    acquisition: Acquisition
    subscriptions: Subscriptions
    courier: Courier
    endpoint: Endpoint
    keeping: Keeping


class Daemon:
    """One bridge with all its scanners."""

    def __init__(
        self,
        config: Config,
        find: Callable[[], Awaitable[list[Finding]]],
        ready: Callable[[str], None],
        clock: Clock | None = None,
        look_out: Callable[[], Lookout] | None = None,
    ) -> None:
        """`look_out` makes what tells when to `find` again; without it that is done by the clock."""
        self._config = config
        self._find = find
        self._look_out = look_out
        self._ready = ready  # called with the device URL of each scanner once it is served
        self._clock = clock or SystemClock()
        self._random = Random()  # noqa: S311 - it spreads delays, it guards nothing
        self._hosted: dict[str, Hosted] = {}  # by the scanner's uuid
        self._loose: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. Raises ConfigError when it cannot begin."""
        config = self._config
        self._state = State(config.state_dir, self._clock.now())
        self._spool = _made(config.cache_dir)
        self._responder = Responder(self._state.instance_id, self._random)
        near = Selection.configured(config.service)
        self._presence = Presence(self._responder, near, self._clock, self._random, multicast=config.service.multicast)
        self._access = Access.configured(config.access, self._presence.is_near)
        self._allowed = tuple(ipaddress.ip_network(text) for text in config.service.allow_notify)
        async with AsyncExitStack() as stack:
            stack.callback(self._close_state)
            self._client = await stack.enter_async_context(HttpClient(Limits().per_peer))
            stack.push_async_callback(self._close_scanners)
            self._presses = Presses(config, self._clock)
            stack.push_async_callback(self._presses.close)
            await self._serve_http(stack)
            await stack.enter_async_context(self._presence)
            if config.scan_server.processes is not None:
                from bridge.scan_server import scan_server  # noqa: PLC0415 - for those who want one

                served = scan_server(config, self._state, self._client, self._clock, self._access)
                await stack.enter_async_context(served)
            await stack.enter_async_context(wiretap.opened(config.state_dir, self._clock))
            find = self._find
            if config.fax.enabled:
                from bridge.following import faxes  # noqa: PLC0415 - for those who want faxes

                agents = await stack.enter_async_context(faxes(config, self._state, self._clock))
                find = partial(agents.find, find)
            lookout = self._look_out() if self._look_out is not None else ByClock(self._clock)
            stack.callback(lookout.close)
            self._hotplug = Hotplug(
                find,
                lambda key: config.of(key).enabled,
                self._clock,
                share=lambda key: config.of(key).share,
                known_as=self._known_as,
                lookout=lookout,
            )
            self._presses.recover()
            systemd.notify("READY=1")
            work = asyncio.ensure_future(self._work())
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
            finally:
                systemd.notify("STOPPING=1")
                stopping.cancel()
                # Jobs end, and say so, while their devices are still open.
                for hosted in self._hosted.values():
                    await hosted.acquisition.close()
                work.cancel()
                await asyncio.wait((work,))
                await self._presence.bye(hosted.endpoint.address for hosted in self._hosted.values())

    def _close_state(self) -> None:
        try:
            self._state.close()
        except ConfigError as err:
            _log.warning("%s", err)  # what was saved before holds

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hotplug.run(self._appeared))
            tasks.create_task(self._expire())

    # The sockets.

    async def _serve_http(self, stack: AsyncExitStack) -> None:
        face = Web(
            lambda: {key: hosted.endpoint for key, hosted in self._hosted.items()}, self._responder, self._access
        )
        opened = doors.doors(self._config.service, self._config.tls)
        self._presence.port = doors.port(opened[0])
        self._presence.scheme = "http" if opened[0][1] is None else "https"
        face.ports = frozenset(map(doors.port, opened))
        await stack.enter_async_context(serving(face.application(), opened))

    # The scanners.

    async def _appeared(self, device: Device) -> HostedScanner:
        """A device was opened: host it, or give it back to the scanner that it was before."""
        key = device.identity.key
        kept = self._state.scanner(key)
        known = self._hosted.get(str(kept.uuid))
        if known is not None:
            known.scanner.attach(device)
            self._describe(known)
            return known.scanner
        hosted = self._host(device, key, kept.uuid)
        self._hosted[str(kept.uuid)] = hosted
        self._describe(hosted)
        _log.info("device=%s: served as %s", key, hosted.endpoint.address)
        self._ready(self._presence.url(hosted.endpoint.device_path()))
        return hosted.scanner

    def _known_as(self, key: str, there: frozenset[str]) -> str:
        """The key that the device had before, or that the operator gave it. Without a serial number a newcomer at
        another port is the one known device of its kind that is not `there`, if there is exactly one."""
        kind, at, _ = key.partition("@")
        known = {*self._state.keys, *(entry.key for entry in self._config.scanner)}
        if not at or key in known:
            return key
        away = [each for each in known - there if each.startswith(f"{kind}@")]
        return away[0] if len(away) == 1 else key

    def _host(self, device: Device, key: str, identifier: uuid.UUID) -> Hosted:
        config, said = self._config, self._config.of(key)
        ledger = Ledger(self._clock)
        courier = Courier(self._client, self._clock, lambda sub, why: self._lost(str(identifier), sub, why))
        subscriptions = Subscriptions(key, ledger, courier.post, courier.forget, self._allowed)
        self._presses.listeners[key] = subscriptions.tell_after_scan
        keeping = Keeping(self._state, key, ledger, subscriptions)
        keeping.restore()
        scanner = HostedScanner(
            device.identity,
            lambda: self._state.next_job_id(key),
            self._clock,
            subscriptions.tell,
            lambda press: self._pressed(str(identifier), press),
        )
        keeping.restore_conditions(scanner)
        scanner.attach(device)
        keeping.end_open_jobs(scanner)
        quota = config.service.cache_quota_mb * 1024 * 1024
        acquisition = Acquisition(scanner, config.jobs, self._spool, quota)
        name = (said.name or device.identity.name)[:127]
        service = ScanService(scanner, acquisition, subscriptions.invitations, name, said.location, self._access)
        subscriptions.shown = partial(shown, service)
        endpoint = Endpoint(identifier, service, subscriptions, self._responder)
        return Hosted(scanner, acquisition, subscriptions, courier, endpoint, keeping)

    def _pressed(self, identifier: str, press: ButtonPress) -> None:
        """The press scans by itself, or goes to the destination that the operator or the client chose for it."""
        hosted = self._hosted.get(identifier)
        if hosted is None:
            return
        if self._presses.takes(hosted.scanner, hosted.acquisition, hosted.endpoint.service.name, press.button):
            return
        said = self._config.of(hosted.scanner.identity.key)
        source = InputSource.ADF if hosted.scanner.view.feeder is Feeder.LOADED else InputSource.PLATEN
        hosted.subscriptions.invite(press.button, source, said.buttons, said.destination, self._clock.monotonic())

    def _describe(self, hosted: Hosted) -> None:
        """What discovery says of it from now on; with a Hello where that is news."""
        endpoint, key = hosted.endpoint, hosted.scanner.identity.key
        version = self._state.metadata_version(key, digest(endpoint.uuid, hosted.scanner, endpoint.service.name))
        said = {device.address: device.metadata_version for device in self._responder.devices}
        xaddrs = partial(self._presence.urls, endpoint.device_path())
        hosts = (SCANNER_SERVICE_TYPE,)
        self._responder.put(Announced(endpoint.address, DEVICE_TYPES, xaddrs, metadata_version=version, hosts=hosts))
        if said.get(endpoint.address) != version:
            self._presence.announce(endpoint.address)

    def _lost(self, identifier: str, subscription: str, why: str) -> None:
        hosted = self._hosted[identifier]
        for owed in hosted.subscriptions.lost(subscription, why):
            self._start(self._say_end(hosted, owed))

    async def _say_end(self, hosted: Hosted, owed: Owed) -> None:
        to, address = owed.subscription.end_to, owed.subscription.end_address
        url = self._presence.url(hosted.endpoint.scan_path(), owed.subscription.peer)
        letter = end_letter(owed, url)
        if to is None or address is None or letter is None:
            return
        try:
            await hosted.courier.send(Letter(to.address, address, letter))
        except DeliveryFailed as err:
            _log.info("sub=%s: %s", owed.subscription.identifier, err)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Something short that nobody waits for; it is ended with us."""
        task = asyncio.get_running_loop().create_task(work)
        self._loose.add(task)
        task.add_done_callback(self._loose.discard)

    async def _expire(self) -> None:
        while True:
            await self._clock.sleep(EXPIRY_PACE)
            for hosted in self._hosted.values():
                hosted.subscriptions.expire()
                hosted.acquisition.settle()
                hosted.keeping.settle()

    async def _close_scanners(self) -> None:
        """The last events leave, then those who want it learn that there will be no more."""
        for task in tuple(self._loose):
            task.cancel()
        everyone = tuple(self._hosted.values())
        for hosted in everyone:
            hosted.keeping.settle()
        await asyncio.gather(*(hosted.courier.close(GRACE) for hosted in everyone))
        ends = [self._say_end(hosted, owed) for hosted in everyone for owed in hosted.subscriptions.shut_down()]
        # One that does not answer keeps neither the others nor the stop waiting.
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*ends)
        self._hosted.clear()


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        tempfile.TemporaryFile(dir=directory).close()  # said now, not when the first page is to be spooled
    except OSError as err:
        raise ConfigError(str(directory), "cache_dir", err.strerror or str(err)) from err
    return directory
