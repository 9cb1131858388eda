"""An A4 colour page from SANE's `test` backend through the whole bridge, beside scanimage alone and beside AirSane.

All take it from a process's start of the scan to its last byte as JPEG, ours and AirSane's with the same plain client
(hil.bench.plain), in turns, and at AirSane's quality and sampling of colour; scanimage's own quality is lower. libsane
must be on this machine; so must scanimage to be held against, and AirSane's program is named.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bridge.net.asking import HEADERS, read_response, request_bytes
from bridge.soap import envelope
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.operations import (
    CreateScanJobRequest,
    CreateScanJobResponse,
    Operation,
    RetrieveImageRequest,
)
from bridge.wsscan.ticket import DocumentDescription
from bridge.wsscan.values import InputSource
from drivers.contract.clock import Clock
from hil.bench import airsane, encoding, plain
from hil.bench.figures import Figure, samples
from hil.bench.processes import spent
from hil.bench.served import Served, served
from hil.client import ticket
from hil.client.session import opened

_CONFIG: Final = '[usb]\nenabled = false\n[sane]\nbackends = ["test"]\n'
_JPEG_END: Final = b"\xff\xd9"

_FORMAT: Final = "exif"  # colour at half resolution whatever the quality: AirSane's sampling
_QUALITY: Final = 90  # AirSane's

Taken = tuple[float, plain.Reply]  # s until the job was made, and its page


async def figures(runs: int, clock: Clock, scanimage: str | None, rival: Path | None) -> list[Figure]:
    """For each resolution. Raises NotServed, RuntimeError, OSError, ValueError, SubprocessError."""
    program = encoding.found(scanimage)
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as directory:
        alone, named = Path(directory, "alone"), Path(directory, "named")
        for place, backends in ((alone, "test\n"), (named, "")):  # the bridge is told the backend's name
            place.mkdir()
            encoding.configure(place, backends)
        async with AsyncExitStack() as stack:
            bridge = await stack.enter_async_context(served(_CONFIG, env={"SANE_CONFIG_DIR": str(named)}))
            session = await stack.enter_async_context(opened(bridge.url, clock))
            service, able = session.found.service, await session.configuration()
            other = None if rival is None else await stack.enter_async_context(airsane.running(rival, alone))
            for ppi in (300, 600):
                ours, theirs, bare = [], [], []
                for run in range(runs + 1):  # the first one opens what stays open
                    if run == 1:
                        before = _spent(bridge, other)
                    ours.append(await asyncio.to_thread(_page, service, able, ppi))
                    if other is not None:
                        size = (ticket.A4.width, ticket.A4.height)
                        theirs.append(await asyncio.to_thread(airsane.page, other.url, ppi, size))
                    if program is not None:
                        bare.append(await asyncio.to_thread(encoding.scanimage, program, alone, "jpeg", ppi))
                rows += _rows(ppi, ours[1:], theirs[1:], bare[1:], bridge)
                after = _spent(bridge, other)
                costs = [samples([(now - then) / runs]) for now, then in zip(after, before, strict=True)]
                floor = costs[1] if other is not None else None
                rows.append(
                    Figure(f"SANE test, A4 colour {ppi} ppi, CPU of a page", costs[0], floor, "floor is AirSane")
                )
    return rows


def _spent(bridge: Served, other: airsane.Running | None) -> list[float]:
    return [spent(each.pid) for each in (bridge, other) if each is not None]


def _rows(ppi: int, ours: list[Taken], theirs: list[Taken], bare: list[float], bridge: Served) -> list[Figure]:
    for _, page in (*ours, *theirs):
        if _JPEG_END not in page.end and _JPEG_END + b"\r\n" not in page.end:
            raise RuntimeError("a page did not come whole")
    name = f"SANE test, A4 colour {ppi} ppi"
    whole = samples([made + page.last for made, page in ours])
    first = samples([page.first for _, page in ours])
    said = f"{ours[0][1].size / 1e6:.1f} MB; the bridge had {bridge.peak():.0f} MB at most"
    against = "floor is AirSane"
    rows = []
    if bare:
        rows.append(Figure(f"{name}, beside scanimage", whole, samples(bare), "floor is scanimage", note=said))
    if theirs:
        floor = samples([made + page.last for made, page in theirs])
        note = f"{said}; AirSane's page has {theirs[0][1].size / 1e6:.1f} MB"
        rows.append(Figure(f"{name}, beside AirSane", whole, floor, against, note=note, paired=True))
        early = samples([page.first for _, page in theirs])
        rows.append(Figure(f"{name}, first byte", first, early, against))
    else:
        rows.append(Figure(f"{name}, first byte", first, note="from the request for the page"))
    return rows if bare or theirs else [Figure(name, whole, note=said), *rows]


def _page(service: str, able: ScannerConfiguration, ppi: int) -> Taken:
    wish = ticket.Wish(InputSource.PLATEN, _FORMAT, resolution=ppi, quality=_QUALITY)
    wanted = ticket.make(wish, able)
    question = request_bytes(service, Operation.CREATE_SCAN_JOB, CreateScanJobRequest(scan_ticket=wanted))
    made = plain.ask(service, question, HEADERS["Content-Type"])
    job = read_response(Operation.CREATE_SCAN_JOB, envelope.read(made.start))
    assert isinstance(job, CreateScanJobResponse)
    request = RetrieveImageRequest(
        job_id=job.job_id,
        job_token=job.job_token,
        document_description=DocumentDescription(document_name="page"),
    )
    question = request_bytes(service, Operation.RETRIEVE_IMAGE, request)
    return made.last, plain.ask(service, question, HEADERS["Content-Type"])
