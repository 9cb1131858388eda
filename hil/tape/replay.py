"""A tape, served: its USB devices on one USB/IP server, its SNMP agents and its HTTP services each on a socket.

async with replay.served(file.read(path)) as rig:
    rig.usbip, rig.snmp, rig.http, rig.failure
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from drivers.contract.clock import Clock, SystemClock
from hil.devices.live import Live
from hil.devices.stimuli import Stimulus
from hil.http_server import HttpServer
from hil.tape.file import Tape, TapeError
from hil.tape.snmp import TapeAgent
from hil.tape.usb import TapeUsb
from hil.tape.web import TapeWeb
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is served."""

    usb: tuple[tuple[str, TapeUsb], ...]  # by bus id
    agents: tuple[tuple[int, TapeAgent], ...]  # by port
    services: tuple[tuple[int, TapeWeb], ...]  # the same
    host: str
    port: int | None  # of the USB/IP server
    clock: Clock

    @property
    def usbip(self) -> str | None:
        """Where the USB devices are."""
        return f"usbip://{self._shown}:{self.port}" if self.port is not None else None

    @property
    def snmp(self) -> tuple[str, ...]:
        """Where the agents are."""
        return tuple(f"snmp://{self._shown}:{port}" for port, _ in self.agents)

    @property
    def http(self) -> tuple[str, ...]:
        """Where the services are."""
        return tuple(f"http://{self._shown}:{port}{each.root}" for port, each in self.services)

    @property
    def url(self) -> str:
        """Where its first device is."""
        return self.usbip or (*self.snmp, *self.http)[0]

    def begin(self) -> None:
        """Let the tape's time run, where it was held."""
        for _, device in self.usb:
            device.begin(self.clock.monotonic())
        for _, agent in self.agents:
            agent.begin()
        for _, service in self.services:
            service.begin()

    def stimulate(self, *stimuli: Stimulus) -> None:
        """Nothing can happen to a tape: what happened then happens again."""

    @property
    def failure(self) -> str | None:
        """The first difference between the tape and what is done now."""
        said = [*(device.failure for _, device in self.usb), *(agent.failure for _, agent in self.agents)]
        said += [service.failure for _, service in self.services]
        return next((each for each in said if each is not None), None)

    @property
    def lines(self) -> tuple[str, ...]:
        """What `ready` lines say, one for each device: URL, and for USB the bus id and VID:PID."""
        found = []
        for busid, device in self.usb:
            shown = device.description
            found.append(f"{self.usbip} {busid} {shown.vendor_id:04x}:{shown.product_id:04x}")
        return (*found, *self.snmp, *self.http)

    @property
    def _shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@asynccontextmanager
async def served(
    tape: Tape,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    pace: float = 0.0,
    strict: bool = False,
    held: bool = False,
    community: str = "public",
    clock: Clock | None = None,
) -> AsyncIterator[Replayed]:
    """Serve until the block ends. `pace` 1 is as slow as it was, 0 as fast as can be; `held`: its time stands until
    `Replayed.begin`. `port` is the USB/IP server's, or the first agent's where there is no USB.

    Raises TapeError, OSError (port taken)."""
    ticking = clock or SystemClock()
    async with AsyncExitStack() as stack:
        devices, exports = [], []
        for number, identity in enumerate(tape.usb(), start=1):
            device = TapeUsb(tape, identity, pace=pace, strict=strict, held=held)
            live = Live(device, ticking)
            stack.callback(live.close)
            address = Address(1, number)
            devices.append((address.busid, device))
            exports.append(Export(address, device, live))
        real: int | None = None
        if exports:
            real = (await stack.enter_async_context(UsbIpServer(exports, host, port))).port
        agents: list[tuple[int, TapeAgent]] = []
        for known in tape.snmp():
            agent = TapeAgent(
                tape, known, ticking.monotonic, community=community, pace=pace, strict=strict, held=held
            )  # fmt: skip
            _, bound = await agent.start(host, port if not exports and not agents else 0)
            stack.callback(agent.close)
            agents.append((bound, agent))
        services: list[tuple[int, TapeWeb]] = []
        for named in tape.http():
            service = TapeWeb(tape, named, pace=pace, strict=strict, held=held)
            first = not exports and not agents and not services
            live = Live(service, ticking)
            stack.callback(live.close)
            listening = HttpServer(service.serve, live, host, port if first else 0)
            services.append(((await stack.enter_async_context(listening)).port, service))
        if not devices and not agents and not services:
            raise TapeError(f"{tape.path}: has no device that could be replayed")
        yield Replayed(tuple(devices), tuple(agents), tuple(services), host, real, ticking)
