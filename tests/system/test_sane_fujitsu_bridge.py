"""The simulated Fujitsu scanner through the whole bridge: found over USB/IP, its sheets, its troubles."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from bridge.net.asking import NoAnswer, Refused
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.settings import AskedCount, AskedFormat, AskedInputSource
from bridge.wsscan.ticket import DocumentParameters, JobDescription, ScanTicket
from bridge.wsscan.values import InputSource
from drivers.contract.clock import SystemClock
from hil import serving
from hil.client import session
from hil.client.session import Session
from hil.devices.stimuli import Clear, LoadPaper
from tests.system import product


def ticket(source: InputSource, images: int = 0) -> ScanTicket:
    return ScanTicket(
        job_description=JobDescription(job_name="scan", job_originating_user_name="somebody"),
        document_parameters=DocumentParameters(
            format=AskedFormat(value="png"),
            input_source=AskedInputSource(value=source),
            images_to_transfer=AskedCount(value=images),
        ),
    )


@asynccontextmanager
async def served(place: Path, script: str) -> AsyncIterator[tuple[serving.Rig, Session]]:
    async with (
        serving.scanner("fujitsu", f"warmup=0,speed=0,feed=0,{script}") as rig,
        product.bridge(place, usbip=[rig]) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        yield rig, client


async def test_both_sides_of_a_sheet_reach_the_client(tmp_path: Path) -> None:
    async with served(tmp_path, "adf=1") as (_, client):
        await client.subscribe()
        job = await client.create_job(ticket(InputSource.ADF_DUPLEX))
        for side in ("front", "back"):
            image = await client.retrieve(job, tmp_path / f"{side}.png")
            with Image.open(image.path) as page:
                assert page.size[0] > 500
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 2)


async def test_a_jam_is_told_and_after_it_was_cleared_the_sheets_come(tmp_path: Path) -> None:
    async with served(tmp_path, "adf=2,jam@1") as (rig, client):
        await client.subscribe()
        job = await client.create_job(ticket(InputSource.ADF))
        with pytest.raises((Refused, NoAnswer)):
            await client.retrieve(job, tmp_path / "none.png")
        end = await client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.ABORTED
        assert (await client.status()).scanner_state is ScannerState.STOPPED
        rig.stimulate(Clear(), LoadPaper(1))
        job = await client.create_job(ticket(InputSource.ADF, 1))
        await client.retrieve(job, tmp_path / "page.png")
        end = await client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.COMPLETED
