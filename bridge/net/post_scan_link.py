"""A device's link to one scan server: found, asked again while it is away, and followed by its events.

Spec: DSM sections of discovery and WS-Eventing; docs/decisions/0081-pushing.md.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from bridge.dsm.names import action
from bridge.dsm.operations import EventName, PostScanJobEndStateEvent
from bridge.errors import BridgeError
from bridge.log import kept_short
from bridge.net import subscribing
from bridge.net.asking import NoAnswer, Refused
from bridge.net.finding import find_server, local_address_for
from bridge.net.post_scan_client import ScanServerClient, context
from bridge.net.sink import Arrived, Sink
from bridge.soap.endpoint import EndpointReference
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 60.0, 60.0)  # s between tries to reach the server
LOOK: Final = 15.0  # seconds after which the server is asked, when no event came
_LEASE: Final = timedelta(hours=1)
_GIVE_BACK: Final = 5.0


class Link:
    """What one device has of the server."""

    def __init__(self, client: ScanServerClient, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._heard = asyncio.Event()
        self._over: set[str] = set()  # tokens of jobs whose end was told

    async def insist(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Again, while the server is away or says that it can later. Raises BridgeError, OSError."""
        return await insist(work, self._clock)

    def hear(self, arrived: Arrived) -> None:
        """An event of the server came."""
        if isinstance(arrived.event, PostScanJobEndStateEvent):
            self._over.add(arrived.event.post_scan_job_end_state.job_token)
        self._heard.set()

    async def until_news(self, token: str) -> None:
        """Until the end of that job was told, or it is time to ask."""
        waiting = asyncio.ensure_future(self._clock.sleep(LOOK))
        hearing = asyncio.ensure_future(self._heard.wait())
        try:
            while not waiting.done() and token not in self._over:
                await asyncio.wait((waiting, hearing), return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    self._heard.clear()
                    hearing = asyncio.ensure_future(self._heard.wait())
        finally:
            waiting.cancel()
            hearing.cancel()


@asynccontextmanager
async def linked(
    url: str, trust: tuple[Path | None, Path | None, Path | None], clock: Clock, told: Callable[[Arrived], None]
) -> AsyncIterator[Link]:
    """The server at `url`, followed while the block lasts; `trust`: see `context`. Raises BridgeError."""
    async with AsyncExitStack() as stack:
        secured = context(*trust) if url.startswith("https:") else None
        http = await stack.enter_async_context(HttpClient(context=secured))
        found = await insist(lambda: find_server(http, url), clock)
        link = Link(ScanServerClient(http, found.service), clock)

        def heard(arrived: Arrived) -> None:
            told(arrived)
            link.hear(arrived)

        sink = await stack.enter_async_context(Sink(await local_address_for(url), heard, clock))
        actions = tuple(action(name) for name in EventName)
        try:
            held = await subscribing.subscribe(
                http, found.service, EndpointReference(sink.url), actions, expires=_LEASE, clock=clock
            )
        except BridgeError as err:  # it can be asked instead
            _log.info("%s: no events: %s", found.service, kept_short(str(err)))
        else:
            stack.push_async_callback(_give_back, http, held)
        yield link


async def insist(work: Callable[[], Awaitable[_T]], clock: Clock) -> _T:
    """As Link.insist."""
    for pause in PAUSES:
        try:
            return await work()
        except NoAnswer as err:
            why: BridgeError = err
        except Refused as err:
            if not (err.fault.subcode or "").endswith("}ServerErrorTemporaryError"):
                raise
            why = err
        _log.info("%s; trying again in %g s", kept_short(str(why), 200), pause)
        await clock.sleep(pause)
    return await work()


async def _give_back(http: HttpClient, held: subscribing.Held) -> None:
    with suppress(BridgeError, TimeoutError):
        async with asyncio.timeout(_GIVE_BACK):
            await subscribing.unsubscribe(http, held)
