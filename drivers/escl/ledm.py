"""HP scanners older than eSCL, watched over LEDM: their state, and every scan job whoever started it.

The event table says when something happened; only then, and while a job runs, jobs are asked for, one by one: no list
of them is known (docs/decisions/0065-ledm.md). Nothing is registered at the device and nothing scanned with it.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.contract.http_exchange import Answer, Http
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot
from drivers.escl import ledm_words, words
from drivers.escl.jobs import Ledger
from drivers.escl.ledm_words import Event
from drivers.escl.link import ASK_SECONDS, SLOW_SECONDS, EsclLink
from drivers.escl.status import Job

DRIVER: Final = "ledm"
SOURCE: Final = "ledm"
BUSY_PACE: Final = 0.5  # seconds
IDLE_PACE: Final = 2.0
HOLD: Final = 10.0  # for which the device may hold the question for news
GONE_AFTER: Final = 3  # looks in a row without an answer
AHEAD: Final = 8  # numbers that are tried beyond the highest job known
MOST_NEW: Final = 64  # jobs that may have come since the last look
KEPT: Final = 16  # jobs that are over
CHOSEN_SECONDS: Final = 120.0  # for the computer that was chosen at the panel to begin
_TELLING: Final = frozenset({"JobEvent", "ScanEvent"})
_WALKUP: Final = "/WalkupScanToComp/WalkupScanToCompEvent"


async def open_on(http: Http, named: str, where: str, *, clock: Clock) -> Device:
    """The device behind `http`. Raises DeviceRefused where it has no LEDM, and the other DriverErrors."""
    link = EsclLink(http, "", where)
    ledm_words.status(await link.get("Scan/Status", SLOW_SECONDS), where)
    model = ""
    with suppress(DriverError):
        caps = words.read(await link.get("Scan/ScanCaps.xml", SLOW_SECONDS), "ScanCaps", where)
        model = words.text(next(words.descendants(caps, "ModelName"), None))
    observer = LedmObserver(link, clock)
    identity = Identity(named, "HP", model or "LEDM scanner")
    return Device(identity, DRIVER, Capabilities(), (observer,), None, observer.close)


class LedmObserver:
    """`drivers.contract.driver.Observer`."""

    def __init__(self, link: EsclLink, clock: Clock) -> None:
        self._link, self._clock = link, clock
        self._ledger = Ledger(clock.monotonic)
        self._etag = ""
        self._events: tuple[Event, ...] = ()
        self._news = True  # something happened since the jobs were looked at
        self._jobs: dict[int, Job] = {}
        self._host, self._chosen_at = "", 0.0  # for which computer somebody scans at the panel; of one job only
        self._facts: dict[str, str] = {}
        self._users: dict[str, str] = {}  # by the job's name
        self._misses = 0
        self._closed = False

    async def poll(self) -> Snapshot:
        """Look once. A device that is silent GONE_AFTER times in a row is DeviceGone, before that DeviceTimeout."""
        if self._closed:
            raise DeviceGone(f"{self._link.where} was closed")
        try:
            return await self._look()
        except DeviceTimeout as err:
            self._misses += 1
            if self._misses >= GONE_AFTER:
                raise DeviceGone(str(err)) from err
            raise

    async def rest(self, seen: Snapshot) -> None:
        """While nothing moves the device is asked to hold the answer until something happens."""
        if seen.readiness is Readiness.BUSY or self._active():
            return await self._clock.sleep(BUSY_PACE)
        began = self._clock.monotonic()
        with suppress(DriverError):
            await self._ask_events(HOLD)
        left = IDLE_PACE - (self._clock.monotonic() - began)
        if left > 0 and not self._news:  # it answers at once, or not at all
            await self._clock.sleep(left)
        return None

    async def close(self) -> None:
        """Let go of the device; may be called twice."""
        self._closed = True
        await self._link.close()

    async def _look(self) -> Snapshot:
        said = ledm_words.status(await self._link.get("Scan/Status"), self._link.where)
        await self._ask_events(0)
        if self._news or said.readiness is not Readiness.IDLE or self._active():
            self._news = False
            await self._look_at_jobs()
        self._misses = 0
        reports = self._ledger.see(replace(said, jobs=tuple(self._jobs.values())))
        if self._clock.monotonic() - self._chosen_at > CHOSEN_SECONDS:
            self._host = ""
        before, self._users = self._users, {}
        for report in reports:
            if report.native_id in before:
                self._users[report.native_id] = before[report.native_id]
            else:
                self._users[report.native_id], self._host = self._host, ""
        busy = said.readiness is Readiness.IDLE and bool(self._active())
        return Snapshot(
            SOURCE,
            Readiness.BUSY if busy else said.readiness,
            feeder=said.feeder,
            jobs=tuple(replace(report, user=self._users[report.native_id] or None) for report in reports),
            facts=(*said.facts, *self._facts.items()),
        )

    def _active(self) -> list[int]:
        return [number for number, job in self._jobs.items() if not job.over]

    # What happened.

    async def _ask_events(self, hold: float) -> None:
        """Read the event table where it changed. `hold`: seconds for which the device may wait for that."""
        name = f"EventMgmt/EventTable?timeout={round(hold * 10)}" if hold else "EventMgmt/EventTable"
        headers = {"If-None-Match": f'"{self._etag}"'} if self._etag else {}
        answer = await self._link.ask("GET", name, seconds=hold + ASK_SECONDS, headers=headers)
        if answer.status != 200:
            return  # 304: nothing new; anything else: it has no events
        found = ledm_words.events(answer.body, self._link.where)
        fresh = [event for event in found if event not in self._events and event.category in _TELLING]
        self._etag, self._events = answer.headers.get("etag", "").strip('"')[:100], found
        if fresh:
            self._news = True
        for event in fresh:
            if event.category == "ScanEvent" and event.resource:
                await self._walked_up(event.resource)

    async def _walked_up(self, resource: str) -> None:
        """Somebody scans to a computer from the panel: to which, and how far that is."""
        with suppress(DriverError):
            answer = await self._document(resource)
            self._host, shortcut = ledm_words.destination(answer.body, self._link.where)
            self._chosen_at = self._clock.monotonic()
            self._facts["walk-up"] = " ".join(word for word in (self._host, shortcut) if word)
            if resource.startswith("/WalkupScanToComp/"):
                answer = await self._document(_WALKUP)
                self._facts["walk-up-event"] = ledm_words.walkup_event(answer.body, self._link.where)

    async def _document(self, resource: str) -> Answer:
        answer = await self._link.ask("GET", resource.lstrip("/"))
        if answer.status != 200:
            raise DeviceRefused(f"{self._link.where} has no {resource}")
        return answer

    # Jobs.

    async def _look_at_jobs(self) -> None:
        for number in self._active():
            await self._look_at(number)
        first = max(self._jobs, default=0) + 1
        last = first + AHEAD - 1
        for number in range(first, first + MOST_NEW):
            if number > last:
                break
            if await self._look_at(number):
                last = number + AHEAD
        for number in sorted(number for number, job in self._jobs.items() if job.over)[:-KEPT]:
            del self._jobs[number]

    async def _look_at(self, number: int) -> bool:
        """Whether there is a job of that number."""
        answer = await self._link.ask("GET", f"Jobs/JobList/{number}")
        if answer.status != 200:
            self._jobs.pop(number, None)
            return False
        job = ledm_words.job(answer.body, number, self._link.where)
        if job is not None:
            self._jobs[number] = job
        return True
