"""A Windows PC's way with a scanner, from Probe to Unsubscribe, against the bridge and a simulated ESC/I scanner.

`wsd-scan-hil windows` is the PC; it runs as a process of its own, as its users run it.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.errors import OperationRefused
from bridge.net.sink import Sink
from bridge.wsscan.events import EventName, ScanAvailableEvent
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from hil import serving
from hil.client import windows_leases
from hil.client.timeline import Timeline
from hil.client.windows_leases import EVENTS, Held
from hil.client.wsdapi import Wsdapi
from hil.devices.stimuli import Press
from tests.system import product
from tests.wire.http_rig import Rig, running

LAST_BEFORE_PRESS = "ValidateScanTicket by default"
SECONDS = 90.0


async def pc(*arguments: str, rig: serving.Rig | None = None) -> tuple[int, list[str]]:
    """Run it to its end; somebody presses the scanner's button once it waits for that. Exit code and lines."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.cli", "windows", *arguments, cwd=product.PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(SECONDS):
            while line := (await process.stdout.readline()).decode().rstrip():
                lines.append(line)
                if rig is not None and LAST_BEFORE_PRESS in line:
                    rig.stimulate(Press())
            return await process.wait(), lines
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def told(lines: list[str], step: str) -> list[str]:
    """What the lines of that step say behind it; every one must be ok."""
    found = [line for line in lines if line[9:].startswith(f"{step} ")]
    assert found, f"no {step} in {lines}"
    assert all(line.startswith("ok ") for line in found), found
    return [line[9 + len(step) :].strip() for line in found]


def sizes(place: Path) -> list[int]:
    """Of the pages that were saved, in bytes."""
    return [path.stat().st_size for path in sorted(place.glob("*.bmp"))]


@pytest.mark.parametrize("destinations", [5, 1])
async def test_the_whole_sequence_of_a_pc_that_finds_its_scanner(tmp_path: Path, destinations: int):
    async with (
        product.scanner("adf=2") as rig,
        product.bridge(tmp_path, usbip=[rig], multicast=True) as bridge,
    ):
        device = f"urn:uuid:{bridge.url.rpartition('/')[2]}"
        words = ["--probe", "--device", device, "--scan", "--press", "20", "--output", str(tmp_path)]
        code, lines = await pc(*words, *(["--one"] if destinations == 1 else []), rig=rig)
    assert (code, lines[-1]) == (0, "nothing is missing"), "\n".join(lines)
    assert not [line for line in lines if line.startswith(("MISSING", "skipped"))]
    contexts = ["Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR"][:destinations]
    assert told(lines, "DestinationResponses") == [" ".join(contexts)]
    assert told(lines, "Resolve")[0].startswith(device)
    assert told(lines, "ThisModel/df:DeviceCategory") == ["Imaging.Scanner"]
    assert told(lines, "keep-alive") == ["3 answers"]
    for event in EVENTS:
        assert told(lines, f"Subscribe {event}") == ["for 1:00:00"]
    assert told(lines, "ScanAvailableEvent") == ["Scan from ADF"]
    assert told(lines, "CreateScanJob (press)") == ["job 1, dib, ADF"]
    assert told(lines, "JobEndStateEvent (press)") == ["Started Processing Completed, 2 scans"]
    assert told(lines, "CreateScanJob (scan)") == ["job 2, dib, Platen"]
    assert told(lines, "Unsubscribe") == ["7 times"]
    # 8.5 x 11.7 inch at 300 ppi, three bytes a pixel in rows of a multiple of four, behind 54 bytes of headers.
    size = 54 + 7652 * 3510
    assert sizes(tmp_path) == [size] * 3


async def test_a_check_up_by_address_moves_nothing(tmp_path: Path):
    async with product.scanner("adf=1") as rig, product.bridge(tmp_path, usbip=[rig]) as bridge:
        host = bridge.url.rpartition("/")[0]
        for url in (host, bridge.url):
            code, lines = await pc("--url", url, "--output", str(tmp_path))
            assert code == 0, "\n".join(lines)
            skipped = [re.split(r"\s+", line)[1] for line in lines if line.startswith("skipped")]
            assert skipped == ["Resolve", "ScanAvailableEvent", "CreateScanJob", "wse:Identifier"]
        assert "job=" not in bridge.log
        code, lines = await pc("--url", f"{host}/elsewhere")
    assert code == 1
    assert lines[0].startswith("MISSING  scan service")


