"""`wsd-scan-bridge watch URL`: whatever a WSD scanner tells its subscribers, live.

One subscription for all seven events, renewed at half time and looked after in between: when the device ends it, loses
it or comes back from being away, it is asked for anew. A first contact that fails is an error, a later one is waited
out.
"""

import asyncio
import json as json_
import math
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import count
from typing import Any, Final, TextIO, TypeVar

from rich.console import Console
from rich.text import Text

from bridge.dsm import names as dsm
from bridge.dsm import operations
from bridge.errors import BridgeError, ConfigError, WireError
from bridge.event_line import facts, line
from bridge.eventing.messages import SubscriptionEnd
from bridge.net import subscribing
from bridge.net.asking import NoAnswer, Refused
from bridge.net.finding import NoScanner, find, local_address_for
from bridge.net.sink import Arrived, Sink
from bridge.net.subscribing import Held
from bridge.soap.endpoint import EndpointReference
from bridge.stopping import asked_to_stop
from bridge.wsscan.events import EventName
from bridge.wsscan.job import JobState
from bridge.wsscan.year import action
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.http import HttpClient

Result = TypeVar("Result")

STOPPED, UNREACHABLE, WRONG_ARGUMENTS, REFUSED = 0, 1, 2, 3  # exit codes

ALL_EVENTS: Final = tuple(action(name) for name in EventName)
SERVER_EVENTS: Final = tuple(dsm.action(name) for name in operations.EventName)  # of a scan server, to its own users
EXPIRES: Final = timedelta(hours=1)
CHECK: Final = 30.0  # seconds between looks at the subscription: a device that was restarted may have lost it
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # between tries to reach a device that is away
_SHORTEST: Final = 5.0
_GIVE_BACK: Final = 5.0
_STYLES: Final = {
    JobState.COMPLETED: "green",
    JobState.ABORTED: "red",
    JobState.CANCELED: "yellow",
}


async def watch(url: str, *, json: bool, out: TextIO) -> int:
    """Print events until SIGINT or SIGTERM; the exit code. `listen`: where events are taken, by default our address
    on the way to the device. Errors go to standard error, one line."""
    paper = _Paper(out, as_json=json)
    with asked_to_stop() as stop:
        try:
            async with HttpClient() as client:
                return await _Watcher(client, url, paper, SystemClock(), stop).run()
        except BrokenPipeError:  # `watch … | head`: whoever read has enough
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
            return STOPPED
        except ConfigError as err:
            print(f"wsd-scan-bridge: {err}", file=sys.stderr)
            return WRONG_ARGUMENTS
        except (NoAnswer, NoScanner) as err:
            print(f"wsd-scan-bridge: {err}", file=sys.stderr)
            return UNREACHABLE
        except BridgeError as err:
            print(f"wsd-scan-bridge: {url}: {err}", file=sys.stderr)
            return REFUSED


class _Over(Enum):
    """Why looking after one subscription ended."""

    STOP = "stop"  # the user wants no more
    ENDED = "ended"  # the device said so
    LOST = "lost"  # the device does not know it any more, or the time ran out
    AWAY = "away"  # the device does not answer


