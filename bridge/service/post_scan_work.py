"""The filters of a post-scan job at work, one after the other: each is tried again while that may help, and its outcome
is told in DSM's words."""

import errno
import logging
from dataclasses import dataclass, replace
from typing import Final

from bridge.dsm.job import FilterState, FilterStateReason, JobStateReason
from bridge.errors import BridgeError
from bridge.filters.filter import Filter, FilterFailed, StoredImage, Work
from bridge.jobs.post_scan_store import Store
from bridge.service.post_scan_book import Book
from bridge.service.post_scan_process import Processes
from bridge.service.post_scan_record import Held
from bridge.translate.post_scan import FINAL_FILTER_STATES, FilterRun, PostScanSeen
from drivers.contract.clock import Clock
from drivers.contract.observation import Phase

_log = logging.getLogger(__name__)

PAUSES: Final = (5.0, 30.0, 120.0)  # seconds before a filter is tried again whose trouble may pass
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Working:
    """Works jobs off, as the scan processes say now."""

    processes: Processes
    store: Store
    book: Book
    clock: Clock

    async def off(self, held: Held) -> None:
        """That job, to an end in any case."""
        try:
            await self._filter(held)
        except Exception:  # noqa: BLE001 - a bug of ours costs this job, and leaves nobody waiting for its end
            _log.exception("job=%s: it broke", held.job.token)
            await self.book.see(held, PostScanSeen(Phase.FAILED))

    async def _filter(self, held: Held) -> None:
        """What an earlier run finished stays finished."""
        filters = None
        try:
            process = await self.processes.get(held.job.process_id, held.job.user)
            filters = None if process is None else process.chosen(held.wanted)
        except BridgeError as err:
            _log.error("job=%s: %s", held.job.token, err)
        if filters is None:  # the operator changed it meanwhile
            await self.book.see(held, PostScanSeen(Phase.FAILED, reason=JobStateReason.NO_VALID_INSTRUCTIONS))
            return
        work = self._order(held)
        for index, chosen in enumerate(filters):
            done = held.job.filters[index]
            if done.state not in FINAL_FILTER_STATES:
                await self._report(held, index, replace(done, state=FilterState.PROCESSING))
                done = replace(await run(chosen, work, self.clock), dialect=done.dialect)
                await self._report(held, index, done)
            if done.state is FilterState.COMPLETED_WITH_ERRORS and not held.continue_on_error:
                await self.book.see(held, PostScanSeen(Phase.FAILED))
                return
        await self.book.see(held, PostScanSeen(Phase.DONE))

    def _order(self, held: Held) -> Work:
        job = held.job
        stored = {each.document_id: each for each in self.store.images(job.token)}
        images = tuple(
            StoredImage(stored[number].path, number, held.formats[number]) for number in sorted(held.formats)
        )
        return Work(job.token, held.document_name, job.user, job.created, images, self.store.notes(job.token))

    async def _report(self, held: Held, index: int, became: FilterRun) -> None:
        runs = (*held.job.filters[:index], became, *held.job.filters[index + 1 :])
        await self.book.see(held, PostScanSeen(Phase.SCANNING, filters=runs))


async def run(chosen: Filter, work: Work, clock: Clock) -> FilterRun:
    """What became of it. A filter's bug costs this filter of this job, not the server."""
    for pause in (*PAUSES, None):
        try:
            warnings = await chosen.process(work)
        except FilterFailed as err:
            _log.warning("job=%s %s: %s", work.token, _name(chosen), err)
            if err.passing and pause is not None:
                await clock.sleep(pause)
                continue
            state = FilterState.COMPLETED_WITH_WARNINGS if err.partly else FilterState.COMPLETED_WITH_ERRORS
            return FilterRun(chosen.dialect, state, err.reasons)
        except MemoryError:
            _log.error("job=%s %s: out of memory", work.token, _name(chosen))
            if pause is not None:  # other jobs end, and give theirs back
                await clock.sleep(pause)
                continue
            return _failed(chosen, FilterStateReason.SERVER_OUT_OF_MEMORY)
        except Exception as err:  # noqa: BLE001
            if isinstance(err, OSError) and err.errno in _DISK:
                _log.error("job=%s %s: %s", work.token, _name(chosen), err.strerror)
                return _failed(chosen, FilterStateReason.OUT_OF_DISK_SPACE)
            _log.exception("job=%s %s: the filter broke", work.token, _name(chosen))
            return _failed(chosen, FilterStateReason.UNKNOWN_ERROR)
        state = FilterState.COMPLETED_WITH_WARNINGS if warnings else FilterState.COMPLETED_SUCCESSFULLY
        return FilterRun(chosen.dialect, state, warnings)
    raise AssertionError("unreachable")


def _failed(chosen: Filter, reason: FilterStateReason) -> FilterRun:
    return FilterRun(chosen.dialect, FilterState.COMPLETED_WITH_ERRORS, (reason,))


def _name(chosen: Filter) -> str:
    return chosen.dialect.rpartition("/")[2]
