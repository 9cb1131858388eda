"""A whole bridge in this process with a device on its bench, for clients to talk to until the block ends.

`hand_turned` builds it on a hand-turned clock (hil.rig.loop): the product's own daemon, links straight to simulated
devices or tapes, HTTP in memory. `real` builds the same on the machine's clock, sockets and buses.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bridge.config import Config, validate
from bridge.daemon import Daemon
from drivers.contract.clock import Clock
from drivers.contract.driver import Finding
from hil.rig.devices import Subject
from hil.rig.hands import taken
from hil.rig.loop import HandTurnedLoop

START: Final = 60.0  # seconds for all scanners to be served: a real one may have to wake up
STOP: Final = 30.0


class NotServed(RuntimeError):
    """The bridge did not get to serve the device; the text says what it found."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What clients need."""

    urls: tuple[str, ...]  # of the scanners, in the order in which they were found
    clock: Clock
    subjects: Sequence[Subject]

    @property
    def url(self) -> str:
        """The first scanner's."""
        return self.urls[0]


def configured(directory: Path, settings: Mapping[str, Any], *, listen: str = "127.0.0.1:0") -> Config:
    """The bridge's configuration: loopback, its files in `directory`; `settings` are tables of the file, and win.

    Raises ConfigError."""
    service = {
        "listen": listen,
        "multicast": False,
        "ipv6": False,
        "state_dir": str(directory / "state"),
        "cache_dir": str(directory / "cache"),
    }
    values = {"usb": {"enabled": False}, **settings, "service": {**service, **settings.get("service", {})}}
    return validate(values, "the scenario's [bridge]")


@asynccontextmanager
async def hand_turned(
    loop: HandTurnedLoop, directory: Path, subjects: Sequence[Subject], settings: Mapping[str, Any] | None = None
) -> AsyncIterator[Bench]:
    """On that loop, which must be the running one. Raises NotServed, ConfigError."""

    async def find() -> list[Finding]:
        return [finding for subject in subjects for finding in await subject.find()]

    config = configured(directory, settings or {})
    with taken(loop.turns):
        async with _running(config, find, loop.clock, len(subjects)) as urls:
            yield Bench(urls, loop.clock, subjects)


@asynccontextmanager
async def real(
    config: Config, find: Callable[[], Any], clock: Clock, subjects: Sequence[Subject] = (), *, scanners: int = 1
) -> AsyncIterator[Bench]:
    """On the machine's clock. Raises NotServed, ConfigError."""
    async with _running(config, find, clock, scanners) as urls:
        yield Bench(urls, clock, subjects)


@asynccontextmanager
async def _running(
    config: Config, find: Callable[[], Any], clock: Clock, scanners: int
) -> AsyncIterator[tuple[str, ...]]:
    urls: list[str] = []
    ready, stop = asyncio.Event(), asyncio.Event()

    def told(url: str) -> None:
        urls.append(url)
        if len(urls) >= scanners:
            ready.set()

    run = asyncio.create_task(Daemon(config, find, told, clock).run(stop))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait((run, waiting), timeout=START, return_when=asyncio.FIRST_COMPLETED)
        if run.done():
            run.result()
        if not ready.is_set():
            seen = ", ".join(each.description for each in await find()) or "nothing"
            raise NotServed(f"{len(urls)} of {scanners} scanners are served after {START:g} s; there is {seen}")
        yield tuple(urls)
    finally:
        waiting.cancel()
        stop.set()
        async with asyncio.timeout(STOP):
            await asyncio.gather(run, return_exceptions=True)
