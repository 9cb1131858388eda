"""Debian's HylaFAX with two soft modems on one wire: real calls, real pages, real failures.

The modems are spandsp's, joined by their samples four times as fast as life; everything above them is HylaFAX's own.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.fax.faxcomex import JobStatus
from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport
from tests.system import hylafax

SPEED = 4.0
ORDER = (
    FaxPhase.NO_LINE,
    FaxPhase.INITIALIZING,
    FaxPhase.DIALING,
    FaxPhase.ANSWERED,
    FaxPhase.TRANSMITTING,
    FaxPhase.DONE,
)


@pytest.fixture
def fax(tmp_path: Path) -> Iterator[hylafax.Server]:
    """ttyF1, number 1, sends; ttyF2, number 2, receives."""
    with hylafax.server(tmp_path) as running:
        running.add_modem("ttyF1", 1)
        running.add_modem("ttyF2", 2, rings=1)
        running.connect_line("ttyF1", "ttyF2", speed=SPEED)
        yield running


async def attended(fax: hylafax.Server, *modems: str) -> None:
    """A faxgetty for each, until it is idle."""
    for modem in modems:
        fax.start("faxgetty", modem)
    ready = [fax.spool / "status" / modem for modem in modems]
    await asyncio.to_thread(fax.until, lambda: all(each.exists() and "idle" in each.read_text() for each in ready))


def pages(reports: list[FaxReport]) -> list[int]:
    """The confirmed pages, each number once as long as it lasts."""
    found: list[int] = []
    for each in reports:
        if each.pages_done is not None and (not found or found[-1] != each.pages_done):
            found.append(each.pages_done)
    return found


async def test_a_fax_of_three_pages_goes_up_on_both_sides(fax: hylafax.Server, tmp_path: Path):
    document = hylafax.document(tmp_path / "three.tif", pages=3)
    async with hylafax.followed(fax) as seen:
        await attended(fax, "ttyF1", "ttyF2")
        job = await asyncio.to_thread(fax.submit, "-h", f"ttyF1@127.0.0.1:{fax.port}", "-d", "2", document)
        await seen.until(lambda: job in seen.there and seen.phases(job)[-1] is FaxPhase.DONE, 90)
        arrived = next(each for each in seen.reports if each.startswith("ttyF2-"))
        await seen.until(lambda: seen.phases(arrived)[-1] is FaxPhase.DONE)

        assert [each for each in seen.phases(job) if each in ORDER] == seen.phases(job)
        assert sorted(seen.phases(job), key=ORDER.index) == seen.phases(job)
        assert set(ORDER[1:]) <= set(seen.phases(job))
        assert pages(seen.reports[job]) == [0, 1, 2, 3]
        sent = seen.last(job)
        assert (sent.direction, sent.pages, sent.retries, sent.line) == (Direction.OUTGOING, 3, 0, "ttyF1")
        assert (sent.remote_id, sent.local_id, sent.cause) == ("Modem 2", "Modem 1", Cause.COMPLETED)
        assert sent.began is not None
        assert sent.ended is not None
        assert sent.began < sent.ended

        assert seen.phases(arrived) == [FaxPhase.RECEIVING, FaxPhase.ROUTING, FaxPhase.DONE]
        assert pages(seen.reports[arrived]) == [0, 1, 2, 3]
        received = seen.last(arrived)
        assert (received.direction, received.line, received.caller_id) == (Direction.INCOMING, "ttyF2", "1")
        assert (received.local_id, received.cause) == ("Modem 2", None)
        assert [(each.line, each.number) for each in seen.calls] == [("ttyF2", "1")]
        file = next(name for name, _ in seen.archived if name.startswith("fax"))
        assert received.size == len((fax.spool / "recvq" / file).read_bytes())
        assert sorted(seen.archived) == [(job, False), (file, False)]

        assert seen.statuses(job)[-2:] == [JobStatus.INPROGRESS, JobStatus.COMPLETED]
        assert seen.statuses(arrived) == [JobStatus.INPROGRESS, JobStatus.ROUTING, JobStatus.COMPLETED]


@pytest.mark.parametrize(("number", "cause"), [("7", Cause.BUSY), ("8", Cause.NO_ANSWER), ("9", Cause.NO_DIAL_TONE)])
async def test_a_call_that_fails_is_tried_again_and_given_up(
    fax: hylafax.Server, tmp_path: Path, number: str, cause: Cause
):
    document = hylafax.document(tmp_path / "one.tif")
    async with hylafax.followed(fax) as seen:
        await attended(fax, "ttyF1")
        where = ("-h", f"ttyF1@127.0.0.1:{fax.port}")
        job = await asyncio.to_thread(fax.submit, *where, "-t", "2", "-T", "2", "-d", number, document)
        await seen.until(lambda: job in seen.there and seen.phases(job)[-1] is FaxPhase.WAITING)
        # Who does not want to wait for minutes suspends it and sends it now.
        await asyncio.to_thread(fax.say, f"JOB {job}", f"JSUSP {job}")
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.WAITING_HELD)
        await asyncio.to_thread(fax.say, f"JOB {job}", "JPARM SENDTIME NOW", f"JSUBM {job}")
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.GIVEN_UP)
        waited = [each for each in seen.reports[job] if each.phase is FaxPhase.WAITING]
        assert {each.cause for each in waited} <= {cause, None}
        assert waited[-1].cause is cause
        assert (seen.last(job).cause, seen.last(job).retries, seen.last(job).pages_done) == (cause, 1, 0)
        assert seen.statuses(job)[-1] is JobStatus.RETRIES_EXCEEDED
        assert JobStatus.RETRYING in seen.statuses(job)