@dataclass(slots=True)
class _Watcher:
    client: HttpClient
    url: str
    paper: "_Paper"
    clock: Clock
    stop: asyncio.Event

    async def run(self) -> int:
        """Raises BridgeError when the first contact fails."""
        heard: asyncio.Queue[Arrived] = asyncio.Queue()
        async with Sink(await local_address_for(self.url), heard.put_nowait, self.clock) as sink:
            held = await self._unless_stopped(self._subscribe(sink.url))
            while held is not None:
                over = await self._look_after(held, heard)
                if over is _Over.STOP:
                    await self._give_back(held)
                    break
                held = await self._again(sink.url, held, over)
        return STOPPED

    async def _subscribe(self, notify_url: str) -> Held:
        found = await find(self.client, self.url)
        notify_to = EndpointReference(notify_url)
        events, besides = (SERVER_EVENTS, ()) if found.is_server else (ALL_EVENTS, SERVER_EVENTS[:1])
        held = await subscribing.subscribe(
            self.client, found.service, notify_to, events, expires=EXPIRES, clock=self.clock, besides=besides
        )
        self.paper.note("watching", f"{found.name} at {found.service}", lease=int(held.length.total_seconds()))
        return held

    async def _again(self, notify_url: str, old: Held, over: _Over) -> Held | None:
        """A subscription once more, however long it takes; None when the user stops waiting."""
        if over is _Over.ENDED:  # a device that shuts down says so while it still answers
            await self._pause(PAUSES[0])
        for attempt in count():
            if self.stop.is_set():
                return None
            try:
                # One that outlived the silence is kept: a second beside it would tell everything twice.
                if over is _Over.AWAY and await self._unless_stopped(self._lives(old)):
                    self.paper.note("back", "the scanner answers again")
                    return old
                held = await self._unless_stopped(self._subscribe(notify_url))
            except BridgeError as err:
                if attempt == 0:
                    self.paper.note("away", f"waiting for the scanner: {err}")
                await self._pause(PAUSES[min(attempt, len(PAUSES) - 1)])
            else:
                return held
        return None

    async def _lives(self, held: Held) -> bool:
        """Raises NoAnswer."""
        if held.until <= self.clock.boottime():
            return False
        try:
            await subscribing.status(self.client, held, self.clock)
        except (Refused, WireError):
            return False
        return True

    async def _look_after(self, held: Held, heard: asyncio.Queue[Arrived]) -> _Over:
        """Print what comes; renew and check. Returns when this subscription needs no more care."""
        renew_at = self.clock.boottime() + _half(held, self.clock.boottime())
        check_at = self.clock.boottime() + CHECK
        while True:
            wait = min(renew_at, check_at) - self.clock.boottime()
            arrived = await self._next(heard, wait)
            if arrived is not None:
                self.paper.event(arrived)
                if _ends(arrived, held):
                    return _Over.ENDED
            elif self.stop.is_set():
                return _Over.STOP
            try:
                if self.clock.boottime() >= renew_at:
                    held = await subscribing.renew(self.client, held, EXPIRES, self.clock)
                    renew_at = self.clock.boottime() + _half(held, self.clock.boottime())
                elif self.clock.boottime() >= check_at:
                    check_at += CHECK
                    await subscribing.status(self.client, held, self.clock)
            except NoAnswer:
                return _Over.AWAY
            except (Refused, WireError) as err:
                if isinstance(err, Refused) and self.clock.boottime() < renew_at and _is_unsupported(err):
                    check_at = math.inf  # GetStatus may be refused (DPWS R3015); Renew will tell
                    continue
                self.paper.note("lost", f"the subscription is gone: {err}")
                return _Over.LOST

    async def _next(self, heard: asyncio.Queue[Arrived], wait: float) -> Arrived | None:
        """The next event; None when the wait is over or the user stopped."""
        if not heard.empty():
            return heard.get_nowait()

        async def in_time() -> Arrived | None:
            getting = asyncio.ensure_future(heard.get())
            waiting = asyncio.ensure_future(self.clock.sleep(max(0.0, wait)))
            try:
                await asyncio.wait((getting, waiting), return_when=asyncio.FIRST_COMPLETED)
                return getting.result() if getting.done() else None
            finally:
                getting.cancel()
                waiting.cancel()

        return await self._unless_stopped(in_time())

    async def _unless_stopped(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """What `work` returns or raises; None when the user stops first."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait((working, stopping))

    async def _pause(self, seconds: float) -> None:
        await self._unless_stopped(self.clock.sleep(seconds))

    async def _give_back(self, held: Held) -> None:
        """A device that is gone keeps it until it runs out."""
        with suppress(BridgeError, TimeoutError):
            async with asyncio.timeout(_GIVE_BACK):
                await subscribing.unsubscribe(self.client, held)


def _half(held: Held, now: float) -> float:
    """Seconds until it is renewed; a device that grants next to nothing is not asked without end."""
    return max((held.until - now) / 2, _SHORTEST)


def _is_unsupported(err: Refused) -> bool:
    return (err.fault.subcode or "").endswith("}ActionNotSupported")


def _ends(arrived: Arrived, held: Held) -> bool:
    """Whether it is the word that this very subscription is over, not one before it."""
    end = arrived.event
    if not isinstance(end, SubscriptionEnd):
        return False
    named = end.manager.reference_parameters or end.manager.reference_properties
    return end.manager == held.manager or not named


class _Paper:
    """What is printed: lines for people, coloured on a terminal, or one JSON object per line."""

    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self._out, self._json = out, as_json
        self._console = Console(file=out, highlight=False, soft_wrap=True)

    def event(self, arrived: Arrived) -> None:
        """One message that arrived."""
        if self._json:
            self._write(facts(arrived))
            return
        text = Text(line(arrived))
        text.stylize("dim", 0, 12)  # the time
        for state, style in _STYLES.items():
            text.highlight_regex(rf"\b{state}\b", style)
        self._print(text)

    def note(self, kind: str, said: str, **more: int) -> None:
        """What happened to the watching itself."""
        said = "".join(char if char.isprintable() else "?" for char in said)
        if self._json:
            self._write({"note": kind, "text": said, **more})
        else:
            self._print(Text(f"# {said}", "dim"))

    def _write(self, record: dict[str, Any]) -> None:
        self._out.write(json_.dumps(record, ensure_ascii=False) + "\n")
        self._out.flush()

    def _print(self, text: Text) -> None:
        self._console.print(text)
        self._out.flush()
