"""A WSD client scans through the running bridge from the simulated MFP's eSCL service, and sees what happens there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bridge.net.asking import NoAnswer, Refused
from bridge.wsscan.events import EventName, JobStatusEvent
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState, JobStateReason
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.values import InputSource
from drivers.contract.capabilities import Source
from drivers.contract.clock import SystemClock
from hil import chart, serving
from hil.client import session, ticket
from hil.client.session import Session
from hil.devices.mfp import serve
from hil.devices.mfp.jobs import JobState as OnDevice
from hil.devices.mfp.serve import MfpRig
from hil.devices.stimuli import At, CancelAtPanel, Clear, Jam, LoadPaper, Plug, Press, RemovePaper, Unplug
from tests.system import product

QUICK = "warmup=0,speed=0,feed=0.05"
SECOND = "warmup=0.3,speed=3508,feed=0.3"  # a page lasts a second
PPI = 75


@dataclass
class Here:
    """A bridge beside an MFP, and a client that subscribed."""

    rig: MfpRig
    client: Session
    running: product.Running
    place: Path

    async def create(self, source: InputSource) -> CreateScanJobResponse:
        wish = ticket.Wish(source, resolution=PPI)
        return await self.client.create_job(ticket.make(wish, await self.client.configuration()))

    async def page(self, job: CreateScanJobResponse, number: int = 1) -> Image.Image:
        image = await self.client.retrieve(job, self.place / f"page{number}.jpg")
        return Image.open(BytesIO(image.path.read_bytes()))

    def counts(self, job_id: int) -> list[int]:
        """ScansCompleted as it was told, repetitions left out."""
        found: list[int] = []
        for status in self.client.timeline.statuses(job_id):
            if not found or found[-1] != status.scans_completed.count:
                found.append(status.scans_completed.count)
        return found


@asynccontextmanager
async def watched(place: Path, script: str) -> AsyncIterator[Here]:
    async with serve.mfp(script) as rig:
        settings = f'[[escl]]\nurl = "{rig.escl_url}"\n'
        async with (
            product.bridge(place, settings=settings) as running,
            session.opened(running.url, SystemClock()) as client,
        ):
            await client.subscribe()
            yield Here(rig, client, running, place)


def looks_like(picture: Image.Image, page: int, source: Source, *, back: bool = False) -> bool:
    """The chart, but for what JPEG costs."""
    box = chart.Box(0, 0, picture.width, picture.height)
    wanted = chart.image(page, source, (PPI, PPI), box, back=back)
    return max(ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), wanted)).mean) < 3


async def test_a_page_from_the_glass(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{QUICK},original=7") as here:
        job = await here.create(InputSource.PLATEN)
        picture = await here.page(job)
        assert looks_like(picture, 7, Source.PLATEN)
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 1)
        assert here.client.timeline.states(job.job_id) == ["Started", "Processing", "Completed"]
        assert here.counts(job.job_id) == [0, 1]
        assert [each.state for each in here.rig.mfp.state.jobs] == [OnDevice.COMPLETED]
        # It is one job, not one of ours and one of the device's.
        assert len(await here.client.job_history()) == 1


async def test_what_was_announced_is_delivered(tmp_path: Path) -> None:
    async with watched(tmp_path, QUICK) as here:
        job = await here.create(InputSource.PLATEN)
        picture = await here.page(job)
        told = job.image_information.media_front_image_info
        assert picture.size == (told.pixels_per_line, told.number_of_lines)


async def test_three_sheets_from_the_feeder(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{QUICK},adf=3") as here:
        job = await here.create(InputSource.ADF)
        for number in (1, 2, 3):
            assert looks_like(await here.page(job, number), number, Source.FEEDER)
        with pytest.raises(Refused) as refused:
            await here.page(job, 4)
        assert refused.value.subcode is Subcode.NO_IMAGES_AVAILABLE
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 3)
        assert here.counts(job.job_id) == [0, 1, 2, 3]


async def test_both_sides_of_two_sheets(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{QUICK},adf=2") as here:
        job = await here.create(InputSource.ADF_DUPLEX)
        for number in range(4):
            page, back = number // 2 + 1, number % 2 == 1
            assert looks_like(await here.page(job, number), page, Source.FEEDER, back=back)
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 4)


async def test_an_empty_feeder_is_no_image(tmp_path: Path) -> None:
    async with watched(tmp_path, QUICK) as here:
        job = await here.create(InputSource.ADF)
        with pytest.raises(Refused) as refused:
            await here.page(job)
        assert refused.value.subcode is Subcode.NO_IMAGES_AVAILABLE
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert end.job_completed_state is JobState.ABORTED


async def test_a_jam_on_the_second_page_is_told_and_clears(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{SECOND},adf=3") as here:
        here.rig.stimulate(At(2, 50, Jam()))
        job = await here.create(InputSource.ADF)
        await here.page(job)
        # The page had begun to come: its transfer breaks, or is refused where nothing of it was sent.
        with pytest.raises((NoAnswer, Refused)):
            await here.page(job, 2)
        status = await here.client.status()
        assert status.scanner_state is ScannerState.STOPPED
        assert "MediaJam" in [str(each) for each in status.scanner_state_reasons.scanner_state_reason]
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 1)
        assert here.counts(job.job_id) == [0, 1]
        here.rig.stimulate(Clear(), RemovePaper(), LoadPaper(1))
        await product.until_state(here.client, ScannerState.IDLE)
        again = await here.create(InputSource.ADF)
        await here.page(again, 3)
        assert (await here.client.timeline.job_end(again.job_id, 10)).job_completed_state is JobState.COMPLETED


async def test_a_cancel_reaches_the_device_at_once(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{SECOND},adf=3") as here:
        job = await here.create(InputSource.ADF)
        await here.page(job)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await here.client.cancel(job.job_id)
        await product.until(lambda: here.rig.mfp.state.jobs[-1].state is OnDevice.CANCELED, 2)
        assert loop.time() - began < 1  # 250 ms, and time for a busy machine
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert end.job_completed_state is JobState.CANCELED
        again = await here.create(InputSource.ADF)
        await here.page(again, 2)


async def test_switched_off_in_the_middle_of_a_page(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{SECOND},adf=2") as here:
        job = await here.create(InputSource.ADF)
        await product.until(lambda: bool(here.rig.mfp.state.jobs[-1].images), 5)
        await asyncio.sleep(0.4)
        here.rig.stimulate(Unplug())
        with pytest.raises((NoAnswer, Refused)):
            await here.page(job)
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 0)
        await product.until_state(here.client, ScannerState.STOPPED)
        here.rig.stimulate(Plug())
        await product.until_state(here.client, ScannerState.IDLE, 60)


async def test_canceled_at_the_panel(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{SECOND},adf=3") as here:
        job = await here.create(InputSource.ADF)
        await here.page(job)
        await asyncio.sleep(0.5)
        here.rig.stimulate(CancelAtPanel())
        end = await here.client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.CANCELED
        assert end.job_completed_state_reasons.job_state_reason == (JobStateReason.JOB_CANCELED_AT_DEVICE,)


async def test_a_scan_at_the_panel_is_a_job_too(tmp_path: Path) -> None:
    async with watched(tmp_path, f"{SECOND},adf=2") as here:
        here.rig.stimulate(Press())
        arrived = await here.client.timeline.wait_for(lambda each: each.name == EventName.JOB_STATUS, 15)
        assert isinstance(arrived.event, JobStatusEvent)
        job = arrived.event.job_status.job_id
        end = await here.client.timeline.job_end(job, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 2)
        assert here.client.timeline.states(job) == ["Started", "Processing", "Completed"]


async def test_served_by_the_bench_in_one_command(tmp_path: Path) -> None:
    async with (
        product.bridge(tmp_path, "--simulate", f"escl=adf=2,{QUICK}") as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        job = await client.create_job(
            ticket.make(ticket.Wish(InputSource.ADF, resolution=PPI), await client.configuration())
        )
        for number in (1, 2):
            await client.retrieve(job, tmp_path / f"page{number}.jpg")


async def test_over_usb(tmp_path: Path) -> None:
    """The same MFP on USB/IP: its status is asked over one interface while pages come over the other."""
    async with (
        serving.scanner("ipp-usb", f"adf=3,{SECOND}") as rig,
        product.bridge(tmp_path, usbip=[rig]) as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        await client.subscribe()
        wish = ticket.make(ticket.Wish(InputSource.ADF, resolution=PPI), await client.configuration())
        rig.stimulate(At(3, 50, Jam()))
        job = await client.create_job(wish)
        for number in (1, 2):
            image = await client.retrieve(job, tmp_path / f"page{number}.jpg")
            assert looks_like(Image.open(BytesIO(image.path.read_bytes())), number, Source.FEEDER)
        with pytest.raises((NoAnswer, Refused)):
            await client.retrieve(job, tmp_path / "page3.jpg")
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 2)
        rig.stimulate(Clear(), Unplug())
        await product.until_state(client, ScannerState.STOPPED)
        rig.stimulate(Plug(), RemovePaper(), LoadPaper(1))
        await product.until_state(client, ScannerState.IDLE, 60)
        again = await client.create_job(wish)
        await client.retrieve(again, tmp_path / "page4.jpg")
        assert (await client.timeline.job_end(again.job_id, 10)).job_completed_state is JobState.COMPLETED
