"""Pages that nobody fetches are held for a minute, but not for any number of jobs."""

from typing import Any

import pytest

from bridge.errors import OperationRefused
from bridge.scanner.acquisition import MOST_UNFETCHED
from tests.unit.scanner.conftest import until


async def scanned(bench: Any, number: int) -> int:
    """A job whose one page lies in its tray."""
    job: int = await bench.create()
    bench.hand.page(number)
    bench.hand.scans[number].finish()
    await until(lambda: bench.events(job)[-1] == "Processing/JobTransfering 1")
    return job


async def test_so_many_jobs_wait_to_be_fetched_and_one_that_is_fetched_makes_room(bench: Any) -> None:
    jobs = [await scanned(bench, number) for number in range(MOST_UNFETCHED)]
    with pytest.raises(OperationRefused, match="16 jobs are waiting to be fetched"):
        await bench.create()
    await bench.retrieve(jobs[3])
    await until(lambda: "END Completed 1" in bench.events(jobs[3]))
    assert await bench.create() > jobs[-1]
