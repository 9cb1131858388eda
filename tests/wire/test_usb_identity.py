"""Who a USB scanner is, through unplugging, other ports and power cycles: the whole bridge over simulated USB/IP.

Each port of the server has a simulated scanner of the same model without a serial number; a scanner is "moved" by
pulling one cable and plugging in the other.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge import hotplug
from bridge.daemon import Daemon
from drivers.contract.clock import SystemClock
from drivers.usbip.place import parse
from hil import script
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.live import Live
from hil.devices.stimuli import Plug, Press, Unplug
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer
from tests.wire.http_rig import FakeScanner, Rig, configured, ticket

FEW = "warmup=0,speed=0,feed=0"


class Told:
    """A lookout that is told by hand, and asked for nothing else but twice a second."""

    all_told = True

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def due(self) -> float:
        return 0.5

    async def changed(self, seconds: float) -> bool:
        told = self._told
        try:
            async with asyncio.timeout(seconds):
                await told.wait()
            return True
        except TimeoutError:
            return False

    def tell(self) -> None:
        told, self._told = self._told, asyncio.Event()
        told.set()

    def close(self) -> None:
        pass


@dataclass
class Ports:
    """The scanners by port number, and the bridge that serves them."""

    lives: Mapping[int, Live]
    server: str
    lookout: Told
    urls: list[str] = field(default_factory=list)
    daemon: Daemon | None = None

    def pull(self, *ports: int) -> None:
        for port in ports:
            self.lives[port].stimulate(Unplug())
        self.lookout.tell()

    def plug(self, *ports: int) -> None:
        for port in ports:
            self.lives[port].stimulate(Plug())
        self.lookout.tell()

    def key(self, port: int) -> str:
        return f"usb-04b8-012b@usbip-{self.server}-1-{port}"

    async def served(self, count: int) -> list[Rig]:
        """Each scanner that is served, in the order in which it was met."""
        async with asyncio.timeout(10):
            while len(self.urls) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(self.urls) == count
        assert self.daemon is not None
        rigs = []
        for url in self.urls:
            match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/[-0-9a-f]+)", url)
            assert match is not None
            rigs.append(Rig(url, int(match[1]), match[2], self.daemon, FakeScanner(), SystemClock()))  # type: ignore[arg-type]
        return rigs


@asynccontextmanager
async def ports(directory: Path, texts: Mapping[int, str], *, pulled: tuple[int, ...] = ()) -> AsyncIterator[Ports]:
    async with AsyncExitStack() as stack:
        lives, exports = {}, []
        for port, text in texts.items():
            usb = esci_usb(EsciScanner(script.read(text), SystemClock().monotonic()))
            lives[port] = Live(usb, SystemClock())
            stack.callback(lives[port].close)
            exports.append(Export(Address(1, port), usb, lives[port]))
            if port in pulled:
                lives[port].stimulate(Unplug())
        server = await stack.enter_async_context(UsbIpServer(exports, "127.0.0.1", 0))
        yield Ports(lives, str(parse(f"usbip://127.0.0.1:{server.port}")), Told())


@asynccontextmanager
async def bridge(here: Ports, directory: Path, **scanner: object) -> AsyncIterator[Ports]:
    """`scanner`: what the operator says of the one at port 1."""
    more: dict[str, Any] = {"usb": {"enabled": False, "usbip": [here.server]}, "sane": {"enabled": False}}
    if scanner:
        more["scanner"] = [{"key": here.key(1), **scanner}]
    config, clock, stop = configured(directory, more), SystemClock(), asyncio.Event()
    here.urls.clear()
    here.daemon = Daemon(
        config, lambda: hotplug.find(config, clock), here.urls.append, clock, look_out=lambda: here.lookout
    )
    run = asyncio.create_task(here.daemon.run(stop))
    try:
        yield here
    finally:
        stop.set()
        await asyncio.wait_for(run, 10)


async def state(rig: Rig) -> str:
    answer = await rig.operate(
        "GetScannerElements", "<w:RequestedElements><w:Name>w:ScannerStatus</w:Name></w:RequestedElements>"
    )
    (found,) = (each for each in answer.xml.iter() if str(each.tag).endswith("}ScannerState"))
    return str(found.text)


async def until(holds: Callable[[], Any], what: str) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await holds(), what


async def scans(rig: Rig) -> None:
    """A page arrives, as soon as the scanner is there again."""
    await until(lambda: is_state(rig, "Idle"), "it is idle")
    answer = await rig.retrieve(await rig.create())
    assert answer.status == 200, answer.body


async def is_state(rig: Rig, wanted: str) -> bool:
    return await state(rig) == wanted


async def test_a_scanner_that_was_pulled_in_mid_page_goes_on_at_another_port_under_its_old_name(tmp_path: Path) -> None:
    slow = "warmup=0,speed=100,feed=0"
    async with ports(tmp_path, {1: slow, 3: FEW}, pulled=(3,)) as here, bridge(here, tmp_path):
        (rig,) = await here.served(1)
        job = await rig.create(ticket(sides=""))
        waiting = asyncio.create_task(rig.retrieve(job))  # for a page that would take more than ten seconds
        await rig.until(job, "Processing")
        await asyncio.sleep(0.2)
        here.pull(1)
        await rig.until(job, "Aborted")
        await asyncio.wait((waiting,), timeout=5)
        assert waiting.done()
        assert waiting.exception() is not None or waiting.result().status == 500
        await until(lambda: is_state(rig, "Stopped"), "it is told as gone")
        here.plug(3)
        await scans(rig)
        await here.served(1)


async def test_a_power_cycle_is_not_a_new_scanner(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW}) as here, bridge(here, tmp_path):
        (rig,) = await here.served(1)
        for _ in range(2):
            here.pull(1)
            await until(lambda: is_state(rig, "Stopped"), "it is told as gone")
            here.plug(1)
            await scans(rig)
        await here.served(1)


async def test_two_of_one_model_are_two_scanners_and_stay_who_they_are(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW, 2: FEW}) as here, bridge(here, tmp_path):
        first, second = await here.served(2)
        assert first.path != second.path
        here.pull(1, 2)
        for rig in (first, second):
            await until(lambda rig=rig: is_state(rig, "Stopped"), "it is told as gone")  # type: ignore[misc]
        here.plug(2, 1)
        await scans(first)
        await scans(second)
        await here.served(2)


async def test_the_other_of_two_takes_nobodys_place(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW, 2: FEW, 3: FEW}, pulled=(3,)) as here, bridge(here, tmp_path):
        first, second = await here.served(2)
        here.pull(1)
        await until(lambda: is_state(first, "Stopped"), "it is told as gone")
        here.plug(3)  # the first, for the second is still there
        await scans(first)
        await scans(second)
        here.pull(2, 3)
        for rig in (first, second):
            await until(lambda rig=rig: is_state(rig, "Stopped"), "it is told as gone")  # type: ignore[misc]
        here.plug(3)  # at its port of late: the first again
        await scans(first)
        assert await state(second) == "Stopped"
        await here.served(2)


async def test_a_scanner_that_was_moved_while_the_bridge_was_off_keeps_its_name(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW, 3: FEW}, pulled=(3,)) as here:
        async with bridge(here, tmp_path):
            (before,) = await here.served(1)
        here.pull(1)
        here.plug(3)
        async with bridge(here, tmp_path):
            (after,) = await here.served(1)
            assert after.path == before.path
            await scans(after)


async def test_what_the_operator_said_holds_at_another_port(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW, 3: FEW}, pulled=(1,)) as here, bridge(here, tmp_path, name="Attic", share=True):
        (rig,) = await here.served(1)
        answer = await rig.operate(
            "GetScannerElements", "<w:RequestedElements><w:Name>w:ScannerDescription</w:Name></w:RequestedElements>"
        )
        assert b"Attic" in answer.body
        assert here.daemon is not None
        (hosted,) = here.daemon._hosted.values()
        assert hosted.scanner.identity.key == here.key(1)
        assert hosted.scanner.device is not None
        await until(lambda: is_free(hosted.scanner.device), "it is given back between two looks")


async def is_free(device: Any) -> bool:
    return all(observer.opened is None for observer in device.observers)


async def test_a_scanner_that_is_not_wanted_is_not_served_at_another_port(tmp_path: Path) -> None:
    async with ports(tmp_path, {1: FEW, 3: FEW}, pulled=(1,)) as here, bridge(here, tmp_path, enabled=False):
        here.lives[3].stimulate(Press())
        await asyncio.sleep(1.2)
        assert here.urls == []
