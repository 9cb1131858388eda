"""A WSD client and its timeline for programs that are not asyncio's: each call blocks, with a deadline."""

import asyncio
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.errors import BridgeError
from bridge.net.sink import Arrived
from bridge.wsscan.scanner import ScannerStatus
from hil.client.session import Session, opened
from hil.rig.served import Served
from hil.scenario.clients import Actor
from hil.scenario.model import Client, Match
from hil.scenario.moments import Moments
from hil.scenario.seen import Deed, Event, Got, event, numbering
from hil.scenario.verdict import fits, said

WAIT: Final = 20.0


class NotTold(AssertionError):
    """The event that was waited for did not come; the text lists what did."""


class Timeline:
    """Every event that reached the client, in order."""

    def __init__(self, rig: Served) -> None:
        self._rig = rig
        self.moments = Moments(rig.clock)

    @property
    def events(self) -> list[Event]:
        """So far."""
        return list(self.moments.events)

    def heard(self, arrived: Arrived) -> None:
        """By the client's sink."""
        self.moments.heard(event("wsd_client", arrived, self.moments.began))

    def wait_for(self, timeout: float = WAIT, *, since: int = 0, **wanted: object) -> Event:
        """The first event (from number `since` on) that is like that: `event`, `job`, `state`, `reason`, `scans`,
        `percent`, `what`, `where` as in a scenario's `[[expect]]`. Raises NotTold, pydantic's ValidationError."""
        match = Match.model_validate(wanted)
        return self._rig.call(self._come(match, timeout, since), timeout + 5)

    async def _come(self, match: Match, timeout: float, since: int) -> Event:
        looked = since
        try:
            async with asyncio.timeout(timeout):
                while True:
                    events = self.moments.events
                    jobs = numbering(events)
                    for each in events[looked:]:
                        looked += 1
                        if fits(match, each, jobs):
                            return each
                    await self.moments.changed()
        except TimeoutError:
            raise NotTold(f"{said(match)} did not come within {timeout:g} s; these did:\n{self}") from None

    def states(self, job: int = 1) -> list[str]:
        """The states that the scenario's first (second, …) job went through, repetitions left out."""
        events = self.events
        jobs = numbering(events)
        states: list[str] = []
        for each in events:
            mine = each.name == "JobStatusEvent" and each.job is not None and jobs[each.job] == job
            if mine and each.state and states[-1:] != [each.state]:
                states.append(each.state)
        return states

    def __str__(self) -> str:
        return "\n".join(f"{each.at:9.3f} s  {each.line}" for each in self.events) or "nothing"

    def __len__(self) -> int:
        return len(self.moments.events)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of a scan."""

    images: tuple[int, ...]  # sizes in bytes of those that came whole
    refused: str  # subcode of the last fault that the client met, empty: none
    job: int | None  # the scanner's number for it


class WsdClient:
    """Subscribed to everything from its beginning; one thing at a time."""

    def __init__(self, rig: Served, directory: Path, timeline: Timeline | None = None) -> None:
        self._rig, self._directory = rig, directory
        self.timeline = timeline if timeline is not None else Timeline(rig)
        self._stack = AsyncExitStack()
        self._session: Session | None = None
        self.deeds: list[Deed] = []

    def open(self) -> "WsdClient":
        """Raises BridgeError when the scanner is not to be reached."""
        self._session = self._rig.call(self._opened())
        return self

    async def _opened(self) -> Session:
        session = await self._stack.enter_async_context(opened(self._rig.url, self._rig.clock))
        session.timeline.listen(self.timeline.heard)
        await session.subscribe()
        return session

    def close(self) -> None:
        """Unsubscribe."""
        self._rig.call(self._stack.aclose())

    @property
    def session(self) -> Session:
        """The asyncio client beneath, for use with `rig.call`."""
        if self._session is None:
            raise RuntimeError("it is not open")
        return self._session

    def scan(self, timeout: float = 60.0, **how: object) -> Scanned:
        """Scan as a scenario's `[[client]]` does: `source`, `pages`, `resolution`, `color`, `format`. Returns when the
        scanner has no more images. Raises BridgeError for what no scanner should do."""
        plan = Client.model_validate({"name": "wsd_client", **how})
        return self._rig.call(self._scan(plan), timeout)

    async def _scan(self, plan: Client) -> Scanned:
        actor = Actor(plan, self.session, None, self.timeline.moments, self._directory, self.deeds.append)
        await actor.act()
        got: Got = actor.got
        if got.trouble:
            raise BridgeError(got.trouble)
        return Scanned(got.pages, got.refused, got.job)

    def status(self) -> ScannerStatus:
        """How the scanner says it is."""
        return self._rig.call(self.session.status())

    def cancel(self, job: int) -> None:
        """CancelJob. Raises Refused."""
        self._rig.call(self.session.cancel(job))

    def start(self, **how: object) -> "Running":
        """The same in the background: the test goes on, and asks `result` later."""
        plan = Client.model_validate({"name": "wsd_client", **how})
        return Running(self._rig.begin(self._scan(plan)))


class Running:
    """A scan on its way."""

    def __init__(self, future: "Future[Scanned]") -> None:
        self._future = future

    def result(self, timeout: float = 60.0) -> Scanned:
        """Wait for its end. Raises as `scan`, TimeoutError."""
        return self._future.result(timeout)
