"""An SNMP agent as a device: something to look with, nothing to scan with.

pysnmp costs 50 MB and a sixth of a second, so its room is entered only when a device is opened.
"""

import asyncio
from dataclasses import dataclass

from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.identity import Identity
from drivers.snmp import host_resources, identity, oids, pwg_counters
from drivers.snmp.credentials import Community, Credentials
from drivers.snmp.host_resources import HostDevices
from drivers.snmp.identity import Words
from drivers.snmp.job_mib.monitor import JobMonitor
from drivers.snmp.observer import SnmpObserver
from drivers.snmp.reading import Link
from drivers.snmp.vendors.sense import Sense

DRIVER = "snmp"
PORT = 161
DEVICES = 64  # rows of hrDeviceTable that we look at; the largest recorded agent has 5


def key(host: str, port: int = PORT) -> str:
    """`Identity.key` of the agent there."""
    return f"snmp-[{host}]:{port}" if ":" in host else f"snmp-{host}:{port}"


async def open_device(
    host: str,
    port: int = PORT,
    credentials: Credentials | str = "public",
    *,
    clock: Clock,
    timeout: float = 1.0,
    retries: int = 2,
) -> Device:
    """Ask the agent who it is and hand back its observer. A request is sent `retries` + 1 times, `timeout` s apart.
    A name in place of credentials is a community.

    Raises DeviceTimeout (no answer: off, or the community is wrong), DeviceGone, DeviceRefused, DeviceGarbled.
    """
    from drivers.snmp.link import open_link  # noqa: PLC0415 see above

    who = Community(credentials) if isinstance(credentials, str) else credentials
    link = await open_link(host, port, who, timeout=timeout, retries=retries)
    try:
        return await open_on(link, key(host, port), clock)
    except BaseException:
        await asyncio.shield(link.close())
        raise


@dataclass(frozen=True, slots=True)
class Opened:
    """An agent that said who it is."""

    identity: Identity
    words: Words  # of the identity, with their sources
    observer: SnmpObserver
    senses: tuple[Sense, ...]

    @property
    def buttons(self) -> tuple[str, ...]:
        """That can be seen, once a look was taken."""
        return tuple(button for sense in self.senses for button in sense.buttons)


async def open_agent(link: Link, name: str, clock: Clock) -> Opened:
    """Ask who it is and what tables it has; `name` becomes its key. Link's errors."""
    first = await link.get(identity.FIRST)
    types = await link.walk(oids.HR_DEVICE_TYPE, rows=DEVICES)
    descriptions = await link.walk(oids.HR_DEVICE_DESCR, rows=DEVICES)
    table = host_resources.rows(types, descriptions)
    devices = HostDevices(host_resources.printer_row(table), host_resources.scanner_row(table))
    row = devices.scanner or devices.printer
    maker = identity.who_made(first)
    told = await link.get(identity.objects(row, maker))
    now = clock.now()
    jobs = JobMonitor(now)
    await jobs.begin(link)
    services = pwg_counters.services(await link.walk(pwg_counters.SERVICE_STATE, rows=pwg_counters.MOST_SERVICES))
    senses = maker.senses(now)
    observer = SnmpObserver(link, clock, senses=senses, devices=devices, services=services, jobs=jobs)
    return Opened(identity.identify(name, told, row), identity.words(told, row), observer, senses)


async def open_on(link: Link, name: str, clock: Clock) -> Device:
    """The device behind an open link, which may be a tape; `name` becomes its key. Same errors as `open_device`."""
    agent = await open_agent(link, name, clock)
    for sense in agent.senses:
        sense.see(await link.get(sense.objects))  # tells which buttons there are
    return Device(
        identity=agent.identity,
        driver=DRIVER,
        capabilities=Capabilities(buttons=agent.buttons),
        observers=(agent.observer,),
        acquirer=None,
        close=link.close,
    )
