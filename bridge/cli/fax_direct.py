"""One fax system followed without any bridge: what a bridge would tell of it, in this process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from bridge.config import Hylafax
from bridge.errors import BridgeError
from bridge.fax.notify import ALL_EVENTS
from bridge.following import ALL_RIGHTS, FaxSource, Overheard, follow, hylafax, source_of
from bridge.service.fax import FaxService, Told
from drivers.contract.clock import Clock
from drivers.contract.errors import DriverError
from drivers.snmp.credentials import Credentials
from drivers.snmp.device import open_device
from drivers.watch import snapshots


class NotFollowed(BridgeError):
    """The fax system could not be asked; the text says why."""


@asynccontextmanager
async def from_hylafax(server: Hylafax, clock: Clock) -> AsyncIterator[AsyncIterator[Told]]:
    """What a HylaFAX server tells. Raises NotFollowed when the first look fails."""
    service, source = _service(), source_of(server)
    try:
        opened = await hylafax(server, clock)
    except DriverError as err:
        raise NotFollowed(str(err)) from err

    async def again() -> FaxSource:
        return opened

    try:
        try:
            service.see(replace(await opened.poll(), source=source))
        except DriverError as err:
            raise NotFollowed(str(err)) from err
        async with _told(service, follow(source, again, service, clock)) as events:
            yield events
    finally:
        await opened.close()


@asynccontextmanager
async def from_agent(
    host: str, port: int, credentials: Credentials, clock: Clock
) -> AsyncIterator[AsyncIterator[Told]]:
    """What an SNMP agent tells of its faxes. Raises NotFollowed when the first look fails."""
    service = _service()
    try:
        device = await open_device(host, port, credentials, clock=clock)
    except DriverError as err:
        raise NotFollowed(str(err)) from err
    try:
        observer = Overheard(device.observers[0], device.identity.key, service)
        try:
            await observer.poll()
        except DriverError as err:
            raise NotFollowed(str(err)) from err
        async with _told(service, _watch(observer, clock)) as events:
            yield events
    finally:
        await device.close()


def _service() -> FaxService:
    numbers = count(1)
    lines: dict[tuple[str, str], int] = {}

    def number(source: str, line: str) -> int:
        if (source, line) not in lines:
            lines[source, line] = next(numbers)
        return lines[source, line]

    return FaxService(1, number)


async def _watch(observer: Overheard, clock: Clock) -> None:
    async for _ in snapshots(observer, clock):
        pass


@asynccontextmanager
async def _told(service: FaxService, work: Coroutine[None, None, None]) -> AsyncIterator[AsyncIterator[Told]]:
    working = asyncio.ensure_future(work)

    async def events() -> AsyncIterator[Told]:
        stream = service.stream(ALL_EVENTS, ALL_RIGHTS)
        while True:
            for each in stream.take():
                yield each
            news = asyncio.ensure_future(stream.news.wait())
            await asyncio.wait((news, working), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                news.cancel()
                working.result()

    try:
        yield events()
    finally:
        working.cancel()
        await asyncio.wait((working,))
