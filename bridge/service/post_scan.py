"""What devices ask of a scan server: post-scan jobs are taken, filled, ended and canceled. No HTTP, no SOAP.

What was answered for is on the disk before the answer, so a `kill -9` at any moment loses no acknowledged image
(docs/decisions/0079-scan-server.md).
Spec: DSM, the processing service (WS-DSP); [MS-BDSRR] for what its pages leave out.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from bridge.dsm import faults
from bridge.dsm.job import JobStateReason
from bridge.dsm.operations import (
    CreatePostScanJobRequest,
    SendImageRequest,
)
from bridge.errors import BridgeError
from bridge.jobs.post_scan_store import ImageDiffers, ImageTooLarge, Store, StoreFull
from bridge.log import kept_short
from bridge.service.post_scan_book import Book, Tell
from bridge.service.post_scan_keep import keep
from bridge.service.post_scan_process import Process, Processes, wanted
from bridge.service.post_scan_record import Held
from bridge.service.post_scan_work import Working
from bridge.tasks import Tasks
from bridge.translate.post_scan import (
    FilterRun,
    PostScanJob,
    PostScanSeen,
)
from bridge.wsscan.job import FINAL_STATES, JobState
from bridge.wsscan.values import Format
from drivers.contract.clock import Clock
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long."""

    jobs: int = 64  # that have not ended, of everybody
    per_user: int = 16
    images: int = 10_000  # of one job
    arriving: int = 32  # images at one time, of everybody; each has up to 8 MB of memory
    arriving_per_user: int = 16
    patience: float = 600.0  # seconds from CreatePostScanJob to EndPostScanJob; the ten minutes of [MS-BDSRR]


