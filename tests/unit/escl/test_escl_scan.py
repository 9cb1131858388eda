"""Scans on a scripted device: what each answer to each request means."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.contract.capabilities import Capabilities, Mode, Source
from drivers.contract.document import Document, Encoded, Region, ScanRequest
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceBusy,
    DeviceGarbled,
    DeviceGone,
    DeviceRefused,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Phase, Readiness, Snapshot, TroubleKind
from drivers.escl.capabilities import Model
from drivers.escl.link import EsclLink
from drivers.escl.scanner import EsclScanner
from drivers.quirks import Quirk
from tests.unit.escl.conftest import JPEG, Device, Turned, job, status

MODEL = Model("HP", "HP Test", "", "2.63", Capabilities(), extended_formats=False)
PLATEN = ScanRequest("wsd-1", Source.PLATEN, Mode.RGB24, (300, 300), Region(0, 0, 8500, 11000))
FEEDER = ScanRequest("wsd-1", Source.FEEDER, Mode.RGB24, (300, 300), Region(0, 0, 8500, 11000))
DUPLEX = ScanRequest("wsd-1", Source.FEEDER_DUPLEX, Mode.GRAY8, (300, 300), Region(0, 0, 8500, 11000))
CREATED = {"Location": "http://elsewhere/eSCL/ScanJobs/4"}


@asynccontextmanager
async def scanner(device: Device, clock: Turned, **oddities: object) -> AsyncIterator[EsclScanner]:
    quirk = Quirk.model_validate({"why": "test", "link": "https://invalid", **oddities})
    found = EsclScanner("here", EsclLink(device, "/eSCL", "here"), MODEL, clock, quirk=quirk)
    try:
        yield found
    finally:
        await found.close()


def takes_jobs(device: Device) -> None:
    device.says("POST ScanJobs", (201, b""), headers=CREATED)
    device.says("DELETE 4", (200, b""))


async def pages(document: Document) -> list[tuple[str, bool, bytes]]:
    def read() -> list[tuple[str, bool, bytes]]:
        return [(page.format, page.back, b"".join(page.chunks)) for page in document if isinstance(page, Encoded)]

    return await asyncio.wait_for(asyncio.to_thread(read), 5)


async def told(observer: EsclScanner, until: Callable[[Snapshot], bool]) -> Snapshot:
    async with asyncio.timeout(5):
        while True:
            if until(snapshot := await observer.poll()):
                return snapshot
            await asyncio.sleep(0)


async def test_the_glass_is_one_page_and_the_job_is_given_back(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG))
    device.says("GET ScannerStatus", (200, status("Processing", jobs=job("/eSCL/ScanJobs/4", "Processing"))))
    async with scanner(device, clock) as found:
        assert await pages(await found.scan(PLATEN)) == [("jpeg", False, JPEG)]
    assert device.asked.count("GET NextDocument") == 1
    assert device.asked[-1] == "DELETE 4"


async def test_a_job_that_is_over_is_not_deleted(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG))
    device.says("GET ScannerStatus", (200, status(jobs=job("/eSCL/ScanJobs/4", "Completed"))))
    async with scanner(device, clock) as found:
        await pages(await found.scan(PLATEN))
    assert "DELETE 4" not in device.asked


async def test_the_feeder_ends_with_404_and_both_sides_alternate(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", *[(200, JPEG)] * 4, (404, b""))
    device.says("GET ScannerStatus", (200, status(adf="ScannerAdfEmpty")))
    async with scanner(device, clock) as found:
        assert [back for _, back, _ in await pages(await found.scan(DUPLEX))] == [False, True, False, True]
        last = await told(found, lambda each: bool(each.jobs) and each.jobs[0].phase is Phase.DONE)
        assert last.jobs[0].pages == 4


async def test_not_ready_is_asked_again(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (503, b""), (503, b""), (200, JPEG), (404, b""))
    device.says("GET ScannerStatus", (200, status("Processing", "ScannerAdfProcessing")))
    async with scanner(device, clock) as found:
        assert len(await pages(await found.scan(FEEDER))) == 1


async def test_never_ready_has_an_end(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (503, b""))
    device.says("GET ScannerStatus", (200, status("Processing")))
    async with scanner(device, clock) as found:
        with pytest.raises(ScanFailed, match="HTTP 503"):
            await pages(await found.scan(PLATEN))
    assert 90 < clock.seconds - 1000 < 120


@pytest.mark.parametrize(("code", "adf"), [(404, "ScannerAdfEmpty"), (409, "ScannerAdfEmpty")])
async def test_no_page_at_all_from_an_empty_feeder(device: Device, clock: Turned, code: int, adf: str) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (code, b""))
    device.says("GET ScannerStatus", (200, status(adf=adf)))
    async with scanner(device, clock) as found:
        with pytest.raises(FeederEmpty):
            await pages(await found.scan(FEEDER))


async def test_a_job_refused_for_an_empty_feeder_comes_out_of_the_document(device: Device, clock: Turned) -> None:
    device.says("POST ScanJobs", (409, b""))
    device.says("GET ScannerStatus", (200, status(adf="ScannerAdfEmpty")))
    async with scanner(device, clock) as found:
        with pytest.raises(FeederEmpty):
            await pages(await found.scan(FEEDER))


async def test_a_device_that_would_call_it_a_jam_is_not_asked(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET ScannerStatus", (200, status(adf="ScannerAdfEmpty")))
    async with scanner(device, clock, escl_feeder_first=True) as found:
        with pytest.raises(FeederEmpty):
            await pages(await found.scan(FEEDER))
    assert "POST ScanJobs" not in device.asked


@pytest.mark.parametrize(
    "trouble",
    [
        ("ScannerAdfJam", TroubleKind.JAM, "jammed"),
        ("ScannerAdfMultipickDetected", TroubleKind.DOUBLE_FEED, "several sheets"),
        ("ScannerAdfHatchOpen", TroubleKind.COVER_OPEN, "cover is open"),
    ],
)
@pytest.mark.parametrize("code", [404, 409, 500, 503])
async def test_trouble_on_page_two_ends_the_scan_by_its_name(
    device: Device, clock: Turned, trouble: tuple[str, TroubleKind, str], code: int
) -> None:
    adf, kind, words = trouble
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG), (code, b""))
    device.says("GET ScannerStatus", (200, status("Stopped", adf)))
    async with scanner(device, clock) as found:
        with pytest.raises(ScanFailed, match=words):
            await pages(await found.scan(FEEDER))
        last = await told(found, lambda each: bool(each.jobs) and each.jobs[0].phase is Phase.FAILED)
        assert {each.kind for each in last.troubles} == {kind}
        assert (last.jobs[0].pages, last.readiness) == (1, Readiness.STOPPED)


async def test_the_feeders_trouble_does_not_hinder_the_glass(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (503, b""), (200, JPEG))
    device.says("GET ScannerStatus", (200, status("Processing", "ScannerAdfJam")))
    async with scanner(device, clock) as found:
        assert len(await pages(await found.scan(PLATEN))) == 1


async def test_canceled_at_the_device(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG), (410, b""))
    canceled = job("/eSCL/ScanJobs/4", "Canceled", reasons=("JobCanceledAtDevice",))
    device.says("GET ScannerStatus", (200, status(adf="ScannerAdfLoaded", jobs=canceled)))
    async with scanner(device, clock) as found:
        with pytest.raises(CanceledAtDevice):
            await pages(await found.scan(FEEDER))


async def test_a_page_that_breaks_off_in_a_jam_is_no_page(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.breaks = True
    device.says("GET NextDocument", (200, JPEG))
    device.says("GET ScannerStatus", (200, status("Processing")), (200, status("Stopped", "ScannerAdfJam")))
    async with scanner(device, clock) as found:
        with pytest.raises(ScanFailed, match="jammed"):
            await pages(await found.scan(FEEDER))


async def test_a_page_that_ends_too_short_in_a_jam_is_no_page(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG[:-2]))
    device.says("GET ScannerStatus", (200, status("Stopped", "ScannerAdfJam")))
    async with scanner(device, clock) as found:
        with pytest.raises(ScanFailed, match="jammed"):
            await pages(await found.scan(FEEDER))


async def test_a_page_that_is_no_jpeg_is_refused(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.answers["GET NextDocument"] = [(200, {"Content-Type": "application/pdf"}, b"%PDF-1.4 ...")]
    device.says("GET ScannerStatus", (200, status()))
    async with scanner(device, clock) as found:
        with pytest.raises(ScanFailed, match="application/pdf where JPEG was asked for"):
            await pages(await found.scan(PLATEN))


async def test_404_means_not_ready_where_a_quirk_says_so(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (404, b""), (410, b""), (200, JPEG))
    device.says("GET ScannerStatus", (200, status("Processing")))
    async with scanner(device, clock, escl_retry_404=True, escl_retry_410=True) as found:
        assert len(await pages(await found.scan(PLATEN))) == 1


async def test_a_device_that_must_not_be_hurried_is_given_time(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG), (200, JPEG), (404, b""))
    device.says("GET ScannerStatus", (200, status(adf="ScannerAdfEmpty")))
    async with scanner(device, clock, escl_page_pause=1.0) as found:
        assert len(await pages(await found.scan(FEEDER))) == 2


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((503, ""), DeviceBusy, "busy"),
        ((401, ""), DeviceRefused, "user name and password"),
        ((403, ""), DeviceRefused, "user name and password"),
        ((301, "https://192.0.2.1/eSCL"), DeviceRefused, "https://192.0.2.1/eSCL"),
        ((404, ""), DeviceRefused, "no eSCL service"),
        ((400, ""), DeviceRefused, "settings"),
        ((201, ""), DeviceGarbled, "does not say which"),
        ((201, "/eSCL/ScanJobs/4%20../../x y"), DeviceGarbled, "does not say which"),
    ],
)
async def test_a_job_that_is_not_taken_is_explained(
    device: Device, clock: Turned, answer: tuple[int, str], error: type[DriverError], words: str
) -> None:
    device.says("POST ScanJobs", (answer[0], b""), headers={"Location": answer[1]})
    async with scanner(device, clock) as found:
        with pytest.raises(error, match=words):
            await found.scan(PLATEN)


async def test_a_location_with_a_broken_host_is_understood(device: Device, clock: Turned) -> None:
    device.says("POST ScanJobs", (201, b""), headers={"Location": "http://[fe80/eSCL/ScanJobs/4"})
    device.says("GET NextDocument", (200, JPEG))
    device.says("GET ScannerStatus", (200, status()))
    async with scanner(device, clock) as found:
        assert len(await pages(await found.scan(PLATEN))) == 1


async def test_a_cancel_deletes_the_job_while_its_page_is_awaited(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.holds.clear()
    device.says("GET NextDocument", (200, JPEG))
    device.says("GET ScannerStatus", (200, status(jobs=job("/eSCL/ScanJobs/4", "Canceled"))))
    async with scanner(device, clock) as found:
        document = await found.scan(FEEDER)
        await asyncio.wait_for(device.reached.wait(), 5)
        document.cancel()
        document.cancel()
        with pytest.raises(ScanCanceled):
            await pages(document)
        assert device.asked[-2:] == ["DELETE 4", "GET ScannerStatus"]
        assert (await told(found, lambda each: bool(each.jobs))).jobs[0].phase is Phase.CANCELED


async def test_one_scan_at_a_time(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.holds.clear()
    async with scanner(device, clock) as found:
        await found.scan(FEEDER)
        with pytest.raises(DeviceBusy):
            await found.scan(FEEDER)


class Passed(Device):
    """One that somebody else may have between two requests."""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        self.asked.append("held")
        try:
            yield
        finally:
            self.asked.append("left")


async def test_a_scan_holds_a_shared_device_from_before_its_job_to_after_its_end(clock: Turned) -> None:
    device = Passed()
    takes_jobs(device)
    device.says("GET NextDocument", (200, JPEG), (503, b""), (200, JPEG), (404, b""))
    device.says("GET ScannerStatus", (200, status()))
    async with scanner(device, clock) as found:
        assert len(await pages(await found.scan(FEEDER))) == 2
    assert device.asked[:2] == ["held", "POST ScanJobs"]
    assert device.asked[-1] == "left"
    assert device.asked.count("left") == 1


async def test_a_job_that_is_refused_holds_a_shared_device_no_longer(clock: Turned) -> None:
    device = Passed()
    device.says("POST ScanJobs", (403, b""))
    async with scanner(device, clock) as found:
        with pytest.raises(DeviceRefused):
            await found.scan(PLATEN)
        assert device.asked == ["held", "POST ScanJobs", "left"]


async def test_closing_ends_the_scan_and_further_looks(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.holds.clear()
    device.says("GET ScannerStatus", (200, status()))
    async with scanner(device, clock) as found:
        document = await found.scan(FEEDER)
        await found.close()
        with pytest.raises(ScanCanceled):
            await pages(document)
        while True:
            try:
                await found.poll()
            except DeviceGone:
                break


async def test_jobs_of_others_are_reported_beside_ours(device: Device, clock: Turned) -> None:
    takes_jobs(device)
    device.holds.clear()
    both = job("/eSCL/ScanJobs/4", "Pending") + job("/eSCL/ScanJobs/3", "Processing", images=5)
    device.says("GET ScannerStatus", (200, status()), (200, status("Processing", jobs=both)))
    async with scanner(device, clock) as found:
        await found.poll()
        await found.scan(FEEDER)
        seen = await told(found, lambda each: len(each.jobs) == 2)
        assert [(each.native_id, each.phase) for each in seen.jobs] == [
            ("wsd-1", Phase.SCANNING),
            ("3", Phase.SCANNING),
        ]
