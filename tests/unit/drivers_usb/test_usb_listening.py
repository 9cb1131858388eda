"""A device that speaks by itself, over USB/IP: its packets are heard idle and scanning, none is lost, and all ends."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout, DriverError
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, JobReport, Phase, Readiness, Snapshot
from drivers.usb.actor import Actor
from drivers.usb.bus import RemoteBus
from drivers.usb.family import Listener, Tell
from drivers.usb.link import LISTEN, Link
from drivers.usb.listening import STALE_PACKETS, forget
from drivers.usbip.place import parse
from hil.devices.live import Live
from hil.devices.stimuli import Press, Stimulus, Unplug
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer

ENDS = (
    Endpoint(0x81, Transfer.BULK, 512),
    Endpoint(0x02, Transfer.BULK, 512),
    Endpoint(0x83, Transfer.INTERRUPT, 64, 8),
)
REQUEST = ScanRequest("job-1", Source.PLATEN, Mode.GRAY8, (50, 50), Region(0, 0, 1000, 1000))


class Talker:
    """A device that answers each command with itself and tells each press by interrupt."""

    description = Description(0x04A9, 0x0001, 0x100, "Canon", "Talker", "T1", (Interface(0, 255, 0, 0, ENDS),))

    def __init__(self) -> None:
        self.plugged = True
        self._answers: deque[bytes] = deque()
        self._presses = 0
        self._packets: deque[bytes] = deque()

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> None:
        for stimulus in stimuli:
            if isinstance(stimulus, Press):
                self._presses += 1
                self._packets.append(bytes([self._presses]))
            if isinstance(stimulus, Unplug):
                self.plugged = False

    def reset(self, now: float) -> None:
        self._answers.clear()

    def control(self, setup: Setup, data: bytes, now: float) -> Refusal:
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> None:
        self._answers.append(data)

    def read(self, endpoint: int, limit: int, now: float) -> bytes | None:
        line = self._packets if endpoint == 0x83 else self._answers
        return line.popleft() if line else None


class Talking:
    """Its family."""

    pace = 5.0

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.at: list[float] = []

    def observe(self, link: Link) -> Snapshot:
        link.write(b"?")
        return Snapshot("usb", Readiness.IDLE if link.read(1) else Readiness.STOPPED)

    def heed(self, packet: bytes, now: float) -> Snapshot | None:
        self.threads.add(threading.current_thread().name)
        self.at.append(now)
        return Snapshot("usb", Readiness.IDLE, presses=(ButtonPress("scan", packet[0]),))

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        for _ in range(20):
            link.write(b"!" * 64)
            while not link.read(64):
                pass
            time.sleep(0.01)
            tell(Snapshot("usb", Readiness.BUSY, jobs=(JobReport(request.native_id, Phase.SCANNING, 0),)))

    def reopened(self) -> None:
        pass


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Actor, Talking, Live]]:
    device, family = Talker(), Talking()
    live = Live(device, SystemClock())
    async with UsbIpServer((Export(Address(1, 1), device, live),), "127.0.0.1", 0) as server:
        bus = RemoteBus(parse(f"usbip://127.0.0.1:{server.port}"))
        (found,) = await asyncio.to_thread(bus.devices)
        opener = partial(bus.open, found.key)
        link = await asyncio.to_thread(opener)
        actor = Actor("talker", family, opener, SystemClock(), link=link)
        try:
            yield actor, family, live
        finally:
            await actor.close()
            live.close()


async def presses(actor: Actor, count: int) -> list[Snapshot]:
    told: list[Snapshot] = []
    async with asyncio.timeout(8):
        while len(told) < count:
            seen = await actor.poll()
            if seen.presses:
                told.append(seen)
            else:
                await actor.rest(seen)
    return told


def test_a_family_with_an_ear_is_one() -> None:
    assert isinstance(Talking(), Listener)


async def test_every_press_is_heard_at_once_and_on_the_devices_thread() -> None:
    async with talking() as (actor, family, live):
        waiting = asyncio.create_task(presses(actor, 20))
        await asyncio.sleep(0.2)
        for _ in range(20):
            began = time.monotonic()
            live.stimulate(Press())
            await asyncio.sleep(0.02)
        told = await waiting
        assert [each.presses[0].serial for each in told] == list(range(1, 21))
        assert family.threads == {"talker_0"}
        assert family.at[-1] - began < 4  # the pace is 5 s


async def test_presses_within_a_scan_are_told_with_its_job() -> None:
    async with talking() as (actor, family, live):
        document = await actor.scan(REQUEST)
        reading = asyncio.ensure_future(asyncio.to_thread(list, document))
        for _ in range(5):
            live.stimulate(Press())
            await asyncio.sleep(0.01)
        told = await presses(actor, 5)
        assert [each.presses[0].serial for each in told] == [1, 2, 3, 4, 5]
        assert {each.readiness for each in told if each.jobs} == {Readiness.BUSY}
        assert family.threads == {"talker_0"}
        await reading


async def test_closing_does_not_wait_for_the_device_to_speak() -> None:
    async with talking() as (actor, _, _live):
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await actor.close()
        assert time.monotonic() - began < LISTEN / 2
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("listen")]


async def test_silence_costs_nothing() -> None:
    async with talking():
        await asyncio.sleep(0.3)
        (ear,) = [thread for thread in threading.enumerate() if thread.name.startswith("listen")]
        before = switches(ear)
        await asyncio.sleep(2)
        assert switches(ear) - before <= 2


def switches(thread: threading.Thread) -> int:
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text("ascii")
    return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)


async def test_a_cable_that_is_pulled_is_noticed_before_the_next_look() -> None:
    async with talking() as (actor, _, live):
        seen = await actor.poll()
        began = time.monotonic()
        live.stimulate(Unplug())
        await actor.rest(seen)
        with pytest.raises(DeviceGone):
            await actor.poll()
        assert time.monotonic() - began < 4  # the pace is 5 s


class Saying:
    """A link on whose interrupt endpoint that much is said, or goes wrong."""

    def __init__(self, *said: bytes | DriverError) -> None:
        self.left = deque(said)

    def interrupt(self, limit: int, seconds: float) -> bytes:
        said = self.left.popleft() if self.left else b""
        if isinstance(said, DriverError):
            raise said
        return said


def test_what_was_said_before_anybody_listened_is_forgotten_but_not_without_end() -> None:
    few, many = Saying(b"a", b"b"), Saying(*[b"a"] * (STALE_PACKETS + 1))
    assert forget(few)  # type: ignore[arg-type]  # no more is used of it
    assert forget(many)  # type: ignore[arg-type]
    assert (len(few.left), len(many.left)) == (0, 1)


@pytest.mark.parametrize("wrong", [DeviceGarbled("stalled"), DeviceTimeout("late")])
def test_an_interrupt_endpoint_that_stalls_keeps_no_scanner_from_being_opened(wrong: DriverError) -> None:
    assert forget(Saying(b"a", wrong))  # type: ignore[arg-type]


def test_a_scanner_without_an_interrupt_endpoint_and_one_that_is_gone_are_told_apart() -> None:
    assert not forget(Saying(DeviceRefused("none")))  # type: ignore[arg-type]
    with pytest.raises(DeviceGone):
        forget(Saying(DeviceGone("unplugged")))  # type: ignore[arg-type]
