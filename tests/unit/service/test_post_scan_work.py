"""What becomes of a filter, by what really happened in it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.dsm.job import FilterState, FilterStateReason
from bridge.dsm.names import FILE_SHARE
from bridge.filters.filter import FilterFailed, Work
from bridge.service.post_scan_work import PAUSES, run
from bridge.translate.post_scan import FilterRun

WARNING = (FilterStateReason.UNKNOWN_ERROR,)


class Passing:
    """A clock on which every sleep is over at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def boottime(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Doing:
    """A filter that does what it is told, once for each try."""

    dialect = FILE_SHARE

    def __init__(self, *tries: Callable[[], tuple[FilterStateReason, ...]]) -> None:
        self._tries = list(tries)

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        return self._tries.pop(0)()


def out_of_memory() -> tuple[FilterStateReason, ...]:
    return (FilterStateReason(str(len(bytearray(1 << 60)))),)


def disk_full() -> tuple[FilterStateReason, ...]:
    with Path("/dev/full").open("wb") as file:
        file.write(b"x")
        file.flush()
    return ()


def away() -> tuple[FilterStateReason, ...]:
    raise FilterFailed(FilterStateReason.INVALID_SMTP_SERVER, "nobody answers", passing=True)


def denied() -> tuple[FilterStateReason, ...]:
    raise FilterFailed(FilterStateReason.FILE_SHARE_ACCESS_DENIED, "denied")


def partly_denied() -> tuple[FilterStateReason, ...]:
    raise FilterFailed(FilterStateReason.FILE_SHARE_ACCESS_DENIED, "denied in one place of two", partly=True)


def broken() -> tuple[FilterStateReason, ...]:
    return ({}["a bug"],)


WORK = Work("token", "name", "user", datetime(2026, 3, 1, tzinfo=UTC), (), Path("/nowhere"))


@pytest.mark.parametrize(
    ("tries", "state", "reasons", "slept"),
    [
        ((lambda: (),), FilterState.COMPLETED_SUCCESSFULLY, (), 0),
        ((lambda: WARNING,), FilterState.COMPLETED_WITH_WARNINGS, WARNING, 0),
        ((denied,), FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.FILE_SHARE_ACCESS_DENIED,), 0),
        ((out_of_memory,) * 4, FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.SERVER_OUT_OF_MEMORY,), 3),
        ((out_of_memory, lambda: ()), FilterState.COMPLETED_SUCCESSFULLY, (), 1),
        ((partly_denied,), FilterState.COMPLETED_WITH_WARNINGS, (FilterStateReason.FILE_SHARE_ACCESS_DENIED,), 0),
        ((disk_full,), FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.OUT_OF_DISK_SPACE,), 0),
        ((broken,), FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.UNKNOWN_ERROR,), 0),
        ((away, away, lambda: ()), FilterState.COMPLETED_SUCCESSFULLY, (), 2),
        ((away,) * 4, FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.INVALID_SMTP_SERVER,), 3),
        ((away, denied), FilterState.COMPLETED_WITH_ERRORS, (FilterStateReason.FILE_SHARE_ACCESS_DENIED,), 1),
    ],
)
async def test_what_happened_is_told(
    tries: tuple[Callable[[], tuple[FilterStateReason, ...]], ...],
    state: FilterState,
    reasons: tuple[FilterStateReason, ...],
    slept: int,
) -> None:
    clock = Passing()
    assert await run(Doing(*tries), WORK, clock) == FilterRun(FILE_SHARE, state, reasons)
    assert clock.slept == list(PAUSES[:slept])
