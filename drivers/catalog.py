"""Identity → driver: the only file that knows all drivers.

A new USB family is one row in drivers.usb.families. Devices that are reached over a network are named in the
configuration; their findings are made by their own driver and added in `find`. A driver is imported where there is
something for it: who runs for months keeps no memory for what he never meets.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from drivers import quirks
from drivers.actor.beside import open_both
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.driver import Claim, Device, Finding
from drivers.contract.errors import DeviceRefused, DriverError
from drivers.routes import table
from drivers.snmp.credentials import Community, Credentials
from drivers.usb.descriptors import UsbDevice
from drivers.usb.families import USB_FAMILIES, UsbFamily
from drivers.usbip import place as places

if TYPE_CHECKING:
    from drivers.escl.mdns import Browser
    from drivers.sane.listing import Listing
    from drivers.usb.bus import Bus, LocalBus, RemoteBus
    from drivers.usb.link import Link

log = logging.getLogger(__name__)

REMOTE_PACE: Final = 10.0  # s between looks at USB/IP servers, who tell nobody of a change
LOST_WORD: Final = 60.0  # s between looks where changes are told, in case a word was lost
IPP_USB: Final = (7, 1, 4)  # class, subclass, protocol of its interfaces


_no_scanners: Final[set[str]] = set()  # what has the interfaces of IPP over USB, and no eSCL behind them: printers
_claims: Final[WeakSet[Claim]] = WeakSet()  # of what is open and must be lent to SANE when it lists its devices


@dataclass(frozen=True, slots=True)
class Sane:
    """How SANE is to look for the rest."""

    library: str
    backends: tuple[str, ...] = ()  # to be used although they are left out elsewhere
    network: bool = False
    firmware_dir: Path | None = None  # where the operator's firmware files are


@dataclass(frozen=True, slots=True)
class Agent:
    """One SNMP agent that the operator named."""

    host: str
    port: int
    credentials: Credentials = field(default_factory=Community)
    scanner: str = ""  # key of the device that it is a part of


@dataclass(frozen=True, slots=True)
class Service:
    """One eSCL service that the operator named."""

    url: str
    certificate: str = ""  # SHA-256 in hex of the one it must have; "" accepts any


async def find(
    *,
    local: bool = True,
    usbip: Iterable[str] = (),
    agents: Iterable[Agent] = (),
    services: Iterable[Service] = (),
    mdns: bool = False,
    sane: Sane | None = None,
    patient: bool = True,
    unserved: bool = False,
    clock: Clock | None = None,
) -> list[Finding]:
    """All scanners that are there now, known or not.

    `usbip`: servers as usbip://HOST:PORT, ValueError when one is not; `agents` and `services` are taken at their word
    and asked only when they are opened; `mdns`: eSCL services are looked for in the networks too; `sane` finds what no
    driver of ours scans with, at once for the `patient`, else at a later look; `unserved`: also what is known to be a
    scanner from the table of routes alone. A bus that cannot be looked at is logged and left out.
    """
    clock = clock or SystemClock()
    buses: list[Bus] = [_local()] if local else []
    buses += [_remote(places.parse(text)) for text in usbip]
    listings = await asyncio.gather(*(asyncio.to_thread(_devices, bus) for bus in buses))
    _no_scanners.intersection_update(device.key for devices in listings for device in devices)
    found: dict[str, Finding] = {}
    for bus, devices in zip(buses, listings, strict=True):
        for device in devices:
            finding = _finding(bus, device, clock, unserved=unserved)
            if finding is None:
                continue
            if finding.key in found:  # this machine exports it and sees it over USB/IP too, or serial numbers repeat
                _note(f"{finding.description} has the key of {found[finding.key].description} and is left out")
                continue
            found[finding.key] = finding
    if sane is not None:
        paths = {device.path: (bus, device) for bus, devices in zip(buses, listings, strict=True) for device in devices}
        for finding in await _through_sane(sane, paths, found, clock, patient=patient):
            found[finding.key] = finding
    wanted = {finding.key: finding for finding in (_service(each, clock) for each in services)}
    for url in await _browser().urls() if mdns else ():
        finding = _service(Service(url), clock)
        wanted.setdefault(finding.key, finding)
    found |= wanted
    named = tuple(agents)
    for agent in named:
        if agent.scanner in found:
            found[agent.scanner] = _with_agent(found[agent.scanner], agent, clock)
    return [*found.values(), *(_agent(agent, clock) for agent in named if not agent.scanner)]


def due(*, usbip: bool, sane: Sane | None) -> float:
    """Seconds after which another look is worth while, although no change of this machine's USB was told.

    `usbip`: there are servers to be looked at.
    """
    return min(REMOTE_PACE if usbip else LOST_WORD, _listing(sane).due() if sane is not None else LOST_WORD)


async def _through_sane(
    sane: Sane, at: Mapping[str, tuple["Bus", UsbDevice]], known: Mapping[str, Finding], clock: Clock, *, patient: bool
) -> list[Finding]:
    """What SANE sees and no driver of ours scans with; `at` is where our own buses' devices are."""
    from drivers.sane import open as through  # noqa: PLC0415 as all drivers are

    listing = _listing(sane)
    findings = []
    for listed in await asyncio.to_thread(listing.devices, patient=patient):
        bus, device = at.get(listed.usb.path, (None, None)) if listed.usb is not None else (None, None)
        key = device.key if device is not None else through.key(listed)
        opener: Callable[..., Awaitable[Device]]
        opener = partial(through.open_device, listed, key, listing.library, listing.config_dir, clock)
        if bus is not None and device is not None:
            from drivers.usb.printer_class.look import prints  # noqa: PLC0415

            if prints(device.interfaces):
                from drivers.usb.printer_class.beside import open_beside  # noqa: PLC0415

                opener = partial(open_beside, opener, partial(bus.zero, key), clock)
        ours = known.get(key)
        if ours is None or ours.driver is None:
            shared = partial(opener, share=True)
            findings.append(Finding(key, through.DRIVER, listed.description, opener, shared))
        elif any(family.name == ours.driver and not family.scans for family in USB_FAMILIES):
            name = f"{ours.driver}+{through.DRIVER}"
            looks = (ours.open, ours.shared or ours.open)
            both, shared = (partial(open_both, look, opener, name) for look in looks)
            findings.append(Finding(key, name, ours.description, both, shared))
    return findings


