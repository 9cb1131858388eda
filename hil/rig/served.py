"""A bridge with a simulated scanner on real sockets, in a thread of its own, for programs that are not asyncio's.

with Served("esci", "adf=3") as rig:
    rig.url, rig.happen("jam@2"), told.WsdClient(rig, directory).open().scan()

Everything blocks with a deadline. Nothing is left behind: threads, sockets and files end with the block.
"""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from bridge import hotplug
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Finding
from hil import script, serving
from hil.devices.mfp.serve import MfpRig
from hil.faults import plan as faults
from hil.faults.plan import Plan
from hil.faults.snmp import SnmpProxy
from hil.faults.usbip import UsbIpProxy
from hil.rig import bench

T = TypeVar("T")

START: Final = 60.0
ANSWER: Final = 30.0
STOP: Final = 30.0


class NoRig(RuntimeError):
    """The rig did not start, or did not answer in time."""


class Served:
    """See the module."""

    def __init__(
        self,
        family: str = "esci",
        setup: str = "",
        *,
        planned: Sequence[str] = (),
        settings: dict[str, Any] | None = None,
    ) -> None:
        """`setup` is a script, `planned` are faults of the link (hil.faults), `settings` tables of the bridge's
        configuration. Raises ScriptError, FaultError."""
        self.family = family
        self._script = script.read(setup)
        self._settings = settings or {}
        self.clock = SystemClock()
        usb = family in serving.FAMILIES
        self.faults = Plan(*map(faults.read, planned), allowed=faults.USB if usb else faults.SNMP)
        self._bad = bool(planned)
        self.url = ""
        self._device: serving.Rig | MfpRig | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="wsd-rig", daemon=True)

    def __enter__(self) -> Self:
        """Raises NoRig, UnknownFamily."""
        self._thread.start()
        if not self._ready.wait(START):
            raise NoRig(f"not ready after {START:g} s")
        if self._failure is not None:
            self._thread.join(STOP)
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP)
        if self._failure is not None and err is None:
            raise self._failure

    def happen(self, *events: str) -> None:
        """Something happens to the scanner now, or is armed: `jam`, `jam@2`, `cover open`, `press`. Raises
        ScriptError."""
        stimuli = [script.stimulus(each) for each in events]

        async def there() -> None:
            assert self._device is not None
            self._device.stimulate(*stimuli)

        self.call(there())

    @property
    def state(self) -> object:
        """The simulated device's own state, as somebody standing next to it sees it."""
        device = self._device
        if device is None:
            raise NoRig("it is not running")
        return device.mfp.state if isinstance(device, MfpRig) else device.scanner.state

    def begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Have it done on the rig's event loop, without waiting."""
        if self._loop is None:
            work.close()
            raise NoRig("it is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T], timeout: float = ANSWER) -> T:
        """Have it done on the rig's event loop. Raises NoRig when it takes longer."""
        future = self.begin(work)
        try:
            return future.result(timeout)
        except NotInTime as err:
            if future.done():
                raise
            future.cancel()
            raise NoRig(f"no answer in {timeout:g} s") from err

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as err:  # noqa: BLE001 - it is raised where the block is entered or left
            self._failure = err
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        with tempfile.TemporaryDirectory(prefix="wsd-rig-") as place:
            async with AsyncExitStack() as stack:
                found = await stack.enter_async_context(serving.served([(self.family, self._script)]))
                device = found[0]
                if not isinstance(device, serving.Rig | MfpRig):
                    raise serving.UnknownFamily(f"{self.family!r} is no simulated scanner")
                settings = {**self._settings, **await self._found(device, stack)}
                config = bench.configured(Path(place), settings)

                async def find() -> list[Finding]:
                    return await hotplug.find(config, self.clock)

                here = await stack.enter_async_context(bench.real(config, find, self.clock))
                self._device, self.url = device, here.url
                self._loop = asyncio.get_running_loop()
                self._ready.set()
                await self._stop.wait()
        self._loop = None

    async def _found(self, device: serving.Rig | MfpRig, stack: AsyncExitStack) -> dict[str, Any]:
        """How the bridge is to look for it; through the bad link where there is one."""
        host, port = device.host, device.port
        if isinstance(device, MfpRig):
            if self._bad:
                agent = await stack.enter_async_context(SnmpProxy((host, port), self.faults))
                host, port = "127.0.0.1", agent.port
            return {"usb": {"enabled": False}, "snmp": [{"host": host, "port": port}]}
        if self._bad:
            proxy = await stack.enter_async_context(UsbIpProxy((host, port), self.faults))
            place = urlsplit(proxy.url)
            host, port = place.hostname or host, place.port or port
        return {"usb": {"enabled": False, "usbip": [f"{host}:{port}"]}}