class PostScan:
    """All jobs of one scan server."""

    def __init__(
        self, processes: Processes, store: Store, clock: Clock, tell: Tell, limits: Limits | None = None
    ) -> None:
        self._processes, self._store, self._clock = processes, store, clock
        self._limits = limits or Limits()
        self._tasks = Tasks(_log, "a post-scan job broke")
        self._book = Book(store, clock, tell, self._tasks)
        self._work = Working(processes, store, self._book, clock)
        self._closing = False

    async def resume(self) -> None:
        """Take up what an earlier run left: images may still come, filters go on, what ended is answered for."""
        await self._book.load()
        for held in self._book:
            token = held.job.token
            if held.job.state in FINAL_STATES:
                await asyncio.to_thread(self._store.empty, token)
            elif held.canceled:
                await self._book.see(held, PostScanSeen(Phase.CANCELED))
            elif held.ended:
                held.work = self._tasks.start(self._work.off(held))
            else:
                held.formats = {each.document_id: each.format for each in self._store.images(token)}
                held.job = replace(held.job, images=len(held.formats))
                self._be_patient(held)
        self._book.prune()

    async def close(self) -> None:
        """Stop in good order; what is under way goes on with the next start."""
        self._closing = True
        while self._tasks:
            for held in self._book:
                for task in (held.patience, held.work):
                    if task is not None:
                        task.cancel()
            await self._tasks.wait()

    # What devices ask. All raise OperationRefused; `user` is Peer.user.

    async def create(self, request: CreatePostScanJobRequest, user: str, message_id: str) -> str:
        """The token of a new job. One without valid instructions is aborted at once, which its events say. The very
        message that made a job names it again until an image comes: nobody heard the answer (WS-Addressing 2004/08,
        [message id])."""
        known = await self._book.made_by(message_id, user)
        if known is not None:
            return known
        said = request.post_scan_instructions
        asked = wanted(said)
        if not asked:
            raise faults.invalid_args("PostScanInstructions/FiltersToProcess: holds no Filter")
        open_jobs = [held for held in self._book if held.job.state not in FINAL_STATES]
        if self._closing:
            raise faults.temporary_error("the scan server is stopping")
        if len(open_jobs) >= self._limits.jobs or sum(h.owner == user for h in open_jobs) >= self._limits.per_user:
            raise faults.temporary_error(f"{len(open_jobs)} jobs are under way")
        try:
            process = await self._processes.get(request.psp_identifier, request.user_identifier)
        except BridgeError as err:
            _log.error("process %s: %s", kept_short(request.psp_identifier), err)
            raise faults.temporary_error("the scan process cannot be read") from err
        job = PostScanJob(
            token=str(uuid.uuid4()),
            process_id=request.psp_identifier,
            process_name=request.psp_identifier if process is None else process.name,
            user=request.user_identifier,
            created=self._clock.now(),
            filters=tuple(FilterRun(each.dialect) for each in asked),
        )
        goes_on = said.continue_on_error
        if goes_on is None:
            goes_on = process is not None and process.continue_on_error
        held = Held(job, user, said.document_root_name, goes_on, asked, message_id)
        known = await self._book.made_by(message_id, user)  # it came twice while the process was read
        if known is not None:
            return known
        await held.turn.acquire()  # at once; _take() gives it back
        self._book.add(held)
        return await self._tasks.whole(self._take(held, process))

    async def _take(self, held: Held, process: Process | None) -> str:
        """Its first steps; whose turn it is was decided before."""
        token = held.job.token
        try:
            await self._book.step(held, PostScanSeen(Phase.ARRIVING), durable=True)
            if process is None or process.chosen(held.wanted) is None:
                _log.warning("job=%s: %s asks for what no scan process of its offers", token, kept_short(held.owner))
                await self._book.step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.NO_VALID_INSTRUCTIONS))
            else:
                self._be_patient(held)
        except (StoreFull, OSError) as err:
            _log.error("job=%s: cannot be kept: %s", token, err)
            await self._book.step(held, PostScanSeen(Phase.ARRIVING))
            await self._book.step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.CREATE_FAILED))
            raise faults.temporary_error(f"the job cannot be kept: {_why(err)}") from err
        finally:
            held.turn.release()
        return token

    async def receive(self, request: SendImageRequest, chunks: AsyncIterator[bytes]) -> None:
        """One image; on return it outlives us. The same image again is taken once. What is raised out of `chunks`
        goes through, and costs that image only."""
        held, described = self._book.open(request.job_token), request.document_description
        number, word = described.document_id, described.format
        if not isinstance(word, Format):
            raise faults.invalid_args(f"DocumentDescription/Format: {word} is not known")
        if number not in held.formats and len(held.formats) >= self._limits.images:
            raise faults.operation_failed(f"the job has {len(held.formats)} images")
        arriving = [other.owner for other in self._book for _ in range(other.arriving)]
        if len(arriving) >= self._limits.arriving or arriving.count(held.owner) >= self._limits.arriving_per_user:
            raise faults.temporary_error(f"{len(arriving)} images are on their way")
        held.arriving += 1
        try:
            await keep(self._store, held.job.token, number, word, self._while_open(held, chunks))
        except ImageDiffers as err:
            raise faults.invalid_args(f"DocumentDescription/DocumentId: {err}") from err
        except (ImageTooLarge, StoreFull, OSError) as err:
            await self._tasks.whole(self._cannot_keep(held, err))
        finally:
            held.arriving -= 1
        await self._tasks.whole(self._count(held, number, word))

    async def _while_open(self, held: Held, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """What comes, until the job takes no more."""
        async for chunk in chunks:
            self._book.open(held.job.token)
            yield chunk

    async def _cannot_keep(self, held: Held, err: Exception) -> None:
        async with held.turn:
            self._book.open(held.job.token)  # else it was the end of the job that took the place away
            _log.error("job=%s: an image cannot be kept: %s", held.job.token, err)
            await self._book.step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.SEND_IMAGE_FAILED))
        raise faults.operation_failed(f"the image cannot be kept: {_why(err)}") from err

    async def _count(self, held: Held, number: int, word: str) -> None:
        async with held.turn:
            self._book.open(held.job.token)
            held.formats[number] = word
            await self._book.step(held, PostScanSeen(images=len(held.formats)))

    async def end(self, token: str) -> None:
        """No more images come. Saying it again does no harm."""
        if not self._book.get(token).ended:
            await self._tasks.whole(self._end(self._book.open(token)))

    async def _end(self, held: Held) -> None:
        async with held.turn:
            if held.ended:
                return
            self._book.open(held.job.token)
            if not held.formats:
                await self._book.step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.SEND_IMAGE_FAILED))
                raise faults.operation_failed("the job has no image")
            held.ended = True
            try:
                await self._book.step(held, PostScanSeen(Phase.QUEUED), durable=True)
            except (StoreFull, OSError) as err:
                held.ended = False
                raise faults.temporary_error(f"the end cannot be noted: {_why(err)}") from err
            if held.patience is not None:
                held.patience.cancel()
            held.work = self._tasks.start(self._work.off(held))

    async def cancel(self, token: str, user: str) -> None:
        """For who created the job. What its filters have done by now is not undone."""
        held = self._book.get(token)
        if held.owner != user:
            raise faults.operation_failed("only who created the job may cancel it")
        await self._tasks.whole(self._cancel(held))

    async def _cancel(self, held: Held) -> None:
        async with held.turn:
            if held.job.state is JobState.CANCELED:
                return
            if held.job.state in FINAL_STATES:
                raise faults.operation_failed("the job has ended")
            held.canceled = True
            try:
                await self._book.note(held)
            except (StoreFull, OSError) as err:
                held.canceled = False
                raise faults.temporary_error(f"the cancel cannot be noted: {_why(err)}") from err
        if held.work is not None and not held.work.done():
            held.work.cancel()
            await asyncio.wait((held.work,))
        await self._book.see(held, PostScanSeen(Phase.CANCELED))

    def get(self, token: str) -> Held:
        """The job with that token, also for a while after its end."""
        return self._book.get(token)

    def _be_patient(self, held: Held) -> None:
        held.patience = self._tasks.start(self._lose_patience(held))

    async def _lose_patience(self, held: Held) -> None:
        gone = max(0.0, (self._clock.now() - held.job.created).total_seconds())
        await self._clock.sleep(max(0.0, self._limits.patience - gone))
        await self._tasks.whole(self._time_out(held))

    async def _time_out(self, held: Held) -> None:
        async with held.turn:
            if not held.ended and not held.canceled:
                await self._book.step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.TIMED_OUT))


def _why(err: Exception) -> str:
    """In the system's words: a path is nobody's business."""
    return (err.strerror or "the disk failed") if isinstance(err, OSError) else str(err)