def _agent(agent: Agent, clock: Clock) -> Finding:
    from drivers.snmp import device as snmp  # noqa: PLC0415

    opener = partial(snmp.open_device, agent.host, agent.port, agent.credentials, clock=clock)
    return Finding(snmp.key(agent.host, agent.port), snmp.DRIVER, f"SNMP agent {agent.host}:{agent.port}", opener)


def _with_agent(finding: Finding, agent: Agent, clock: Clock) -> Finding:
    """The same device, observed by an SNMP agent too. One that no driver knows stays as it is."""
    if finding.driver is None:
        return finding
    from drivers.snmp import device as snmp  # noqa: PLC0415
    from drivers.snmp.beside import open_observed  # noqa: PLC0415

    look = partial(snmp.open_device, agent.host, agent.port, agent.credentials, clock=clock)
    driver = f"{finding.driver}+{snmp.DRIVER}"

    def beside(opener: Callable[[], Awaitable[Device]]) -> Callable[[], Awaitable[Device]]:
        return partial(open_observed, opener, look, clock)

    shared = beside(finding.shared) if finding.shared is not None else None
    return Finding(finding.key, driver, finding.description, beside(finding.open), shared)


def _service(service: Service, clock: Clock) -> Finding:
    from drivers.escl import open as escl  # noqa: PLC0415

    opener = partial(escl.open_device, service.url, service.certificate, clock=clock)
    return Finding(escl.key(service.url), escl.DRIVER, f"eSCL service {service.url}", opener)


def _devices(bus: "Bus") -> list[UsbDevice]:
    try:
        return bus.devices()
    except DriverError as err:
        _note(str(err))
        return []


def _finding(bus: "Bus", device: UsbDevice, clock: Clock, *, unserved: bool = False) -> Finding | None:
    ids = f"{device.vendor_id:04x}:{device.product_id:04x}"
    for family in USB_FAMILIES:
        if ids in family.ids():
            opener = partial(_opened, family, device, partial(bus.open, device.key), clock)
            return Finding(device.key, family.name, device.description, opener, partial(opener, share=True))
    if IPP_USB in device.interfaces and device.key not in _no_scanners:
        quirk = quirks.of(device.vendor_id, device.product_id, f"{device.manufacturer} {device.product}")
        if quirk.ipp_usb:
            opener = partial(_over_usb, bus, device, quirk, clock)
            return Finding(device.key, "escl", device.description, opener, partial(opener, share=True))
    if device.looks_like_a_scanner or (unserved and table.known(ids) is not None):
        return Finding(device.key, None, device.description, partial(_refuse, device))
    return None


async def _over_usb(bus: "Bus", device: UsbDevice, quirk: quirks.Quirk, clock: Clock, *, share: bool = False) -> Device:
    """eSCL behind the interfaces of IPP over USB. Not so where they belong to a program that serves them already."""
    from drivers.escl import open as escl  # noqa: PLC0415
    from drivers.escl.link import NoService  # noqa: PLC0415
    from drivers.usb.ipp_usb.http import IppUsb  # noqa: PLC0415

    links = partial(bus.several, device.key, IPP_USB, quirk.ipp_usb_interfaces)
    http = IppUsb(device.key, links, clock, connection=quirk.ipp_usb_connection, share=share)
    ids = (device.vendor_id, device.product_id)
    try:
        return await escl.open_on(
            http, "/eSCL", device.key, device.description, clock=clock, ids=ids, serial=device.serial
        )
    except NoService:
        _no_scanners.add(device.key)  # a printer must not be claimed again and again
        await http.close()
        raise
    except BaseException:
        await asyncio.shield(http.close())
        raise


async def _opened(
    family: UsbFamily, device: UsbDevice, open_link: Callable[[], "Link"], clock: Clock, *, share: bool = False
) -> Device:
    opened = await family.open(device, open_link, clock, share=share)
    if opened.claim is not None:
        _claims.add(opened.claim)
    return opened


async def _refuse(device: UsbDevice) -> Device:
    raise DeviceRefused(f"no driver knows {device.description}")


@cache
def _local() -> "LocalBus":
    from drivers.usb.bus import LocalBus  # noqa: PLC0415

    return LocalBus()


@cache
def _remote(place: places.Place) -> "RemoteBus":
    """One per server for as long as we run: it remembers the descriptors of devices that are in use."""
    from drivers.usb.bus import RemoteBus  # noqa: PLC0415

    return RemoteBus(place)


@cache
def _browser() -> "Browser":
    """One for as long as we run: it remembers who answered."""
    from drivers.escl.mdns import Browser  # noqa: PLC0415

    return Browser(SystemClock())


@cache
def _listing(sane: Sane) -> "Listing":
    """One for as long as we run: it remembers what was found and looks again only when there is a reason."""
    from drivers.sane.listing import Listing  # noqa: PLC0415

    return Listing(sane.library, sane.backends, network=sane.network, firmware_dir=sane.firmware_dir, claims=_claims)


@cache
def _note(text: str) -> None:
    """Say it once, not at every look."""
    log.warning("%s", text)
