"""A page that is cut short looks cut short to every client, and whoever cut it, the scanner is free again.

A bare HTTP client reads the answer to RetrieveImage as bytes: no last chunk, no closing boundary.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bridge.net.asking import NoAnswer, Refused, request_bytes
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState, JobStateReason
from bridge.wsscan.operations import CreateScanJobResponse, Operation, RetrieveImageRequest
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.ticket import DocumentDescription
from bridge.wsscan.values import InputSource
from bridge.wsscan.year import DEFAULT, Year
from drivers.contract.clock import SystemClock
from hil import serving
from hil.client import session, ticket
from hil.client.session import Session
from hil.devices.stimuli import CancelAtPanel, Cover, Fatal, Jam, Plug, Unplug
from tests.system import product

SLOW = "speed=1000"  # 300 dpi: 3.5 s for a page


@dataclass(frozen=True)
class Bench:
    rig: serving.Rig
    running: product.Running
    client: Session

    async def begun(self, source: InputSource = InputSource.PLATEN, coding: str = "png") -> CreateScanJobResponse:
        """A job whose carriage moves."""
        wish = ticket.Wish(source, coding, resolution=300, images=1 if source is InputSource.PLATEN else 0)
        job = await self.client.create_job(ticket.make(wish, await self.client.configuration()))
        await product.until(lambda: self.rig.scanner.scanning, 10)
        return job

    async def works(self) -> None:
        """The next scan is whole."""
        wish = ticket.Wish(InputSource.PLATEN, "png", resolution=75, images=1)
        job = await self.client.create_job(ticket.make(wish, await self.client.configuration()))
        await self.client.retrieve(job, self.running.log_file.with_name("next.png"))
        assert (await self.client.timeline.job_end(job.job_id, 10)).job_completed_state is JobState.COMPLETED

    async def stands_still(self) -> None:
        await product.until(lambda: not self.rig.scanner.scanning, 5)


@asynccontextmanager
async def bench(place: Path, script: str = SLOW, year: Year = DEFAULT) -> AsyncIterator[Bench]:
    async with (
        product.scanner(script) as rig,
        product.bridge(place, usbip=[rig]) as running,
        session.opened(running.url, SystemClock(), year=year) as client,
    ):
        await client.subscribe()
        yield Bench(rig, running, client)


def question(url: str, job: CreateScanJobResponse) -> bytes:
    """RetrieveImage as bytes on the wire."""
    request = RetrieveImageRequest(
        job_id=job.job_id, job_token=job.job_token, document_description=DocumentDescription(document_name="page")
    )
    body = request_bytes(url, Operation.RETRIEVE_IMAGE, request, DEFAULT)
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/soap+xml\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def everything(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """All that comes, and whether the connection was reset rather than closed."""
    data = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65536), 20):
            data += piece
    except ConnectionResetError:
        return data, True
    return data, False


@pytest.mark.parametrize(
    ("stimulus", "state"),
    [(Unplug(), JobState.ABORTED), (Fatal(), JobState.ABORTED), (CancelAtPanel(), JobState.CANCELED)],
)
@pytest.mark.parametrize("coding", ["jfif", "png", "tiff-single-uncompressed"])
async def test_what_the_device_cuts_short_has_no_end(tmp_path, stimulus, state, coding):
    async with bench(tmp_path) as here:
        job = await here.begun(coding=coding)
        url = here.running.scan_url
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
        writer.write(question(url, job))
        data = await asyncio.wait_for(reader.read(65536), 10)
        assert b"200 OK" in data
        assert b"multipart/related" in data
        await asyncio.sleep(0.5)
        here.rig.stimulate(stimulus)
        rest, _reset = await everything(reader)
        writer.close()
        data += rest
        boundary = data.partition(b'boundary="')[2].partition(b'"')[0]
        assert boundary
        assert b"--" + boundary + b"--" not in data
        assert not data.endswith(b"0\r\n\r\n")
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert (end.job_completed_state, end.scans_completed.count) == (state, 0)
        await here.stands_still()


@pytest.mark.parametrize("stimulus", [Jam(), Cover(open=True)])
@pytest.mark.parametrize("coding", ["jfif", "png", "tiff-single-uncompressed"])
async def test_what_happens_to_a_sheet_is_a_fault_and_not_half_an_image(tmp_path, stimulus, coding):
    async with bench(tmp_path, f"{SLOW},adf=2") as here:
        job = await here.begun(InputSource.ADF, coding)
        url = here.running.scan_url
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
        writer.write(question(url, job))
        await asyncio.sleep(0.5)
        here.rig.stimulate(stimulus)
        answer = await asyncio.wait_for(reader.read(65536), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"ServerErrorTemporaryError" in answer
        assert b"multipart/related" not in answer
        end = await here.client.timeline.job_end(job.job_id, 10)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 0)
        await here.stands_still()


async def test_a_whole_page_ends_as_it_should(tmp_path):
    async with bench(tmp_path, "speed=0") as here:
        wish = ticket.Wish(InputSource.PLATEN, "jfif", resolution=75, images=1)
        job = await here.client.create_job(ticket.make(wish, await here.client.configuration()))
        url = here.running.scan_url
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"), limit=2**22)
        writer.write(question(url, job))
        data = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), 10)
        writer.close()
        boundary = data.partition(b'boundary="')[2].partition(b'"')[0]
        assert b"--" + boundary + b"--" in data
        assert b"\xff\xd8" in data
        assert b"\xff\xd9" in data


async def test_a_client_that_hangs_up_in_mid_page_aborts_its_job_and_stops_the_hardware(tmp_path):
    for number, (year, reasons) in enumerate(
        [(Year.Y2006_08, ()), (Year.Y2006_01, (JobStateReason.IMAGE_TRANSFER_ERROR,))]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        async with bench(place, "speed=300", year) as here:
            job = await here.begun()
            url = here.running.scan_url
            reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
            writer.write(question(url, job))
            assert b"200 OK" in await asyncio.wait_for(reader.read(65536), 10)
            writer.transport.abort()
            await here.stands_still()
            end = await here.client.timeline.job_end(job.job_id, 10)
            assert end.job_completed_state is JobState.ABORTED
            told = end.job_completed_state_reasons
            assert reasons == () or (told is not None and told.job_state_reason == reasons)
            await here.works()


async def test_a_client_that_never_fetches_its_page_loses_the_job_and_the_next_one_works(tmp_path):
    async with (
        product.scanner("adf=2") as rig,
        product.bridge(tmp_path, usbip=[rig], settings="[jobs]\nretrieve_timeout = 2.0\n") as running,
        session.opened(running.url, SystemClock()) as client,
    ):
        await client.subscribe()
        here = Bench(rig, running, client)
        wish = ticket.Wish(InputSource.PLATEN, "tiff-single-uncompressed", resolution=300, images=1)
        job = await client.create_job(ticket.make(wish, await client.configuration()))
        end = await client.timeline.job_end(job.job_id, 10)
        assert end.job_completed_state is JobState.ABORTED
        assert end.job_completed_state_reasons.job_state_reason == (JobStateReason.JOB_TIMED_OUT,)
        await here.stands_still()
        with pytest.raises(Refused) as refused:
            await client.retrieve(job, tmp_path / "late.tiff")
        assert refused.value.subcode is Subcode.NO_IMAGES_AVAILABLE
        await here.works()


async def test_unplugged_with_a_queue_everybody_is_told_and_replugged_it_works(tmp_path):
    async with bench(tmp_path) as here:
        jobs = [await here.begun()]
        wish = ticket.Wish(InputSource.PLATEN, "png", resolution=75, images=1)
        what = ticket.make(wish, await here.client.configuration())
        jobs += [await here.client.create_job(what) for _ in range(3)]
        waiting = [asyncio.create_task(here.client.retrieve(job, tmp_path / f"{job.job_id}.png")) for job in jobs]
        await asyncio.sleep(0.5)
        here.rig.stimulate(Unplug())
        for job in jobs:
            assert (await here.client.timeline.job_end(job.job_id, 10)).job_completed_state is JobState.ABORTED
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, NoAnswer | Refused) for each in results), results
        assert not list(tmp_path.glob("*.png*"))
        await product.until_state(here.client, ScannerState.STOPPED)
        with pytest.raises(Refused) as refused:
            await here.client.create_job(what)
        assert refused.value.subcode is Subcode.NOT_ACCEPTING_JOBS
        here.rig.stimulate(Plug())
        await product.until_state(here.client, ScannerState.IDLE)
        await here.works()


async def test_more_than_eight_jobs_in_the_queue_are_too_many(tmp_path):
    async with bench(tmp_path) as here:
        await here.begun()
        wish = ticket.Wish(InputSource.PLATEN, "png", resolution=75, images=1)
        what = ticket.make(wish, await here.client.configuration())
        waiting = [(await here.client.create_job(what)).job_id for _ in range(8)]
        with pytest.raises(Refused) as refused:
            await here.client.create_job(what)
        assert refused.value.subcode is Subcode.NOT_ACCEPTING_JOBS
        assert len(await here.client.active_jobs()) == 9
        for job in waiting:
            await here.client.cancel(job)
            assert (await here.client.timeline.job_end(job, 5)).job_completed_state is JobState.CANCELED
            assert here.client.timeline.states(job) == ["Pending", "Canceled"]
