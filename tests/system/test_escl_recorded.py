"""Recorded sessions of real scanners, played as devices, become the right events at a subscriber of the bridge.

The expected sequences were written by hand from the recordings. What the recorded client did not ask for (the two
eSCL logs have no ScannerStatus) the player answers as an idle scanner does.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bridge.net.sink import Arrived
from bridge.wsscan.events import JobStatusEvent
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.values import InputSource
from drivers.contract import xml
from drivers.contract.clock import SystemClock
from hil.client import session, ticket
from hil.client.session import Session
from hil.devices.live import Live
from hil.devices.mfp.model import Mfp
from hil.http_server import HttpServer
from hil.script import Script
from hil.tape import http_sessions
from hil.tape.http_device import AsAsked, AsReached
from tests.system import product

REALDATA = Path(os.environ.get("WSD_REALDATA", Path(__file__).resolve().parents[3] / "shared" / "realdata"))
IDLE = (
    b'<?xml version="1.0"?><scan:ScannerStatus xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" '
    b'xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:State>Idle</pwg:State></scan:ScannerStatus>'
)
SCAN = ["Started", "Processing", "Completed"]
PACE = 0.1  # a scan of ten seconds lasts one


@pytest.fixture
def recorded() -> Path:
    if not (REALDATA / "escl").is_dir():
        pytest.skip(f"no recordings at {REALDATA}; set WSD_REALDATA")
    return REALDATA / "escl"


@asynccontextmanager
async def watched(place: Path, player: AsAsked | AsReached) -> AsyncIterator[tuple[Session, product.Running]]:
    live = Live(Mfp(Script(), 0.0), SystemClock())  # only its clock is used
    async with HttpServer(player.serve, live, "127.0.0.1") as server:
        settings = f'[[escl]]\nurl = "http://127.0.0.1:{server.port}"\n'
        async with (
            product.bridge(place, settings=settings) as running,
            session.opened(running.url, SystemClock()) as client,
        ):
            await client.subscribe()
            yield client, running
    live.close()


def picture(note: str) -> bytes:
    """A blank page of the recorded size."""
    width, height = (int(part) for part in note.split("x"))
    file = BytesIO()
    Image.new("RGB", (width, height), "white").save(file, "JPEG")
    return file.getvalue()


def told(client: Session, job_id: int) -> list[tuple[str, int]]:
    """State and ScansCompleted of each JobStatusEvent, repetitions left out."""
    found: list[tuple[str, int]] = []
    for status in client.timeline.statuses(job_id):
        now = (str(status.job_state), status.scans_completed.count)
        if not found or found[-1] != now:
            found.append(now)
    return found


def settings(document: bytes) -> dict[str, str]:
    return {str(each.tag).rpartition("}")[2]: (each.text or "").strip() for each in xml.parse(document).iter()}


@pytest.mark.parametrize("log", ["trace_Canon-D570.log", "trace_Kyocera-ECOSYS-M2040dn.log"])
async def test_a_recorded_escl_scan(recorded: Path, tmp_path: Path, log: str) -> None:
    exchanges = http_sessions.airscan((recorded / log).read_text())
    player = AsAsked(exchanges, pace=PACE, image=picture, more={"/eSCL/ScannerStatus": IDLE})
    async with watched(tmp_path, player) as (client, _running):
        # As in the recording: the whole glass, 300 dpi, in colour.
        configuration = await client.configuration()
        assert configuration.platen is not None
        wish = ticket.Wish(
            InputSource.PLATEN, resolution=300, images=1, size=configuration.platen.platen_maximum_size
        )  # fmt: skip
        job = await client.create_job(ticket.make(wish, configuration))
        image = await client.retrieve(job, tmp_path / "page.jpg")
        assert image.size > 1000
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 1)
        assert told(client, job.job_id) == [("Started", 0), ("Processing", 0), ("Processing", 1), ("Completed", 1)]
        assert (await client.status()).scanner_state is ScannerState.IDLE
    asked = [(each.method, each.path.rpartition("/")[2]) for each in player.asked]
    # The job was fetched once and given back, as in the recording; the answer to that (301, 200) is of no importance.
    assert asked.count(("GET", "NextDocument")) == 1
    assert [method for method, _ in asked].count("DELETE") == 1
    (post,) = [each for each in player.asked if each.method == "POST"]
    ours = settings(post.body)
    for theirs in (settings(each.sent) for each in exchanges if each.method == "POST" and each.sent):
        assert ours == theirs  # every element that sane-airscan sent to that device, and no other


async def test_a_recorded_walk_up_scan_of_an_officejet(recorded: Path, tmp_path: Path) -> None:
    text = (recorded / "hp-ledm" / "session_HP-Officejet-6500-E710n-z.md").read_text()
    session = http_sessions.transcript(text)
    # The scanner was idle before anybody touched its panel too; the recorded client asked for that only afterwards.
    session = (next(each for each in session if each.path == "/Scan/Status"), *session)
    before = [each.path for each in session].index("/EventMgmt/EventTable") + 1
    job_asked = [at for at, each in enumerate(session, start=1) if each.path == "/Jobs/JobList/2"]
    # 54 answers with the page in preparation, one with it ready to be fetched, then two of the job completed. Whoever
    # recorded it asked for nothing but the job meanwhile, so each is played until the bridge has told of it.
    begun, ready = job_asked[0], job_asked[54]
    player = AsReached(session, before)
    async with watched(tmp_path, player) as (client, running):

        async def seen(state: str, pages: int) -> int:
            def told_so(each: Arrived) -> bool:
                return isinstance(each.event, JobStatusEvent) and (
                    (each.event.job_status.job_state, each.event.job_status.scans_completed.count) == (state, pages)
                )

            arrived = await client.timeline.wait_for(told_so, 30)
            assert isinstance(arrived.event, JobStatusEvent)
            return arrived.event.job_status.job_id

        # Once it waits for news it has looked at everything.
        await product.until(lambda: any(each.query for each in player.asked), 30)
        player.reached = begun
        job = await seen(JobState.PROCESSING, 0)
        player.reached = ready
        await seen(JobState.PROCESSING, 1)
        player.reached = len(session)
        end = await client.timeline.job_end(job, 30)
        assert told(client, job) == [("Started", 0), ("Processing", 0), ("Processing", 1), ("Completed", 1)]
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 1)
        assert end.job_originating_user_name == "LAPTOP-BSHRTBV8"  # whose name was chosen at the panel
        assert len(client.timeline.ends(job)) == 1
        assert len(await client.job_history()) == 1
        assert "Traceback" not in running.log
