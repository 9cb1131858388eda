"""When things happen in a running scenario: after so many seconds, in the middle of a page, after an event."""

import asyncio

from drivers.contract.clock import Clock
from hil.scenario.model import When
from hil.scenario.seen import Event, numbering
from hil.scenario.verdict import fits


class Moments:
    """Fed with every event; wakes who waits for one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.began = clock.monotonic()
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def begin(self) -> None:
        """The scenario begins now."""
        self.began = self.clock.monotonic()

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return self.clock.monotonic() - self.began

    def heard(self, event: Event) -> None:
        """An event reached a client."""
        self.events.append(event)
        self._news.set()
        self._news = asyncio.Event()

    async def changed(self) -> None:
        """Return at the next event."""
        await self._news.wait()

    async def reached(self, when: When) -> None:
        """Return at that moment, or at once where it is over."""
        if when.at is not None:
            await self.clock.sleep(max(0.0, when.at - self.now))
            return
        while not self._come(when):
            await self.changed()
        if when.wait:
            await self.clock.sleep(when.wait)

    def _come(self, when: When) -> bool:
        if when.after is not None:
            jobs = numbering(self.events)
            wanted = when.after
            return any(wanted.client in {None, each.client} and fits(wanted, each, jobs) for each in self.events)
        before = (when.page or 1) - 1
        for each in self.events:
            if each.scans is not None and (
                each.scans > before or (each.scans == before and _so_far(each) >= when.percent)
            ):
                return True
        return False


def _so_far(event: Event) -> float:
    """Percent of the page under way. One that is scanned counts from its beginning, where nothing else is told."""
    if event.percent is not None:
        return event.percent
    return 0.0 if event.state == "Processing" else -1.0
