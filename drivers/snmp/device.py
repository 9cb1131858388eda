"""An SNMP agent as a device: something to look with, nothing to scan with.

pysnmp costs 50 MB and a sixth of a second, so its room is entered only when a device is opened.
"""

import asyncio

from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.snmp import host_resources, identity, oids
from drivers.snmp.credentials import Community, Version
from drivers.snmp.observer import SnmpObserver
from drivers.snmp.reading import Link
from drivers.snmp.vendors.known import vendor

DRIVER = "snmp"
PORT = 161
DEVICES = 64  # rows of hrDeviceTable that we look at; the largest recorded agent has 5


def key(host: str, port: int = PORT) -> str:
    """`Identity.key` of the agent there."""
    return f"snmp-[{host}]:{port}" if ":" in host else f"snmp-{host}:{port}"


async def open_device(
    host: str,
    port: int = PORT,
    community: str = "public",
    *,
    clock: Clock,
    version: Version = Version.V2C,
    timeout: float = 1.0,
    retries: int = 2,
) -> Device:
    """Ask the agent who it is and hand back its observer. A request is sent `retries` + 1 times, `timeout` s apart.

    Raises DeviceTimeout (no answer: off, or the community is wrong), DeviceGone, DeviceRefused, DeviceGarbled.
    """
    from drivers.snmp.link import open_link  # noqa: PLC0415 see above

    link = await open_link(host, port, Community(community, version), timeout=timeout, retries=retries)
    try:
        return await open_on(link, key(host, port), clock)
    except BaseException:
        await asyncio.shield(link.close())
        raise


async def open_on(link: Link, name: str, clock: Clock) -> Device:
    """The device behind an open link, which may be a tape; `name` becomes its key. Same errors."""
    first = await link.get([oids.SYS_OBJECT_ID, oids.SYS_DESCR])
    types = await link.walk(oids.HR_DEVICE_TYPE, rows=DEVICES)
    descriptions = await link.walk(oids.HR_DEVICE_DESCR, rows=DEVICES)
    table = host_resources.rows(types, descriptions)
    row = host_resources.scanner_row(table) or host_resources.printer_row(table)
    who = identity.identify(name, await link.get(identity.objects(row)), row)
    sense = vendor(str(first[oids.SYS_OBJECT_ID] or "")).sense(clock.now())
    observer = SnmpObserver(link, sense, table, clock)
    sense.see(await link.get(sense.objects))  # tells which buttons there are
    return Device(
        identity=who,
        driver=DRIVER,
        capabilities=Capabilities(buttons=sense.buttons),
        observers=(observer,),
        acquirer=None,
        close=link.close,
    )
