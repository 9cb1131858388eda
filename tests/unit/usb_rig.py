"""A simulated scanner on a USB/IP server in this process, and the driver's device on it: pyusb, link, actor, decoders
as they ship. Only how often an idle scanner is looked at is quicker, and how long silence is listened to.

    async with usb_rig.plugged(scanner, esci_usb(scanner), esci.open_device) as bench:
        bench.live.stimulate(Press()); await bench.until(lambda seen: seen.presses)

The scanner goes by a clock that a test can put forward (`later`), so nothing depends on how quick the test is.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Page, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGone
from drivers.contract.observation import Phase, Snapshot
from drivers.usb.bus import RemoteBus
from drivers.usb.link import SLICE, Link
from drivers.usbip import place as places
from drivers.watch import snapshots
from hil.devices.live import Live
from hil.devices.usb.device import SimulatedUsbDevice
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer

PACE = 0.02  # s between looks
A6 = Region(0, 0, 4130, 5830)

SILENCE = 0.01  # s: what nobody has said by then in this process, nobody says
SHORT = 0.05  # s: reads that only make sure that nothing is said wait so long at most

S = TypeVar("S")


class Forward(SystemClock):
    """The scanner's clock, which a test puts forward."""

    ahead = 0.0  # s

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Prompt:
    """The link as it ships, whose silences are shorter."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.write, self.control, self.close = link.write, link.control, link.close

    def read(self, limit: int, seconds: float = SLICE) -> bytes:
        return self._link.read(limit, _prompt(seconds))

    def interrupt(self, limit: int, seconds: float = SLICE) -> bytes:
        return self._link.interrupt(limit, _prompt(seconds))


def _prompt(seconds: float) -> float:
    return seconds if seconds > SHORT else min(seconds, SILENCE)


@dataclass
class Rig(Generic[S]):
    """A simulated scanner, the driver's device, and everything its snapshots told."""

    scanner: S
    clock: Forward
    live: Live
    device: Device
    place: str  # usbip://HOST:PORT
    claim: Callable[[], Link]  # as another program would; blocks
    region: Region
    ppi: int
    seen: list[Snapshot] = field(default_factory=list)

    async def until(self, wanted: Callable[[Snapshot], object], after: int = 0) -> Snapshot:
        """The first snapshot told after so many others that is as wanted."""
        async with asyncio.timeout(8):
            while True:
                for snapshot in self.seen[after:]:
                    if wanted(snapshot):
                        return snapshot
                await asyncio.sleep(0.005)

    async def scan(self, source: Source = Source.PLATEN, mode: Mode = Mode.GRAY8, **more: object) -> Document:
        ask: dict[str, object] = {"region": self.region, "resolution": (self.ppi, self.ppi), **more}
        assert self.device.acquirer is not None
        return await self.device.acquirer.scan(ScanRequest("job-1", source, mode, **ask))  # type: ignore[arg-type]

    async def scan_again(self) -> list[tuple[Raster, bytes]]:
        """What a scan brings once the scanner is there again."""
        async with asyncio.timeout(5):
            while True:
                try:
                    return await read(await self.scan())
                except DeviceGone:
                    await asyncio.sleep(0.05)

    def later(self, seconds: float) -> None:
        """For the scanner so many seconds have passed."""
        self.clock.ahead += seconds
        self.live.touch()

    def phases(self) -> list[tuple[Phase, int | None]]:
        """(phase, pages) of our job in order, repetitions left out."""
        steps = [(job.phase, job.pages) for snapshot in self.seen for job in snapshot.jobs]
        return [step for at, step in enumerate(steps) if at == 0 or steps[at - 1] != step]

    def presses(self) -> list[str]:
        """The buttons, as often as they were told."""
        return [press.button for snapshot in self.seen for press in snapshot.presses]


@asynccontextmanager
async def plugged(
    scanner: S,
    usb: SimulatedUsbDevice,
    open_device: Callable[..., Awaitable[Device]],
    *,
    watch: bool = True,
    pace: float = PACE,
    region: Region = A6,
    ppi: int = 100,
) -> AsyncIterator[Rig[S]]:
    """Serve it and open it; `watch`: its observer is polled all the time. `region` and `ppi` are those of a scan."""
    clock = Forward()
    live = Live(usb, clock)
    async with UsbIpServer((Export(Address(1, 1), usb, live),), "127.0.0.1", 0) as server:
        place = f"usbip://127.0.0.1:{server.port}"
        bus = RemoteBus(places.parse(place))
        [known] = await asyncio.to_thread(bus.devices)

        def claim() -> Link:
            return Prompt(bus.open(known.key))

        device = await open_device(known, claim, SystemClock(), pace=pace)
        bench = Rig(scanner, clock, live, device, place, claim, region, ppi)

        async def watching() -> None:
            async for snapshot in snapshots(device.observers[0], clock):
                bench.seen.append(snapshot)

        task = asyncio.create_task(watching()) if watch else None
        try:
            if watch:
                await bench.until(lambda _: True)
            yield bench
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await device.close()
            live.close()


def quick(text: str) -> str:
    """The script, with whatever takes time without need set to none."""
    said = {part.partition("=")[0].strip() for part in text.split(",")}
    return ",".join([*(f"{each}=0" for each in ("warmup", "speed", "feed") if each not in said), text])


def pages(document: Document) -> list[tuple[Page, bytes]]:
    """All pages and what is on them; blocks."""
    return [(page, b"".join(page.chunks)) for page in document]


async def whole(document: Document) -> list[tuple[Page, bytes]]:
    """The same."""
    async with asyncio.timeout(10):
        return await asyncio.to_thread(pages, document)


async def read(document: Document) -> list[tuple[Raster, bytes]]:
    """The same of a scanner whose pages are rows."""
    found = []
    for page, data in await whole(document):
        assert isinstance(page, Raster)
        found.append((page, data))
    return found
