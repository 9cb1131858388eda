"""Simulated scanners, served: one of a family, plugged into a USB/IP server (and its other plugs) in this process.

async with serving.scanner("esci", "adf=3") as rig:
    rig.port, rig.busid, rig.stimulate(Jam()), rig.scanner.state

A family on the network has a rig of its own (`hil.devices.mfp.serve`); `served` takes both kinds.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from drivers.contract.clock import Clock, SystemClock
from hil.devices.esci import product as esci
from hil.devices.esci.net import EpsonNetServer
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import esci2_usb
from hil.devices.fujitsu import product as fujitsu
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.usb import FujitsuUsb
from hil.devices.genesys import product as genesys
from hil.devices.genesys.scanner import GenesysScanner
from hil.devices.genesys.usb import GenesysUsb
from hil.devices.live import Live
from hil.devices.mfp import serve as mfp
from hil.devices.mfp.serve import MfpRig
from hil.devices.mfp.usb import MfpUsb
from hil.devices.pixma import product as pixma
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import pixma_usb
from hil.devices.printer.usb import PrinterUsb
from hil.devices.stimuli import Stimulus
from hil.devices.usb.device import SimulatedUsbDevice
from hil.script import Script, read
from hil.tape import file, replay
from hil.tape.replay import Replayed
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer
from hil.usbredir.server import UsbRedirServer


class UnknownFamily(ValueError):
    """The operator asked for a family that is not simulated."""


def _esci(script: Script, now: float, product: esci.Product = esci.GT_2500) -> tuple[EsciScanner, SimulatedUsbDevice]:
    scanner = EsciScanner(script, now, product)
    return scanner, esci_usb(scanner, script.serial)


def _esci2(script: Script, now: float) -> tuple[Esci2Scanner, SimulatedUsbDevice]:
    scanner = Esci2Scanner(script, now)
    return scanner, esci2_usb(scanner, script.serial)


def _pixma(script: Script, now: float, product: pixma.Product = pixma.MX850) -> tuple[PixmaScanner, SimulatedUsbDevice]:
    scanner = PixmaScanner(script, now, product)
    return scanner, pixma_usb(scanner, script.serial)


def _fujitsu(
    script: Script, now: float, product: fujitsu.Product = fujitsu.FI_6230
) -> tuple[FujitsuScanner, SimulatedUsbDevice]:
    scanner = FujitsuScanner(script, now, product)
    return scanner, FujitsuUsb(scanner, script.serial)


def _genesys(
    script: Script, now: float, product: genesys.Product = genesys.LIDE_200
) -> tuple[GenesysScanner, SimulatedUsbDevice]:
    scanner = GenesysScanner(script, now, product)
    return scanner, GenesysUsb(scanner, script.serial)


def _ipp_usb(script: Script, now: float) -> tuple[MfpUsb, SimulatedUsbDevice]:
    device = MfpUsb(script, now)
    return device, device


def _printer(script: Script, now: float) -> tuple[PrinterUsb, SimulatedUsbDevice]:
    device = PrinterUsb(script, now)
    return device, device


Simulated = EsciScanner | Esci2Scanner | FujitsuScanner | GenesysScanner | MfpUsb | PixmaScanner | PrinterUsb

FAMILIES: Mapping[str, Callable[[Script, float], tuple[Simulated, SimulatedUsbDevice]]] = {
    "esci": _esci,
    "esci-film": partial(_esci, product=esci.GT_X800),
    "esci2": _esci2,
    "fujitsu": _fujitsu,
    "fujitsu-ix500": partial(_fujitsu, product=fujitsu.IX500),
    "genesys": _genesys,
    "genesys-sheet": partial(_genesys, product=genesys.STROBE_XP300),
    "imageclass": partial(_pixma, product=pixma.MF220),
    "imageclass-old": partial(_pixma, product=pixma.D420),
    "ipp-usb": _ipp_usb,
    "pixma": _pixma,
    "printer": _printer,
}
TAPE = "tape"  # whatever was recorded on one: hil.tape
NAMES = (*FAMILIES, mfp.FAMILY, mfp.ESCL_FAMILY, TAPE)


@dataclass(frozen=True, slots=True)
class Rig:
    """One served scanner."""

    family: str
    scanner: Simulated
    usb: SimulatedUsbDevice
    live: Live
    host: str
    port: int
    busid: str

    def stimulate(self, *stimuli: Stimulus) -> None:
        """Something happens to it, at once."""
        self.live.stimulate(*stimuli)

    @property
    def url(self) -> str:
        """Where its USB plug is."""
        return f"usbip://{self.host}:{self.port}"

    @property
    def ids(self) -> str:
        """VID:PID as lsusb prints them."""
        return f"{self.usb.description.vendor_id:04x}:{self.usb.description.product_id:04x}"


@asynccontextmanager
async def scanners(
    wanted: Sequence[tuple[str, Script]], host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> AsyncIterator[tuple[Rig, ...]]:
    """Serve several on one USB/IP server, as 1-1, 1-2, …; port 0 takes a free one. Raises UnknownFamily, OSError."""
    ticking = clock or SystemClock()
    async with AsyncExitStack() as stack:
        made = []
        for index, (family, script) in enumerate(wanted, start=1):
            if family not in FAMILIES:
                raise UnknownFamily(f"{family!r} is not simulated on USB; there are: {', '.join(FAMILIES)}")
            scanner, usb = FAMILIES[family](script, ticking.monotonic())
            live = Live(usb, ticking)
            stack.callback(live.close)
            made.append((family, scanner, usb, live, Address(1, index)))
        exports = [Export(address, usb, live) for _, _, usb, live, address in made]
        server = await stack.enter_async_context(UsbIpServer(exports, host, port))
        yield tuple(
            Rig(family, scanner, usb, live, host, server.port, address.busid)
            for family, scanner, usb, live, address in made
        )


@asynccontextmanager
async def served(
    wanted: Sequence[tuple[str, Script | Path]], host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> AsyncIterator[tuple[Rig | MfpRig | Replayed, ...]]:
    """Serve scanners of any family, in that order. The USB ones share a TCP port, each network one has a UDP port;
    `port` is theirs and the first network one's. A tape is given by its path.

    Raises UnknownFamily, TapeError, OSError.
    """
    for family, _ in wanted:
        if family not in NAMES:
            raise UnknownFamily(f"{family!r} is not simulated; there are: {', '.join(NAMES)}")
    async with AsyncExitStack() as stack:
        on_usb = [(family, script) for family, script in wanted if family in FAMILIES and isinstance(script, Script)]
        plugged = iter(await stack.enter_async_context(scanners(on_usb, host, port, clock)) if on_usb else ())
        rigs: list[Rig | MfpRig | Replayed] = []
        udp_port = port
        for family, script in wanted:
            if family in FAMILIES:
                rigs.append(next(plugged))
            elif isinstance(script, Path):
                rigs.append(
                    await stack.enter_async_context(replay.served(file.read(script), host, pace=1.0, clock=clock))
                )
            else:
                served = mfp.mfp(script, host, udp_port, clock=clock, family=family)
                rigs.append(await stack.enter_async_context(served))
                udp_port = 0
        yield tuple(rigs)


@asynccontextmanager
async def scanner(
    family: str, script: Script | str = "", host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> AsyncIterator[Rig]:
    """Serve one. Raises UnknownFamily, ScriptError, OSError."""
    checked = read(script) if isinstance(script, str) else script
    async with scanners(((family, checked),), host, port, clock) as rigs:
        yield rigs[0]


@asynccontextmanager
async def epson_net(rig: Rig, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Serve the same scanner in Epson's network mode too; yields the port. SANE's epson2 and epsonds use 1865."""
    if not isinstance(rig.scanner, EsciScanner | Esci2Scanner):
        raise UnknownFamily(f"{rig.family} has no such mode")
    async with EpsonNetServer(rig.scanner, rig.live, host, port) as server:
        yield server.port


@asynccontextmanager
async def usbredir(rig: Rig, path: Path) -> AsyncIterator[Path]:
    """Plug the same scanner into a UNIX socket too, for a virtual machine's usb-redir. Raises OSError."""
    async with UsbRedirServer(rig.usb, rig.live, path):
        yield path
