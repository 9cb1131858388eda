"""What it costs to look at many network MFPs over SNMP, and to walk a table.

The agents are a process of their own, so the CPU time of this process is the bridge's side alone, which is one thread.
Each simulated MFP is opened and looked at once a second as the bridge does it (drivers.snmp.observer); what the sum of
them uses is shown for 10, 50, 100 and 200 of them, and is to grow in step. One GET is shown with an answer that says
the same as the last one, which is an idle device, and with one that is decoded.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.snmp import oids
from drivers.snmp.credentials import Community
from drivers.snmp.device import open_device
from drivers.snmp.link import open_link
from drivers.snmp.reading import Link
from hil.bench.agents import TABLE
from hil.bench.figures import Figure, Samples, samples

HOST = "127.0.0.1"
COUNTS = (10, 50, 100, 200)
ROWS = 5_000
_WARM = 6.0  # seconds: the first look at each reads all its tables, and the agents are one process
_WINDOWS = 6  # seconds that are measured, one by one
_GETS = 100
_OPENINGS = 20
_WALKS = 5
_START = 30.0
_TICK = 0.012  # seconds between two GETs: sysUpTime has moved
_HP = "1.3.6.1.4.1.11.2.3.9.4.2.1.2.2"
_OBJECTS = (
    "1.3.6.1.2.1.25.3.2.1.5.1",
    "1.3.6.1.2.1.25.3.5.1.2.1",
    *(f"{_HP}.{each}.0" for each in ("1.12", "1.6", "1.44", "1.45", "1.73", "1.74", "1.75", "2.1")),
)


async def figures(clock: Clock, walker: str | None) -> list[Figure]:
    """All rows. `walker`: the path of snmpbulkwalk. Raises RuntimeError, DriverError."""
    async with _agents(max(COUNTS), ROWS) as ports:
        rows = [await _devices(clock, ports[:count]) for count in COUNTS]
        rows.append(await _opened(clock, ports[0]))
        rows.append(await _gets(clock, ports[0]))
        return [*rows, await _walk(ports[-1], walker or os.environ.get("SNMPBULKWALK") or shutil.which("snmpbulkwalk"))]


@asynccontextmanager
async def _agents(count: int, rows: int) -> AsyncIterator[list[int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.bench.agents", str(count), str(rows),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(_START):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated agents did not start")
        yield [int(port) for port in line.split()]
    finally:
        process.stdin.close()
        await process.wait()


async def _devices(clock: Clock, ports: list[int]) -> Figure:
    """CPU seconds of each second in which all are looked at once."""
    looks = 0

    async def watch(device: Device, first: float) -> None:
        nonlocal looks
        due = clock.monotonic() + first
        while True:
            await clock.sleep(max(0.0, due - clock.monotonic()))
            await device.observers[0].poll()
            looks += 1
            due = max(due + 1.0, clock.monotonic())  # what was missed is not made up for

    async with AsyncExitStack() as opened:
        devices = []
        for port in ports:
            devices.append(await open_device(HOST, port, clock=clock))
            opened.push_async_callback(devices[-1].close)
        watching = [asyncio.create_task(watch(each, at / len(ports))) for at, each in enumerate(devices)]
        try:
            await clock.sleep(_WARM)
            looks, began = 0, clock.monotonic()
            used = [await _second(clock) for _ in range(_WINDOWS)]
            rate = looks / (clock.monotonic() - began)
        finally:
            for task in watching:
                task.cancel()
            ended = await asyncio.gather(*watching, return_exceptions=True)
        failed = [each for each in ended if isinstance(each, Exception)]
        if failed:
            raise failed[0]
    if rate < 0.9 * len(ports):
        raise RuntimeError(f"{rate:.0f} looks a second at {len(ports)} devices are too few")
    cpu = samples(used)
    each = cpu.median / len(ports)
    note = f"{100 * cpu.median:.2f} % of one core; {1e6 * each:.0f} us a look, {rate:.0f} looks a second"
    return Figure(f"{len(ports)} idle MFPs at 1 Hz, CPU a second", cpu, note=note)


async def _second(clock: Clock) -> float:
    """CPU time of this process over a second."""
    began, cpu = clock.monotonic(), time.process_time()
    await clock.sleep(1.0)
    return (time.process_time() - cpu) / (clock.monotonic() - began)


async def _opened(clock: Clock, port: int) -> Figure:
    """What comes on top once for each device, and about half of it once a minute."""
    used = []
    for _ in range(_OPENINGS):
        before = time.process_time()
        device = await open_device(HOST, port, clock=clock)
        await device.observers[0].poll()
        used.append(time.process_time() - before)
        await device.close()
    return Figure("an MFP is opened and read whole, CPU", samples(used), note="its tables are read again once a minute")


async def _gets(clock: Clock, port: int) -> Figure:
    link = await open_link(HOST, port, Community())
    try:
        same = await _cpu_of_gets(clock, link, _OBJECTS)
        moving = await _cpu_of_gets(clock, link, (oids.SYS_UPTIME, *_OBJECTS))
    finally:
        await link.close()
    what = "floor is the same with sysUpTime, which pysnmp decodes"
    return Figure("GET of 10 objects, answered as before, CPU", same, moving, what)


async def _cpu_of_gets(clock: Clock, link: Link, names: tuple[str, ...]) -> Samples:
    await link.get(names)
    used = []
    for _ in range(_GETS):
        await clock.sleep(_TICK)
        before = time.process_time()
        await link.get(names)
        used.append(time.process_time() - before)
    return samples(used)


async def _walk(port: int, walker: str | None) -> Figure:
    """The same table by us and by net-snmp, in turns."""
    link = await open_link(HOST, port, Community())
    ours, theirs = [], []
    try:
        for _ in range(_WALKS):
            began = time.monotonic()
            found = await link.walk(TABLE, rows=ROWS + 1, seconds=60.0)
            ours.append(time.monotonic() - began)
            if len(found) != ROWS:
                raise RuntimeError(f"{len(found)} of {ROWS} rows were walked")
            if walker is not None:
                theirs.append(await asyncio.to_thread(_walked, walker, port))
    finally:
        await link.close()
    name = f"walk of {ROWS} rows"
    if not theirs:
        return Figure(name, samples(ours), note="no floor: snmpbulkwalk is not on this machine (--snmpbulkwalk)")
    return Figure(name, samples(ours), samples(theirs), "floor is net-snmp's snmpbulkwalk, a process")


def _walked(walker: str, port: int) -> float:
    command = (walker, "-v2c", "-c", "public", "-Cr20", "-m", "", "-On", f"{HOST}:{port}", TABLE)
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, timeout=60.0, check=True)  # noqa: S603 the operator named it
    took = time.monotonic() - began
    if done.stdout.count(b"Supply number") != ROWS:
        raise RuntimeError(f"{walker} walked another table than we")
    return took
