"""One eSCL device: its observer and its acquirer, which share what is known of its jobs.

ScannerStatus is asked while a scan runs too: it goes over a connection of its own. What the scan itself tells (page
ends, troubles, its end) waits in line and comes first.
"""

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Final

from drivers.actor.ending import last
from drivers.actor.news import News
from drivers.contract.capabilities import Source
from drivers.contract.clock import Clock
from drivers.contract.document import Document, Page, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.contract.errors import ScanFailed as Failed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import Feeder, JobReport, Phase, Readiness, Snapshot, Trouble, Unit
from drivers.escl import settings, status
from drivers.escl.capabilities import Model
from drivers.escl.jobs import Ledger
from drivers.escl.link import SLOW_SECONDS, EsclLink
from drivers.escl.scan import RETRY_SECONDS, Scan
from drivers.escl.status import Status
from drivers.quirks import Quirk

SOURCE: Final = "escl"
IDLE_PACE: Final = 2.0  # seconds; a scan at the panel lasts longer than this
BUSY_PACE: Final = 0.5
JITTER: Final = 0.1  # part of the pace, so that many scanners are not asked in step
GONE_AFTER: Final = 3  # looks in a row without an answer
START_SECONDS: Final = 5.0  # of 503 in answer to a new job: the device finishes the one before
CLOSE_SECONDS: Final = 5.0
_SAFE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._~-")


class EsclDocument:
    """`drivers.contract.document.Document` of a scan that runs in the event loop."""

    def __init__(self, handover: Handover, canceled: asyncio.Event) -> None:
        self._handover, self._canceled = handover, canceled
        self._loop = asyncio.get_running_loop()

    def __iter__(self) -> Iterator[Page]:
        return iter(self._handover)

    def cancel(self) -> None:
        """The device is told at once, not at the next page."""
        self._handover.cancel()
        with suppress(RuntimeError):  # the loop has ended, and the scan with it
            self._loop.call_soon_threadsafe(self._canceled.set)


