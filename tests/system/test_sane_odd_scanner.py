"""Behind the SANE driver a scanner with what SANE's test backend lacks (odd_sane.c): sides, button, sensor, lock."""

# ruff: noqa: F811  # fixtures are arguments of the same name

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest

from drivers.contract.capabilities import Mode, Size, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceBusy, DeviceRefused, DeviceTimeout, FeederEmpty, ScanFailed
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Feeder, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.sane.actor import SENSING_PACE, Actor
from drivers.sane.listing import Listing
from drivers.sane.open import key, open_device
from drivers.watch import snapshots
from tests.system.odd_scanner import library, turn  # noqa: F401

INCH = Region(0, 0, 1000, 1000)


@pytest.fixture
async def device(library: str, turn: Callable[[str], None]) -> AsyncIterator[Device]:
    listing = Listing(library)
    (listed,) = await asyncio.to_thread(listing.devices)
    found = await open_device(listed, key(listed), listing.library, listing.config_dir, SystemClock())
    yield found
    await found.close()


def request(source: Source, pages: int = 0) -> ScanRequest:
    return ScanRequest("wsd-1", source, Mode.GRAY8, (100, 100), INCH, pages)


def pages(document: Document) -> list[tuple[bool, int | None, bytes]]:
    found = []
    for page in document:
        assert isinstance(page, Raster)
        found.append((page.back, page.height, b"".join(page.chunks)))
    return found


async def scanned(device: Device, source: Source) -> list[tuple[bool, int | None, bytes]]:
    assert device.acquirer is not None
    return await asyncio.to_thread(pages, await device.acquirer.scan(request(source)))


async def test_its_sources_are_a_platen_and_a_feeder_for_both_sides(device):
    able = device.capabilities
    assert able.platen is not None
    assert able.feeder == able.feeder_back == able.platen
    assert able.platen.resolutions == (100, 200)
    assert able.platen.modes == (Mode.GRAY8,)
    assert able.platen.maximum == Size(8490, 10990)  # 849 and 1099 pixels at 100 ppi
    assert able.buttons == ("scan",)


async def test_both_sides_of_each_sheet_come_in_turn(device, turn):
    turn("sides 4")
    found = await scanned(device, Source.FEEDER_DUPLEX)
    assert [(back, height) for back, height, _ in found] == [(False, 100), (True, 100), (False, 100), (True, 100)]
    assert [(len(rows), set(rows)) for _, _, rows in found] == [(100 * 100, {side}) for side in (1, 2, 3, 4)]


def memory_of_rows() -> int:
    """Bytes that scans have in the memory shared with children."""
    found = 0
    for each in os.listdir("/proc/self/fd"):
        path = f"/proc/self/fd/{each}"
        if os.path.islink(path) and "memfd:rows" in os.readlink(path):
            found += os.stat(path).st_blocks * 512
    return found


async def test_the_memory_of_a_scan_is_kept_for_the_next_one_and_then_given_back(device, monkeypatch):
    (observer,) = device.observers
    await scanned(device, Source.PLATEN)
    while (await observer.poll()).jobs:
        pass
    await observer.poll()
    assert memory_of_rows() > 0
    monkeypatch.setattr("drivers.sane.actor.KEPT", 0.0)
    await scanned(device, Source.PLATEN)
    async with asyncio.timeout(5):
        while memory_of_rows():
            await observer.poll()


async def test_an_empty_feeder_is_told_and_then_it_is_filled(device, turn):
    with pytest.raises(FeederEmpty):
        await scanned(device, Source.FEEDER)
    turn("sides 1")
    assert len(await scanned(device, Source.FEEDER)) == 1


