"""How fast the end of a page in a USB scanner becomes an event at a subscriber.

From the page's last byte leaving the simulated device (on the other side of USB/IP) to the POST of the event with one
scan more arriving. While a scan runs it tells by itself, so there is no poll to wait for.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from bridge.net.asking import Refused
from bridge.net.sink import Arrived
from bridge.wsscan.events import JobStatusEvent
from bridge.wsscan.faults import Subcode
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.clock import Clock
from hil.bench.figures import Samples, samples
from hil.bench.served import served
from hil.client import ticket
from hil.client.session import opened
from hil.client.ticket import Wish

_END_TIMEOUT = 30.0


async def page_ends(count: int, clock: Clock) -> tuple[Samples, bytes]:
    """Times from a page's last byte to the event that counts it, and the bytes of such an event."""
    scanner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hil.bench.tapped",
        f"adf={count},speed=0,feed=0.05,warmup=0",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert scanner.stdin is not None
    assert scanner.stdout is not None
    try:
        place = (await scanner.stdout.readline()).decode().removeprefix("ready ").strip()
        config = f'[usb]\nenabled = false\nusbip = ["{place}"]\n'
        counted = await _scan(config, clock)
        told, _ = await scanner.communicate(b"")  # the end of its input ends it
    finally:
        if scanner.returncode is None:
            scanner.kill()
            await scanner.wait()
    left = [float(line) for line in told.split()]
    if len(left) != count or len(counted) != count:
        raise RuntimeError(f"of {count} pages {len(left)} left the scanner and {len(counted)} were told of")
    took = [arrived.at - moment for moment, arrived in zip(left, counted, strict=True)]
    return samples(took), counted[-1].raw


async def _scan(config: str, clock: Clock) -> list[Arrived]:
    """Scan the feeder empty; for each page the first event that counts it."""
    async with served(config) as bridge, opened(bridge.url, clock) as session:
        await session.subscribe()
        wish = Wish(InputSource.ADF, color=ColorEntry.GRAYSCALE_8, resolution=100)
        job = await session.create_job(ticket.make(wish, await session.configuration()))
        with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
            while True:
                try:
                    await session.retrieve(job, Path(place, "page.jpg"))
                except Refused as err:
                    if err.subcode is Subcode.NO_IMAGES_AVAILABLE:
                        break
                    raise
        await session.timeline.job_end(job.job_id, _END_TIMEOUT)
        first: dict[int, Arrived] = {}
        for each in session.timeline.arrived:
            if isinstance(each.event, JobStatusEvent):
                first.setdefault(each.event.job_status.scans_completed.count, each)
        return [first[number] for number in sorted(first) if number]
