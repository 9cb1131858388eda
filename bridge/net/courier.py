"""Messages to subscribers: in order for each, and none of them can harm another.

Every subscription has its own bounded queue and its own task. A subscriber that does not answer is tried again
with growing pauses; one that stays away, or lets its queue overflow, is given up, and `lost` says so.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from bridge.errors import DeliveryFailed
from bridge.log import TRAFFIC
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient, HttpFailed

_log = logging.getLogger(__name__)

QUEUE: Final = 1000  # messages; a job of 200 pages makes about 400
PAUSES: Final = (
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
)  # seconds between tries; half a minute covers a PC that restarts its service
TIMEOUT: Final = 10.0
MAX_ANSWER: Final = 64 * 1024
HEADERS: Final = {"Content-Type": "application/soap+xml; charset=utf-8", "User-Agent": "WSDAPI"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to send: to whom, at which checked address the connection goes there, and what."""

    url: str
    address: str
    body: bytes

    @property
    def pinned_url(self) -> str:
        """Where the connection goes."""
        return _pinned(self.url, self.address)

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of HTTP."""
        return _headers(self.url)


# A subscriber is sent thousands of letters.
@lru_cache(maxsize=512)
def _pinned(url: str, address: str) -> str:
    """The URL with its host, which may be a name, replaced by the address that the policy allowed.

    A link-local address names its interface as `fe80::1%eth0`: aiohttp hands that to the resolver as it is, and
    would not find the `%25` of RFC 6874.
    """
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    port = "" if parts.port is None else f":{parts.port}"
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, parts.query, ""))


@lru_cache(maxsize=512)
def _headers(url: str) -> Mapping[str, str]:
    """The peer hears the name it calls itself, but for an interface, which means nothing to it (RFC 6874)."""
    return {**HEADERS, "Host": re.sub(r"%[^\]]*(?=\])", "", urlsplit(url).netloc)}


class Courier:
    """Delivers letters for any number of subscriptions, each under its id."""

    def __init__(self, client: HttpClient, clock: Clock, lost: Callable[[str, str], None]) -> None:
        self._client = client
        self._clock = clock
        self._lost = lost  # subscription id and why; called once, from the event loop
        self._queues: dict[str, asyncio.Queue[Letter]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def post(self, subscription: str, url: str, address: str, body: bytes) -> None:
        """Hand over one letter; returns at once."""
        queue = self._queues.get(subscription)
        if queue is None:
            queue = self._queues[subscription] = asyncio.Queue(QUEUE)
            self._tasks[subscription] = asyncio.create_task(self._deliver(subscription, queue))
        try:
            queue.put_nowait(Letter(url, address, body))
        except asyncio.QueueFull:
            self._give_up(subscription, f"{QUEUE} messages are waiting")

    def forget(self, subscription: str) -> None:
        """The subscription ended: what still waits is dropped."""
        self._queues.pop(subscription, None)
        task = self._tasks.pop(subscription, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def send(self, letter: Letter) -> None:
        """One letter outside any queue (SubscriptionEnd), one try. Raises DeliveryFailed."""
        try:
            answer = await self._client.post(letter.pinned_url, letter.body, letter.headers, TIMEOUT, MAX_ANSWER)
        except HttpFailed as err:
            raise DeliveryFailed(str(err)) from err
        if not 200 <= answer.status < 300:
            raise DeliveryFailed(f"{letter.url}: HTTP {answer.status}")

    async def close(self, grace: float) -> None:
        """Give what waits `grace` seconds to leave, then stop."""
        waiting = [asyncio.ensure_future(queue.join()) for queue in self._queues.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=grace)
        for future in waiting:
            future.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._tasks.clear()
        self._queues.clear()

    async def _deliver(self, subscription: str, queue: asyncio.Queue[Letter]) -> None:
        while True:
            letter = await queue.get()
            try:
                await self._insist(letter)
            except DeliveryFailed as err:
                self._give_up(subscription, str(err))
                return
            finally:
                queue.task_done()

    async def _insist(self, letter: Letter) -> None:
        """Deliver one letter, trying again. Raises DeliveryFailed."""
        for pause in (*PAUSES, None):
            try:
                TRAFFIC.debug("to %s: %r", letter.url, letter.body)
                return await self.send(letter)
            except DeliveryFailed as err:
                if pause is None:
                    raise
                _log.info("%s; trying again in %g s", err, pause)
                await self._clock.sleep(pause)
        return None

    def _give_up(self, subscription: str, why: str) -> None:
        self.forget(subscription)
        self._lost(subscription, why)