@dataclass
class PC:
    """A subscriber as Windows is one, for tests in which several PCs come and go."""

    wsdapi: Wsdapi
    service: str
    sink: Sink
    timeline: Timeline
    held: dict[EventName, Held] = field(default_factory=dict)

    async def subscribe(self, host: str) -> None:
        """To everything; the second time anew, with the identifiers of the first."""
        for event in EVENTS:
            offered = windows_leases.destinations(host) if event is EventName.SCAN_AVAILABLE else ()
            before = self.held.get(event)
            self.held[event] = await windows_leases.subscribe(
                self.wsdapi,
                self.service,
                self.sink.url,
                event,
                offered=offered,
                identifier=None if before is None else before.identifier,
            )

    def invitations(self) -> list[ScanAvailableEvent]:
        return [each.event for each in self.timeline.arrived if isinstance(each.event, ScanAvailableEvent)]

    async def invited(self, count: int) -> None:
        await product.until(lambda: len(self.invitations()) >= count, 5)


@asynccontextmanager
async def here(service: str) -> AsyncIterator[PC]:
    """A PC that is switched on; behind the block it is gone without a word."""
    timeline, clock = Timeline(), SystemClock()
    async with HttpClient(2) as http, Sink("127.0.0.1", timeline.heard, clock) as sink:
        yield PC(Wsdapi(http), service, sink, timeline)


def press(rig: Rig, serial: int) -> None:
    rig.scanner.show(Snapshot("fake", Readiness.IDLE, presses=(ButtonPress("scan", serial),)))


def service_of(rig: Rig) -> str:
    return f"{rig.url}/scan"


async def test_a_pc_that_subscribes_again_has_no_duplicates_and_keeps_its_tokens(tmp_path: Path):
    async with running(tmp_path) as rig, here(service_of(rig)) as desk:
        await desk.subscribe("DESK")
        first = dict(desk.held)
        await desk.subscribe("DESK")
        again = desk.held[EventName.SCAN_AVAILABLE]
        assert again.tokens == first[EventName.SCAN_AVAILABLE].tokens
        assert len(set(again.tokens.values())) == 5
        for held in first.values():
            with pytest.raises(OperationRefused):
                await windows_leases.status(desk.wsdapi, held)
        for held in desk.held.values():
            assert (await windows_leases.status(desk.wsdapi, held)).total_seconds() == 3600
        press(rig, 1)
        await desk.invited(1)
        rig.scanner.show(Snapshot("fake", Readiness.STOPPED))
        await desk.timeline.wait_for(lambda each: each.name == EventName.SCANNER_STATUS_SUMMARY, 5)
        await asyncio.sleep(0.1)
        names = [each.name for each in desk.timeline.arrived]
        assert sorted(names) == [EventName.SCAN_AVAILABLE, EventName.SCANNER_STATUS_SUMMARY]
        assert {each.identifier for each in desk.timeline.arrived} == {
            desk.held[EventName.SCAN_AVAILABLE].identifier,
            desk.held[EventName.SCANNER_STATUS_SUMMARY].identifier,
        }


async def test_a_pc_that_vanished_disturbs_nobody_and_is_forgotten_in_an_hour(tmp_path: Path):
    async with running(tmp_path) as rig, here(service_of(rig)) as desk:
        await desk.subscribe("DESK")
        async with here(service_of(rig)) as laptop:
            await laptop.subscribe("LAPTOP")
            press(rig, 1)
            await laptop.invited(1)  # whoever came last
        # It hibernates: what is sent to it comes to nothing, and the other PC waits for none of it.
        rig.scanner.show(Snapshot("fake", Readiness.STOPPED))
        await desk.timeline.wait_for(lambda each: each.name == EventName.SCANNER_STATUS_SUMMARY, 2)
        assert not desk.invitations()
        rig.scanner.show(Snapshot("fake", Readiness.IDLE))
        for held in desk.held.values():
            await windows_leases.renew(desk.wsdapi, held)
        rig.clock.turn(1800)
        for held in desk.held.values():
            await windows_leases.renew(desk.wsdapi, held)
        rig.clock.turn(1801)
        press(rig, 2)
        await desk.invited(1)
        for held in laptop.held.values():
            with pytest.raises(OperationRefused):
                await windows_leases.status(desk.wsdapi, held)
