"""The post-scan jobs of a scan server, and the one place where each changes: noted first, then told.

What is told is on the disk before it is told, so a `kill -9` at any moment takes back no state
(docs/decisions/0079-scan-server.md).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from bridge.dsm import faults
from bridge.dsm.names import DspElement
from bridge.dsm.operations import EventName, PostScanJobEndStateEvent, PostScanJobStatusEvent
from bridge.jobs.post_scan_store import Store, StoreFull
from bridge.service import post_scan_record
from bridge.service.post_scan_record import Held
from bridge.tasks import Tasks
from bridge.translate.post_scan import PostScanSeen, end_state, status, step
from bridge.wsscan.job import FINAL_STATES, JobState
from drivers.contract.clock import Clock
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)

HISTORY: Final = 200  # jobs that ended and are still answered for

# Tells the subscribers of that user (Peer.user) of one event.
Tell = Callable[[EventName, DspElement, str], None]


class Book:
    def __init__(self, store: Store, clock: Clock, tell: Tell, tasks: Tasks) -> None:
        self._store, self._clock, self._tell, self._tasks = store, clock, tell, tasks
        self._jobs: dict[str, Held] = {}

    def __iter__(self) -> Iterator[Held]:
        """All that are remembered, those that ended included."""
        return iter(tuple(self._jobs.values()))

    async def load(self) -> None:
        """What an earlier run left."""
        for token, record in (await asyncio.to_thread(self._store.load)).items():
            try:
                self._jobs[token] = post_scan_record.from_json(record)
            except (ValueError, KeyError, TypeError, AttributeError) as err:
                _log.error("job=%s: the stored job is damaged and left alone: %s", token, err)

    def add(self, held: Held) -> None:
        self._jobs[held.job.token] = held

    def get(self, token: str) -> Held:
        """Raises OperationRefused."""
        held = self._jobs.get(token.strip().lower())
        if held is None or held.job.state is None:
            raise faults.job_token_not_found()
        return held

    def open(self, token: str) -> Held:
        """The job, if it still takes images. Raises OperationRefused."""
        held = self.get(token)
        if held.canceled or held.job.state is JobState.CANCELED:
            raise faults.job_canceled()
        if held.job.state in FINAL_STATES:
            raise faults.operation_failed(f"the job has ended: {held.job.reason}")
        if held.ended:
            raise faults.operation_failed("EndPostScanJob was heard before")
        return held

    async def made_by(self, message_id: str, user: str) -> str | None:
        """The token of the job that this very message made, as long as no image came."""
        for held in self:
            if held.message_id == message_id and held.owner == user and not held.formats:
                async with held.turn:  # until it is kept, or cannot be
                    if held.job.state is JobState.CREATING:
                        return held.job.token
        return None

    async def note(self, held: Held) -> None:
        """What else than its state is to survive. Raises StoreFull, OSError."""
        await asyncio.to_thread(self._store.put, held.job.token, post_scan_record.to_json(held, held.job))

    async def see(self, held: Held, seen: PostScanSeen) -> None:
        """Once it is its turn; to the end, whoever is canceled. Of one that is canceled nothing else is seen."""
        await self._tasks.whole(self._see(held, seen))

    async def _see(self, held: Held, seen: PostScanSeen) -> None:
        async with held.turn:
            if not held.canceled or seen.phase is Phase.CANCELED:
                await self.step(held, seen)

    async def step(self, held: Held, seen: PostScanSeen, *, durable: bool = False) -> None:
        """The change itself; who calls holds the job's turn. Raises StoreFull and OSError if `durable`, and then
        nothing has changed."""
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
            self.prune()

    def prune(self) -> None:
        """Forget the oldest that ended."""
        ended = [held for held in self if held.job.state in FINAL_STATES]
        ended.sort(key=lambda held: held.job.completed or held.job.created)
        for held in ended[: max(0, len(ended) - HISTORY)]:
            del self._jobs[held.job.token]
            with suppress(OSError):
                self._store.forget(held.job.token)