class EsclScanner:
    """`drivers.contract.driver.Observer` and `Acquirer`. Made inside a running event loop."""

    def __init__(
        self, name: str, link: EsclLink, model: Model, clock: Clock, *, quirk: Quirk, dice: random.Random | None = None
    ) -> None:
        self._name, self._link, self._model, self._clock, self._quirk = name, link, model, clock, quirk
        self._dice = dice or random.Random()  # noqa: S311 it spreads load, it hides nothing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._news = News()
        self._ledger = Ledger(clock.monotonic)
        self._gate = asyncio.Lock()  # no look between the creation of a job and the news of its name
        self._seen: Snapshot | None = None  # the last that the device showed
        self._own: Snapshot | None = None  # the last that the running scan told
        self._running: tuple[EsclDocument, asyncio.Task[None]] | None = None
        self._starting = False
        self._misses = 0
        self._closed = False

    # drivers.contract.driver.Observer

    async def poll(self) -> Snapshot:
        """Look once. A device that is silent GONE_AFTER times in a row is DeviceGone, before that DeviceTimeout."""
        if (told := self._news.take()) is not None:
            return told
        try:
            await self._look()
        except DeviceTimeout as err:
            self._misses += 1
            if self._misses >= GONE_AFTER:
                raise DeviceGone(str(err)) from err
            raise
        self._misses = 0
        return self._news.take() or self._merged()

    async def rest(self, seen: Snapshot) -> None:
        """Sooner while something moves, at once when a scan of ours has news."""
        moving = seen.readiness in (Readiness.BUSY, Readiness.WARMING) or self._running is not None
        pace = BUSY_PACE if moving else IDLE_PACE
        await self._news.rest(pace * (1 + JITTER * self._dice.uniform(-1, 1)), self._clock)

    async def _look(self) -> Status:
        if self._closed:
            raise DeviceGone(f"{self._name} was closed")
        async with self._gate:
            said = status.read(await self._link.get("ScannerStatus"), self._link.where)
            self._seen = Snapshot(
                SOURCE,
                said.readiness,
                said.troubles,
                said.feeder,
                self._ledger.see(said),
                explanation=said.explanation,
                facts=said.facts,
            )
        return said

    def _merged(self) -> Snapshot:
        """What the device shows, with what our own scan tells first among the jobs."""
        seen = self._seen or Snapshot(SOURCE, Readiness.BUSY)
        own = self._own
        if own is None:
            return seen
        readiness = Readiness.BUSY if seen.readiness is Readiness.IDLE else seen.readiness
        return replace(seen, readiness=readiness, jobs=(own.jobs[0], *seen.jobs))

    # drivers.contract.driver.Acquirer

    async def scan(self, request: ScanRequest) -> Document:
        """Raises DeviceBusy, DeviceGone, DeviceTimeout, DeviceRefused before anything moved."""
        if self._running is not None or self._starting:
            raise DeviceBusy(f"{self._name} is scanning already")
        self._starting = True
        hold = AsyncExitStack()
        try:
            await hold.enter_async_context(self._link.held())
            answer, job = await self._create(request)
        except BaseException:
            await hold.aclose()
            raise
        finally:
            self._starting = False
        handover, canceled = Handover(), asyncio.Event()
        document = EsclDocument(handover, canceled)
        scan = self._scan(job, request, handover)
        task = asyncio.create_task(self._run(scan, answer, request, handover, canceled, hold=hold))
        self._running = (document, task)
        return document

    async def close(self) -> None:
        """End a running scan and let go of the device; may be called twice."""
        if self._closed:
            return
        if self._running is not None:
            document, task = self._running
            document.cancel()
            await asyncio.wait({task}, timeout=CLOSE_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._closed = True
        await self._link.close()
        self._thread.shutdown(wait=False)

    async def _create(self, request: ScanRequest) -> tuple[int, str]:
        """The device's answer to the new job, and the job's name; "" where the device did not take it, which only
        its status explains."""
        body, until = settings.write(request, self._model), self._clock.monotonic() + START_SECONDS
        from_feeder = request.source is not Source.PLATEN
        if self._quirk.escl_feeder_first and from_feeder and (await self._look()).feeder is Feeder.EMPTY:
            return 409, ""  # as a device answers that knows what an empty feeder is
        while True:
            async with self._gate:
                answer = await self._link.ask("POST", "ScanJobs", body, seconds=SLOW_SECONDS)
                if answer.status in (200, 201):
                    job = status.job_name(answer.headers.get("location", ""))
                    if not job or not _SAFE.issuperset(job):
                        raise DeviceGarbled(f"{self._name} made a job and does not say which: {job[:60]!r}")
                    self._ledger.ours(job)
                    return answer.status, job
            if answer.status == 503 and self._clock.monotonic() < until:
                await self._clock.sleep(RETRY_SECONDS)
            elif answer.status == 400:
                raise DeviceRefused(f"{self._name} does not take these scan settings (HTTP 400)")
            elif answer.status in (301, 302, 307, 308, 401, 403, 404, 503):
                raise self._link.refusal(answer, "ScanJobs")
            else:
                return answer.status, ""

    def _scan(self, job: str, request: ScanRequest, handover: Handover) -> Scan:
        unit = Unit.PLATEN if request.source is Source.PLATEN else Unit.FEEDER

        def tell(
            phase: Phase,
            pages: int,
            *,
            lasting: bool = False,
            troubles: frozenset[Trouble] = frozenset(),
            why: str = "",
        ) -> None:
            report = JobReport(request.native_id, phase, pages, None, unit)
            before = self._seen or Snapshot(SOURCE, Readiness.BUSY)
            self._own = replace(
                before,
                readiness=Readiness.STOPPED if phase is Phase.STOPPED else Readiness.BUSY,
                jobs=(report, *before.jobs),
                troubles=troubles,
                explanation=why,
            )
            self._news.put(self._own, lasting=lasting)

        return Scan(
            self._link,
            job,
            request,
            handover,
            look=self._look,
            tell=tell,
            clock=self._clock,
            thread=self._thread,
            quirk=self._quirk,
        )

    async def _run(
        self,
        scan: Scan,
        answer: int,
        request: ScanRequest,
        handover: Handover,
        canceled: asyncio.Event,
        *,
        hold: AsyncExitStack,
    ) -> None:
        """To its end; then `hold` is left."""
        error: Exception | None = None
        try:
            if answer not in (200, 201):
                scan.refused(answer, await self._look())
            await scan.run(canceled)
        except DriverError as err:
            error = err
        except asyncio.CancelledError:
            error = ScanCanceled()
            raise
        except Exception as err:  # noqa: BLE001  # our own bug must end the document too, or its reader hangs
            error = Failed(f"{self._name}: internal error {err!r}")
            error.__cause__ = err
        finally:
            before = self._own or Snapshot(SOURCE, Readiness.BUSY)
            self._own, self._running = None, None
            self._news.put(last(before, request.native_id, error), lasting=True)
            if error is None or isinstance(error, ScanCanceled):
                handover.finish()
            else:
                handover.fail(error)
            await hold.aclose()
