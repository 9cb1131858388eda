"""The client against a scanner made of messages: finding, subscribing, receiving, refusals."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bridge.net.asking import NoAnswer, Refused
from bridge.net.finding import find
from bridge.soap import names
from bridge.wsscan.events import EventName
from bridge.wsscan.faults import Subcode
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.values import ColorEntry, InputSource
from bridge.wsscan.year import Year
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from hil.client import ticket
from hil.client.session import opened
from hil.client.ticket import Unable, Wish
from hil.client.timeline import TooLate

CLOCK = SystemClock()
JPEG = b"\xff\xd8 not quite a picture \xff\xd9"
JOB = CreateScanJobResponse.model_construct(job_id=7, job_token="token")


@pytest.mark.parametrize("where", ["{base}", "{base}/", "{url}"])
async def test_the_scan_service_is_found_from_host_or_device(scanner: Any, where: str) -> None:
    async with HttpClient() as http:
        found = await find(http, where.format(base=scanner.base, url=scanner.url))
    assert found.service == f"{scanner.base}/scan"
    assert found.name == "The fake scanner"


async def test_nobody_there_is_no_answer() -> None:
    async with HttpClient() as http:
        with pytest.raises(NoAnswer, match=r"127\.0\.0\.1"):
            await find(http, "http://127.0.0.1:1/device")


async def test_one_subscription_for_all_or_one_for_each(scanner: Any) -> None:
    async with opened(scanner.url, CLOCK) as client:
        await client.subscribe()
        (held,) = scanner.subscriptions.values()
        assert held.filter.dialect == "http://schemas.xmlsoap.org/ws/2006/02/devprof/Action"
        assert len(held.filter.text.split()) == 7
        await client.unsubscribe()
        assert not scanner.subscriptions
        made = await client.subscribe(one_each=True)
        assert len(set(made)) == len(scanner.subscriptions) == 7
        texts = {each.filter.text for each in scanner.subscriptions.values()}
        assert f"{names.WSCN}/JobStatusEvent" in texts
    assert not scanner.subscriptions  # what is left is given back


async def test_the_year_chosen_is_the_year_spoken(scanner: Any) -> None:
    async with opened(scanner.url, CLOCK, year=Year.Y2006_01) as client:
        await client.subscribe([EventName.JOB_STATUS])
        (held,) = scanner.subscriptions.values()
        assert held.filter.text == "http://schemas.microsoft.com/windows/2006/01/wdp/scan/JobStatusEvent"
        assert (await client.configuration()).adf is not None
        assert scanner.year is Year.Y2006_01


async def test_events_are_on_the_timeline_in_order_with_their_identifier(scanner: Any, events: ModuleType) -> None:
    async with opened(scanner.url, CLOCK) as client:
        (identifier,) = await client.subscribe()
        for event in (
            events.status_event(7, "Started", 0),
            events.status_event(7, "Processing", 0, "JobScanning"),
            events.status_event(7, "Processing", 1, "JobScanning"),
            events.status_event(8, "Pending", 0),
            events.status_event(7, "Completed", 1, "JobCompletedSuccessfully"),
            events.end_event(7, "Completed", 1),
        ):
            await scanner.tell(event)
        end = await client.timeline.job_end(7, timeout=2)
        assert end.job_completed_state == "Completed"
        assert client.timeline.states(7) == ["Started", "Processing", "Completed"]
        assert [status.scans_completed.count for status in client.timeline.statuses(7)] == [0, 0, 1, 1]
        assert {each.identifier for each in client.timeline.arrived} == {identifier}
        with pytest.raises(TooLate, match="job 8  Pending"):
            await client.timeline.job_end(8, timeout=0.05)


async def test_an_image_is_received_whole_and_the_end_is_a_refusal(scanner: Any, tmp_path: Path) -> None:
    scanner.pages = 1
    sizes: list[int] = []
    async with opened(scanner.url, CLOCK) as client:
        image = await client.retrieve(JOB, tmp_path / "page-1.jpg", progress=sizes.append)
        assert image.path.read_bytes() == JPEG
        assert (image.content_type, image.size) == ("image/jpeg", len(JPEG))
        assert sizes[-1] == len(JPEG)
        with pytest.raises(Refused) as refused:
            await client.retrieve(JOB, tmp_path / "page-2.jpg")
        assert refused.value.subcode is Subcode.NO_IMAGES_AVAILABLE
        assert refused.value.status == 400
    assert os.listdir(tmp_path) == ["page-1.jpg"]


async def test_a_transfer_that_breaks_off_leaves_no_file(scanner: Any, tmp_path: Path) -> None:
    scanner.truncated = True
    async with opened(scanner.url, CLOCK) as client:
        with pytest.raises(NoAnswer):
            await client.retrieve(JOB, tmp_path / "page-1.jpg")
    assert not os.listdir(tmp_path)


async def test_an_image_larger_than_allowed_leaves_no_file(scanner: Any, tmp_path: Path) -> None:
    async with opened(scanner.url, CLOCK) as client:
        with pytest.raises(Exception, match="more than 12 bytes"):
            await client.retrieve(JOB, tmp_path / "page-1.jpg", max_bytes=12)
    assert not os.listdir(tmp_path)


async def test_a_refused_job_says_why(scanner: Any) -> None:
    async with opened(scanner.url, CLOCK) as client:
        wanted = ticket.make(Wish(InputSource.ADF), await client.configuration())
        with pytest.raises(Refused) as refused:
            await client.create_job(wanted)
    assert refused.value.subcode is Subcode.NOT_ACCEPTING_JOBS
    assert refused.value.status == 500


async def test_a_job_is_canceled_by_its_id(scanner: Any) -> None:
    async with opened(scanner.url, CLOCK) as client:
        await client.cancel(7)
    assert scanner.canceled


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(InputSource.PLATEN), "source Platen is not there, ADF is"),
        (Wish(InputSource.ADF_DUPLEX), "does not scan both sides"),
        (Wish(InputSource.ADF, format="dib"), "format dib is not offered, jfif, png are"),
        (Wish(InputSource.ADF, color=ColorEntry.GRAYSCALE_8), "colour Grayscale8 is not offered, RGB24 are"),
        (Wish(InputSource.ADF, resolution=600), "600 ppi are not offered, 150, 300 are"),
    ],
)
async def test_what_is_not_offered_is_not_asked_for(scanner: Any, wish: Wish, reason: str) -> None:
    async with opened(scanner.url, CLOCK) as client:
        configuration = await client.configuration()
    with pytest.raises(Unable, match=reason):
        ticket.make(wish, configuration)


async def test_a_ticket_asks_for_a4_within_the_source(scanner: Any) -> None:
    async with opened(scanner.url, CLOCK) as client:
        made = ticket.make(Wish(InputSource.ADF, images=3), await client.configuration())
    assert made.document_parameters is not None
    parameters = made.document_parameters
    assert parameters.input_size is not None
    assert parameters.input_size.input_media_size is not None
    assert (parameters.input_size.input_media_size.width, parameters.input_size.input_media_size.height) == (
        8268,
        11693,
    )
    assert parameters.images_to_transfer is not None
    assert parameters.images_to_transfer.value == 3
