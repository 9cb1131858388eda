"""HylaFAX as the contract sees it: events say when to look and how far a call is, listings say what is true.

Each look is a login of its own: hfaxd keeps what it once read of a job as long as a session lasts (decision 71). Looks
follow events, at most one every LOOK_GAP, and one every WHOLE_AFTER all the same, since an event may be lost; without
events, because the server cannot connect to us, one every DEAF_PACE.
"""

import asyncio
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.errors import DriverError
from drivers.contract.fax import Direction, FaxArchived, FaxCall, FaxSnapshot
from drivers.hylafax import details, listings
from drivers.hylafax.control import Control, Server, logged_in
from drivers.hylafax.ears import Ears
from drivers.hylafax.events import Heard, heard
from drivers.hylafax.incoming import Incoming
from drivers.hylafax.lines import Lines
from drivers.hylafax.listings import Listing
from drivers.hylafax.outgoing import Outgoing
from drivers.hylafax.words import LISTED_ANEW
from drivers.hylafax.xferfaxlog import Log

WHOLE_AFTER: Final = 60.0  # seconds
LOOK_GAP: Final = 0.5
DEAF_PACE: Final = 10.0
FIRST_RETRY: Final = 2.0
LONGEST_RETRY: Final = 60.0
EVENTS_MAX: Final = 10_000  # that wait to be told
DETAILS_MAX: Final = 25  # jobs whose details are read in one look


class HylafaxObserver:
    """`drivers.contract.fax.FaxObserver` of one server. To be closed."""

    def __init__(self, server: Server, clock: Clock, *, source: str = "hylafax", log: Path | None = None) -> None:
        self._server, self._clock, self._source = server, clock, source
        self._log = Log(log)
        self._ears = Ears(server, self._on_line, self._on_lost)
        self._outgoing, self._incoming, self._lines = Outgoing(), Incoming(), Lines()
        self._heard: deque[Heard] = deque()
        self._news = asyncio.Event()
        self._missed = False  # events were lost
        self._scheduler: bool | None = None
        self._archived: dict[Direction, frozenset[str]] | None = None
        self._last: FaxSnapshot | None = None
        self._look_at = self._looked_at = float("-inf")  # Clock.monotonic
        self._misses = 0

    async def connect(self) -> None:
        """Log in once and out again. Raises what poll raises."""
        async with logged_in(self._server):
            pass

    async def poll(self) -> FaxSnapshot:
        """The next thing that happened; when all is told and it is time, a look. Between looks, how things stand."""
        while self._heard and self._last is not None:
            if (told := self._hear(self._heard.popleft())) is not None:
                return told
        self._news.clear()
        if self._last is None or self._misses or self._clock.monotonic() >= self._look_at:
            try:
                return await self._look()
            except DriverError:
                self._retry()
                raise
        return replace(self._last, calls=(), archived=())

    async def rest(self, seen: FaxSnapshot) -> None:  # noqa: ARG002 what was heard decides
        """Return when there is something to tell or it is time to look."""
        if self._heard and not self._misses:
            return
        pause = asyncio.ensure_future(self._clock.sleep(max(self._look_at - self._clock.monotonic(), 0)))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((pause,) if self._misses else (pause, news), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (pause, news):
                each.cancel()
            await asyncio.gather(pause, news, return_exceptions=True)

    async def close(self) -> None:
        await self._ears.close()

    # What is heard.

    def _on_line(self, modem: str, line: str) -> None:
        event = heard(line, self._clock.now(), modem)
        if event is None:
            return
        if len(self._heard) >= EVENTS_MAX:
            self._heard.clear()
            self._on_lost()
        self._heard.append(event)
        self._news.set()

    def _on_lost(self) -> None:
        self._missed = True
        self._look_soon()
        self._news.set()

    def _hear(self, event: Heard) -> FaxSnapshot | None:
        if event.event in LISTED_ANEW:
            self._look_soon()
        changed, call = self._lines.hear(event)
        changed = self._outgoing.hear(event) or changed
        changed = self._incoming.hear(event) or changed
        return self._told((call,) if call else ()) if changed or call else None

    def _look_soon(self) -> None:
        self._look_at = min(self._look_at, self._looked_at + LOOK_GAP)

    # What is looked at.

    async def _look(self) -> FaxSnapshot:
        await self._ears.listen(set(self._lines.modems))
        if self._missed:
            self._incoming.deaf()
            self._missed = False
        # What is heard from here on may be newer than what is listed: it is told after it.
        self._looked_at = self._clock.monotonic()
        async with logged_in(self._server) as control:
            listing = await listings.read(control)
            left = self._outgoing.missing(listing.jobs)
            files = self._incoming.archived
            self._see(listing)
            asking = self._outgoing.asking
            for name, finished in asking[:DETAILS_MAX]:
                self._outgoing.learn(name, await details.read(control, name, finished=finished))
            if self._last is None or left or self._incoming.archived - files:
                await self._remember(control, left)
        await self._ears.listen(set(self._lines.modems))
        pace = DEAF_PACE if self._ears.deaf else WHOLE_AFTER
        self._look_at = self._looked_at + (LOOK_GAP if len(asking) > DETAILS_MAX or self._missed else pace)
        self._misses = 0
        return self._told((), self._kept())

    def _see(self, listing: Listing) -> None:
        self._lines.see(listing.modems)
        self._outgoing.see(listing.jobs)
        self._incoming.see(listing.received, self._clock.now())
        self._scheduler = listing.scheduler

    async def _remember(self, control: Control, left: list[str]) -> None:
        """What the server's log has of what nobody saw."""
        records = await self._log.news(control)
        self._incoming.explain([each for each in records if each.kind == "RECV"])
        sent = {each.job: each for each in records if each.kind == "SEND"}
        for name in left:
            if name in sent:
                self._outgoing.tell_end(name, sent[name])

    def _kept(self) -> tuple[FaxArchived, ...]:
        """What entered or left the archive since the last look; at the first look nothing did."""
        now = {Direction.INCOMING: self._incoming.archived, Direction.OUTGOING: self._outgoing.archived}
        before, self._archived = self._archived or now, now
        return tuple(
            FaxArchived(name, direction, removed)
            for direction in Direction
            for removed, names in (
                (False, now[direction] - before[direction]),
                (True, before[direction] - now[direction]),
            )
            for name in sorted(names)
        )

    def _told(self, calls: tuple[FaxCall, ...], archived: tuple[FaxArchived, ...] = ()) -> FaxSnapshot:
        modems = self._lines.modems
        self._last = FaxSnapshot(
            self._source,
            (*self._outgoing.reports(modems), *self._incoming.reports(modems)),
            self._lines.reports(self._outgoing.sending, self._incoming.receiving),
            calls,
            archived,
            outgoing_paused=None if self._scheduler is None else not self._scheduler,
        )
        return self._last

    def _retry(self) -> None:
        self._look_at = self._clock.monotonic() + min(FIRST_RETRY * 2.0 ** min(self._misses, 10), LONGEST_RETRY)
        self._misses += 1
