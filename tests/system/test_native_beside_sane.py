"""A driver of ours that only looks, beside SANE that scans, on one device: one owner at a time, no press lost.

The scanner is SANE's `test` backend; what a driver of ours would see of it is played by a family of a few lines.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from drivers.actor.beside import open_both
from drivers.contract.capabilities import Capabilities, Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceBusy, DeviceGone
from drivers.contract.handover import Handover
from drivers.contract.identity import Identity
from drivers.contract.observation import ButtonPress, Phase, Readiness, Snapshot
from drivers.sane.actor import Actor as SaneActor
from drivers.sane.listing import Listing
from drivers.sane.open import key, open_device
from drivers.usb.actor import Actor
from drivers.usb.family import Tell
from drivers.usb.link import Link
from drivers.watch import snapshots
from tests.system import debian

AREA = Region(0, 0, 3937, 3937)
REQUEST = ScanRequest("wsd-1", Source.PLATEN, Mode.GRAY8, (75, 75), AREA)


class Latch:
    """A claimed interface; the device behind it remembers one press until it is asked."""

    claims = 0
    pressed = threading.Event()

    def __init__(self) -> None:
        if Latch.claims:
            raise DeviceBusy("claimed twice")
        Latch.claims += 1
        self._open = True

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        assert self._open, "it was asked after it was given up"
        told = Latch.pressed.is_set()
        Latch.pressed.clear()
        return bytes([told])

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def write(self, data: bytes) -> None: ...

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def close(self) -> None:
        if self._open:
            self._open = False
            Latch.claims -= 1


class OnlyLooks:
    """The family."""

    pace = 0.05

    def __init__(self) -> None:
        self._presses = 0

    def observe(self, link: Link) -> Snapshot:
        if not link.control(0xC0, 1, 0, 0, 1)[0]:
            return Snapshot("usb", Readiness.IDLE)
        self._presses += 1
        return Snapshot("usb", Readiness.IDLE, presses=(ButtonPress("scan", self._presses),))

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        raise AssertionError("it cannot")

    def reopened(self) -> None: ...


async def looking() -> Device:
    actor = Actor("usb-1234-5678", OnlyLooks(), Latch, SystemClock())
    identity = Identity("usb-1234-5678", "Maker", "Model")
    return Device(identity, "looks", Capabilities(buttons=("scan",)), (actor,), None, actor.close, claim=actor)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes libsane with the `test` backend alone reachable; the argument goes into its test.conf."""
    place = tmp_path / "sane"
    place.mkdir()
    (place / "dll.conf").write_text("# nothing but what the bridge is told to use\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(place))
    libraries = debian.packages("sane-utils", "libsane1", "libsane-common").env()["LD_LIBRARY_PATH"]
    monkeypatch.setenv("LD_LIBRARY_PATH", libraries)

    def write(text: str) -> None:
        (place / "test.conf").write_text(f"number_of_devices 1\n{text}")

    write("")
    return write


@asynccontextmanager
async def both() -> AsyncIterator[tuple[Device, list[Snapshot]]]:
    """The device, and all that its observers tell."""
    listing = Listing("libsane.so.1", ("test",))
    (listed,) = await asyncio.to_thread(listing.devices)
    scanning = partial(open_device, listed, key(listed), listing.library, listing.config_dir, SystemClock())
    device = await open_both(looking, scanning, "looks+sane")
    told: list[Snapshot] = []

    async def watch(number: int) -> None:
        async for snapshot in snapshots(device.observers[number], SystemClock()):
            told.append(snapshot)  # noqa: PERF401 - it never ends

    tasks = [asyncio.create_task(watch(number)) for number in range(len(device.observers))]
    try:
        yield device, told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await device.close()
        assert Latch.claims == 0


def read(document: Document) -> int:
    total = 0
    for page in document:
        assert isinstance(page, Raster)
        total += sum(map(len, page.chunks))
    return total


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_is_one_device_that_can_do_what_either_can(settings: Callable[[str], None]) -> None:
    async with both() as (device, told):
        assert device.driver == "looks+sane"
        assert device.identity.key == "usb-1234-5678"
        assert device.capabilities.buttons == ("scan",)
        assert device.capabilities.platen is not None
        await until(lambda: {each.source for each in told} == {"usb", "sane"})
        assert Latch.claims == 1, "nobody scans, so it is ours"


async def test_while_sane_has_it_open_it_is_not_claimed_and_afterwards_it_is(settings: Callable[[str], None]) -> None:
    settings("read-delay true\nread-delay-duration 100000\n")
    async with both() as (device, told):
        sane = device.observers[1]
        assert isinstance(sane, SaneActor)
        assert device.acquirer is not None
        for _ in range(2):
            document = await device.acquirer.scan(REQUEST)
            assert sane.pid is not None
            assert Latch.claims == 0
            reading = asyncio.ensure_future(asyncio.to_thread(read, document))
            Latch.pressed.set()
            presses = sum(len(each.presses) for each in told)
            await until(lambda: any(job.percent for each in told for job in each.jobs))
            assert Latch.claims == 0
            assert await reading == 295 * 295
            await until(lambda: Latch.claims == 1)
            assert sane.pid is None
            await until(lambda before=presses: sum(len(each.presses) for each in told) == before + 1)  # type: ignore[misc]
        assert [press.serial for each in told for press in each.presses] == [1, 2]
        assert [job.phase for each in told for job in each.jobs][-1] is Phase.DONE


async def test_a_scan_that_is_canceled_gives_it_back_too(settings: Callable[[str], None]) -> None:
    settings("read-delay true\nread-delay-duration 200000\n")
    async with both() as (device, told):
        assert device.acquirer is not None
        document = await device.acquirer.scan(REQUEST)
        await until(lambda: any(job.percent for each in told for job in each.jobs))
        document.cancel()
        await until(lambda: Latch.claims == 1)


async def test_a_scanner_that_sane_cannot_open_is_observed_all_the_same(settings: Callable[[str], None]) -> None:
    async def refuse(*, claim: object) -> Device:
        raise DeviceGone("no firmware file")

    device = await open_both(looking, refuse, "looks+sane")
    try:
        assert (device.driver, device.acquirer) == ("looks", None)
        assert (await device.observers[0].poll()).readiness is Readiness.IDLE
    finally:
        await device.close()


async def test_sane_lists_its_devices_while_nobody_claims_any(
    settings: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await looking()
    try:
        await device.observers[0].poll()
        assert Latch.claims == 1
        assert device.claim is not None
        claims: list[int] = []
        listing = Listing("libsane.so.1", ("test",), claims=(device.claim,))
        whole = listing._listed

        def listed() -> object:
            claims.append(Latch.claims)
            return whole()

        monkeypatch.setattr(listing, "_listed", listed)
        assert len(await asyncio.to_thread(listing.devices)) == 1
        assert claims == [0]
        began = time.monotonic()
        await device.observers[0].poll()
        assert Latch.claims == 1
        assert time.monotonic() - began < 1
    finally:
        await device.close()
