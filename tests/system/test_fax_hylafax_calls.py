"""Debian's HylaFAX on a line: a job that is removed while its pages go, and calls that are made while we are away.

Debian's /usr/sbin/faxsend is a shell script around the program, and takes the signal that is meant for that: there a
job on the line cannot be removed, and is sent to its end. So faxq is told to start the program itself.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.fax.faxcomex import JobStatus
from drivers.contract.fax import Cause, FaxPhase
from tests.system import hylafax

PROGRAMS = "/usr/lib/hylafax/bin"


@pytest.fixture(scope="module")
def fax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hylafax.Server]:
    """ttyF1, number 1, sends; ttyF2, number 2, receives. Everybody may read the log of calls."""
    with hylafax.server(tmp_path_factory.mktemp("fax"), config=f"SendFaxCmd: {PROGRAMS}/faxsend\n") as running:
        running.add_modem("ttyF1", 1)
        running.add_modem("ttyF2", 2, rings=1)
        running.connect_line("ttyF1", "ttyF2", speed=4.0)
        running.run("install", "-o", "uucp", "-g", "uucp", "-m", "644", "/dev/null", "log/xferfaxlog")
        yield running


@pytest.fixture(scope="module")
def getty(fax: hylafax.Server) -> None:
    """Both modems are attended."""
    for modem in ("ttyF1", "ttyF2"):
        fax.start("faxgetty", modem)
    ready = [fax.spool / "status" / modem for modem in ("ttyF1", "ttyF2")]
    fax.until(lambda: all(each.exists() and "idle" in each.read_text() for each in ready), seconds=60)


def submitted(fax: hylafax.Server, document: Path) -> str:
    return fax.submit("-h", f"ttyF1@127.0.0.1:{fax.port}", "-d", "2", document)


@pytest.mark.usefixtures("getty")
async def test_a_job_that_is_removed_while_its_pages_go_is_canceled(fax: hylafax.Server, tmp_path: Path) -> None:
    document = hylafax.document(tmp_path / "long.tif", pages=30)
    async with hylafax.followed(fax) as seen:
        job = await asyncio.to_thread(submitted, fax, document)
        await seen.until(lambda: bool(seen.phases(job)) and bool(seen.last(job).pages_done), 90)
        await asyncio.to_thread(fax.client, "faxrm", job)
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.CANCELED)
        told = seen.last(job)
        assert seen.phases(job)[-3:] == [FaxPhase.TRANSMITTING, FaxPhase.CANCELLING, FaxPhase.CANCELED]
        assert (told.cause, told.detail) == (Cause.CALL_ABORTED, "Job aborted by request")
        assert told.pages_done is not None
        assert 0 < told.pages_done < 30
        assert seen.statuses(job)[-2:] == [JobStatus.CANCELING, JobStatus.CANCELED]


@pytest.mark.usefixtures("getty")
async def test_how_a_job_ended_while_we_were_away_is_in_the_servers_log(fax: hylafax.Server, tmp_path: Path) -> None:
    document = hylafax.document(tmp_path / "two.tif", pages=2)
    async with hylafax.followed(fax, far=True) as seen:
        job = await asyncio.to_thread(submitted, fax, document)
        await seen.until(lambda: job in seen.there)
        await asyncio.to_thread(fax.stop_hfaxd)
        await seen.until(lambda: bool(seen.errors))
        done = fax.spool / "doneq" / f"q{job}"
        await asyncio.to_thread(fax.until, done.exists, None, 60)
        # What its owner has on a timer: nothing is left of the job but a line in the log.
        await asyncio.to_thread(fax.run, f"{PROGRAMS}/faxqclean", "-j", "0", "-d", "0")
        assert not done.exists()
        await asyncio.to_thread(fax.start_hfaxd)
        await seen.until(lambda: seen.phases(job)[-1] is FaxPhase.DONE)
        told = seen.last(job)
        assert (told.pages_done, told.cause, told.line, told.remote_id) == (2, Cause.COMPLETED, "ttyF1", "Modem 2")
        assert seen.statuses(job)[-1] is JobStatus.COMPLETED
    await asyncio.to_thread(fax.stop_hfaxd)
