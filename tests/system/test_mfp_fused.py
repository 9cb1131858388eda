"""One MFP observed over SNMP and scanned over eSCL is one scanner to a WSD subscriber, whatever SNMP is worth."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from bridge.net.asking import NoAnswer, Refused
from bridge.wsscan.events import EventName, JobStatusEvent, ScannerStatusConditionEvent
from bridge.wsscan.job import JobState, JobStateReason, JobStatus
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.values import InputSource
from drivers.contract.clock import SystemClock
from drivers.escl.open import key
from hil.client import session, ticket
from hil.client.session import Session
from hil.devices.mfp import serve
from hil.devices.mfp.serve import MfpRig
from hil.devices.stimuli import At, CancelAtPanel, Clear, Jam, Offline, Plug, Press, Unplug
from tests.system import product

SECOND = "warmup=0.3,speed=3508,feed=0.3"  # a page lasts a second


@dataclass
class Here:
    """A bridge beside an MFP, and a client that subscribed."""

    rig: MfpRig
    client: Session
    place: Path

    async def create(self, source: InputSource) -> CreateScanJobResponse:
        wish = ticket.Wish(source, resolution=75)
        return await self.client.create_job(ticket.make(wish, await self.client.configuration()))

    async def pages(self, job: CreateScanJobResponse, count: int) -> None:
        for number in range(1, count + 1):
            await self.client.retrieve(job, self.place / f"page{number}.jpg")

    async def first_job(self) -> int:
        arrived = await self.client.timeline.wait_for(lambda each: each.name == EventName.JOB_STATUS, 20)
        assert isinstance(arrived.event, JobStatusEvent)
        return arrived.event.job_status.job_id

    def counts(self, job_id: int) -> list[int]:
        """ScansCompleted as it was told, repetitions left out."""
        told = [status.scans_completed.count for status in self.client.timeline.statuses(job_id)]
        return [count for place, count in enumerate(told) if place == 0 or told[place - 1] != count]

    async def one_job(self) -> None:
        """Nothing was told of any other job, and a while later nothing is."""
        await asyncio.sleep(3)
        assert len(await self.client.job_history()) == 1
        assert not await self.client.active_jobs()


def sources(status: JobStatus) -> list[str]:
    """Who says what of it, where several do."""
    return (status.scans_completed.told_by or "").split()


@asynccontextmanager
async def watched(place: Path, script: str, *, community: str = "public", also: str = "") -> AsyncIterator[Here]:
    async with serve.mfp(f"{SECOND},{script}", community=community) as rig:
        settings = (
            f'[[escl]]\nurl = "{rig.escl_url}"\n'
            f'[[snmp]]\nhost = "{rig.host}"\nport = {rig.port}\nscanner = "{key(rig.escl_url)}"\n{also}'
        )
        async with (
            product.bridge(place, settings=settings) as running,
            session.opened(running.url, SystemClock()) as client,
        ):
            assert len(running.urls) == 1
            await client.subscribe()
            yield Here(rig, client, place)


async def test_a_scan_at_the_panel_that_both_see_is_one_job(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=3") as here:
        here.rig.stimulate(Press())
        job = await here.first_job()
        end = await here.client.timeline.job_end(job, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 3)
        assert here.client.timeline.states(job) == ["Started", "Processing", "Completed"]
        assert all(before < after for before, after in pairwise(here.counts(job)))
        told = {word.partition("=")[0] for status in here.client.timeline.statuses(job) for word in sources(status)}
        assert told == {"escl", "snmp"}
        assert len(here.client.timeline.ends(job)) == 1
        await here.one_job()


async def test_a_scan_stopped_at_the_panel_says_so_once(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=3") as here:
        here.rig.stimulate(Press(), At(2, 50, CancelAtPanel()))
        job = await here.first_job()
        end = await here.client.timeline.job_end(job, 20)
        assert end.job_completed_state is JobState.CANCELED
        assert end.job_completed_state_reasons.job_state_reason == (JobStateReason.JOB_CANCELED_AT_DEVICE,)
        await here.one_job()


async def test_a_scan_of_ours_is_not_taken_for_one_of_the_devices(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=3") as here:
        job = await here.create(InputSource.ADF)
        await here.pages(job, 3)
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 3)
        assert here.client.timeline.states(job.job_id) == ["Started", "Processing", "Completed"]
        assert here.counts(job.job_id) == [0, 1, 2, 3]
        await here.one_job()


async def test_a_jam_at_page_two_is_told_by_condition_job_and_scanner_and_clears(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=3") as here:
        here.rig.stimulate(At(2, 50, Jam()))
        job = await here.create(InputSource.ADF)
        await here.pages(job, 1)
        with pytest.raises((NoAnswer, Refused)):
            await here.client.retrieve(job, tmp_path / "page2.jpg")
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 1)
        assert here.counts(job.job_id) == [0, 1]
        conditions = [
            each.event for each in here.client.timeline.arrived if each.name == EventName.SCANNER_STATUS_CONDITION
        ]
        assert [
            str(each.device_condition.name) for each in conditions if isinstance(each, ScannerStatusConditionEvent)
        ][:1] == ["MediaJam"]
        assert (await here.client.status()).scanner_state is ScannerState.STOPPED
        here.rig.stimulate(Clear())
        await product.until_state(here.client, ScannerState.IDLE, 20)
        status = await here.client.status()
        assert status.active_conditions.device_condition == ()
        await here.one_job()


@pytest.mark.parametrize("trouble", ["lossy", "delayed", "another community", "silent"])
async def test_however_bad_snmp_is_the_scan_completes_and_its_events_stay_monotone(
    tmp_path: Path, trouble: str
) -> None:
    community = "secret" if trouble == "another community" else "public"
    async with watched(tmp_path, "adf=3", community=community) as here:
        line = here.rig.agent.line
        line.loss = {"lossy": 0.3, "silent": 1.0}.get(trouble, 0.0)
        line.delay = 0.8 if trouble == "delayed" else 0.0
        job = await here.create(InputSource.ADF)
        await here.pages(job, 3)
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 3)
        assert here.client.timeline.states(job.job_id) == ["Started", "Processing", "Completed"]
        assert here.counts(job.job_id) == [0, 1, 2, 3]
        assert len(here.client.timeline.ends(job.job_id)) == 1
        await product.until_state(here.client, ScannerState.IDLE, 20)
        await here.one_job()


async def test_devices_says_who_says_what(tmp_path: Path) -> None:
    async with serve.mfp("adf=1,speed=100") as rig:
        config = tmp_path / "bridge.toml"
        config.write_text(
            f'[usb]\nenabled = false\n[[escl]]\nurl = "{rig.escl_url}"\n'
            f'[[snmp]]\nhost = "{rig.host}"\nport = {rig.port}\nscanner = "{key(rig.escl_url)}"\n'
        )
        rig.stimulate(Press(), Jam())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli", "devices", "--config", config, "--json", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    (device,) = json.loads(out)
    assert (device["key"], device["driver"], device["open"]) == (key(rig.escl_url), "escl+snmp", True)
    assert [(each["source"], each["state"]) for each in device["sources"]] == [("escl", "stopped"), ("snmp", "stopped")]
    assert [each["troubles"] for each in device["sources"]] == [["jam (feeder)"], ["jam (feeder)"]]


async def test_what_only_snmp_tells_stops_the_scanner_and_clears(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=1") as here:
        here.rig.stimulate(Offline(taken=True))
        await product.until_state(here.client, ScannerState.STOPPED, 20)
        here.rig.stimulate(Offline(taken=False))
        await product.until_state(here.client, ScannerState.IDLE, 20)


async def test_unplugged_it_is_stopped_and_back_it_is_idle(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=1") as here:
        here.rig.stimulate(Unplug())
        await product.until_state(here.client, ScannerState.STOPPED, 30)
        here.rig.stimulate(Plug())
        await product.until_state(here.client, ScannerState.IDLE, 60)
