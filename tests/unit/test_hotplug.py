"""Which devices are served under which name, and what the log says when one is unplugged and comes back."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import pytest

from bridge import hotplug
from bridge.config import Config, Sane, Scanner, Usb
from bridge.hotplug import ByWord, Hotplug, find
from bridge.scanner.hosted import HostedScanner
from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DeviceGone, DeviceRefused
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


class Port:
    """An observer of a device that is plugged in or is not, and notes how it was opened."""

    def __init__(self, key: str, acquirer: object | None = None, driver: str = "hand") -> None:
        self.key, self.driver, self.acquirer = key, driver, acquirer
        self.plugged = True
        self.opened: list[str] = []
        self.closed = 0

    async def poll(self) -> Snapshot:
        if not self.plugged:
            raise DeviceGone(f"{self.key} was unplugged")
        return Snapshot("usb", Readiness.IDLE)

    async def rest(self, seen: Snapshot) -> None:
        await asyncio.sleep(0.01)

    def finding(self, driver: str | None = None) -> Finding:
        return Finding(
            self.key, driver or self.driver, "a scanner", partial(self._open, ""), partial(self._open, "shared")
        )

    async def _open(self, how: str) -> Device:
        self.opened.append(how)
        return Device(
            Identity(self.key, "Epson", "GT"),
            self.driver,
            Capabilities(),
            (self,),
            self.acquirer,
            self._close,  # type: ignore[arg-type]
        )

    async def _close(self) -> None:
        self.closed += 1


class Hand:
    """A lookout that is told by hand."""

    all_told = True

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.rested: list[float] = []

    def due(self) -> float:
        return 60.0

    async def changed(self, seconds: float) -> bool:
        self.rested.append(seconds)
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


class World:
    """Ports, what is plugged into them, and whom the bridge takes them for."""

    def __init__(self, *ports: Port, known: tuple[str, ...] = (), config: Config | None = None) -> None:
        self.ports = list(ports)
        self.lookout = Hand()
        self.known = set(known)
        self.scanners: dict[str, HostedScanner] = {}
        self.served: list[str] = []
        self.config = config or Config(usb=Usb(enabled=False))
        self._ids = count(1)

    async def find(self) -> list[Finding]:
        return [port.finding() for port in self.ports if port.plugged]

    async def appeared(self, device: Device) -> HostedScanner:
        key = device.identity.key
        self.known.add(key)
        self.served.append(key)
        if key not in self.scanners:
            self.scanners[key] = HostedScanner(
                device.identity, lambda: next(self._ids), SystemClock(), lambda _name, _body: None
            )
        self.scanners[key].attach(device)
        return self.scanners[key]

    def known_as(self, key: str, there: frozenset[str]) -> str:
        kind = key.partition("@")[0]
        away = [each for each in self.known - there if each.startswith(f"{kind}@")]
        return away[0] if key not in self.known and len(away) == 1 else key

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        hotplug = Hotplug(
            self.find,
            lambda key: self.config.of(key).enabled,
            SystemClock(),
            share=lambda key: self.config.of(key).share,
            known_as=self.known_as,
            lookout=self.lookout,
        )
        task = asyncio.create_task(hotplug.run(self.appeared))
        try:
            async with asyncio.timeout(8):
                yield
        finally:
            task.cancel()
            await asyncio.wait((task,))

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)

    def state(self, key: str) -> Readiness | None:
        scanner = self.scanners.get(key)
        look = scanner.last_look("usb") if scanner is not None else None
        return look.readiness if look is not None else None


A, B, C = (f"usb-04b8-0110@1-{port}" for port in (1, 2, 3))


async def test_with_nothing_plugged_in_nothing_is_done_until_there_is_word() -> None:
    world = World(port := Port(A))
    port.plugged = False
    async with world.running():
        await world.until(lambda: world.lookout.rested == [60.0])
        port.plugged = True
        world.lookout.tell()
        await world.until(lambda: world.state(A) is Readiness.IDLE)


async def test_a_scanner_at_another_port_keeps_its_name_and_what_the_operator_said_of_it() -> None:
    here, there = Port(A), Port(C)
    there.plugged = False
    config = Config(usb=Usb(enabled=False), scanner=(Scanner(key=A, share=True),))
    world = World(here, there, config=config)
    async with world.running():
        await world.until(lambda: world.state(A) is Readiness.IDLE)
        here.plugged, there.plugged = False, True
        world.lookout.tell()
        await world.until(lambda: world.served == [A, A])
        assert (here.opened, there.opened) == (["shared"], ["shared"])
        assert here.closed == 1
        here.plugged, there.plugged = True, False
        world.lookout.tell()
        await world.until(lambda: world.served == [A, A, A])
        await world.until(lambda: world.state(A) is Readiness.IDLE)
        assert there.closed == 1


async def test_a_scanner_that_is_not_wanted_is_not_wanted_at_another_port_either() -> None:
    config = Config(usb=Usb(enabled=False), scanner=(Scanner(key=A, enabled=False),))
    world = World(moved := Port(C), known=(A,), config=config)
    async with world.running():
        await world.until(lambda: bool(world.lookout.rested))
        assert moved.opened == []


async def test_of_two_that_are_away_nobody_is_guessed() -> None:
    world = World(Port(C), known=(A, B))
    async with world.running():
        await world.until(lambda: world.served == [C])


async def test_of_two_newcomers_one_at_most_is_the_one_that_was_away() -> None:
    world = World(Port(B), Port(C), known=(A,))
    async with world.running():
        await world.until(lambda: len(world.served) == 2)
        assert sorted(world.served) == sorted([A, C])
        world.lookout.tell()
        await asyncio.sleep(0.1)
        assert len(world.served) == 2


async def test_a_known_one_that_is_there_is_not_taken_for_away() -> None:
    world = World(Port(C), Port(A), known=(A,))  # the newcomer is found first
    async with world.running():
        await world.until(lambda: len(world.served) == 2)
        assert sorted(world.served) == [A, C]


async def test_two_of_one_model_keep_their_names_through_power_cycles() -> None:
    first, second = Port(A), Port(B)
    world = World(first, second)
    async with world.running():
        await world.until(lambda: len(world.served) == 2)
        for port in (first, second):
            port.plugged = False
            world.lookout.tell()
            await world.until(lambda key=port.key: world.state(key) is Readiness.GONE)  # type: ignore[misc]
            port.plugged = True
            world.lookout.tell()
            await world.until(lambda key=port.key: world.state(key) is Readiness.IDLE)  # type: ignore[misc]
        assert sorted(world.served) == [A, B]
        assert (first.opened, second.opened) == ([""], [""])


async def test_one_that_only_looks_is_opened_anew_when_somebody_can_scan_with_it() -> None:
    port = Port(A)
    world = World(port)
    async with world.running():
        await world.until(lambda: len(world.served) == 1)
        port.driver, port.acquirer = "hand+sane", object()
        world.lookout.tell()
        await world.until(lambda: len(world.served) == 2)
        port.driver = "hand"  # SANE does not list it just now
        world.lookout.tell()
        await asyncio.sleep(0.1)
        assert (len(port.opened), port.closed) == (2, 1)


async def test_what_could_not_be_opened_is_tried_again_at_any_word(caplog: pytest.LogCaptureFixture) -> None:
    port = Port(A)
    world = World(port)
    refusals = 0

    async def refuse() -> Device:
        nonlocal refusals
        refusals += 1
        raise DeviceRefused("no permission")

    async def find() -> list[Finding]:
        return [Finding(A, "hand", "a scanner", refuse)] if refusals < 2 else [port.finding()]

    world.find = find  # type: ignore[method-assign]
    async with world.running():
        await world.until(lambda: refusals == 1)
        await world.until(lambda: 0 < world.lookout.rested[-1] <= 10.0)
        for tries in (2, 3):
            world.lookout.tell()
            await world.until(lambda tries=tries: refusals >= min(tries, 2))  # type: ignore[misc]
        await world.until(lambda: world.served == [A])
    assert len([record for record in caplog.records if "no permission" in record.getMessage()]) == 1


@pytest.mark.parametrize(
    ("told", "servers", "seconds"), [(True, (), 60.0), (True, ("127.0.0.1:1",), 10.0), (False, (), 2.0)]
)
async def test_how_often_is_looked_without_a_word(
    monkeypatch: pytest.MonkeyPatch, told: bool, servers: tuple[str, ...], seconds: float
) -> None:
    class Ear:
        def __init__(self) -> None:
            if not told:
                raise PermissionError(1, "Operation not permitted")

        async def changed(self) -> None:
            return

        def close(self) -> None: ...

    monkeypatch.setattr(hotplug, "Uevents", Ear)
    config = Config(usb=Usb(enabled=True, usbip=servers), sane=Sane(enabled=False))
    lookout = ByWord(config, SystemClock())
    assert lookout.due() == seconds
    assert lookout.all_told is (told and not servers)
    assert await lookout.changed(0.01) is told
    lookout.close()
