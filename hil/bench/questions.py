"""How fast a scanner says what and how it is: GetScannerElements, idle, while it scans, and while it is unplugged.

Each question is asked of the bridge and at once of a bare server that answers the same bytes, in turns over
connections that stay open, so that both meet the same machine. The scanner is a process of its own too.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bridge.errors import BridgeError
from bridge.soap import addressing, envelope
from bridge.wsscan.operations import GetScannerElementsRequest, Operation
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.sections import RequestedElements, ScannerSection
from bridge.wsscan.values import ColorEntry, InputSource
from bridge.wsscan.year import DEFAULT, action, respell
from drivers.contract.clock import Clock
from hil.bench.figures import Figure, samples
from hil.bench.floor import bare_server
from hil.bench.line import Line
from hil.bench.served import served
from hil.client import ticket
from hil.client.session import Session, opened
from hil.client.ticket import Wish

_WARM = 50
_PAUSE = 0.002  # seconds between questions
_STATE_TIMEOUT = 20.0
_BARE = "floor is a bare aiohttp handler that answers the same bytes"


async def figures(count: int, clock: Clock) -> list[Figure]:
    """Three figures of `count` questions each."""
    async with _scanner("adf=500,speed=40,feed=0.05,warmup=0") as (place, stimulate):
        config = f'[usb]\nenabled = false\nusbip = ["{place}"]\n'
        async with served(config) as bridge, opened(bridge.url, clock) as session:
            parts = urlsplit(f"{bridge.url}/scan")
            asked = _question()
            async with Line.open(int(parts.port or 0), parts.path, asked) as ours:
                answer = (await ours.ask())[1]
                async with bare_server(answer) as port, Line.open(port, "/", asked) as floor:
                    made = [await _in_turns("GetScannerElements, idle", ours, floor, count)]
                    scan = asyncio.create_task(_scan(session))
                    try:
                        await _until(session, ScannerState.PROCESSING)
                        made.append(await _in_turns("GetScannerElements, while it scans", ours, floor, count))
                        if scan.done():
                            raise RuntimeError("the scan ended before the questions did")
                    finally:
                        scan.cancel()
                        with suppress(asyncio.CancelledError, BridgeError):
                            await scan
                    await stimulate("unplug")
                    await _until(session, ScannerState.STOPPED)
                    made.append(await _in_turns("GetScannerElements, unplugged", ours, floor, count))
    return made


async def _in_turns(name: str, ours: Line, floor: Line, count: int) -> Figure:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(count + _WARM):
        for line, into in zip((ours, floor), times, strict=True):
            took, _ = await line.ask()
            if number >= _WARM:
                into.append(took)
        await asyncio.sleep(_PAUSE)
    return Figure(name, samples(times[0]), samples(times[1]), _BARE, tail=True)


def _question() -> bytes:
    request = GetScannerElementsRequest(requested_elements=RequestedElements(name=tuple(ScannerSection)))
    headers = addressing.request(action(Operation.GET_SCANNER_ELEMENTS), "http://127.0.0.1/")
    return envelope.write(headers, respell(request.to_xml(), DEFAULT))


async def _scan(session: Session) -> None:
    """Pages until the feeder is empty, which it is not before this is ended."""
    wish = Wish(InputSource.ADF, color=ColorEntry.RGB_24, resolution=150)
    job = await session.create_job(ticket.make(wish, await session.configuration()))
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
        try:
            while True:
                await session.retrieve(job, Path(place, "page.jpg"))
        finally:
            await session.cancel(job.job_id)


async def _until(session: Session, state: ScannerState) -> None:
    async with asyncio.timeout(_STATE_TIMEOUT):
        while (await session.status()).scanner_state is not state:  # noqa: ASYNC110 - asked over the wire
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _scanner(script: str) -> AsyncIterator[tuple[str, "_Stimulate"]]:
    """`wsd-scan-hil serve esci`: where it is plugged in, and how to tell it what happens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.cli", "serve", f"esci={script}", "--end-with-input",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = (await process.stdout.readline()).decode().split()
        if not ready or ready[0] != "ready":
            raise RuntimeError("the simulated scanner did not start")
        yield ready[1].removeprefix("usbip://"), _Stimulate(process.stdin)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass(frozen=True, slots=True)
class _Stimulate:
    """Something happens to the scanner."""

    stdin: asyncio.StreamWriter

    async def __call__(self, what: str) -> None:
        self.stdin.write(f"{what}\n".encode())
        await self.stdin.drain()
