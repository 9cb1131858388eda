"""What a ticket wants done to the pixels, from its CreateScanJob to the file that arrives: announced is delivered."""

import asyncio
import io
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from drivers.contract.document import ScanRequest
from drivers.contract.errors import FeederEmpty, ScanFailed
from drivers.contract.handover import Handover
from tests.wire.http_rig import Y08, Job, Rig, Subscriber, page, pages, parts, running, ticket


def announced(job: Job) -> tuple[int, int]:
    return tuple(int(job.answer.text(f".//{{{Y08}}}{name}")) for name in ("PixelsPerLine", "NumberOfLines"))  # type: ignore[return-value]


async def retrieved(rig: Rig, job: Job) -> bytes:
    answer = await rig.retrieve(job)
    assert answer.status == 200, answer.body
    _, (_, image) = parts(answer)
    return image


@pytest.mark.parametrize(
    "wish",
    [
        "<w:Rotation>90</w:Rotation>",
        "<w:Rotation>270</w:Rotation>",
        "<w:Scaling><w:ScalingWidth>50</w:ScalingWidth><w:ScalingHeight>300</w:ScalingHeight></w:Scaling>",
        "<w:Exposure><w:AutoExposure>true</w:AutoExposure></w:Exposure>",
        "<w:Exposure><w:ExposureSettings><w:Contrast>1000</w:Contrast></w:ExposureSettings></w:Exposure>",
    ],
)
async def test_a_page_is_as_large_as_it_was_announced(tmp_path: Path, wish: str) -> None:
    async with running(tmp_path) as rig:
        job = await rig.create(ticket(extra=wish))
        with Image.open(io.BytesIO(await retrieved(rig, job))) as image:
            assert image.size == announced(job)
            # The rig's paper is evenly grey 0: whatever was done, black stays black.
            assert image.getextrema() in ((0, 0), (255, 255))


@pytest.mark.parametrize(("format_", "count"), [("tiff-multi-uncompressed", 3), ("tiff-multi-jpeg-tn2", 2)])
async def test_one_file_holds_all_images_of_a_job(tmp_path: Path, format_: str, count: int) -> None:
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        rig.scanner.play = pages(count)
        job = await rig.create(ticket("ADF", format_=format_))
        with Image.open(io.BytesIO(await retrieved(rig, job))) as image:
            assert image.n_frames == count
            for frame in range(count):
                image.seek(frame)
                assert image.size == announced(job)
        await subscriber.until("end:")
        assert [line for line in subscriber.lines if line.startswith("end:")] == [
            f"end:Completed/JobCompletedSuccessfully {count}"
        ]
        counts = [int(line.rpartition(" ")[2]) for line in subscriber.lines]
        assert counts == sorted(counts)
        assert set(counts) == set(range(count + 1))


async def test_a_pdf_holds_the_pages_that_were_wanted(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.scanner.play = pages(5)
        job = await rig.create(ticket("ADF", count=2, format_="pdf-a"))
        pdf = await retrieved(rig, job)
        assert pdf.startswith(b"%PDF-1.4")
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") == 2
        assert pdf.rstrip().endswith(b"%%EOF")


async def test_a_feeder_that_runs_empty_is_the_end_of_the_file(tmp_path: Path) -> None:
    def two_and_none(handover: Handover, request: ScanRequest) -> None:
        page(handover, request, 10)
        page(handover, request, 20)
        raise FeederEmpty("no more paper")

    async with running(tmp_path) as rig:
        rig.scanner.play = two_and_none
        job = await rig.create(ticket("ADF", format_="tiff-multi-uncompressed"))
        with Image.open(io.BytesIO(await retrieved(rig, job))) as image:
            assert image.n_frames == 2


async def test_a_file_whose_second_page_jams_is_never_passed_off_as_whole(tmp_path: Path) -> None:
    def jam(handover: Handover, request: ScanRequest) -> None:
        page(handover, request, 10)
        raise ScanFailed("paper jam")

    async with Subscriber() as subscriber, running(tmp_path) as rig:
        await rig.subscribe(subscriber)
        rig.scanner.play = jam
        job = await rig.create(ticket("ADF", format_="tiff-multi-g4", sides=BILEVEL))
        # Whether bytes of the first page were on their way already is a matter of luck: a fault, or a broken transfer.
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            answer = await rig.retrieve(job)
            assert (answer.status, answer.subcode) == (500, "w8:ServerErrorTemporaryError")
        await subscriber.until("end:Aborted")


BILEVEL = (
    "<w:MediaSides><w:MediaFront><w:ScanRegion><w:ScanRegionWidth>400</w:ScanRegionWidth><w:ScanRegionHeight>400"
    "</w:ScanRegionHeight></w:ScanRegion><w:ColorProcessing>BlackAndWhite1</w:ColorProcessing><w:Resolution>"
    "<w:Width>75</w:Width></w:Resolution></w:MediaFront></w:MediaSides>"
)
