"""Our addresses, interface by interface: which are fit to be told to others, and which of them to whom. Pure.

An address that is tentative or a duplicate is none yet. Deprecated and temporary ones (RFC 4862, RFC 8981) count only
where an interface has no better one of its kind: what we announce must still be there tomorrow.
"""

import fnmatch
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from bridge.config import Service
from bridge.net.netlink import AddressFlag, AddressRecord, IPAddress, IPNetwork, LinkFlag, LinkRecord

WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_UNFIT: Final = AddressFlag.TENTATIVE | AddressFlag.DAD_FAILED


@dataclass(frozen=True, slots=True)
class Address:
    """One address of ours and the network behind it."""

    ip: IPAddress
    network: IPNetwork

    @property
    def version(self) -> int:
        return self.ip.version


@dataclass(frozen=True, slots=True)
class Interface:
    """One network that we are on. The first address of each family is the one to be told first."""

    index: int
    name: str
    addresses: tuple[Address, ...]
    multicast: bool = True
    loopback: bool = False

    def of(self, version: int) -> tuple[Address, ...]:
        """Its addresses of IP version 4 or 6, best first."""
        return tuple(each for each in self.addresses if each.version == version)

    def local_for(self, peer: IPAddress) -> IPAddress | None:
        """Our address in the peer's own network, else the best of its family; None when we have none of that family."""
        bare = unscoped(peer)
        ours = self.of(bare.version)
        near = next((each.ip for each in ours if bare in each.network), None)
        return near or (ours[0].ip if ours else None)

    def holds(self, peer: IPAddress) -> bool:
        """Whether the peer lies in one of its networks."""
        bare = unscoped(peer)
        return any(each.version == bare.version and bare in each.network for each in self.addresses)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which interfaces we serve: `eth0`, `wl*` are allowed, `!docker0`, `!br-*` denied; nothing allowed is all but lo.

    `only` is the one address that is listened on, where that is not every address.
    """

    patterns: tuple[str, ...] = ()
    only: IPAddress | None = None
    ipv6: bool = True

    @classmethod
    def configured(cls, service: Service) -> Self:
        """Where this bridge is found."""
        only = None if service.listen.address in WILDCARDS else ipaddress.ip_address(service.listen.address)
        return cls(service.interfaces, only, ipv6=service.ipv6)

    def of(self, interfaces: Iterable[Interface]) -> tuple[Interface, ...]:
        """Those that are served, with the addresses that are, in the order of their index."""
        found = []
        for each in sorted(interfaces, key=lambda one: one.index):
            if self._allows(each):
                addresses = tuple(address for address in each.addresses if self._takes(address))
                if self.only is not None and each.loopback and not addresses:
                    # every address of 127/8 is ours without being listed
                    addresses = tuple(
                        Address(self.only, one.network) for one in each.addresses if self.only in one.network
                    )
                if addresses:
                    found.append(Interface(each.index, each.name, addresses, each.multicast, each.loopback))
        return tuple(found)

    def missing(self, interfaces: Iterable[Interface]) -> tuple[str, ...]:
        """The names that were asked for and are not among these."""
        names = [each.name for each in interfaces]
        asked = [pattern for pattern in self.patterns if not pattern.startswith("!")]
        return tuple(pattern for pattern in asked if not fnmatch.filter(names, pattern))

    def _allows(self, interface: Interface) -> bool:
        allowed = [pattern for pattern in self.patterns if not pattern.startswith("!")]
        if any(fnmatch.fnmatchcase(interface.name, pattern[1:]) for pattern in self.patterns if pattern[0:1] == "!"):
            return False
        if interface.loopback:
            return interface.name in allowed or (self.only is not None and self.only.is_loopback)
        return not allowed or any(fnmatch.fnmatchcase(interface.name, pattern) for pattern in allowed)

    def _takes(self, address: Address) -> bool:
        if address.version == 6 and not self.ipv6:
            return False
        return self.only is None or address.ip == unscoped(self.only)


def compose(links: Iterable[LinkRecord], addresses: Iterable[AddressRecord]) -> tuple[Interface, ...]:
    """The interfaces that are up and running and have an address that others can use."""
    held: dict[int, list[AddressRecord]] = {}
    for record in addresses:
        held.setdefault(record.index, []).append(record)
    found = []
    for link in links:
        flags = LinkFlag(link.flags)
        loopback = LinkFlag.LOOPBACK in flags
        fit = _fit(held.get(link.index, ()), loopback)
        if fit and LinkFlag.UP in flags and LinkFlag.RUNNING in flags:
            found.append(Interface(link.index, link.name, fit, LinkFlag.MULTICAST in flags, loopback))
    return tuple(sorted(found, key=lambda one: one.index))


def _fit(records: Iterable[AddressRecord], loopback: bool) -> tuple[Address, ...]:
    kinds: dict[tuple[bool, int], list[tuple[int, AddressRecord]]] = {}
    for record in records:
        flags = record.flags
        optimistic = bool(flags & AddressFlag.OPTIMISTIC) and not flags & AddressFlag.DAD_FAILED
        if record.address.is_unspecified or (flags & _UNFIT and not optimistic) or (record.host_only and not loopback):
            continue
        kind = (record.address.is_link_local, record.address.version)  # link-local last, IPv4 before IPv6
        kinds.setdefault(kind, []).append((_doubt(record), record))
    found: list[Address] = []
    for _, several in sorted(kinds.items(), key=lambda item: item[0]):
        least = min(doubt for doubt, _ in several)
        for doubt, record in several:
            address = Address(record.address, record.network)
            if doubt == least and address not in found:
                found.append(address)
    return tuple(found)


def _doubt(record: AddressRecord) -> int:
    """How little an address is one to be remembered: 0 is lasting."""
    if record.address.version == 4:
        return 0
    return 2 * bool(record.flags & AddressFlag.DEPRECATED) + bool(record.flags & AddressFlag.TEMPORARY)


def unscoped(address: IPAddress) -> IPAddress:
    """Without the interface that a link-local address may name: that means something to one machine only."""
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return ipaddress.IPv6Address(int(address))
    return address


def told(interface: Interface, local: IPAddress, most: int = 4) -> tuple[IPAddress, ...]:
    """The addresses to tell a peer of this interface that reaches us at `local`: that first, then its family, then the
    other. IPv6 link-local ones only where IPv6 is spoken: elsewhere nobody knows the interface they belong to."""
    first = unscoped(local)
    others = [
        each.ip
        for each in sorted(interface.addresses, key=lambda one: one.version != first.version)
        if each.ip != first and not (first.version == 4 and each.version == 6 and each.ip.is_link_local)
    ]
    return (first, *others)[:most]


def url(scheme: str, address: IPAddress, port: int, path: str = "") -> str:
    """Where we serve at that address."""
    bare = unscoped(address)
    return f"{scheme}://{f'[{bare}]' if bare.version == 6 else bare}:{port}{path}"
