"""The actor by itself: what it tells, lends, repairs and hears, on a device of a few lines."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.actor.actor import Actor
from drivers.actor.work import Interject, Tell
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceTimeout, DriverError
from drivers.contract.handover import Handover
from drivers.contract.observation import ButtonPress, JobReport, Phase, Readiness, Snapshot

IDLE = Snapshot("usb", Readiness.IDLE)
REQUEST = ScanRequest("job-1", Source.PLATEN, Mode.GRAY8, (50, 50), Region(0, 0, 1000, 1000))


def press(number: int) -> Snapshot:
    return Snapshot("usb", Readiness.IDLE, presses=(ButtonPress("scan", number),))


class Diary:
    """Work that notes what is done with it, and fails when it is told to."""

    source = "usb"

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails: deque[DriverError] = deque()
        self.looks: deque[Snapshot] = deque()
        self.openings = 0
        self.glanced: Snapshot | None = None
        self.interject: Interject | None = None
        self.within_scan: Callable[[Tell], None] = lambda _tell: None

    def pace(self, quiet: float) -> float:
        return 0.01

    def glance(self) -> Snapshot | None:
        return self.glanced

    def open(self) -> int:
        self.openings += 1
        self.done.append(f"open {self.openings}")
        return self.openings

    def reopened(self) -> None:
        self.done.append("reopened")

    def taken(self, opened: int, interject: Interject) -> None:
        self.interject = interject

    def usable(self, opened: int) -> bool:
        return True

    def resynchronise(self, opened: int) -> None:
        self.done.append("resynchronise")
        self._fail()

    def look(self, opened: int) -> Snapshot:
        self.done.append("look")
        self._fail()
        return self.looks.popleft() if self.looks else IDLE

    def before(self, opened: int) -> None:
        return None

    def scan(self, opened: int, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        self.within_scan(tell)
        self._fail()

    def close(self, opened: int) -> None:
        self.done.append(f"close {opened}")

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.popleft()


@asynccontextmanager
async def acting(
    *, opened: int | None = 0, share: bool = False, keep: float = math.inf
) -> AsyncIterator[tuple[Actor[int], Diary]]:
    work = Diary()
    actor = Actor("a", work, SystemClock(), opened=opened, share=share, keep=keep)
    try:
        yield actor, work
    finally:
        await actor.close()


async def test_after_a_garbled_look_the_next_one_begins_at_the_start() -> None:
    async with acting() as (actor, work):
        work.fails.append(DeviceGarbled("noise"))
        with pytest.raises(DeviceGarbled):
            await actor.poll()
        assert await actor.poll() == IDLE
        assert await actor.poll() == IDLE
        assert work.done == ["look", "resynchronise", "look", "look"]


async def test_a_device_that_cannot_be_brought_back_is_tried_again_at_each_look() -> None:
    async with acting() as (actor, work):
        work.fails.extend([DeviceTimeout("late"), DeviceTimeout("still late")])
        for _ in range(2):
            with pytest.raises(DeviceTimeout):
                await actor.poll()
        assert await actor.poll() == IDLE
        assert work.done == ["look", "resynchronise", "resynchronise", "look"]


async def test_a_device_that_came_back_needs_no_repair_and_is_said_to_be_new() -> None:
    async with acting() as (actor, work):
        work.fails.append(DeviceGone("unplugged"))
        with pytest.raises(DeviceGone):
            await actor.poll()
        assert await actor.poll() == IDLE
        assert work.done == ["look", "close 0", "open 1", "reopened", "look"]


async def test_a_shared_device_is_open_for_each_look_only() -> None:
    async with acting(opened=None, share=True) as (actor, work):
        await actor.poll()
        await actor.poll()
        assert work.done == ["open 1", "look", "close 1", "open 2", "look", "close 2"]


async def test_a_device_that_a_glance_is_enough_for_is_given_back_in_time_and_opened_for_a_scan() -> None:
    async with acting(keep=0.05) as (actor, work):
        work.glanced = IDLE
        assert await actor.poll() == IDLE
        assert work.done == []
        await asyncio.sleep(0.06)
        assert [await actor.poll() for _ in range(2)] == [IDLE, IDLE]
        assert work.done == ["close 0"]
        document = await actor.scan(REQUEST)
        assert await asyncio.to_thread(list, document) == []
        assert work.done == ["close 0", "open 1", "reopened"]
        assert actor.opened == 1


async def test_while_it_is_lent_nobody_looks_and_afterwards_it_is_as_before() -> None:
    async with acting() as (actor, work):
        await asyncio.to_thread(actor.lend)
        await asyncio.to_thread(actor.lend)
        looking = asyncio.create_task(actor.poll())
        with pytest.raises(DeviceBusy):
            await actor.scan(REQUEST)
        actor.take_back()
        done, _ = await asyncio.wait([looking], timeout=0.1)
        assert not done
        assert work.done == ["close 0"]
        work.looks.append(press(1))
        actor.take_back()
        assert await looking == press(1)  # pressed meanwhile, and latched in the device
        assert work.done == ["close 0", "open 1", "look"]  # not "reopened", which forgets what is down


async def test_a_device_that_scans_is_not_lent() -> None:
    async with acting() as (actor, work):
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        work.within_scan = lambda _tell: asyncio.run_coroutine_threadsafe(over.wait(), loop).result(5) and None
        document = await actor.scan(REQUEST)
        with pytest.raises(DeviceBusy):
            await asyncio.to_thread(actor.lend)
        over.set()
        await asyncio.to_thread(list, document)
        await asyncio.to_thread(actor.lend)


async def test_what_comes_by_itself_is_told_at_once_and_in_its_order() -> None:
    async with acting() as (actor, work):
        assert await actor.poll() == IDLE
        assert work.interject is not None
        for number in range(1, 51):
            work.interject(lambda number=number: press(number))  # type: ignore[misc]
        told = [await actor.poll() for _ in range(50)]
        assert [each.presses[0].serial for each in told if each.presses] == list(range(1, 51))


async def test_a_press_within_a_scan_is_told_with_what_the_scan_said_last() -> None:
    async with acting() as (actor, work):
        scanning = Snapshot("usb", Readiness.BUSY, jobs=(JobReport("job-1", Phase.SCANNING, 1),))

        def scan(tell: Tell) -> None:
            assert work.interject is not None
            tell(scanning)
            work.interject(lambda: press(7))
            tell(scanning, lasting=True)

        work.within_scan = scan
        await asyncio.to_thread(list, await actor.scan(REQUEST))
        told = []
        while not told or told[-1].jobs:
            told.append(await actor.poll())
        (pressed,) = [each for each in told if each.presses]
        assert (pressed.readiness, pressed.jobs) == (Readiness.BUSY, scanning.jobs)
        assert pressed.presses == (ButtonPress("scan", 7),)
        assert told[-2].jobs == (JobReport("job-1", Phase.DONE, 1),)


async def test_something_of_no_meaning_harms_nothing() -> None:
    async with acting() as (actor, work):
        assert work.interject is not None

        def noise() -> Snapshot:
            raise DeviceGarbled("ff ff")

        work.interject(noise)
        work.interject(lambda: None)
        work.interject(lambda: press(1))
        assert await actor.poll() == press(1)


async def test_a_device_that_says_it_is_gone_is_looked_at_at_once() -> None:
    async with acting() as (actor, work):
        seen = await actor.poll()
        assert work.interject is not None

        def gone() -> Snapshot:
            raise DeviceGone("unplugged")

        work.pace = lambda quiet: 60.0  # type: ignore[method-assign]
        work.interject(gone)
        async with asyncio.timeout(8):
            await actor.rest(seen)
        assert work.done[-1] == "close 0"


async def test_the_pace_goes_by_how_long_nothing_has_changed() -> None:
    async with acting() as (actor, work):
        quiet: list[float] = []

        def pace(for_so_long: float) -> float:
            quiet.append(for_so_long)
            return 0.05

        work.pace = pace  # type: ignore[method-assign]
        began = time.monotonic()
        for _ in range(4):
            await actor.rest(await actor.poll())
        work.looks.append(Snapshot("usb", Readiness.STOPPED))
        await actor.rest(await actor.poll())
        assert quiet[3] > 0.1
        assert quiet[3] <= time.monotonic() - began
        assert quiet[4] < quiet[3]


async def test_a_closed_device_is_nobodys() -> None:
    async with acting() as (actor, _work):
        await asyncio.to_thread(actor.lend)
        await actor.close()
        await asyncio.to_thread(actor.lend)  # which has nothing to give up
        actor.take_back()
        actor.take_back()
        with pytest.raises(DeviceGone):
            await actor.poll()
