"""Messages to subscribers: in order for each, and none of them can harm another.

Every subscription has its own bounded queue and its own task. A subscriber that does not answer is tried again
with growing pauses; one that stays away, or lets its queue overflow, is given up, and `lost` says so.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from bridge.errors import DeliveryFailed
from bridge.log import TRAFFIC
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient, HttpFailed

_log = logging.getLogger(__name__)

QUEUE: Final = 1000  # messages; a job of 200 pages makes about 400
QUEUE_BYTES: Final = 2 * 1024 * 1024  # of them together; a thousand usual ones take half of it
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


@dataclass(slots=True)
class _Line:
    """What waits for one subscriber."""

    letters: asyncio.Queue[Letter] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    size: int = 0  # bytes of their bodies
    task: asyncio.Task[None] | None = None


class Courier:
    """Delivers letters for any number of subscriptions, each under its id."""

    def __init__(self, client: HttpClient, clock: Clock, lost: Callable[[str, str], None]) -> None:
        self._client = client
        self._clock = clock
        self._lost = lost  # subscription id and why; called once, from the event loop
        self._lines: dict[str, _Line] = {}

    def post(self, subscription: str, url: str, address: str, body: bytes) -> None:
        """Hand over one letter; returns at once."""
        line = self._lines.get(subscription)
        if line is None:
            line = self._lines[subscription] = _Line()
            line.task = asyncio.create_task(self._deliver(subscription, line))
        line.size += len(body)
        if line.letters.full():
            self._give_up(subscription, f"{QUEUE} messages are waiting")
        elif line.size > QUEUE_BYTES:
            self._give_up(subscription, f"messages of {QUEUE_BYTES} bytes are waiting")
        else:
            line.letters.put_nowait(Letter(url, address, body))

    def forget(self, subscription: str) -> None:
        """The subscription ended: what still waits is dropped."""
        line = self._lines.pop(subscription, None)
        if line is not None and line.task is not None and line.task is not asyncio.current_task():
            line.task.cancel()

    async def send(self, letter: Letter) -> None:
        """One letter outside any queue (SubscriptionEnd), one try. Raises DeliveryFailed."""
        try:
            status = await self._client.deliver(letter.pinned_url, letter.body, letter.headers, TIMEOUT, MAX_ANSWER)
        except HttpFailed as err:
            raise DeliveryFailed(str(err)) from err
        if not 200 <= status < 300:
            raise DeliveryFailed(f"{letter.url}: HTTP {status}")

    async def close(self, grace: float) -> None:
        """Give what waits `grace` seconds to leave, then stop."""
        lines = tuple(self._lines.values())
        waiting = [asyncio.ensure_future(line.letters.join()) for line in lines]
        if waiting:
            await asyncio.wait(waiting, timeout=grace)
        for future in waiting:
            future.cancel()
        tasks = [line.task for line in lines if line.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._lines.clear()

    async def _deliver(self, subscription: str, line: _Line) -> None:
        while True:
            letter = await line.letters.get()
            try:
                await self._insist(letter)
            except DeliveryFailed as err:
                self._give_up(subscription, str(err))
                return
            finally:
                line.size -= len(letter.body)
                line.letters.task_done()

    async def _insist(self, letter: Letter) -> None:
        """Deliver one letter, trying again. Raises DeliveryFailed."""
        TRAFFIC.debug("to %s: %r", letter.url, letter.body)
        for pause in PAUSES:
            try:
                return await self.send(letter)
            except DeliveryFailed as err:
                _log.info("%s; trying again in %g s", err, pause)
                await self._clock.sleep(pause)
        return await self.send(letter)

    def _give_up(self, subscription: str, why: str) -> None:
        self.forget(subscription)
        self._lost(subscription, why)
