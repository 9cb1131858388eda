"""Debian's HylaFAX without a line: what its own sendfax, faxalter and faxrm do to a job, as a listener learns it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.fax.faxcomex import JobStatus
from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceGone, DeviceRefused
from drivers.contract.fax import Cause, Direction, FaxPhase, Operation
from drivers.hylafax.open import open_observer
from tests.system import hylafax


@pytest.fixture
def fax(tmp_path: Path) -> Iterator[hylafax.Server]:
    with hylafax.server(tmp_path) as running:
        yield running


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return hylafax.document(tmp_path / "page.tif")


@pytest.fixture
def page_size(page: Path) -> int:
    return page.stat().st_size


async def test_a_job_without_a_modem_waits_for_a_line(fax: hylafax.Server, page: Path, page_size: int):
    async with hylafax.followed(fax) as seen:
        job = await asyncio.to_thread(fax.submit, "-d", "555", page)
        await seen.until(lambda: seen.phases(job) == [FaxPhase.NO_LINE])
        told = seen.last(job)
        assert (told.direction, told.pages_done, told.retries, told.cause) == (Direction.OUTGOING, 0, 0, None)
        assert told.size == page_size
        assert told.can == {Operation.VIEW, Operation.PAUSE, Operation.DELETE}
        assert seen.statuses(job) == [JobStatus.PENDING | JobStatus.NOLINE]


async def test_a_job_for_later_is_pending_until_then(fax: hylafax.Server, page: Path):
    async with hylafax.followed(fax) as seen:
        job = await asyncio.to_thread(fax.submit, "-a", "now + 3 hours", "-d", "555", page)
        await seen.until(lambda: bool(seen.phases(job)))
        scheduled = seen.last(job).scheduled
        assert scheduled is not None
        assert timedelta(hours=2, minutes=55) < scheduled - datetime.now(UTC) < timedelta(hours=3, minutes=5)
        assert seen.statuses(job) == [JobStatus.PENDING]


async def test_a_job_is_suspended_and_goes_on(fax: hylafax.Server, page: Path):
    async with hylafax.followed(fax) as seen:
        job = await asyncio.to_thread(fax.submit, "-a", "now + 3 hours", "-d", "555", page)
        await seen.until(lambda: bool(seen.phases(job)))
        await asyncio.to_thread(fax.say, f"JOB {job}", f"JSUSP {job}")
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.HELD)
        assert seen.last(job).can == {Operation.VIEW, Operation.RESUME, Operation.DELETE}
        await asyncio.to_thread(fax.say, f"JOB {job}", f"JSUBM {job}")
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.QUEUED)
        assert seen.statuses(job) == [JobStatus.PENDING, JobStatus.PENDING | JobStatus.PAUSED, JobStatus.PENDING]


async def test_a_job_that_its_owner_removes_is_canceled(fax: hylafax.Server, page: Path):
    async with hylafax.followed(fax) as seen:
        job = await asyncio.to_thread(fax.submit, "-d", "555", page)
        await seen.until(lambda: bool(seen.phases(job)))
        await asyncio.to_thread(fax.client, "faxrm", job)
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.CANCELED)
        assert seen.last(job).cause is Cause.CALL_ABORTED
        assert seen.statuses(job)[-1] is JobStatus.CANCELED


async def test_what_was_there_before_is_told_and_a_second_look_tells_nothing(fax: hylafax.Server, page: Path):
    jobs = [fax.submit("-d", number, page) for number in ("555", "556")]
    fax.client("faxrm", jobs[0])
    fax.until((fax.spool / "doneq" / f"q{jobs[0]}").exists)
    for _ in range(2):
        async with hylafax.followed(fax) as seen:
            await seen.until(lambda: len(seen.there) == 2)
            await asyncio.sleep(1.5)
            assert [seen.phases(job) for job in jobs] == [[FaxPhase.CANCELED], [FaxPhase.NO_LINE]]
            assert seen.archived == []


async def test_forty_jobs_at_once_are_all_told(fax: hylafax.Server, page: Path):
    async with hylafax.followed(fax) as seen:
        await asyncio.to_thread(fax.submit_to, [str(1000 + number) for number in range(40)], page)
        await seen.until(lambda: len(seen.there) == 40)
        assert {seen.last(job).phase for job in seen.there} == {FaxPhase.NO_LINE}


async def test_a_server_that_goes_away_and_comes_back_is_followed_again(fax: hylafax.Server, page: Path):
    job = fax.submit("-d", "555", page)
    async with hylafax.followed(fax) as seen:
        await seen.until(lambda: job in seen.there)
        await asyncio.to_thread(fax.stop_hfaxd)
        await seen.until(lambda: any(each.startswith("DeviceGone") for each in seen.errors))
        assert job in seen.there  # what is known stays
        await asyncio.to_thread(fax.start_hfaxd)
        other = await asyncio.to_thread(fax.submit, "-d", "556", page)
        await seen.until(lambda: seen.there == {job, other})
        third = await asyncio.to_thread(fax.submit, "-d", "557", page)  # the trigger is set again
        await seen.until(lambda: third in seen.there, seconds=10)


async def test_a_password_that_is_wrong_or_missing_is_a_refusal_that_names_the_user(fax: hylafax.Server):
    (fax.spool / "etc" / "hosts.hfaxd").write_text("wsd@.*:22:notahash:\n")
    for password in ("", "wrong"):
        with pytest.raises(DeviceRefused, match="'wsd'"):
            await open_observer("127.0.0.1", fax.port, "wsd", password, SystemClock())


async def test_nobody_there_is_gone(fax: hylafax.Server):
    fax.stop_hfaxd()
    with pytest.raises(DeviceGone):
        await open_observer("127.0.0.1", fax.port, "wsd", "", SystemClock())


async def test_a_server_on_ipv6_is_followed_by_its_events(fax: hylafax.Server, page: Path):
    fax.stop_hfaxd()
    (fax.spool / "etc" / "hosts.hfaxd").write_text(".*:21::\n")
    fax.listens = ("-l", "::")
    fax.start_hfaxd()
    async with hylafax.followed(fax, "::1") as seen:
        await seen.until(lambda: seen.looks > 0)
        job = await asyncio.to_thread(fax.submit, "-d", "555", page)
        await seen.until(lambda: job in seen.there, seconds=8)  # without events it would take ten
