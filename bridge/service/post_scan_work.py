"""One filter of a post-scan job at work: tried again while that may help, and its outcome in DSM's words."""

import errno
import logging
from typing import Final

from bridge.dsm.job import FilterState, FilterStateReason
from bridge.filters.filter import Filter, FilterFailed, Work
from bridge.translate.post_scan import FilterRun
from drivers.contract.clock import Clock

_log = logging.getLogger(__name__)

PAUSES: Final = (5.0, 30.0, 120.0)  # seconds before a filter is tried again whose trouble may pass
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


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
