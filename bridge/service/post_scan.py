"""The post-scan jobs of a scan server: taken, filled, worked off, told. No HTTP, no SOAP.

What was answered for is on the disk before the answer, and what is told is there before it is told, so a `kill -9` at
any moment loses no acknowledged image and takes back no state (docs/decisions/0079-scan-server.md).
Spec: DSM, the processing service (WS-DSP); [MS-BDSRR] for what its pages leave out.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from bridge.dsm import faults
from bridge.dsm.job import FilterState, JobStateReason
from bridge.dsm.names import DspElement
from bridge.dsm.operations import (
    CreatePostScanJobRequest,
    EventName,
    PostScanJobEndStateEvent,
    PostScanJobStatusEvent,
    SendImageRequest,
)
from bridge.errors import BridgeError
from bridge.filters.filter import StoredImage, Work
from bridge.jobs.post_scan_store import ImageDiffers, ImageTooLarge, Store, StoreFull
from bridge.log import kept_short
from bridge.service import post_scan_record, post_scan_work
from bridge.service.post_scan_keep import keep
from bridge.service.post_scan_process import Process, Processes, wanted
from bridge.service.post_scan_record import Held
from bridge.tasks import Tasks
from bridge.translate.post_scan import (
    FINAL_FILTER_STATES,
    FilterRun,
    PostScanJob,
    PostScanSeen,
    end_state,
    status,
    step,
)
from bridge.wsscan.job import FINAL_STATES, JobState
from bridge.wsscan.values import Format
from drivers.contract.clock import Clock
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)

HISTORY: Final = 200  # jobs that ended and are still answered for

# Tells the subscribers of that user (Peer.user) of one event.
Tell = Callable[[EventName, DspElement, str], None]


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
        self._processes, self._store, self._clock, self._tell = processes, store, clock, tell
        self._limits = limits or Limits()
        self._jobs: dict[str, Held] = {}
        self._tasks = Tasks(_log, "a post-scan job broke")
        self._closing = False

    async def resume(self) -> None:
        """Take up what an earlier run left: images may still come, filters go on, what ended is answered for."""
        for token, record in (await asyncio.to_thread(self._store.load)).items():
            try:
                held = post_scan_record.from_json(record)
            except (ValueError, KeyError, TypeError, AttributeError) as err:
                _log.error("job=%s: the stored job is damaged and left alone: %s", token, err)
                continue
            self._jobs[token] = held
            if held.job.state in FINAL_STATES:
                await asyncio.to_thread(self._store.empty, token)
            elif held.canceled:
                await self._see(held, PostScanSeen(Phase.CANCELED))
            elif held.ended:
                held.work = self._tasks.start(self._work(held))
            else:
                held.formats = {each.document_id: each.format for each in self._store.images(token)}
                held.job = replace(held.job, images=len(held.formats))
                self._be_patient(held)
        self._prune()

    async def close(self) -> None:
        """Stop in good order; what is under way goes on with the next start."""
        self._closing = True
        while self._tasks:
            for held in self._jobs.values():
                for task in (held.patience, held.work):
                    if task is not None:
                        task.cancel()
            await self._tasks.wait()

    # What devices ask. All raise OperationRefused; `user` is Peer.user.

    async def create(self, request: CreatePostScanJobRequest, user: str, message_id: str) -> str:
        """The token of a new job. One without valid instructions is aborted at once, which its events say. The very
        message that made a job names it again until an image comes: nobody heard the answer (WS-Addressing 2004/08,
        [message id])."""
        known = await self._known(message_id, user)
        if known is not None:
            return known
        said = request.post_scan_instructions
        asked = wanted(said)
        if not asked:
            raise faults.invalid_args("PostScanInstructions/FiltersToProcess: holds no Filter")
        open_jobs = [held for held in self._jobs.values() if held.job.state not in FINAL_STATES]
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
        known = await self._known(message_id, user)  # it came twice while the process was read
        if known is not None:
            return known
        await held.turn.acquire()  # at once; _take() gives it back
        self._jobs[job.token] = held
        return await self._tasks.whole(self._take(held, process))

    async def _known(self, message_id: str, user: str) -> str | None:
        for held in tuple(self._jobs.values()):
            if held.message_id == message_id and held.owner == user and not held.formats:
                async with held.turn:  # until it is kept, or cannot be
                    if held.job.state is JobState.CREATING:
                        return held.job.token
        return None

    async def _take(self, held: Held, process: Process | None) -> str:
        """Its first steps; whose turn it is was decided before."""
        token = held.job.token
        try:
            await self._step(held, PostScanSeen(Phase.ARRIVING), durable=True)
            if process is None or process.chosen(held.wanted) is None:
                _log.warning("job=%s: %s asks for what no scan process of its offers", token, kept_short(held.owner))
                await self._step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.NO_VALID_INSTRUCTIONS))
            else:
                self._be_patient(held)
        except (StoreFull, OSError) as err:
            _log.error("job=%s: cannot be kept: %s", token, err)
            await self._step(held, PostScanSeen(Phase.ARRIVING))
            await self._step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.CREATE_FAILED))
            raise faults.temporary_error(f"the job cannot be kept: {_why(err)}") from err
        finally:
            held.turn.release()
        return token

    async def receive(self, request: SendImageRequest, chunks: AsyncIterator[bytes]) -> None:
        """One image; on return it outlives us. The same image again is taken once. What is raised out of `chunks`
        goes through, and costs that image only."""
        held, described = self._open(request.job_token), request.document_description
        number, word = described.document_id, described.format
        if not isinstance(word, Format):
            raise faults.invalid_args(f"DocumentDescription/Format: {word} is not known")
        if number not in held.formats and len(held.formats) >= self._limits.images:
            raise faults.operation_failed(f"the job has {len(held.formats)} images")
        arriving = [other.owner for other in self._jobs.values() for _ in range(other.arriving)]
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
            self._open(held.job.token)
            yield chunk

    async def _cannot_keep(self, held: Held, err: Exception) -> None:
        async with held.turn:
            self._open(held.job.token)  # else it was the end of the job that took the place away
            _log.error("job=%s: an image cannot be kept: %s", held.job.token, err)
            await self._step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.SEND_IMAGE_FAILED))
        raise faults.operation_failed(f"the image cannot be kept: {_why(err)}") from err

    async def _count(self, held: Held, number: int, word: str) -> None:
        async with held.turn:
            self._open(held.job.token)
            held.formats[number] = word
            await self._step(held, PostScanSeen(images=len(held.formats)))

    async def end(self, token: str) -> None:
        """No more images come. Saying it again does no harm."""
        if not self._of(token).ended:
            await self._tasks.whole(self._end(self._open(token)))

    async def _end(self, held: Held) -> None:
        async with held.turn:
            if held.ended:
                return
            self._open(held.job.token)
            if not held.formats:
                await self._step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.SEND_IMAGE_FAILED))
                raise faults.operation_failed("the job has no image")
            held.ended = True
            try:
                await self._step(held, PostScanSeen(Phase.QUEUED), durable=True)
            except (StoreFull, OSError) as err:
                held.ended = False
                raise faults.temporary_error(f"the end cannot be noted: {_why(err)}") from err
            if held.patience is not None:
                held.patience.cancel()
            held.work = self._tasks.start(self._work(held))

    async def cancel(self, token: str, user: str) -> None:
        """For who created the job. What its filters have done by now is not undone."""
        held = self._of(token)
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
                await asyncio.to_thread(self._store.put, held.job.token, post_scan_record.to_json(held, held.job))
            except (StoreFull, OSError) as err:
                held.canceled = False
                raise faults.temporary_error(f"the cancel cannot be noted: {_why(err)}") from err
        if held.work is not None and not held.work.done():
            held.work.cancel()
            await asyncio.wait((held.work,))
        await self._see(held, PostScanSeen(Phase.CANCELED))

    def get(self, token: str) -> Held:
        """The job with that token, also for a while after its end."""
        return self._of(token)

    # What is done.

    async def _work(self, held: Held) -> None:
        """Its filters, to an end in any case."""
        try:
            await self._filter(held)
        except Exception:  # noqa: BLE001 - a bug of ours costs this job, and leaves nobody waiting for its end
            _log.exception("job=%s: it broke", held.job.token)
            await self._tasks.whole(self._see(held, PostScanSeen(Phase.FAILED)))

    async def _filter(self, held: Held) -> None:
        """One after the other; what an earlier run finished stays finished."""
        filters = None
        try:
            process = await self._processes.get(held.job.process_id, held.job.user)
            filters = None if process is None else process.chosen(held.wanted)
        except BridgeError as err:
            _log.error("job=%s: %s", held.job.token, err)
        if filters is None:  # the operator changed it meanwhile
            seen = PostScanSeen(Phase.FAILED, reason=JobStateReason.NO_VALID_INSTRUCTIONS)
            await self._tasks.whole(self._see(held, seen))
            return
        work = self._order(held)
        for index, chosen in enumerate(filters):
            run = held.job.filters[index]
            if run.state not in FINAL_FILTER_STATES:
                await self._report(held, index, replace(run, state=FilterState.PROCESSING))
                run = replace(await post_scan_work.run(chosen, work, self._clock), dialect=run.dialect)
                await self._report(held, index, run)
            if run.state is FilterState.COMPLETED_WITH_ERRORS and not held.continue_on_error:
                await self._tasks.whole(self._see(held, PostScanSeen(Phase.FAILED)))
                return
        await self._tasks.whole(self._see(held, PostScanSeen(Phase.DONE)))

    def _order(self, held: Held) -> Work:
        job = held.job
        stored = {each.document_id: each for each in self._store.images(job.token)}
        images = tuple(
            StoredImage(stored[number].path, number, held.formats[number]) for number in sorted(held.formats)
        )
        return Work(job.token, held.document_name, job.user, job.created, images, self._store.notes(job.token))

    async def _report(self, held: Held, index: int, run: FilterRun) -> None:
        runs = (*held.job.filters[:index], run, *held.job.filters[index + 1 :])
        await self._tasks.whole(self._see(held, PostScanSeen(Phase.SCANNING, filters=runs)))

    async def _see(self, held: Held, seen: PostScanSeen) -> None:
        async with held.turn:
            if not held.canceled or seen.phase is Phase.CANCELED:
                await self._step(held, seen)

    async def _step(self, held: Held, seen: PostScanSeen, *, durable: bool = False) -> None:
        """The one place where a job changes; who calls holds its turn. Raises StoreFull and OSError if `durable`, and
        then nothing has changed."""
        transition = step(held.job, seen, self._clock.now())
        token = transition.job.token
        if not transition.told:
            held.job = transition.job
            return
        try:
            # Who asks meanwhile hears the state before: one that is told is never taken back.
            await asyncio.to_thread(self._store.put, token, post_scan_record.to_json(held, transition.job))
        except (StoreFull, OSError) as err:
            if durable:
                raise
            _log.error("job=%s: its state will not survive a restart: %s", token, err)
        held.job = transition.job
        for each in transition.told:
            _log.info("job=%s: %s %s, %d images", each.token, each.state, each.reason, each.images)
            self._tell(EventName.STATUS, PostScanJobStatusEvent(job_status=status(each)), held.owner)
        if transition.ended:
            end = PostScanJobEndStateEvent(post_scan_job_end_state=end_state(held.job))
            self._tell(EventName.END_STATE, end, held.owner)
            await asyncio.to_thread(self._store.empty, token)
            if held.patience is not None:
                held.patience.cancel()
            self._prune()

    def _be_patient(self, held: Held) -> None:
        held.patience = self._tasks.start(self._lose_patience(held))

    async def _lose_patience(self, held: Held) -> None:
        gone = max(0.0, (self._clock.now() - held.job.created).total_seconds())
        await self._clock.sleep(max(0.0, self._limits.patience - gone))
        await self._tasks.whole(self._time_out(held))

    async def _time_out(self, held: Held) -> None:
        async with held.turn:
            if not held.ended and not held.canceled:
                await self._step(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.TIMED_OUT))

    def _of(self, token: str) -> Held:
        held = self._jobs.get(token.strip().lower())
        if held is None or held.job.state is None:
            raise faults.job_token_not_found()
        return held

    def _open(self, token: str) -> Held:
        """The job, if it still takes images."""
        held = self._of(token)
        if held.canceled or held.job.state is JobState.CANCELED:
            raise faults.job_canceled()
        if held.job.state in FINAL_STATES:
            raise faults.operation_failed(f"the job has ended: {held.job.reason}")
        if held.ended:
            raise faults.operation_failed("EndPostScanJob was heard before")
        return held

    def _prune(self) -> None:
        """Forget the oldest that ended."""
        ended = [held for held in self._jobs.values() if held.job.state in FINAL_STATES]
        ended.sort(key=lambda held: held.job.completed or held.job.created)
        for held in ended[: max(0, len(ended) - HISTORY)]:
            del self._jobs[held.job.token]
            with suppress(OSError):
                self._store.forget(held.job.token)


def _why(err: Exception) -> str:
    """In the system's words: a path is nobody's business."""
    return (err.strerror or "the disk failed") if isinstance(err, OSError) else str(err)
