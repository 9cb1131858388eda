"""Looking for SNMP agents of MFPs: through networks address by address, or by a broadcast on a named interface.

Only when somebody asks for it: strangers' devices log it, and a site may forbid it. Bounded in addresses, in questions
at a time and in seconds. Each address gets one question (who are you); what does not answer is not asked again.
"""

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivers.contract.errors import DriverError
from drivers.snmp import identity, oids
from drivers.snmp.credentials import Community, Credentials
from drivers.snmp.device import PORT
from drivers.snmp.reading import Reading, text

MOST_ADDRESSES = 1024
AT_ONCE = 64
TIMEOUT = 1.0  # seconds for an address, and for answers to a broadcast
PRINTER_MIB = "1.3.6.1.2.1.43.5.1.1.1.1"  # prtGeneralConfigChanges of the first device


@dataclass(frozen=True, slots=True)
class Answerer:
    """An agent that looks like an MFP's or a scanner's."""

    host: str
    port: int
    manufacturer: str
    description: str  # sysDescr


def addresses(networks: Iterable[str]) -> tuple[str, ...]:
    """All hosts of these networks, each once. Raises ValueError for what is no network, and when there are too many."""
    found: dict[str, None] = {}
    for each in networks:
        network = ipaddress.ip_network(each, strict=False)
        if network.num_addresses > MOST_ADDRESSES + 2:
            raise ValueError(f"{each} has {network.num_addresses} addresses, at most {MOST_ADDRESSES} are looked at")
        found.update((str(host), None) for host in network.hosts())
    if len(found) > MOST_ADDRESSES:
        raise ValueError(f"{len(found)} addresses, at most {MOST_ADDRESSES} are looked at")
    return tuple(found)


async def search(
    hosts: Sequence[str], credentials: Credentials | None = None, *, port: int = PORT, timeout: float = TIMEOUT
) -> tuple[Answerer, ...]:
    """Those of `hosts` that answer and look like an MFP, in their order."""
    who = credentials or Community()
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(host: str) -> Answerer | None:
        async with turns:
            return await _asked(host, port, who, timeout)

    found = await asyncio.gather(*(ask(host) for host in dict.fromkeys(hosts)))
    return tuple(each for each in found if each is not None)


async def shout(
    interface: str, community: Community | None = None, *, port: int = PORT, timeout: float = TIMEOUT
) -> tuple[str, ...]:
    """Addresses that answered a broadcast out of this interface, of IPv4. Raises OSError: no such interface, or it has
    no broadcast address, or the system does not allow it."""
    from drivers.snmp.wire.shouting import answerers  # noqa: PLC0415 pysnmp is loaded when it is needed

    return await answerers(
        interface, community or Community(), oids.SYS_OBJECT_ID, port=port, timeout=timeout, most=MOST_ADDRESSES
    )


async def _asked(host: str, port: int, credentials: Credentials, timeout: float) -> Answerer | None:
    from drivers.snmp.link import open_link  # noqa: PLC0415

    try:
        link = await open_link(host, port, credentials, timeout=timeout, retries=0)
        try:
            reading = await link.get((*identity.FIRST, PRINTER_MIB, f"{oids.HR_DEVICE_TYPE}.1"))
        finally:
            await link.close()
    except DriverError:
        return None
    maker = identity.who_made(reading).name
    return Answerer(host, port, maker, text(reading, oids.SYS_DESCR)) if _is_mfp(reading, maker) else None


def _is_mfp(reading: Reading, maker: str) -> bool:
    """A maker we know, or something that prints: no router, no server."""
    return bool(maker) or reading.get(PRINTER_MIB) is not None
