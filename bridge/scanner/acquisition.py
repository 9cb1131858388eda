"""The way of a WSD job through the device: its turn, the scan, the pages into the tray, the end.

One physical scan at a time. Everything that happens on the way is seen through the scanner's one door. The page
bytes run in a worker thread (document → imaging → tray), each stage waiting for the next.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from bridge import memory
from bridge.config import Jobs
from bridge.errors import OperationRefused
from bridge.imaging.errors import ImagingError
from bridge.jobs.book import Paper
from bridge.jobs.job import Job, JobSeen, Kind, Why
from bridge.jobs.tray import Outgoing, Tray, TrayClosed
from bridge.scanner.hosted import HostedScanner
from bridge.scanner.line import Line
from bridge.scanner.open_job import OpenJob
from bridge.scanner.pages import deliver, drain
from bridge.translate.attribution import native_id
from bridge.translate.ticket import Plan
from bridge.wsscan import faults
from bridge.wsscan.job import JobState
from drivers.contract.capabilities import Source
from drivers.contract.document import Document
from drivers.contract.errors import CanceledAtDevice, DeviceBusy, DriverError, FeederEmpty, ScanFailed
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

# After a scan failed, so much time for the device to say why before the client is told.
LOOK_AGAIN = 2.0
# So long, from its first bytes, a page from the feeder is kept back until it is whole: what goes wrong with the sheet
# is then still a fault, which a client understands, and no broken connection.
KEEP_BACK = 20.0
_FED = frozenset({Source.FEEDER, Source.FEEDER_DUPLEX})
# Jobs that are scanned, or begun, and not yet fetched. Each may hold a tray full of memory and a file for its patience
# of a minute, which small pages on a quick scanner would otherwise make hundreds.
MOST_UNFETCHED = 16


class Acquisition:
    """The queue of one scanner's WSD jobs and the one that has the device."""

    def __init__(self, scanner: HostedScanner, jobs: Jobs, spool_dir: Path, quota: int) -> None:
        self._scanner = scanner
        self._jobs = jobs
        self._spool_dir = spool_dir
        self._quota = quota
        self._open: dict[int, OpenJob] = {}
        self._queue = Line(jobs.queue)
        self._scanning: OpenJob | None = None
        self._closing = False
        self._used = True  # since it was tidied; at first by the start
        self._tasks: set[asyncio.Task[Any]] = set()
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode")

    # What clients do.

    async def create(self, name: str, user: str, plan: Plan, paper: Paper) -> Job:
        """Take a job: it starts at once on an idle device, waits its turn otherwise. Raises OperationRefused."""
        scanner = self._scanner
        if self._closing:
            raise faults.not_accepting_jobs("the scan service is stopping")
        if scanner.device is None or scanner.device.acquirer is None:
            raise faults.not_accepting_jobs(scanner.view.explanation or "the scanner cannot scan for the network")
        if not self._queue.admits(paper.creator):
            raise faults.not_accepting_jobs(f"{len(self._queue)} jobs are waiting already")
        unfetched = len(self._open) - len(self._queue)
        if unfetched >= MOST_UNFETCHED:
            raise faults.not_accepting_jobs(f"{unfetched} jobs are waiting to be fetched")
        job = scanner.book.open(Kind.WSD, name, user, scanner.clock.now(), paper)
        stall_limit = scanner.capabilities.stall_limit
        # A sheet fails on its way, what lies on the glass does not (docs/decisions/0068-sheets-are-kept-back.md).
        keep_back = KEEP_BACK if plan.request.source in _FED else 0.0
        tray = Tray(
            asyncio.get_running_loop(), self._spool_dir, self._quota, stall_limit=stall_limit, keep_back=keep_back
        )
        opened = OpenJob(job.id, plan, tray)
        self._open[job.id] = opened
        if self._scanning is not None or self._queue:
            self._queue.add(paper.creator, opened)
            scanner.see(job.id, JobSeen(phase=Phase.QUEUED))
            return job
        self._queue.pass_by(paper.creator)
        # A client that goes away now must not leave the device half begun.
        failure = await asyncio.shield(self._keep(self._first_turn(opened)))
        if failure is not None:
            raise faults.not_accepting_jobs(str(failure)) from failure
        return job

    def cancel(self, job_id: int) -> None:
        """CancelJob. The hardware stops as soon as it can; the client is answered at once. Raises OperationRefused."""
        job = self._scanner.book.get(job_id)
        if job is None:
            raise faults.job_id_not_found(job_id)
        opened = self._open.get(job_id)
        if opened is None:
            raise faults.operation_failed("the job has ended" if job.completed else "it was started at the device")
        self._stop(opened, Why.CLIENT, faults.job_cancelled())

    @asynccontextmanager
    async def retrieve(self, job_id: int, document_name: str) -> AsyncIterator[Outgoing]:
        """The next page, once its first bytes are there. The page counts as delivered when the block ends well;
        when it ends by an exception the transfer broke and the job with it. Raises OperationRefused before that."""
        opened = self._open.get(job_id)
        if opened is None:
            raise self._not_open(job_id)
        opened.waiting += 1
        self._be_patient(opened, None)
        deadline = asyncio.get_running_loop().time() + self._jobs.retrieve_wait
        try:
            async with self._turn(opened, deadline):
                page = await self._next_page(opened, deadline)
                self._scanner.book.name_document(job_id, document_name)
                self._scanner.see(job_id, JobSeen(sending=True))
                try:
                    yield page
                except BaseException:
                    self._stop(opened, Why.TRANSFER, faults.operation_failed("the transfer of an image broke"))
                    raise
                page.done()
                self._scanner.see(job_id, JobSeen(sending=False))
                self._finish_if_delivered(opened)
        finally:
            opened.waiting -= 1
            if not opened.waiting and opened.begun:
                self._be_patient(opened, self._jobs.retrieve_timeout)

    def _not_open(self, job_id: int) -> OperationRefused:
        job = self._scanner.book.get(job_id)
        if job is None:
            return faults.job_id_not_found(job_id)
        if job.state is JobState.CANCELED:
            return faults.job_cancelled()
        return faults.no_images_available()

    @asynccontextmanager
    async def _turn(self, opened: OpenJob, deadline: float) -> AsyncIterator[None]:
        """One RetrieveImage of a job after the other; who waits too long for the one before is told so."""
        try:
            async with asyncio.timeout_at(deadline):
                await opened.turn.acquire()
        except TimeoutError as err:
            raise faults.temporary_error("another image of this job is still on its way") from err
        try:
            yield
        finally:
            opened.turn.release()

    async def _next_page(self, opened: OpenJob, deadline: float) -> Outgoing:
        try:
            async with asyncio.timeout_at(deadline):
                page = await opened.tray.next_page()
        except TimeoutError as err:
            page = opened.tray.begun_page()
            if page is None:
                raise faults.temporary_error("no image yet") from err
        except DriverError as err:
            # A client that holds a RetrieveImage is told at once, and asks ScannerStatus next.
            self._end(opened, JobSeen(phase=Phase.FAILED))
            raise faults.temporary_error(str(err)) from err
        except TrayClosed as err:
            raise faults.operation_failed(str(err)) from err
        if page is None:
            self._finish_if_delivered(opened)
            raise faults.no_images_available()
        return page

    # The device's turn.

    async def _first_turn(self, opened: OpenJob) -> DriverError | None:
        """Begin a job that need not wait. The error that kept it from beginning: then nothing moved and nothing was
        told, and for the client there never was a job."""
        failure: DriverError | None = None
        try:
            await self._begin(opened)
        except DriverError as err:
            failure = err
            if self._open.pop(opened.id, None) is not None:
                self._scanner.book.discard(opened.id)
            # Others may have queued behind it meanwhile.
            await self._next_turn()
        return failure

    async def _begin(self, opened: OpenJob) -> None:
        """Give the device to that job. Raises DriverError when it does not take it."""
        device = self._scanner.device
        if device is None or device.acquirer is None:
            raise DeviceBusy("the scanner is not there")
        self._scanning = opened
        try:
            request = replace(opened.plan.request, native_id=native_id(opened.id))
            document = opened.document = await device.acquirer.scan(request)
        except BaseException as err:
            self._scanning = None
            if isinstance(err, DriverError) or not isinstance(err, Exception):
                raise
            _log.exception("device=%s job=%d: the scan did not begin", self._scanner.identity.key, opened.id)
            raise ScanFailed("the driver failed") from err
        if opened.id in self._open:
            opened.begun = True
            self._scanner.see(opened.id, JobSeen(phase=Phase.SCANNING))
            if not opened.waiting:
                self._be_patient(opened, self._jobs.retrieve_timeout)
        else:
            document.cancel()  # the job was ended while the device was being asked
        self._keep(self._scan(opened, document))

    async def _scan(self, opened: OpenJob, document: Document) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._encode, loop, opened, document)
        except Exception as err:  # noqa: BLE001 - a driver's bug costs one job, not the bridge
            if not isinstance(err, DriverError):
                # It was not the document that ended: the hardware stops now.
                document.cancel()
                await loop.run_in_executor(self._threads, drain, document)
            await self._broken(opened, err)
        else:
            self._scanned(opened)
        finally:
            opened.document = None
            self._scanning = None
        await self._next_turn()

    def _encode(self, loop: asyncio.AbstractEventLoop, opened: OpenJob, document: Document) -> None:
        """In the worker thread: every page of the document, coded, into the tray."""

        def count() -> None:
            told = threading.Event()
            loop.call_soon_threadsafe(self._tell_count, opened, opened.pages, told)
            told.wait()

        deliver(opened, document, self._spool_dir, self._quota, count)

    def _tell_count(self, opened: OpenJob, pages: int, told: threading.Event) -> None:
        try:
            self._scanner.see(opened.id, JobSeen(pages=pages))
        finally:
            told.set()

    def _scanned(self, opened: OpenJob) -> None:
        """The document came to its end; the job does when its pages are delivered."""
        if opened.ending is not None:  # told to stop just when there was nothing left to be stopped
            self._end(opened, _ended(opened.ending))
        elif not opened.pages:
            self._end(opened, JobSeen(phase=Phase.FAILED, why=Why.DEVICE), faults.no_images_available())
        else:
            opened.tray.finish()
            if not opened.tray.empty:
                self._scanner.see(opened.id, JobSeen(phase=Phase.SENDING, pages=opened.pages))
            self._finish_if_delivered(opened)

    async def _broken(self, opened: OpenJob, err: Exception) -> None:
        """The document ended by an error, and the hardware has stopped."""
        name = f"device={self._scanner.identity.key} job={opened.id}"
        self._scanner.give_up(opened.id)
        if opened.ending is not None:
            self._end(opened, _ended(opened.ending))
            return
        match err:
            case CanceledAtDevice():
                self._end(opened, JobSeen(phase=Phase.CANCELED, why=Why.PANEL), faults.job_cancelled())
            case FeederEmpty():
                self._end(opened, JobSeen(phase=Phase.FAILED, why=Why.NO_PAPER), faults.no_images_available())
            case ImagingError():
                _log.error("%s: %s", name, err)
                self._end(opened, JobSeen(phase=Phase.FAILED, why=Why.COMPRESSION), faults.internal_error())
            case DriverError() if opened.plan.request.pages and opened.pages >= opened.plan.request.pages:
                # Every page that was asked for is whole; what the device did after them costs nobody anything.
                _log.warning("%s: after the last page: %s", name, err)
                self._scanned(opened)
            case DriverError():
                await self._failed(opened, err)
            case TrayClosed():
                self._end(opened, _ended(Why.DEVICE))
            case _:
                _log.error("%s: the scan broke", name, exc_info=err)
                await self._failed(opened, ScanFailed("the scan broke"))

    async def _failed(self, opened: OpenJob, err: DriverError) -> None:
        """The device failed: pages that are whole can still be fetched, then the client learns of it."""
        if opened.id not in self._open:
            return
        _log.warning("device=%s job=%d: %s", self._scanner.identity.key, opened.id, err)
        await self._look_again()
        if opened.ending is not None:  # meanwhile
            self._end(opened, _ended(opened.ending))
            return
        opened.tray.finish(err)
        self._scanner.see(opened.id, JobSeen(phase=Phase.STOPPED, why=Why.DEVICE))
        if opened.tray.empty and not opened.waiting:
            # Nobody is waiting for the news; whoever comes within the job's patience still gets it.
            self._be_patient(opened, self._jobs.retrieve_timeout)

    async def _look_again(self) -> None:
        """Let the scanner's state be as true as can be before a client asks for it."""
        device = self._scanner.device
        if device is None:
            return
        for observer in device.observers:
            try:
                with suppress(DriverError, TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN / len(device.observers)):
                        self._scanner.look(await observer.poll())
            except Exception:  # noqa: BLE001 - a broken look must not keep the job from ending
                _log.exception("device=%s: a look broke", self._scanner.identity.key)

    async def _next_turn(self) -> None:
        while self._queue and self._scanning is None:
            opened = self._queue.take()
            try:
                await self._begin(opened)
            except DriverError as err:
                _log.warning("device=%s job=%d: %s", self._scanner.identity.key, opened.id, err)
                self._end(opened, JobSeen(phase=Phase.FAILED, why=Why.DEVICE), faults.temporary_error(str(err)))

    def settle(self) -> None:
        """To be called now and then: the scanner's `settle`, and the memory of jobs that are over is given back."""
        self._scanner.settle()
        if self._used and not self._open:
            self._used = False
            self._keep(asyncio.to_thread(memory.give_back))

    # The end.

    def _finish_if_delivered(self, opened: OpenJob) -> None:
        if opened.tray.finished and opened.tray.empty and opened.tray.error is None:
            self._end(opened, JobSeen(phase=Phase.DONE))

    def _stop(self, opened: OpenJob, why: Why, refusal: OperationRefused) -> None:
        """End a job before its time: held requests get `refusal`, the hardware is told to stop."""
        opened.ending = opened.ending or why
        if opened.document is None:
            if opened in self._queue:
                self._queue.remove(opened)
            self._end(opened, _ended(why), refusal)
            return
        phase = Phase.CANCELLING if why is Why.CLIENT else Phase.ABORTING
        self._scanner.see(opened.id, JobSeen(phase=phase, why=why))
        opened.tray.close(refusal)
        opened.document.cancel()

    def _end(self, opened: OpenJob, seen: JobSeen, refusal: OperationRefused | None = None) -> None:
        if self._open.pop(opened.id, None) is None:
            return
        self._be_patient(opened, None)
        self._scanner.see(opened.id, seen)
        opened.tray.close(refusal or faults.no_images_available())
        self._used = True

    def _be_patient(self, opened: OpenJob, seconds: float | None) -> None:
        """Begin (or with None end) the wait for the next RetrieveImage."""
        if opened.patience is not None:
            opened.patience.cancel()
            opened.patience = None
        if seconds is not None and opened.id in self._open:
            opened.patience = self._keep(self._lose_patience(opened, seconds))

    async def _lose_patience(self, opened: OpenJob, seconds: float) -> None:
        await self._scanner.clock.sleep(seconds)
        opened.patience = None
        _log.warning("device=%s job=%d: no RetrieveImage for %g s", self._scanner.identity.key, opened.id, seconds)
        self._stop(opened, Why.TIMEOUT, faults.no_images_available())

    async def close(self) -> None:
        """The bridge stops: every job ends Aborted, the hardware is told, the threads are waited for."""
        self._closing = True
        for opened in list(self._open.values()):
            self._stop(opened, Why.RESTART, faults.operation_failed("the scan service is stopping"))
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown(wait=True)

    def _keep(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _ended(why: Why) -> JobSeen:
    return JobSeen(phase=Phase.CANCELED if why in (Why.CLIENT, Why.PANEL) else Phase.FAILED, why=why)
