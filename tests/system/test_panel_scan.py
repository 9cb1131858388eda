"""A scan that somebody starts at an MFP's own panel, seen over SNMP, is a job like any other to a WSD subscriber."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.net.asking import Refused
from bridge.wsscan.events import EventName
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState, JobStateReason
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.sections import JobSection
from bridge.wsscan.settings import AskedFormat
from bridge.wsscan.ticket import (
    DocumentFinalParameters,
    DocumentParameters,
    ImageInformation,
    JobDescription,
    ScanTicket,
)
from drivers.contract.clock import SystemClock
from hil.client import session
from hil.client.session import Session
from hil.devices.mfp import serve
from hil.devices.mfp.serve import MfpRig
from hil.devices.stimuli import CancelAtPanel, Clear, Jam, LoadPaper, Plug, Press, Unplug
from tests.system import product

# as Windows asks in its automatic mode
TICKET = ScanTicket(
    job_description=JobDescription(job_name="scan", job_originating_user_name="somebody"),
    document_parameters=DocumentParameters(format=AskedFormat(value="jfif")),
)


@asynccontextmanager
async def watched(place: Path, script: str) -> AsyncIterator[tuple[MfpRig, Session, product.Running]]:
    """An MFP, a bridge that knows it, and a subscriber."""
    # a second for a page, and the next one begins no sooner than a look at the agent takes to come round
    async with serve.mfp(f"warmup=0.5,speed=3508,feed=1,{script}") as rig:
        settings = f'[[snmp]]\nhost = "{rig.host}"\nport = {rig.port}\n'
        async with (
            product.bridge(place, settings=settings) as running,
            session.opened(running.url, SystemClock()) as client,
        ):
            await client.subscribe()
            yield rig, client, running


async def first_job(client: Session) -> int:
    """The job of the first event."""
    arrived = await client.timeline.wait_for(lambda each: each.name == EventName.JOB_STATUS, 15)
    return arrived.event.job_status.job_id


def counts(client: Session, job: int) -> list[int]:
    found: list[int] = []
    for status in client.timeline.statuses(job):
        if not found or found[-1] != status.scans_completed.count:
            found.append(status.scans_completed.count)
    return found


async def test_it_has_the_events_of_a_job_that_nobody_created(tmp_path):
    async with watched(tmp_path, "adf=3") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        active = await client.active_jobs()
        assert [each.job_id for each in active] == [job]
        assert active[0].job_name
        end = await client.timeline.job_end(job, 20)
        assert end.job_completed_state is JobState.COMPLETED
        assert end.scans_completed.count == 3
        assert client.timeline.states(job) == ["Started", "Processing", "Completed"]
        assert counts(client, job) == [0, 1, 2, 3]
        assert len(client.timeline.ends(job)) == 1
        last = [
            each for each in client.timeline.arrived if each.name in (EventName.JOB_STATUS, EventName.JOB_END_STATE)
        ]
        assert last[-1].name == EventName.JOB_END_STATE
        assert not await client.active_jobs()
        (summary,) = await client.job_history()
        assert (summary.job_id, summary.job_state, summary.scans_completed) == (
            job,
            JobState.COMPLETED,
            end.scans_completed,
        )
        (status,) = await client.job_elements(job, JobSection.STATUS)
        assert status.job_status.job_state is JobState.COMPLETED


async def test_its_images_are_refused_to_everybody(tmp_path):
    async with watched(tmp_path, "adf=2") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        for _when in ("while it runs", "when it has ended"):
            for token in ("guessed", "0" * 32, "None"):
                with pytest.raises(Refused) as refused:
                    await client.retrieve(claim(job, token), tmp_path / "page")
                assert refused.value.subcode is Subcode.INVALID_JOB_TOKEN
            await client.timeline.job_end(job, 20)
        assert client.timeline.states(job) == ["Started", "Processing", "Completed"]
        assert not list(tmp_path.glob("page*"))


async def test_it_cannot_be_canceled_by_a_client_and_goes_on(tmp_path):
    async with watched(tmp_path, "adf=2") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        with pytest.raises(Refused):
            await client.cancel(job)
        assert (await client.timeline.job_end(job, 20)).job_completed_state is JobState.COMPLETED


async def test_such_a_device_takes_no_jobs_from_the_network(tmp_path):
    async with watched(tmp_path, "adf=1") as (_rig, client, running):
        with pytest.raises(Refused) as refused:
            await client.create_job(TICKET)
        assert refused.value.subcode is Subcode.NOT_ACCEPTING_JOBS
        assert not await client.active_jobs()
        assert not await client.job_history()
        # How the scanner is may be told meanwhile; of a job there is nothing to tell.
        assert not [each for each in client.timeline.arrived if str(each.name).startswith("Job")]
        assert "CreateScanJob refused" in running.log


async def test_stopped_at_the_panel_it_is_canceled(tmp_path):
    async with watched(tmp_path, "adf=3") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        await asyncio.sleep(1.2)
        rig.stimulate(CancelAtPanel())
        end = await client.timeline.job_end(job, 10)
        assert end.job_completed_state is JobState.CANCELED
        assert end.job_completed_state_reasons.job_state_reason == (JobStateReason.JOB_CANCELED_AT_DEVICE,)


async def test_a_jam_aborts_it_and_the_next_one_is_a_new_job(tmp_path):
    async with watched(tmp_path, "adf=3") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        await asyncio.sleep(1.2)
        rig.stimulate(Jam())
        assert (await client.timeline.job_end(job, 10)).job_completed_state is JobState.ABORTED
        rig.stimulate(Clear(), LoadPaper(1), Press())
        end = await client.timeline.job_end(job + 1, 20)
        assert end.job_completed_state is JobState.COMPLETED
        assert len(client.timeline.ends(job)) == 1


async def test_an_mfp_that_falls_silent_in_a_scan_aborts_its_job_and_is_seen_again(tmp_path):
    async with watched(tmp_path, "adf=9") as (rig, client, _running):
        rig.stimulate(Press())
        job = await first_job(client)
        rig.stimulate(Unplug())
        assert (await client.timeline.job_end(job, 30)).job_completed_state is JobState.ABORTED
        assert (await client.status()).scanner_state is ScannerState.STOPPED
        rig.stimulate(Plug())
        await product.until_state(client, ScannerState.IDLE, 40)
        assert len(client.timeline.ends(job)) == 1


async def test_served_by_the_bench_in_one_command(tmp_path):
    async with (
        product.bridge(tmp_path, "--simulate", "hp-mfp=adf=2,warmup=0,press@3s") as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        await client.subscribe()
        job = await first_job(client)
        end = await client.timeline.job_end(job, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 2)


def claim(job: int, token: str) -> CreateScanJobResponse:
    """What a client would hold if it had created that job."""
    return CreateScanJobResponse.model_construct(
        job_id=job,
        job_token=token,
        image_information=ImageInformation.model_construct(),
        document_final_parameters=DocumentFinalParameters.model_construct(),
    )
