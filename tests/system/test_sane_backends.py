"""SANE's `test` backend, a scanner nobody here wrote, behind the SANE driver and behind the whole bridge.

Pages are compared with what scanimage makes of the same options; the statuses are those that the backend can inject
(sane-test(5)). Nothing looks into the network: the backend is alone in its configuration.
"""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bridge.net.asking import NoAnswer, Refused
from bridge.wsscan.events import EventName
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.values import InputSource
from drivers import catalog
from drivers.contract.capabilities import Mode, Size, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceBusy,
    DeviceGone,
    DeviceRefused,
    DeviceTimeout,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Feeder, JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.sane.actor import Actor
from drivers.sane.listing import Listing
from drivers.sane.open import key, open_device
from hil.client import session
from hil.client.ticket import Wish, make
from tests.system import debian, product

COLOURED = 'test-picture "Color pattern"\n'
SLOW = "read-delay true\nread-delay-duration 100000\n"
AREA = Region(0, 0, 3937, 3937)  # 100 mm square


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common")


@pytest.fixture
def settings(root: debian.Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes libsane, and with it the `test` backend alone, reachable; the argument goes into its test.conf."""
    place = tmp_path / "sane"
    place.mkdir()
    (place / "dll.conf").write_text("# nothing but what the bridge is told to use\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(place))
    monkeypatch.setenv("LD_LIBRARY_PATH", root.env()["LD_LIBRARY_PATH"])

    def write(text: str) -> None:
        (place / "test.conf").write_text(f"number_of_devices 1\n{text}")

    write("")
    return write


@asynccontextmanager
async def opened(*, share: bool = False) -> AsyncIterator[tuple[Device, Actor]]:
    listing = Listing("libsane.so.1", ("test",))
    (listed,) = await asyncio.to_thread(listing.devices)
    device = await open_device(listed, key(listed), listing.library, listing.config_dir, SystemClock(), share=share)
    (actor,) = device.observers
    assert isinstance(actor, Actor)
    try:
        yield device, actor
    finally:
        pid = actor.pid
        await device.close()
        assert pid is None or not running(pid), "the child outlives its device"


def running(pid: int) -> bool:
    """Whether the process is there and more than a corpse."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The SANE processes of the bridge."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # that thread has just ended
            found += map(int, (task / "children").read_text().split())
    return [each for each in found if b"drivers.sane.child" in Path(f"/proc/{each}/cmdline").read_bytes()]


def peak(pid: int) -> int:
    """The most memory it ever had, kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def request(
    source: Source = Source.PLATEN, mode: Mode = Mode.RGB24, ppi: int = 75, region: Region = AREA, pages: int = 0
) -> ScanRequest:
    return ScanRequest("wsd-1", source, mode, (ppi, ppi), region, pages)


async def scanned(device: Device, asked: ScanRequest) -> list[tuple[Raster, bytes]]:
    assert device.acquirer is not None
    return await asyncio.to_thread(pages, await device.acquirer.scan(asked))


def pages(document: Document) -> list[tuple[Raster, bytes]]:
    found = []
    for page in document:
        assert isinstance(page, Raster)
        found.append((page, b"".join(page.chunks)))
    return found


async def told(actor: Actor) -> list[Snapshot]:
    """Everything in line, up to the one that speaks of no job any more."""
    seen = []
    while not seen or seen[-1].jobs:
        seen.append(await actor.poll())
    return seen


async def scanimage(root: debian.Root, tmp_path: Path, *arguments: str) -> bytes:
    """What scanimage makes of the same scanner."""
    place = tmp_path / "reference"
    place.mkdir(exist_ok=True)
    (place / "dll.conf").write_text("test\n")
    (place / "test.conf").write_text((tmp_path / "sane" / "test.conf").read_text())
    process = await asyncio.create_subprocess_exec(
        root.program("scanimage"), "-d", "test:0", "--format=pnm", *arguments,
        env=root.env(SANE_CONFIG_DIR=place), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out


def picture(data: bytes) -> tuple[str, int, int, bytes]:
    """Kind, width, height and samples of a binary PNM picture of any depth."""
    head = re.match(rb"(P[456])\n(?:#[^\n]*\n)*(\d+) (\d+)\n(?:(\d+)\n)?", data)
    assert head is not None, data[:40]
    return head[1].decode(), int(head[2]), int(head[3]), data[head.end() :]


async def test_the_backends_options_become_sources_modes_and_sizes(settings):
    async with opened() as (device, actor):
        able = device.capabilities
        assert able.platen is not None
        assert able.platen == able.feeder
        assert (able.feeder_back, able.film, able.buttons) == (None, None, ())
        assert able.platen.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
        assert able.platen.resolutions == (75, 100, 150, 200, 240, 300, 400, 600, 800, 1200)
        assert able.platen.maximum == Size(7874, 7874)  # 200 mm square
        assert (device.identity.key, device.identity.name) == ("sane-test:0", "frontend-tester")
        assert await actor.poll() == Snapshot("sane", Readiness.IDLE, feeder=Feeder.UNKNOWN)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        (Mode.RGB24, ("--mode", "Color", "--depth", "8")),
        (Mode.GRAY8, ("--mode", "Gray", "--depth", "8")),
        (Mode.LINEART, ("--mode", "Gray", "--depth", "1")),
        (Mode.RGB48, ("--mode", "Color", "--depth", "16")),
        (Mode.GRAY16, ("--mode", "Gray", "--depth", "16")),
    ],
)
@pytest.mark.parametrize("ppi", [75, 300])
async def test_a_page_is_what_scanimage_makes_of_it(  # noqa: PLR0917 - fixtures
    root, settings, tmp_path, mode, options, ppi
):
    settings(COLOURED)
    area = ("-l", "0", "-t", "0", "-x", "100", "-y", "100", "--resolution", str(ppi))
    kind, width, height, samples = picture(await scanimage(root, tmp_path, *options, *area))
    async with opened() as (device, _):
        ((page, rows),) = await scanned(device, request(mode=mode, ppi=ppi))
    assert (page.mode, page.width, page.height, page.resolution) == (mode, width, height, (ppi, ppi))
    white_is_one = bytes(255 - each for each in samples) if kind == "P4" else samples
    row = mode.row_bytes(width)
    assert len(rows) == row * height
    assert rows == white_is_one


async def test_an_area_between_the_backends_millimetres_has_the_size_asked_for(settings):
    settings(COLOURED)
    async with opened() as (device, _):
        # an inch square from 1.000 and 0.500 inch; the backend takes whole millimetres: from 25 and 12 to 51 and 39
        ((page, rows),) = await scanned(device, request(ppi=300, region=Region(1000, 500, 1000, 1000)))
    assert (page.width, page.height) == (300, 300)
    assert len(rows) == 300 * 300 * 3


async def test_the_feeder_gives_ten_pages_and_is_empty_then(settings):
    async with opened() as (device, actor):
        asked = request(Source.FEEDER, Mode.GRAY8)
        found = await scanned(device, asked)
        assert len(found) == 10
        assert not any(page.back for page, _ in found)
        counts = [each.jobs[0].pages for each in await told(actor) if each.jobs and each.jobs[0].percent is None]
        assert counts[-11:] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]


async def test_as_many_sheets_are_fed_as_are_wanted(settings):
    async with opened() as (device, _):
        assert len(await scanned(device, request(Source.FEEDER, Mode.GRAY8, pages=3))) == 3
        assert len(await scanned(device, request(Source.FEEDER, Mode.GRAY8, pages=3))) == 3


async def test_a_hand_scanner_tells_its_height_by_its_end(settings):
    settings("hand-scanner true\n" + COLOURED)
    async with opened() as (device, _):
        ((page, rows),) = await scanned(device, request(mode=Mode.GRAY8))
        assert page.height is None
        assert page.width == 295  # of the 11 cm it always takes, those 10 that were asked for
        assert len(rows) % 295 == 0
        assert len(rows) > 0


async def test_sixteen_bits_come_in_the_networks_order(settings):
    settings('test-picture "Solid white"\ninvert-endianess false\n')
    async with opened() as (device, _):
        ((_, rows),) = await scanned(device, request(mode=Mode.GRAY16))
        assert set(rows) == {255}


async def test_colours_in_three_passes_are_put_together(root, settings, tmp_path):
    settings(COLOURED)
    options = ("--mode", "Color", "--depth", "8", "-x", "100", "-y", "100", "--resolution", "75")
    _, _, _, samples = picture(await scanimage(root, tmp_path, *options))
    settings(COLOURED + "mode Color\nthree-pass true\nthree-pass-order GBR\n")
    async with opened() as (device, _):
        ((_, rows),) = await scanned(device, request())
        assert rows == samples


JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)
LID = Trouble(TroubleKind.COVER_OPEN, Unit.PLATEN)


@pytest.mark.parametrize(
    ("status", "error", "trouble"),
    [
        ("UNSUPPORTED", ScanFailed, None),
        ("CANCELLED", CanceledAtDevice, None),
        ("DEVICE_BUSY", DeviceBusy, None),
        ("INVAL", ScanFailed, None),
        ("EOF", ScanFailed, None),
        ("JAMMED", ScanFailed, JAM),
        ("NO_DOCS", FeederEmpty, None),
        ("COVER_OPEN", ScanFailed, LID),
        ("IO_ERROR", ScanFailed, None),
        ("NO_MEM", ScanFailed, None),
        ("ACCESS_DENIED", DeviceRefused, None),
    ],
)
async def test_every_status_of_a_read_ends_the_scan_by_its_error(settings, status, error, trouble):
    settings(f'read-status-code "SANE_STATUS_{status}"\n')
    async with opened() as (device, actor):
        with pytest.raises(error) as failure:
            await scanned(device, request())
        assert failure.type is error
        assert "\n" not in str(failure.value)
        seen = [await actor.poll() for _ in range(3)]
        phase = Phase.CANCELED if error is CanceledAtDevice else Phase.FAILED
        last = next(each for each in seen if each.jobs and each.jobs[0].phase is phase)
        assert last.jobs == (JobReport("wsd-1", phase, 0, None, Unit.PLATEN, at_panel=status == "CANCELLED"),)
        if trouble is not None:
            assert last.troubles == {trouble}
            after = await actor.poll()  # a client that asks after the failure still learns why
            assert (after.readiness, after.troubles) == (Readiness.STOPPED, {trouble})
        # the child and its device are still good
        with pytest.raises(error):
            await scanned(device, request())


async def test_a_cancel_in_mid_page_stops_the_scanner_at_once(settings):
    settings(SLOW)
    async with opened() as (device, actor):
        assert device.acquirer is not None
        document = await device.acquirer.scan(request(ppi=300))
        page = next(iter(document))
        assert isinstance(page, Raster)
        await asyncio.to_thread(next, page.chunks)
        began = time.monotonic()
        document.cancel()
        with pytest.raises(ScanCanceled):
            await asyncio.to_thread(pages, document)
        async with asyncio.timeout(2):
            while (snapshot := await actor.poll()).jobs:
                last = snapshot
        assert last.jobs[0].phase is Phase.CANCELED
        assert time.monotonic() - began < 0.7
        pid = actor.pid
        document = await device.acquirer.scan(request(ppi=75, mode=Mode.LINEART, region=Region(0, 0, 500, 500)))
        assert len(await asyncio.to_thread(pages, document)) == 1
        assert actor.pid == pid


@pytest.mark.parametrize(("deadly", "within"), [(signal.SIGKILL, 2.0), (signal.SIGSTOP, 4.0), (signal.SIGSEGV, 2.0)])
async def test_a_child_that_dies_or_hangs_costs_one_scan(settings, monkeypatch, deadly, within):
    monkeypatch.setattr("drivers.sane.scan.SILENCE", 1.0)
    settings(SLOW)
    async with opened() as (device, actor):
        assert device.acquirer is not None
        document = await device.acquirer.scan(request(ppi=300))
        await asyncio.sleep(0.3)
        assert actor.pid is not None
        before = actor.pid
        os.kill(before, deadly)
        began = time.monotonic()
        with pytest.raises(DeviceTimeout):
            await asyncio.to_thread(pages, document)
        assert time.monotonic() - began < within
        assert not running(before)
        settings("")
        assert len(await scanned(device, request())) == 1
        assert actor.pid != before


async def test_a_child_killed_while_nothing_scans_is_not_missed(settings):
    async with opened() as (device, actor):
        assert actor.pid is not None
        before = actor.pid
        os.kill(before, signal.SIGKILL)
        await product.until(lambda: not running(before), 5)
        await asyncio.sleep(0.2)  # its second thread may take a moment more to let go of the pipes
        assert (await actor.poll()).readiness is Readiness.IDLE
        assert len(await scanned(device, request())) == 1


async def test_a_shared_device_is_let_go_after_each_scan(settings):
    async with opened(share=True) as (device, actor):
        assert actor.pid is None
        assert len(await scanned(device, request())) == 1
        assert actor.pid is None


async def test_a_bridge_that_is_killed_leaves_no_child(settings, tmp_path):
    program = (
        "import time\nfrom pathlib import Path\nfrom drivers.sane.opened import open_child\n"
        "from drivers.sane import backends\n"
        "child = open_child('libsane.so.1', backends.private(('test',)), 'test:0')\n"
        "print(child.child.pid, flush=True)\ntime.sleep(60)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        cwd=product.PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    await product.until(lambda: not running(pid), 5)


async def test_without_libsane_nothing_is_found_and_it_is_said_once(caplog, settings):
    caplog.set_level("INFO")
    sane = catalog.Sane("libsane-that-is-not.so.9")
    for _ in range(3):
        assert await catalog.find(local=False, sane=sane) == []
    assert len([each for each in caplog.records if "libsane-that-is-not" in each.getMessage()]) == 1


async def test_the_catalog_finds_and_opens_it(settings):
    (finding,) = await catalog.find(local=False, sane=catalog.Sane("libsane.so.1", ("test",)))
    assert (finding.key, finding.driver) == ("sane-test:0", "sane")
    device = await finding.open()
    await device.close()


async def test_a_name_that_leads_nowhere_is_a_device_that_is_gone(settings):
    listing = Listing("libsane.so.1", ("test",))
    (listed,) = await asyncio.to_thread(listing.devices)
    with pytest.raises(DriverError) as failure:
        await open_device(replace(listed, name="test:7"), "x", listing.library, listing.config_dir, SystemClock())
    assert failure.type is DeviceGone


SERVED = '[sane]\nbackends = ["test"]\n'


async def test_a_client_scans_a_platen_page_and_a_feeder_batch_through_the_bridge(settings, tmp_path):
    settings(COLOURED)
    async with (
        product.bridge(tmp_path, settings=SERVED) as bridge,
        session.opened(bridge.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        for source, images in ((InputSource.PLATEN, 1), (InputSource.ADF, 3)):
            job = await client.create_job(make(Wish(source, images=images), able))
            for number in range(images):
                image = await client.retrieve(job, tmp_path / f"{source.value}-{number}.jpg")
                assert image.size > 1000
            end = await client.timeline.job_end(job.job_id, timeout=20)
            assert end.job_completed_state is JobState.COMPLETED
            assert end.scans_completed.count == images


TEMPORARY = "ServerErrorTemporaryError"
NO_IMAGES = "ClientErrorNoImagesAvailable"


@pytest.mark.parametrize(
    ("status", "fault", "reason", "end"),
    [
        ("UNSUPPORTED", TEMPORARY, None, JobState.ABORTED),
        ("CANCELLED", "ClientErrorJobCancelled", None, JobState.CANCELED),
        ("DEVICE_BUSY", TEMPORARY, None, JobState.ABORTED),
        ("INVAL", TEMPORARY, None, JobState.ABORTED),
        ("EOF", TEMPORARY, None, JobState.ABORTED),
        ("JAMMED", TEMPORARY, "MediaJam", JobState.ABORTED),
        ("NO_DOCS", NO_IMAGES, None, JobState.ABORTED),
        ("COVER_OPEN", TEMPORARY, "CoverOpen", JobState.ABORTED),
        ("IO_ERROR", TEMPORARY, None, JobState.ABORTED),
        ("NO_MEM", TEMPORARY, None, JobState.ABORTED),
        ("ACCESS_DENIED", TEMPORARY, None, JobState.ABORTED),
    ],
)
async def test_every_status_reaches_the_client_as_fault_status_and_event(  # noqa: PLR0917 - fixtures
    settings, tmp_path, status, fault, reason, end
):
    settings(f'read-status-code "SANE_STATUS_{status}"\n')
    async with (
        product.bridge(tmp_path, settings=SERVED) as bridge,
        session.opened(bridge.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        for _ in range(2):  # the child and its device stay good
            job = await client.create_job(make(Wish(InputSource.ADF), able))
            with pytest.raises(Refused) as refusal:
                await client.retrieve(job, tmp_path / "page.jpg")
            assert refusal.value.subcode == fault
            if reason is not None:
                await product.until_state(client, ScannerState.STOPPED)
            now = await client.status()
            assert now.scanner_state is (ScannerState.STOPPED if reason else ScannerState.IDLE)
            assert reason is None or reason in str(now.scanner_state_reasons)
            ended = await client.timeline.job_end(job.job_id, timeout=20)
            assert ended.job_completed_state is end
            assert ended.scans_completed.count == 0
        conditions = [each for each in client.timeline.arrived if each.name == EventName.SCANNER_STATUS_CONDITION]
        assert bool(conditions) == (reason is not None or status == "NO_DOCS")


async def test_a_hand_scanner_whose_height_nobody_knows_is_served(settings, tmp_path):
    settings("hand-scanner true\n" + COLOURED)
    async with (
        product.bridge(tmp_path, settings=SERVED) as bridge,
        session.opened(bridge.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        job = await client.create_job(make(Wish(InputSource.PLATEN, resolution=75), able))
        announced = job.image_information.media_front_image_info
        image = await client.retrieve(job, tmp_path / "page.jpg")
        with Image.open(image.path) as picture:
            assert picture.size == (announced.pixels_per_line, announced.number_of_lines)
        ended = await client.timeline.job_end(job.job_id, timeout=20)
        assert (ended.job_completed_state, ended.scans_completed.count) == (JobState.COMPLETED, 1)


async def test_a_killed_child_costs_the_bridge_one_job(settings, tmp_path):
    settings(SLOW)
    async with (
        product.bridge(tmp_path, settings=SERVED) as bridge,
        session.opened(bridge.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        job = await client.create_job(make(Wish(InputSource.PLATEN), able))
        await asyncio.sleep(0.5)
        (child,) = children(bridge.pid)
        os.kill(child, signal.SIGKILL)
        with pytest.raises((NoAnswer, Refused)):  # cut off where the page was on its way already, else a fault
            await client.retrieve(job, tmp_path / "broken.jpg")
        end = await client.timeline.job_end(job.job_id, timeout=20)
        assert end.job_completed_state is JobState.ABORTED
        settings("")
        job = await client.create_job(make(Wish(InputSource.PLATEN), able))
        assert (await client.retrieve(job, tmp_path / "after.jpg")).size > 1000


async def test_a_large_page_costs_less_than_40_mb_in_the_bridge_and_in_the_child(settings, tmp_path):
    settings(COLOURED + "geometry_max 297\n")
    async with (
        product.bridge(tmp_path, settings=SERVED) as bridge,
        session.opened(bridge.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        able = await client.configuration()
        peaks = []
        for ppi in (75, 600):
            job = await client.create_job(make(Wish(InputSource.PLATEN, resolution=ppi), able))
            image = await client.retrieve(job, tmp_path / f"{ppi}.jpg")
            peaks.append(bridge.peak())
        assert image.size > 10_000_000
        assert peaks[1] - peaks[0] < 40
        (child,) = children(bridge.pid)
        assert peak(child) < 40 * 1024
