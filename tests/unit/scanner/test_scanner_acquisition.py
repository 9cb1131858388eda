"""A job's way through the device, told by its events: in order, with its turn, stopped, broken, gone."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bridge.config import Jobs
from bridge.errors import OperationRefused
from bridge.jobs.job import JobSeen
from bridge.wsscan.faults import Subcode, subcode_of
from bridge.wsscan.values import Format, InputSource
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceBusy,
    DeviceGone,
    DeviceTimeout,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit

SIDE = 150
BEGUN = ["Started 0", "Processing/JobScanning 0"]


class Refused:
    """`with Refused(Subcode.X):`, the block must be refused with that fault."""

    def __init__(self, subcode: Subcode) -> None:
        self.subcode = subcode

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        assert isinstance(error, OperationRefused), error
        assert subcode_of(error.fault) is self.subcode, error
        return True


async def until(true: Callable[[], object]) -> None:
    for _ in range(2500):
        if true():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came")


async def test_a_platen_page_on_an_idle_scanner(bench: Any) -> None:
    job = await bench.create(InputSource.PLATEN)
    assert bench.events(job) == BEGUN
    assert bench.hand.requests[0].native_id == f"wsd-{job}"
    held = bench.hold(job)
    bench.hand.page()
    bench.hand.scans[0].finish()
    image = Image.open(io.BytesIO(await held))
    assert (image.size, image.format) == ((SIDE, SIDE), "JPEG")
    await until(lambda: bench.events(job)[-1] == "END Completed 1")
    events = bench.events(job)
    assert events[:2] == BEGUN
    assert events[-2:] == ["Completed/JobCompletedSuccessfully 1", "END Completed 1"]
    assert not bench.scanner.scanning
    with Refused(Subcode.NO_IMAGES_AVAILABLE):
        await bench.retrieve(job)


async def test_three_pages_from_the_feeder_count_up_to_three(bench: Any) -> None:
    job = await bench.create()
    for number in (1, 2, 3):
        bench.hand.page()
        await until(lambda number=number: f"Processing/JobScanning {number}" in bench.events(job))
    bench.hand.scans[0].finish()
    await until(lambda: "Processing/JobTransfering 3" in bench.events(job))
    for _ in range(3):
        assert (await bench.retrieve(job))[:2] == b"\xff\xd8"
    assert bench.events(job) == [
        *BEGUN,
        "Processing/JobScanning 1",
        "Processing/JobScanning 2",
        "Processing/JobScanning 3",
        "Processing/JobTransfering 3",
        "Completed/JobCompletedSuccessfully 3",
        "END Completed 3",
    ]
    assert bench.scanner.book.paper(job).document_names == ("document 1",) * 3


async def test_a_scan_that_ends_after_its_last_page_was_fetched_transfers_nothing_more(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    await bench.retrieve(job)
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job)[-1] == "END Completed 1")
    assert not any("JobTransfering" in text for text in bench.events(job))


async def test_a_transfer_while_the_device_scans_is_told_by_its_reason(bench: Any) -> None:
    job = await bench.create(InputSource.PLATEN)
    bench.hand.begin_page()
    async with bench.acquisition.retrieve(job, "one") as page:
        await until(lambda: bench.events(job)[-1] == "Processing/JobScanningAndTransfering 0")
        bench.hand.scans[0].end_page()
        assert b"".join([chunk async for chunk in page.chunks()])[-2:] == b"\xff\xd9"
        await until(lambda: bench.events(job)[-1] == "Processing/JobScanningAndTransfering 1")
    assert bench.events(job)[-1] == "Processing/JobScanning 1"
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job)[-1] == "END Completed 1")


async def test_a_retrieve_after_the_last_page_of_a_feeder_says_so(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    await bench.retrieve(job)
    held = bench.hold(job)
    await asyncio.sleep(0.01)
    bench.hand.scans[0].finish()
    with Refused(Subcode.NO_IMAGES_AVAILABLE):
        await held
    assert bench.events(job)[-2:] == ["Completed/JobCompletedSuccessfully 1", "END Completed 1"]


async def test_a_queued_job_begins_with_pending_and_starts_when_its_turn_comes(bench: Any) -> None:
    first, second = await bench.create(), await bench.create()
    assert bench.events(second) == ["Pending 0"]
    bench.hand.page(0)
    bench.hand.scans[0].finish()
    # The device is free again though the first client has not fetched its page.
    await until(lambda: len(bench.hand.scans) == 2)
    await until(lambda: bench.events(second) == ["Pending 0", *BEGUN])
    assert bench.events(first)[-1] == "Processing/JobTransfering 1"
    bench.hand.page(1)
    bench.hand.scans[1].finish()
    await bench.retrieve(second)
    await bench.retrieve(first)
    await until(lambda: "END Completed 1" in bench.events(first) and "END Completed 1" in bench.events(second))


async def test_eight_jobs_queue_and_the_ninth_is_refused(bench: Any) -> None:
    await bench.create()
    for _ in range(8):
        await bench.create()
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await bench.create()
    assert len(list(bench.scanner.book.active())) == 9


async def test_a_busy_device_takes_no_job_and_none_is_remembered(bench: Any) -> None:
    bench.hand.refuses = DeviceBusy("another program owns it")
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await bench.create()
    assert bench.told == []
    assert list(bench.scanner.book.active()) == []
    bench.hand.refuses = None
    job = await bench.create()
    assert bench.events(job) == BEGUN


async def test_a_drivers_bug_takes_no_job_either(bench: Any) -> None:
    bench.hand.refuses = ZeroDivisionError("a bug")
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await bench.create()
    assert bench.told == []
    bench.hand.refuses = None
    assert bench.events(await bench.create()) == BEGUN


async def test_a_job_queued_behind_one_that_was_never_begun_gets_its_turn(bench: Any) -> None:
    bench.hand.ready.clear()
    first = asyncio.create_task(bench.create())
    await asyncio.sleep(0.01)
    second = await bench.create()
    assert bench.events(second) == ["Pending 0"]
    bench.hand.refuses = DeviceBusy("another program owns it")
    bench.hand.ready.set()
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await first
    await until(lambda: bench.events(second) == ["Pending 0", "Aborted 0", "END Aborted 0"])
    bench.hand.refuses = None
    assert bench.events(await bench.create()) == BEGUN


async def test_a_client_that_leaves_while_the_device_is_asked_leaves_a_job_that_times_out(bench: Any) -> None:
    bench.hand.ready.clear()
    creating = asyncio.create_task(bench.create())
    await asyncio.sleep(0.01)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    bench.hand.ready.set()
    await until(lambda: bench.events(1) == BEGUN)
    bench.hand.stops_when_told()
    await bench.clock.turn(60)
    await until(lambda: bench.events(1)[-2:] == ["Aborted/JobTimedOut 0", "END Aborted 0"])


async def test_without_a_device_no_job_is_taken(bench: Any) -> None:
    bench.scanner.device = None
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await bench.create()


# Cancel.


async def test_a_cancel_while_scanning_stops_the_hardware_and_tells_the_held_client(bench: Any) -> None:
    job = await bench.create()
    held = bench.hold(job)
    await asyncio.sleep(0.01)
    bench.acquisition.cancel(job)
    assert bench.events(job) == [*BEGUN, "Terminating 0"]
    assert bench.scanner.scanning
    with Refused(Subcode.JOB_CANCELLED):
        await held
    assert bench.hand.scans[0].canceled
    bench.acquisition.cancel(job)  # once more is nothing more
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job) == [*BEGUN, "Terminating 0", "Canceled 0", "END Canceled 0"])
    with Refused(Subcode.JOB_CANCELLED):
        await bench.retrieve(job)
    assert not bench.scanner.scanning


async def test_a_cancel_in_the_middle_of_a_page_breaks_its_transfer(bench: Any) -> None:
    job = await bench.create(InputSource.PLATEN)
    bench.hand.begin_page(rows=100)
    bench.hand.stops_when_told()
    with Refused(Subcode.JOB_CANCELLED):
        async with bench.acquisition.retrieve(job, "one") as page:
            async for _ in page.chunks():
                bench.acquisition.cancel(job)
    await until(lambda: bench.events(job)[-3:] == ["Terminating 0", "Canceled 0", "END Canceled 0"])


async def test_a_cancel_ends_canceled_though_the_device_fails_while_stopping(bench: Any) -> None:
    job = await bench.create()
    bench.hand.stops_when_told(error=DeviceTimeout("no answer to CAN"))
    bench.acquisition.cancel(job)
    await until(lambda: bench.events(job)[-2:] == ["Canceled 0", "END Canceled 0"])


async def test_a_cancel_that_comes_when_the_scan_is_just_over_ends_the_job(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    await until(lambda: bench.events(job)[-1] == "Processing/JobScanning 1")
    bench.hand.scans[0].finish()  # the thread sees this first …
    bench.acquisition.cancel(job)  # … the loop that
    await until(lambda: bench.events(job)[-2:] == ["Canceled 1", "END Canceled 1"])


async def test_a_cancel_of_pages_that_only_wait_to_be_fetched(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job)[-1] == "Processing/JobTransfering 1")
    bench.acquisition.cancel(job)
    assert bench.events(job)[-2:] == ["Canceled 1", "END Canceled 1"]


async def test_a_queued_job_is_canceled_at_once_and_the_device_never_hears_of_it(bench: Any) -> None:
    first, second = await bench.create(), await bench.create()
    held = bench.hold(second)
    await asyncio.sleep(0.01)
    bench.acquisition.cancel(second)
    assert bench.events(second) == ["Pending 0", "Canceled 0", "END Canceled 0"]
    with Refused(Subcode.JOB_CANCELLED):
        await held
    bench.hand.page()
    bench.hand.scans[0].finish()
    await bench.retrieve(first)
    await until(lambda: bench.events(first)[-1] == "END Completed 1")
    assert len(bench.hand.scans) == 1


async def test_a_job_canceled_while_the_device_is_asked_is_stopped_when_it_answers(bench: Any) -> None:
    bench.hand.ready.clear()
    creating = asyncio.create_task(bench.create())
    await asyncio.sleep(0.01)
    (job,) = bench.scanner.book.active()
    bench.acquisition.cancel(job.id)
    bench.hand.ready.set()
    await creating
    assert bench.hand.scans[0].canceled
    bench.hand.scans[0].finish()
    assert bench.events(job.id)[-1] == "END Canceled 0"
    again = await bench.create()
    await until(lambda: BEGUN[0] in bench.events(again))


async def test_a_cancel_at_the_device(bench: Any) -> None:
    job = await bench.create()
    held = bench.hold(job)
    await asyncio.sleep(0.01)
    bench.hand.scans[0].fail(CanceledAtDevice("somebody pressed cancel"))
    with Refused(Subcode.JOB_CANCELLED):
        await held
    assert bench.events(job) == [*BEGUN, "Canceled/JobCanceledAtDevice 0", "END Canceled 0"]


async def test_a_job_nobody_knows_or_that_ended_cannot_be_canceled(bench: Any) -> None:
    with Refused(Subcode.JOB_ID_NOT_FOUND):
        bench.acquisition.cancel(99)
    with Refused(Subcode.JOB_ID_NOT_FOUND):
        await bench.retrieve(99)
    bench.scanner.look(Snapshot("snmp", Readiness.BUSY, jobs=(JobReport("7", Phase.SCANNING),)))
    (panel,) = bench.scanner.book.active()
    with Refused(Subcode.OPERATION_FAILED):
        bench.acquisition.cancel(panel.id)
    bench.scanner.see(panel.id, JobSeen(Phase.DONE))


# Patience.


async def test_who_does_not_retrieve_within_sixty_seconds_loses_the_job(bench: Any) -> None:
    job = await bench.create()
    bench.hand.stops_when_told()
    await bench.clock.turn(59)
    assert bench.events(job) == BEGUN
    await bench.clock.turn(1)
    await until(lambda: bench.events(job)[-1] == "END Aborted 0")
    assert bench.events(job) == [*BEGUN, "Terminating/JobTimedOut 0", "Aborted/JobTimedOut 0", "END Aborted 0"]
    with Refused(Subcode.NO_IMAGES_AVAILABLE):
        await bench.retrieve(job)


async def test_a_queued_jobs_sixty_seconds_begin_with_its_turn(bench: Any) -> None:
    first, second = await bench.create(), await bench.create()
    held = bench.hold(first)
    await bench.clock.turn(300)
    assert bench.events(second) == ["Pending 0"]
    bench.hand.page(0)
    bench.hand.scans[0].finish()
    await held
    await until(lambda: bench.events(second) == ["Pending 0", *BEGUN])
    bench.hand.stops_when_told(1)
    await bench.clock.turn(59)
    assert bench.events(second)[-1] == BEGUN[-1]
    await bench.clock.turn(1)
    await until(lambda: bench.events(second)[-1] == "END Aborted 0")


async def test_a_held_retrieve_is_patience_enough_and_sixty_seconds_more_begin_after_it(bench: Any) -> None:
    job = await bench.create()
    held = bench.hold(job)
    await bench.clock.turn(600)
    bench.hand.page()
    await held
    await bench.clock.turn(59)
    assert "Terminating" not in bench.events(job)[-1]
    bench.hand.stops_when_told()
    await bench.clock.turn(1)
    await until(lambda: bench.events(job)[-2:] == ["Aborted/JobTimedOut 1", "END Aborted 1"])


@pytest.mark.parametrize("jobs", [Jobs(retrieve_wait=0.5)])
async def test_a_retrieve_that_waits_too_long_is_told_to_come_again(bench: Any) -> None:
    first, second = await bench.create(), await bench.create()
    for job in (first, second):
        with Refused(Subcode.TEMPORARY_ERROR):
            await bench.retrieve(job)
    assert bench.events(second) == ["Pending 0"]
    bench.hand.page(0)
    await until(lambda: bench.events(first)[-1].endswith(" 1"))
    bench.hand.scans[0].finish()
    assert await bench.retrieve(first)


@pytest.mark.parametrize("jobs", [Jobs(retrieve_wait=0.5)])
async def test_a_second_retrieve_waits_for_the_first_but_not_for_ever(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    await until(lambda: bench.events(job)[-1].endswith(" 1"))
    async with bench.acquisition.retrieve(job, "one") as page:
        with Refused(Subcode.TEMPORARY_ERROR):
            await bench.retrieve(job)
        assert b"".join([chunk async for chunk in page.chunks()])
    bench.hand.page()
    await until(lambda: bench.events(job)[-1].endswith(" 2"))
    assert await bench.retrieve(job)


# What breaks.


async def test_a_broken_transfer_aborts_the_job(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    bench.hand.stops_when_told()
    await until(lambda: bench.events(job)[-1] == "Processing/JobScanning 1")
    with pytest.raises(ConnectionResetError):
        async with bench.acquisition.retrieve(job, "one"):
            raise ConnectionResetError
    await until(lambda: bench.events(job)[-1] == "END Aborted 1")
    assert bench.events(job)[-3:-1] == ["Terminating/ImageTransferError 1", "Aborted/ImageTransferError 1"]


async def test_a_client_that_hangs_up_in_a_page_aborts_the_job_and_frees_the_device(bench: Any) -> None:
    first, second = await bench.create(InputSource.PLATEN), await bench.create()
    held = bench.hold(first)
    bench.hand.begin_page(0, rows=100)
    await until(lambda: bench.events(first)[-1] == "Processing/JobScanningAndTransfering 0")
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(first)[-2:] == ["Aborted/ImageTransferError 0", "END Aborted 0"])
    await until(lambda: bench.events(second) == ["Pending 0", *BEGUN])


async def test_a_device_error_at_page_two_leaves_page_one_to_be_fetched(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    bench.hand.begin_page(rows=50)
    await until(lambda: bench.events(job)[-1] == "Processing/JobScanning 1")
    jam = frozenset({Trouble(TroubleKind.JAM, Unit.FEEDER)})
    bench.hand.snapshot = Snapshot("usb", Readiness.STOPPED, jam, explanation="paper jam")
    bench.hand.scans[0].fail(ScanFailed("paper jam"))
    await until(lambda: bench.events(job)[-1] == "Processing/ScannerStopped 1")
    assert bench.scanner.view.explanation == "paper jam"
    assert (await bench.retrieve(job))[:2] == b"\xff\xd8"
    with Refused(Subcode.TEMPORARY_ERROR):
        await bench.retrieve(job)
    assert bench.events(job)[-2:] == ["Aborted 1", "END Aborted 1"]
    with Refused(Subcode.NO_IMAGES_AVAILABLE):
        await bench.retrieve(job)


async def test_a_device_error_under_a_held_retrieve_is_told_at_once(bench: Any) -> None:
    job = await bench.create()
    held = bench.hold(job)
    await asyncio.sleep(0.01)
    bench.hand.scans[0].fail(ScanFailed("cover open"))
    with Refused(Subcode.TEMPORARY_ERROR):
        await held
    assert bench.events(job) == [*BEGUN, "Processing/ScannerStopped 0", "Aborted 0", "END Aborted 0"]


async def test_a_page_cut_short_is_never_passed_off_as_whole(bench: Any) -> None:
    job = await bench.create(InputSource.PLATEN)
    bench.hand.begin_page(rows=100)
    held = bench.hold(job)
    await until(lambda: bench.events(job)[-1] == "Processing/JobScanningAndTransfering 0")
    bench.hand.scans[0].fail(DeviceGone("unplugged"))
    with pytest.raises(DeviceGone):
        await held
    await until(lambda: bench.events(job)[-2:] == ["Aborted 0", "END Aborted 0"])


async def test_a_failed_job_nobody_fetches_ends_when_patience_does(bench: Any) -> None:
    job = await bench.create()
    bench.hand.scans[0].fail(ScanFailed("jam"))
    await until(lambda: bench.events(job)[-1] == "Processing/ScannerStopped 0")
    assert not bench.scanner.scanning
    await bench.clock.turn(60)
    await until(lambda: bench.events(job)[-2:] == ["Aborted 0", "END Aborted 0"])


async def test_the_jobs_behind_a_failed_one_get_their_turn(bench: Any) -> None:
    _, second = await bench.create(), await bench.create()
    bench.hand.scans[0].fail(ScanFailed("jam"))
    await until(lambda: bench.events(second) == ["Pending 0", *BEGUN])


async def test_an_empty_feeder(bench: Any) -> None:
    job = await bench.create()
    held = bench.hold(job)
    await asyncio.sleep(0.01)
    bench.hand.scans[0].fail(FeederEmpty("the feeder is empty"))
    with Refused(Subcode.NO_IMAGES_AVAILABLE):
        await held
    assert bench.events(job) == [*BEGUN, "Aborted 0", "END Aborted 0"]


async def test_a_feeder_found_empty_after_a_page_has_done_its_work(bench: Any) -> None:
    job = await bench.create()
    bench.hand.page()
    bench.hand.scans[0].fail(FeederEmpty("the feeder is empty"))
    await bench.retrieve(job)
    await until(lambda: bench.events(job)[-2:] == ["Completed/JobCompletedSuccessfully 1", "END Completed 1"])


async def test_a_document_without_a_page_completes_nothing(bench: Any) -> None:
    job = await bench.create()
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job) == [*BEGUN, "Aborted 0", "END Aborted 0"])


async def test_an_image_that_cannot_be_spooled_is_an_internal_error(tmp_path: Path, bench: Any) -> None:
    # A dib is spooled, for it stands on its head.
    bench.acquisition._spool_dir = tmp_path / "not there"
    job = await bench.create(format_=Format.DIB)
    held = bench.hold(job)
    bench.hand.stops_when_told()
    bench.hand.page()
    with Refused(Subcode.INTERNAL_ERROR):
        await held
    await until(lambda: bench.events(job)[-2:] == ["Aborted/CompressionError 0", "END Aborted 0"])


@pytest.mark.parametrize("stall_limit", [0.01, None])
async def test_a_scanner_that_may_not_be_left_waiting_scans_on_though_nobody_fetches(
    bench: Any, stall_limit: float | None
) -> None:
    device = bench.hand.device()
    bench.scanner.attach(replace(device, capabilities=replace(device.capabilities, stall_limit=stall_limit)))
    sheets = 60  # of 22 500 bytes each: more than a tray holds
    job = await bench.create(format_=Format.TIFF_SINGLE_UNCOMPRESSED)
    for _ in range(sheets):
        bench.hand.page()
    bench.hand.scans[0].finish()
    if stall_limit is None:
        await until(lambda: bench.events(job)[-1] >= "Processing/JobScanning 46")  # 2**20 / 22 500
        await asyncio.sleep(0.1)
        assert bench.events(job)[-1] < "Processing/JobScanning 49"
    else:
        await until(lambda: bench.events(job)[-1] == f"Processing/JobTransfering {sheets}")
    assert {len(await bench.retrieve(job)) // 22_500 for _ in range(sheets)} == {1}
    await until(lambda: bench.events(job)[-1] == f"END Completed {sheets}")


async def test_more_images_than_were_asked_for_are_not_delivered(bench: Any) -> None:
    job = await bench.create(InputSource.ADF_DUPLEX, images=3)
    assert bench.hand.requests[0].pages == 3
    bench.hand.stops_when_told()
    for _ in range(4):
        bench.hand.page()
    for _ in range(3):
        await bench.retrieve(job)
    await until(lambda: bench.events(job)[-2:] == ["Completed/JobCompletedSuccessfully 3", "END Completed 3"])
    assert bench.hand.scans[0].canceled


async def test_a_device_that_fails_after_the_last_page_costs_nobody_anything(bench: Any) -> None:
    job = await bench.create(InputSource.PLATEN)
    bench.hand.page()
    bench.hand.scans[0].fail(DeviceGone("unplugged while the carriage went home"))
    assert await bench.retrieve(job)
    await until(lambda: bench.events(job)[-1].startswith("END"))
    assert bench.events(job)[-2:] == ["Completed/JobCompletedSuccessfully 1", "END Completed 1"]


async def test_a_device_closed_under_a_scan_aborts_the_job(bench: Any) -> None:
    job = await bench.create()
    bench.hand.scans[0].cancel()
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job)[-1] == "Processing/ScannerStopped 0")
    with Refused(Subcode.TEMPORARY_ERROR):
        await bench.retrieve(job)
    assert bench.events(job)[-2:] == ["Aborted 0", "END Aborted 0"]


async def test_an_unplugged_device_ends_the_queue(bench: Any) -> None:
    first, second = await bench.create(), await bench.create()
    held = bench.hold(second)
    await asyncio.sleep(0.01)
    bench.hand.refuses = DeviceGone("unplugged")
    bench.hand.scans[0].fail(DeviceGone("unplugged"))
    with Refused(Subcode.TEMPORARY_ERROR):
        await held
    assert bench.events(second) == ["Pending 0", "Aborted 0", "END Aborted 0"]
    with Refused(Subcode.TEMPORARY_ERROR):
        await bench.retrieve(first)
    assert bench.events(first)[-2:] == ["Aborted 0", "END Aborted 0"]
    # Plugged in again.
    bench.hand.refuses = None
    assert bench.events(await bench.create()) == BEGUN


async def test_twenty_jobs_in_a_row(bench: Any) -> None:
    for number in range(20):
        job = await bench.create(InputSource.PLATEN)
        bench.hand.page()
        bench.hand.scans[number].finish()
        assert await bench.retrieve(job)
        await until(lambda job=job: bench.events(job)[-1] == "END Completed 1")
    assert len(list(bench.scanner.book.history())) == 20


# A sheet on its way is nobody's page yet.


async def mid_page(bench: Any, source: InputSource) -> tuple[int, "asyncio.Task[bytes]"]:
    """A job of which a client holds the RetrieveImage while two thirds of its page are coded."""
    job = await bench.create(source)
    bench.hand.begin_page(rows=100)
    held = bench.hold(job)
    await until(lambda: bench.acquisition._open[job].tray.begun_page() is not None)
    return job, held


@pytest.mark.parametrize("source", [InputSource.ADF, InputSource.ADF_DUPLEX])
@pytest.mark.parametrize(
    ("error", "subcode"),
    [
        (ScanFailed("paper jam"), Subcode.TEMPORARY_ERROR),
        (CanceledAtDevice("somebody pressed cancel"), Subcode.JOB_CANCELLED),
        (DeviceGone("unplugged"), Subcode.TEMPORARY_ERROR),
    ],
)
async def test_what_goes_wrong_in_the_middle_of_a_sheet_is_a_fault(
    bench: Any, source: InputSource, error: DriverError, subcode: Subcode
) -> None:
    job, held = await mid_page(bench, source)
    assert not held.done()
    assert bench.events(job) == BEGUN, "nothing is sent yet"
    bench.hand.scans[0].fail(error)
    with Refused(subcode):
        await held
    await until(lambda: bench.events(job)[-1].startswith("END"))


async def test_a_cancel_while_a_sheet_is_kept_back_is_a_fault_at_once(bench: Any) -> None:
    job, held = await mid_page(bench, InputSource.ADF)
    bench.hand.stops_when_told()
    bench.acquisition.cancel(job)
    with Refused(Subcode.JOB_CANCELLED):
        await held
    await until(lambda: bench.events(job)[-1] == "END Canceled 0")


async def test_a_sheet_is_sent_when_it_is_whole_while_the_next_is_scanned(bench: Any) -> None:
    job, held = await mid_page(bench, InputSource.ADF)
    bench.hand.scans[0].end_page()
    bench.hand.begin_page(rows=10)
    assert (await held)[-2:] == b"\xff\xd9"
    bench.hand.scans[0].fail(ScanFailed("jam"))
    with Refused(Subcode.TEMPORARY_ERROR):
        await bench.retrieve(job)
    assert bench.events(job)[-1] == "END Aborted 1"


@pytest.mark.parametrize("jobs", [Jobs(retrieve_wait=0.1)])
async def test_a_request_that_has_waited_long_enough_gets_the_sheet_as_it_is(bench: Any) -> None:
    job = await bench.create(InputSource.ADF)
    bench.hand.begin_page(rows=100)
    await until(lambda: bench.acquisition._open[job].tray.begun_page() is not None)  # before the wait begins
    held = bench.hold(job)
    await until(lambda: bench.events(job)[-1] == "Processing/JobScanningAndTransfering 0")
    bench.hand.scans[0].end_page()
    assert (await held)[-2:] == b"\xff\xd9"
    bench.hand.scans[0].finish()
    await until(lambda: bench.events(job)[-1] == "END Completed 1")


# The end of the bridge.


async def test_close_in_the_middle_aborts_everything_and_leaves_nothing(bench: Any) -> None:
    scanning, queued = await bench.create(InputSource.PLATEN), await bench.create()
    held = bench.hold(scanning)
    bench.hand.begin_page(rows=100)
    await until(lambda: bench.events(scanning)[-1] == "Processing/JobScanningAndTransfering 0")
    bench.hand.stops_when_told()
    async with asyncio.timeout(5):
        await bench.acquisition.close()
    with Refused(Subcode.OPERATION_FAILED):
        await held
    assert bench.events(scanning)[-3:] == ["Terminating 0", "Aborted 0", "END Aborted 0"]
    assert bench.events(queued) == ["Pending 0", "Aborted 0", "END Aborted 0"]
    with Refused(Subcode.NOT_ACCEPTING_JOBS):
        await bench.create()


async def test_close_while_the_device_is_asked(bench: Any) -> None:
    bench.hand.ready.clear()
    creating = asyncio.create_task(bench.create())
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(bench.acquisition.close())
    await asyncio.sleep(0.01)
    bench.hand.ready.set()
    await until(lambda: bench.hand.scans)
    bench.hand.stops_when_told()
    async with asyncio.timeout(5):
        await closing
        await creating
    assert bench.events(1)[-1] == "END Aborted 0"
