"""What a scanner costs while nobody uses it: the bridge and every process that it started.

A wake-up is a voluntary context switch of any of their threads; memory is their proportional set size. Measured after
a page was scanned, for what that needed is to be given back, and after a quiet minute, when looks have become seldom
(docs/decisions/0046-idle-costs.md). Source: proc(5).
"""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bridge.simulation import simulated
from bridge.wsscan.values import InputSource
from drivers.contract.clock import SystemClock
from hil.bench.figures import Figure, samples
from hil.bench.processes import ENDED, processes
from hil.bench.served import NotServed, Served, served
from hil.client import ticket
from hil.client.session import opened

QUIET: Final = 70.0  # s until looks are as seldom as they become
SECONDS: Final = 20.0
MOST: Final = (("wake-ups", 5.0, "/s"), ("CPU of one core", 0.5, "%"), ("memory", 60.0, "MB"))
_SIMULATED: Final = ("esci", "esci2")
_PPI: Final = 300
_SANE: Final = '[usb]\nenabled = false\n[sane]\nbackends = ["test"]\n'


@dataclass(frozen=True, slots=True)
class Cost:
    """Of all those processes together."""

    wakes: float  # a second
    cpu: float  # % of one core
    memory: float  # MB


async def figures(more: Mapping[str, str] = MappingProxyType({})) -> list[Figure]:
    """Of a bridge for each kind of scanner, all at the same time; one that cannot be served here is left out.

    `more`: other kinds, and the configuration (TOML) that has them; nothing is scanned there.
    """
    async with AsyncExitStack() as stack:
        kinds = []
        for family in _SIMULATED:
            place = (await stack.enter_async_context(simulated([family]))).usbip[0]
            kinds.append((f"{family} over USB/IP", f'[usb]\nenabled = false\nusbip = ["{place}"]\n'))
        kinds += [("SANE test", _SANE), *more.items()]
        costs = await asyncio.gather(*(_cost(config, scans=kind not in more) for kind, config in kinds))
    rows: list[Figure] = []
    for (kind, _), cost in zip(kinds, costs, strict=True):
        if cost is None:
            continue
        for (what, most, unit), value in zip(MOST, (cost.wakes, cost.cpu, cost.memory), strict=True):
            name = f"idle with {kind}: {what}"
            rows.append(Figure(name, samples([value]), samples([most]), "floor is the most it may be", unit=unit))
    return rows


async def _cost(config: str, *, scans: bool) -> Cost | None:
    try:
        async with served(config) as bridge:
            if scans:
                await _page(bridge)
            await asyncio.sleep(QUIET)
            return await cost(bridge, SECONDS)
    except NotServed:
        return None


async def _page(bridge: Served) -> None:
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as place:
        async with opened(bridge.url, SystemClock()) as client:
            wish = ticket.Wish(InputSource.PLATEN, resolution=_PPI)
            job = await client.create_job(ticket.make(wish, await client.configuration()))
            await client.retrieve(job, Path(place, "page"))


async def cost(bridge: Served, seconds: float) -> Cost:
    """What it costs during the next `seconds`."""
    before = _threads(bridge.pid)
    await asyncio.sleep(seconds)
    wakes, cpu = 0, 0
    for thread, now in _threads(bridge.pid).items():
        then = before.get(thread, (0, 0))
        wakes += now[0] - then[0]
        cpu += now[1] - then[1]
    memory = sum(_proportional(process) for process in processes(bridge.pid)) / 1024
    return Cost(wakes / seconds, 100 * cpu / 1e9 / seconds, memory)


def _threads(pid: int) -> dict[Path, tuple[int, int]]:
    """What each had until now; one that ends meanwhile is passed over."""
    found = {}
    for process in processes(pid):
        for thread in (process / "task").iterdir():
            with suppress(*ENDED):
                found[thread] = _spent(thread)
    return found


def _spent(thread: Path) -> tuple[int, int]:
    """Voluntary context switches and nanoseconds on a core."""
    status = (thread / "status").read_text().splitlines()
    switches = next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
    return switches, int((thread / "schedstat").read_text().split()[0])


def _proportional(process: Path) -> int:
    """kB of its own, and its share of what it has in common with others."""
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
