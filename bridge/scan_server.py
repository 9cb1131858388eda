"""The scan server of a running bridge: its parts made, joined and ended in order. Nothing is decided here."""

import asyncio
import hashlib
import ipaddress
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from typing import Final

from bridge.config import Config
from bridge.discovery.messages import DEVICE_TYPE
from bridge.discovery.responder import Announced, Responder
from bridge.dsm.names import SERVICE_TYPE
from bridge.errors import ConfigError, DeliveryFailed
from bridge.eventing.ledger import Ledger, Owed
from bridge.jobs.post_scan_store import Store
from bridge.net import doors, listening
from bridge.net.asking import NoAnswer
from bridge.net.courier import Courier, Letter
from bridge.net.finding import local_address_for
from bridge.net.post_scan_web import PostScanWeb, context
from bridge.net.probe_port import probed
from bridge.net.serving import serving
from bridge.service.access import Access, Places, Right
from bridge.service.post_scan import Limits, PostScan
from bridge.service.post_scan_endpoint import PATH, PostScanEndpoint
from bridge.service.post_scan_process_files import ProcessFolder
from bridge.service.post_scan_subscriptions import PostScanSubscriptions
from bridge.service.subscriptions import end_letter
from bridge.state import State, boot_id
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient

_log = logging.getLogger(__name__)

KEY: Final = "scan-server"  # among the scanners of the state file
_MB: Final = 1024 * 1024
_EXPIRY_PACE: Final = 30.0
_GRACE: Final = 3.0  # seconds for the last events to leave


class ScanServer:
    """One scan server that serves; `url` is where devices probe for it."""

    def __init__(self, config: Config, state: State, client: HttpClient, clock: Clock, access: Access) -> None:
        """Raises ConfigError."""
        said = config.scan_server
        assert said.processes is not None
        self._state, self._clock = state, clock
        processes = ProcessFolder(said.processes, config.smtp, config.account)
        count = processes.check()
        store = Store(config.state_dir / "scan-server", said.quota_mb * _MB, said.most_image_mb * _MB)
        self._ledger = Ledger(clock)
        self._courier = Courier(client, clock, self._lost)
        allowed = tuple(ipaddress.ip_network(text) for text in config.service.allow_notify)
        self._subscriptions = PostScanSubscriptions(self._ledger, self._courier.post, self._courier.forget, allowed)
        limits = Limits(jobs=said.most_jobs, patience=said.patience)
        self.jobs = PostScan(processes, store, clock, self._subscriptions.tell, limits)
        self._responder = Responder(state.instance_id, Random())  # noqa: S311 - it spreads delays, it guards nothing
        self.endpoint = PostScanEndpoint(state.scanner(KEY).uuid, self.jobs, self._subscriptions, self._responder)
        devices = Places.parse(said.devices)
        self._allowed = Access(access.near, dict.fromkeys(Right, devices))
        self._face = PostScanWeb(self.endpoint, self._allowed)
        secured = None if said.certificate is None else context(said.certificate, said.key, said.client_authority)
        self._scheme = "http" if secured is None else "https"
        address, port = said.listen.address, said.listen.port
        socks = listening.listen(address, port, ipv6=config.service.ipv6, said=("scan_server", "listen"))
        self._doors = tuple((sock, secured) for sock in socks)
        self.port = doors.port(self._doors[0])
        self._loose: set[asyncio.Task[None]] = set()
        _log.info("scan server on port %d with %d processes", self.port, count)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve while the block lasts."""
        self._restore()
        await self.jobs.resume()
        said = hashlib.sha256(repr(self.endpoint.metadata("http://here")).encode()).hexdigest()
        version = self._state.metadata_version(KEY, said)
        address = self.endpoint.uuid.urn
        self._responder.put(
            Announced(address, (DEVICE_TYPE,), self._urls, metadata_version=version, hosts=(SERVICE_TYPE,))
        )
        self._face.ports = frozenset({self.port})
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            socks = [sock for sock, _ in self._doors]
            await stack.enter_async_context(probed(socks, self._responder.answer, self._allowed, self._clock))
            await stack.enter_async_context(serving(self._face.application(), self._doors))
            expiry = asyncio.create_task(self._expire())
            stack.callback(expiry.cancel)
            yield

    def _urls(self, local: str) -> tuple[str, ...]:
        host = f"[{local}]" if ":" in local else local
        return (f"{self._scheme}://{host}:{self.port}{PATH}",)

    # Subscriptions outlive us as those of the scanners do.

    def _restore(self) -> None:
        kept = self._state.scanner(KEY)
        try:
            self._ledger.restore(kept.subscriptions, same_boot=kept.boot_id == boot_id())
        except (ValueError, KeyError, TypeError) as err:
            _log.warning("scan server: the stored subscriptions are damaged and forgotten: %s", err)
        self._subscriptions.changed = self._keep

    def _keep(self) -> None:
        kept = self._state.scanner(KEY)
        kept.subscriptions, kept.boot_id = self._ledger.to_json(), boot_id()
        try:
            self._state.save()
        except ConfigError as err:
            _log.error("scan server: its subscriptions will not survive a restart: %s", err)

    async def _expire(self) -> None:
        while True:
            await self._clock.sleep(_EXPIRY_PACE)
            self._subscriptions.expire()

    def _lost(self, subscription: str, why: str) -> None:
        for owed in self._subscriptions.lost(subscription, why):
            task = asyncio.get_running_loop().create_task(self._say_end(owed))
            self._loose.add(task)
            task.add_done_callback(self._loose.discard)

    async def _say_end(self, owed: Owed) -> None:
        to, address = owed.subscription.end_to, owed.subscription.end_address
        try:
            if to is not None and address is not None:
                (url,) = self._urls(await local_address_for(Letter(to.address, address, b"").pinned_url))
                letter = end_letter(owed, f"{url}/{self.endpoint.uuid}")
                if letter is not None:
                    await self._courier.send(Letter(to.address, address, letter))
        except (DeliveryFailed, NoAnswer, ConfigError) as err:
            _log.info("sub=%s: %s", owed.subscription.identifier, err)

    async def _close(self) -> None:
        await self.jobs.close()
        for task in tuple(self._loose):
            task.cancel()
        await self._courier.close(_GRACE)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await asyncio.gather(*map(self._say_end, self._subscriptions.shut_down()))


@asynccontextmanager
async def scan_server(
    config: Config, state: State, client: HttpClient, clock: Clock, access: Access
) -> AsyncIterator[None]:
    """The one that is configured, while the block lasts. Raises ConfigError."""
    async with ScanServer(config, state, client, clock, access).serving():
        yield
