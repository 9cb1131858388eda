"""What the log says of a scanner that is unplugged and comes back: one line each."""

import asyncio
import logging
from collections import deque
from itertools import count

import pytest

from bridge.config import Config, Scanner, Usb
from bridge.hotplug import Hotplug, find
from bridge.scanner.hosted import HostedScanner
from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DeviceGone
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot

KEY = "usb-04b8-0110@1-1"


class Cable:
    """An observer that sees what it is told, one thing after the other."""

    def __init__(self, *seen: Snapshot | DeviceGone) -> None:
        self._seen = deque(seen)
        self.over = asyncio.Event()

    async def poll(self) -> Snapshot:
        if not self._seen:
            self.over.set()
            await asyncio.Event().wait()
        seen = self._seen.popleft()
        if isinstance(seen, DeviceGone):
            raise seen
        return seen

    async def rest(self, seen: Snapshot) -> None:
        pass


async def test_an_unplugged_scanner_is_one_line_with_its_reason_and_its_return_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    idle = Snapshot("usb", Readiness.IDLE)
    cable = Cable(idle, DeviceGone("the cable was pulled"), DeviceGone("it is not plugged in"), idle)
    ids = count(1)
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    async def opened() -> Device:
        return Device(Identity(KEY, "Epson", "GT"), "hand", Capabilities(), (cable,), None, close)

    async def find() -> list[Finding]:
        return [Finding(KEY, "hand", "a scanner", opened)]

    async def appeared(device: Device) -> HostedScanner:
        return HostedScanner(device.identity, lambda: next(ids), SystemClock(), lambda _name, _body: None)

    async with asyncio.timeout(10):
        running = asyncio.create_task(Hotplug(find, lambda _: True, SystemClock()).run(appeared))
        await cable.over.wait()
        running.cancel()
        await closed.wait()
    assert [record.getMessage() for record in caplog.records if record.name.startswith("bridge")] == [
        f"device={KEY}: gone: the cable was pulled",
        f"device={KEY}: back again",
    ]


async def test_a_scanner_of_the_configuration_that_is_not_there_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    config = Config(usb=Usb(enabled=False), scanner=(Scanner(key="usb-04b8-typo"),))
    for _ in range(3):
        assert await find(config, SystemClock()) == []
    assert [record.getMessage() for record in caplog.records] == [
        "device=usb-04b8-typo: is in the configuration, but not there"
    ]