async def test_paper_and_button_are_seen_within_one_look(device, turn):
    (observer,) = device.observers
    stream = snapshots(observer, SystemClock(), source="sane")
    assert await anext(stream) == Snapshot("sane", Readiness.IDLE, feeder=Feeder.EMPTY)
    turn("loaded 1")
    assert (await anext(stream)).feeder is Feeder.LOADED
    for serial in (1, 2):
        turn("loaded 1\nscan 1")
        began = time.monotonic()
        pressed = await anext(stream)
        assert time.monotonic() - began < SENSING_PACE + 0.05
        assert [(press.button, press.serial) for press in pressed.presses] == [("scan", serial)]
        turn("loaded 1")
        await asyncio.sleep(SENSING_PACE + 0.1)
        assert (await observer.poll()).presses == ()
    await stream.aclose()


async def test_a_lamp_that_warms_is_waited_for_and_told(device, turn):
    turn("warm 2")
    assert device.acquirer is not None
    (observer,) = device.observers
    document = await device.acquirer.scan(request(Source.PLATEN))
    reading = asyncio.create_task(asyncio.to_thread(pages, document))
    phases = []
    while not phases or phases[-1] is not Phase.DONE:
        told = (await observer.poll()).jobs
        if told and told[0].phase not in phases:
            phases.append(told[0].phase)
        await asyncio.sleep(0.01)
    assert len(await reading) == 1
    assert [each for each in phases if each is not Phase.SCANNING] == [Phase.WARMING, Phase.DONE]


@pytest.mark.parametrize(
    ("knob", "trouble"),
    [
        ("lock 1", Trouble(TroubleKind.ATTENTION, Unit.PLATEN)),
        ("jam 50", Trouble(TroubleKind.JAM, Unit.FEEDER)),
    ],
)
async def test_a_trouble_is_told_and_forgotten_with_the_next_good_scan(device, turn, knob, trouble):
    turn(knob)
    (observer,) = device.observers
    with pytest.raises(ScanFailed):
        await scanned(device, Source.PLATEN)
    while (seen := await observer.poll()).jobs:
        pass
    assert (seen.readiness, seen.troubles) == (Readiness.STOPPED, {trouble})
    turn("")
    assert len(await scanned(device, Source.PLATEN)) == 1
    while (seen := await observer.poll()).jobs:
        pass
    assert (seen.readiness, seen.troubles) == (Readiness.IDLE, frozenset())


async def test_a_start_that_blocks_is_canceled_beside_it(device, turn):
    turn("block 1")
    assert device.acquirer is not None
    document = await device.acquirer.scan(request(Source.PLATEN))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    document.cancel()
    with pytest.raises(ScanCanceled):
        await asyncio.to_thread(pages, document)
    (observer,) = device.observers
    while (seen := await observer.poll()).jobs:
        last = seen
    assert last.jobs[0].phase is Phase.CANCELED
    assert time.monotonic() - began < 2 * SENSING_PACE


@pytest.mark.parametrize(("status", "error"), [(3, DeviceBusy), (11, DeviceRefused)])
async def test_a_device_that_may_not_be_opened_says_why(library, turn, status, error):
    turn(f"open {status}")
    listing = Listing(library)
    (listed,) = await asyncio.to_thread(listing.devices)
    with pytest.raises(error):
        await open_device(listed, key(listed), listing.library, listing.config_dir, SystemClock())


async def test_a_child_that_hangs_while_it_is_looked_at_costs_one_look(device, turn, monkeypatch):
    monkeypatch.setattr("drivers.sane.opened.LOOK_SECONDS", 0.5)
    (observer,) = device.observers
    assert isinstance(observer, Actor)
    before = observer.pid
    assert before is not None
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(DeviceTimeout):
        await observer.poll()
    turn("loaded 1")
    assert (await observer.poll()).feeder is Feeder.LOADED
    assert observer.pid != before


async def test_a_backends_own_thread_is_not_canceled_while_it_holds_a_lock(device, turn, monkeypatch):
    monkeypatch.setattr("drivers.sane.scan.START_SECONDS", 10.0)
    turn("reader 60\njam 1")
    (observer,) = device.observers
    assert isinstance(observer, Actor)
    before = observer.pid
    for _ in range(3):
        with pytest.raises(ScanFailed, match="jammed"):
            await scanned(device, Source.PLATEN)
    assert observer.pid == before
