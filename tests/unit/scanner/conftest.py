"""A scanner on a bench: the device is the test's own hand, the clock is turned by it, imaging and jobs are real."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bridge.config import Jobs
from bridge.jobs.book import Paper
from bridge.scanner.acquisition import Acquisition
from bridge.scanner.hosted import HostedScanner
from bridge.translate.ticket import default_ticket, plan
from bridge.wsscan.events import EventName, JobEndStateEvent, JobStatusEvent
from bridge.wsscan.names import ScanElement
from bridge.wsscan.settings import AskedCount, AskedFormat, AskedInputSource
from bridge.wsscan.ticket import DocumentParameters, ScanTicket
from bridge.wsscan.values import Format, InputSource
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.document import Document, Raster, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DriverError
from drivers.contract.handover import Handover
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot

GLASS = SourceCapabilities((75, 75), (75,), (Mode.GRAY8,), Size(100, 100), Size(2000, 2000))
CAPABILITIES = Capabilities(platen=GLASS, feeder=GLASS, feeder_back=GLASS)
SIDE = 150  # 2 inch at 75 ppi
IDENTITY = Identity("usb-04b8-0110-1", "Epson", "Perfection 1640SU")


class HandClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.seconds + seconds, future))
        await future

    async def turn(self, seconds: float) -> None:
        await asyncio.sleep(0)  # who wants to sleep lies down first
        self.seconds += seconds
        for due, future in self._sleepers:
            if due <= self.seconds and not future.done():
                future.set_result(None)
        await asyncio.sleep(0)


class Hand:
    """The device: what it scans is put into `scans[n]` by the test."""

    def __init__(self) -> None:
        self.scans: list[Handover] = []
        self.requests: list[ScanRequest] = []
        self.refuses: Exception | None = None
        self.ready = asyncio.Event()
        self.ready.set()
        self.snapshot = Snapshot("usb", Readiness.IDLE)

    async def scan(self, request: ScanRequest) -> Document:
        await self.ready.wait()
        if self.refuses is not None:
            raise self.refuses
        self.requests.append(request)
        self.scans.append(Handover())
        return self.scans[-1]

    async def poll(self) -> Snapshot:
        return self.snapshot

    async def rest(self, seen: Snapshot) -> None:
        raise NotImplementedError  # nobody watches on this bench

    def device(self) -> Device:
        async def close() -> None:
            pass

        return Device(IDENTITY, "hand", CAPABILITIES, (self,), self, close)

    def begin_page(self, number: int = -1, rows: int = SIDE) -> None:
        scan = self.scans[number]
        scan.page(Raster(SIDE, SIDE, Mode.GRAY8, (75, 75), iter(())))
        scan.put(bytes(range(SIDE)) * rows)

    def page(self, number: int = -1) -> None:
        self.begin_page(number)
        self.scans[number].end_page()

    def stops_when_told(self, number: int = -1, error: DriverError | None = None) -> None:
        """Like hardware: a moment after the cancel it has stopped."""
        scan = self.scans[number]

        def hardware() -> None:
            while not scan.canceled:
                threading.Event().wait(0.002)
            if error is None:
                scan.finish()
            else:
                scan.fail(error)

        threading.Thread(target=hardware, daemon=True).start()


class Bench:
    """One hosted scanner with its acquisition, and all that was told."""

    def __init__(self, spool: Path, jobs: Jobs) -> None:
        self.clock = HandClock()
        self.hand = Hand()
        self.told: list[tuple[int, str]] = []
        ids = count(1)
        self.scanner = HostedScanner(IDENTITY, lambda: next(ids), self.clock, self._tell)
        self.scanner.attach(self.hand.device())
        self.acquisition = Acquisition(self.scanner, jobs, spool, 2**20)
        self.begun: set[asyncio.Task[object]] = set()

    def _tell(self, name: EventName, body: ScanElement) -> None:
        match body:
            case JobStatusEvent():
                status = body.job_status
                reasons = status.job_state_reasons
                word = f"/{reasons.job_state_reason[0]}" if reasons else ""
                self.told.append((status.job_id, f"{status.job_state}{word} {status.scans_completed.count}"))
            case JobEndStateEvent():
                end = body.job_end_state
                self.told.append((end.job_id, f"END {end.job_completed_state} {end.scans_completed.count}"))
            case _:
                self.told.append((0, str(name)))

    def events(self, job_id: int) -> list[str]:
        return [text for about, text in self.told if about == job_id]

    async def create(
        self, source: InputSource = InputSource.ADF, images: int = 0, format_: Format = Format.JFIF
    ) -> int:
        ticket = ScanTicket(
            job_description=default_ticket(CAPABILITIES).job_description,
            document_parameters=DocumentParameters(
                format=AskedFormat(value=format_),
                input_source=AskedInputSource(value=source),
                images_to_transfer=AskedCount(value=images),
            ),
        )
        made = plan(ticket, CAPABILITIES)
        paper = Paper("token", ticket, made.final, made.images, "127.0.0.1")
        job = await self.acquisition.create("name", "user", made, paper)
        return job.id

    async def retrieve(self, job_id: int) -> bytes:
        """One image, whole."""
        async with self.acquisition.retrieve(job_id, f"document {job_id}") as page:
            return b"".join([chunk async for chunk in page.chunks()])

    def hold(self, job_id: int) -> "asyncio.Task[bytes]":
        """A RetrieveImage that is on its way while the test goes on."""
        return asyncio.create_task(self.retrieve(job_id))


async def until(true: Callable[[], object], what: str = "") -> None:
    """Wait, 5 s at most, for what threads and tasks do."""
    for _ in range(2500):
        if true():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"it never came: {what}")


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("encode", "imaging"))}


@pytest.fixture
def jobs() -> Jobs:
    return Jobs(retrieve_wait=5)


@pytest.fixture
async def bench(tmp_path: Path, jobs: Jobs) -> AsyncIterator[Bench]:
    """Closed at the end; what it leaves behind is an error."""
    before = asyncio.all_tasks()
    bench = Bench(tmp_path, jobs)
    yield bench
    for scan in bench.hand.scans:
        scan.finish()
    async with asyncio.timeout(5):
        await bench.acquisition.close()
    assert asyncio.all_tasks() - {asyncio.current_task()} <= before
    assert threads() == set()
    assert os.listdir(tmp_path) == []
    for job in bench.scanner.book.history():
        assert sum(text.startswith("END") for text in bench.events(job.id)) == 1
        assert bench.events(job.id)[-1].startswith("END")
    assert list(bench.scanner.book.active()) == []
