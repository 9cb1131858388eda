"""Where events may be sent: to the subscriber itself, never to a third party of its choosing.

WS-Eventing section 6.2 names the attack. A literal address must be the TCP peer's own (or lie in a network the
operator allowed); a host NAME is not resolved at all: the connection is pinned to the peer, who chose the name.
Link-local peers keep their interface (scope) that way, and loopback is reached from loopback only (decision 18).
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bridge.errors import OperationRefused
from bridge.soap import fault, names
from bridge.soap.endpoint import EndpointReference

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Addresses at which clouds answer questions about the machine itself.
_METADATA: Final = frozenset({"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Caller:
    """One TCP connection as the policy sees it: the far end, our end, and the ports on which we serve."""

    peer: str
    local: str
    own_ports: frozenset[int] = frozenset()


def pin(endpoint: EndpointReference, caller: Caller, allowed: Collection[Network] = ()) -> str:
    """The address to which messages for `endpoint` are sent. Raises OperationRefused (wsa:DestinationUnreachable)."""
    url = endpoint.address
    try:
        return _pin(url, caller, allowed)
    except ValueError as err:
        raise OperationRefused(fault.destination_unreachable(f"{url[: names.MAX_FIELD]}: {err}")) from err


def _pin(url: str, caller: Caller, allowed: Collection[Network]) -> str:
    if url.startswith(f"{names.WSA}/role/"):  # anonymous: there is no connection to answer events on
        raise ValueError("an address of WS-Addressing, not of a subscriber")
    if any(c.isspace() or not c.isprintable() for c in url):
        raise ValueError("a space or control character in the URL")
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("neither http nor https")
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise ValueError("user information in the URL")
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    if not parts.hostname or port == 0:
        raise ValueError("no host or port 0")
    peer = _address(caller.peer)
    if peer is None:
        raise ValueError("the peer has no IP address")
    host = _literal(parts.hostname)
    target = peer if host is None else host
    broadcast = target.version == 4 and target.is_reserved  # 240.0.0.0/4, its last one is the broadcast
    if str(_bare(target)) in _METADATA or target.is_multicast or target.is_unspecified or broadcast:
        raise ValueError("an address at which no subscriber lives")
    if _bare(target) != _bare(peer) and not _lies_in(target, allowed):
        raise ValueError(f"not the address of the subscriber, {caller.peer}")
    local = _address(caller.local)
    if port in caller.own_ports and (target.is_loopback or (local is not None and _bare(target) == _bare(local))):
        raise ValueError("our own port")
    return str(peer) if _bare(target) == _bare(peer) else str(target)


def _lies_in(target: Address, allowed: Collection[Network]) -> bool:
    if target.is_loopback or target.is_link_local:
        return False
    for network in allowed:
        edges = (
            (network.network_address, network.broadcast_address)
            if network.prefixlen < network.max_prefixlen - 1
            else ()
        )
        if target.version == network.version and target in network and (target.version == 6 or target not in edges):
            return True
    return False


def _literal(host: str) -> Address | None:
    """The address that a URL's host spells; None for a name. Raises ValueError for the spellings only attackers use."""
    found = _address(host)
    if found is None and (host.replace(".", "").isdigit() or host.lower().startswith("0x")):
        raise ValueError("a number that is no address")
    return found


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _bare(address: Address) -> Address:
    """Without its scope: the same link-local host is written with and without one."""
    return ipaddress.IPv6Address(int(address)) if isinstance(address, ipaddress.IPv6Address) else address
