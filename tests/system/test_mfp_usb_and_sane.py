"""One MFP that scans over USB, or through SANE, and is watched over SNMP is one scanner to a WSD subscriber.

Its scan unit is a simulated Epson on USB/IP, or SANE's `test` backend; its network side is the simulated MFP's agent,
which is told of a scan by USB as the MFP's one body would know.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from bridge.wsscan.events import EventName, JobStatusEvent
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.clock import SystemClock
from hil import serving
from hil.client import session, ticket
from hil.client.session import Session
from hil.devices.mfp import serve
from hil.devices.mfp.serve import MfpRig
from hil.devices.mfp.state import Upload
from hil.devices.stimuli import LoadPaper, Press
from tests.system import debian, product

SERIAL = "MFP0001"
KINDS = ("esci", "esci2", "sane")
# A page lasts two seconds, on either side: an idle agent is looked at every two.
SLOW = "warmup=0,feed=0.2"
PAGE = {"esci": "speed=585", "esci2": "speed=585", "agent": "speed=1754"}  # rows a second
PAGES = 2
COUNTED = 20  # seconds in which all of it is over


@dataclass
class Here:
    """A bridge beside an MFP, and a client that subscribed."""

    rig: MfpRig
    client: Session
    place: Path

    async def scan(self, *, also_over_snmp: bool) -> int:
        """Two pages from the feeder; the name of the job."""
        wish = ticket.Wish(InputSource.ADF, color=ColorEntry.GRAYSCALE_8, resolution=100, images=PAGES)
        job = await self.client.create_job(ticket.make(wish, await self.client.configuration()))
        if also_over_snmp:
            self.rig.stimulate(LoadPaper(PAGES), Press())
        for number in range(PAGES):
            await self.client.retrieve(job, self.place / f"page{number}.jpg")
        return job.job_id

    async def completed(self, job: int) -> None:
        """One job with a beginning, an end, and pages that only rise."""
        timeline = self.client.timeline
        end = await timeline.job_end(job, COUNTED)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, PAGES)
        assert timeline.states(job) == ["Started", "Processing", "Completed"]
        told = [status.scans_completed.count for status in timeline.statuses(job)]
        assert all(before <= after for before, after in pairwise(told))
        assert len(timeline.ends(job)) == 1

    def sources(self, job: int) -> set[str]:
        """Who told something of it, where several did."""
        words = [status.scans_completed.told_by or "" for status in self.client.timeline.statuses(job)]
        return {word.partition("=")[0] for told in words for word in told.split()}


@asynccontextmanager
async def scan_unit(
    kind: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[list[serving.Rig], str, str]]:
    """What is plugged in, what the configuration says of it, and its key."""
    if kind != "sane":
        async with serving.scanner(kind, f"{SLOW},{PAGE[kind]},adf={PAGES},serial={SERIAL}") as rig:
            yield [rig], "", f"usb-{rig.ids.replace(':', '-')}-{SERIAL}"
        return
    folder = place / "sane"
    folder.mkdir()
    (folder / "dll.conf").write_text("")
    (folder / "test.conf").write_text("number_of_devices 1\nread-delay true\nread-delay-duration 200000\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(folder))
    libraries = debian.packages("sane-utils", "libsane1", "libsane-common").env()["LD_LIBRARY_PATH"]
    monkeypatch.setenv("LD_LIBRARY_PATH", libraries)
    yield [], '[sane]\nbackends = ["test"]\n', "sane-test:0"


@asynccontextmanager
async def watched(
    kind: str, place: Path, monkeypatch: pytest.MonkeyPatch, *, community: str = "public"
) -> AsyncIterator[Here]:
    async with AsyncExitStack() as stack:
        plugged, settings, key = await stack.enter_async_context(scan_unit(kind, place, monkeypatch))
        rig = await stack.enter_async_context(serve.mfp(f"{SLOW},{PAGE['agent']}", community=community))
        settings += f'[[snmp]]\nhost = "{rig.host}"\nport = {rig.port}\nscanner = "{key}"\n'
        running = await stack.enter_async_context(product.bridge(place, usbip=plugged, settings=settings))
        client = await stack.enter_async_context(session.opened(running.url, SystemClock(), listen="127.0.0.1"))
        assert len(running.urls) == 1
        await client.subscribe()
        yield Here(rig, client, place)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_scan_that_both_see_and_one_that_the_panel_starts_are_a_job_each(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(kind, tmp_path, monkeypatch) as here:
        ours = await here.scan(also_over_snmp=True)
        await here.completed(ours)
        assert here.sources(ours) >= {"snmp"}
        assert len(here.sources(ours)) == 2
        await product.until(lambda: here.rig.mfp.state.upload is Upload.IDLE, COUNTED)
        await asyncio.sleep(2.5)  # an idle look: what SNMP told is over for the bridge too
        before = len(here.client.timeline)
        here.rig.stimulate(LoadPaper(PAGES), Press())
        told = await here.client.timeline.wait_for(
            lambda each: each.name == EventName.JOB_STATUS, COUNTED, since=before
        )
        assert isinstance(told.event, JobStatusEvent)
        panel = told.event.job_status.job_id
        assert panel != ours
        await here.completed(panel)
        assert sorted(job.job_id for job in await here.client.job_history()) == sorted([ours, panel])
        assert not await here.client.active_jobs()


@pytest.mark.parametrize("trouble", ["another community", "silent"])
@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_becomes_of_snmp_the_scan_completes(
    kind: str, trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = "secret" if trouble == "another community" else "public"
    async with watched(kind, tmp_path, monkeypatch, community=community) as here:
        here.rig.agent.line.loss = float(trouble == "silent")  # it answered until now
        job = await here.scan(also_over_snmp=True)
        await here.completed(job)
        await product.until_state(here.client, ScannerState.IDLE)
        assert len(await here.client.job_history()) == 1
