"""Identity → driver: the only file that knows all drivers.

A new USB family is one row in `USB_FAMILIES`. Devices that are reached over a network are named in the
configuration; their findings are made by their own driver and added in `find`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from drivers.contract.clock import Clock, SystemClock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DeviceRefused, DriverError
from drivers.snmp import device as snmp
from drivers.snmp.credentials import Community
from drivers.usb.bus import Bus, LocalBus, RemoteBus
from drivers.usb.descriptors import CLASS_IMAGE, UsbDevice
from drivers.usb.esci import open as esci
from drivers.usb.fujitsu import open as fujitsu
from drivers.usbip import place as places

if TYPE_CHECKING:
    from drivers.sane.listing import Listing

log = logging.getLogger(__name__)

_LOOKS_LIKE_A_SCANNER = ("scan", "perfection", "expression", "gt-", "fi-", "lide", "workforce ds", "imageformula")


@dataclass(frozen=True, slots=True)
class UsbFamily:
    """One protocol family on USB."""

    name: str
    ids: Callable[[], Iterable[str]]  # "vvvv:pppp" of the devices known to speak it
    open: Callable[..., Awaitable[Device]]  # (UsbDevice, open_link, clock, *, share)


USB_FAMILIES = (
    UsbFamily(esci.FAMILY, esci.models, esci.open_device),
    UsbFamily(fujitsu.FAMILY, fujitsu.models, fujitsu.open_device),
)


@dataclass(frozen=True, slots=True)
class Sane:
    """How SANE is to look for the rest."""

    library: str
    backends: tuple[str, ...] = ()  # to be used although they are left out elsewhere
    network: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """One SNMP agent that the operator named."""

    host: str
    port: int = snmp.PORT
    credentials: Community = field(default_factory=Community)


async def find(
    *,
    local: bool = True,
    usbip: Iterable[str] = (),
    agents: Iterable[Agent] = (),
    sane: Sane | None = None,
    patient: bool = True,
    share: Iterable[str] = (),
    clock: Clock | None = None,
) -> list[Finding]:
    """All scanners that are there now, known or not.

    `usbip`: servers as usbip://HOST:PORT, ValueError when one is not; `agents` are taken at their word and asked only
    when they are opened; `sane` finds what no driver of ours knows, at once for the `patient`, else at a later look;
    `share`: keys of devices to be claimed only while they are used. A bus that cannot be looked at is logged and left
    out.
    """
    shared = frozenset(share)
    buses: list[Bus] = [_local()] if local else []
    buses += [_remote(places.parse(text)) for text in usbip]
    listings = await asyncio.gather(*(asyncio.to_thread(_devices, bus) for bus in buses))
    found: dict[str, Finding] = {}
    for bus, devices in zip(buses, listings, strict=True):
        for device in devices:
            finding = _finding(bus, device, clock or SystemClock(), share=device.key in shared)
            if finding is None:
                continue
            if finding.key in found:  # this machine exports it and sees it over USB/IP too, or serial numbers repeat
                _note(f"{finding.description} has the key of {found[finding.key].description} and is left out")
                continue
            found[finding.key] = finding
    if sane is not None:
        paths = {device.path: device.key for bus, devices in zip(buses, listings, strict=True) for device in devices}
        for finding in await _through_sane(sane, paths, clock or SystemClock(), shared, patient=patient):
            if (known := found.get(finding.key)) is None or known.driver is None:
                found[finding.key] = finding
    return list(found.values()) + [_agent(agent, clock or SystemClock()) for agent in agents]


async def _through_sane(
    sane: Sane, keys: Mapping[str, str], clock: Clock, shared: frozenset[str], *, patient: bool
) -> list[Finding]:
    """What SANE sees; `keys` are those of our own buses' devices by path. Its room is entered only here."""
    from drivers.sane import open as through  # noqa: PLC0415 see above

    listing = _listing(sane)
    findings = []
    for listed in await asyncio.to_thread(listing.devices, patient=patient):
        key = keys.get(listed.usb.path, "") if listed.usb is not None else ""
        key = key or through.key(listed)
        opener = partial(
            through.open_device, listed, key, listing.library, listing.config_dir, clock, share=key in shared
        )
        findings.append(Finding(key, through.DRIVER, listed.description, opener))
    return findings


def _agent(agent: Agent, clock: Clock) -> Finding:
    name, version = agent.credentials.name, agent.credentials.version
    opener = partial(snmp.open_device, agent.host, agent.port, name, clock=clock, version=version)
    return Finding(snmp.key(agent.host, agent.port), snmp.DRIVER, f"SNMP agent {agent.host}:{agent.port}", opener)


def _devices(bus: Bus) -> list[UsbDevice]:
    try:
        return bus.devices()
    except DriverError as err:
        _note(str(err))
        return []


def _finding(bus: Bus, device: UsbDevice, clock: Clock, *, share: bool) -> Finding | None:
    ids = f"{device.vendor_id:04x}:{device.product_id:04x}"
    for family in USB_FAMILIES:
        if ids in family.ids():
            opener = partial(family.open, device, partial(bus.open, device.key), clock, share=share)
            return Finding(device.key, family.name, device.description, opener)
    if looks_like_a_scanner(device):
        return Finding(device.key, None, device.description, partial(_refuse, device))
    return None


def looks_like_a_scanner(device: UsbDevice) -> bool:
    """Whether an unknown device is worth showing: its class is still image, or its name says so."""
    if any(interface[0] == CLASS_IMAGE for interface in device.interfaces):
        return True
    return any(word in device.product.lower() for word in _LOOKS_LIKE_A_SCANNER)


async def _refuse(device: UsbDevice) -> Device:
    raise DeviceRefused(f"no driver knows {device.description}")


@cache
def _local() -> LocalBus:
    return LocalBus()


@cache
def _remote(place: places.Place) -> RemoteBus:
    """One per server for as long as we run: it remembers the descriptors of devices that are in use."""
    return RemoteBus(place)


@cache
def _listing(sane: Sane) -> "Listing":
    """One for as long as we run: it remembers what was found and looks again only when there is a reason."""
    from drivers.sane.listing import Listing  # noqa: PLC0415 see above

    return Listing(sane.library, sane.backends, network=sane.network)


@cache
def _note(text: str) -> None:
    """Say it once, not at every look."""
    log.warning("%s", text)
