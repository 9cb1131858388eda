"""rtnetlink as bytes: the requests we send and the answers the kernel gives. Pure; the sockets are elsewhere.

Spec: linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h, linux/if_link.h (the kernel's user API, native byte order),
RFC 3549. What does not parse is left out, never guessed: a newer kernel may say more than we know.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

GROUPS: Final = 0x1 | 0x10 | 0x100  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
_REQUEST, _DUMP = 0x1, 0x300
_HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_LINK: Final = struct.Struct("=BxHiII")  # family, hardware type, index, flags, change
_ADDRESS: Final = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ROUTE: Final = struct.Struct("=BBBBBBBBI")  # family, dst_len, src_len, tos, table, protocol, scope, type, flags
_ATTRIBUTE: Final = struct.Struct("=HH")
_IFLA_IFNAME: Final = 3
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_VIA = 1, 4, 5, 18
_RTN_UNICAST, _RTN_LOCAL = 1, 2
_SCOPE_HOST: Final = 254


class Kind(IntEnum):
    """The messages that concern us."""

    ERROR = 2
    DONE = 3
    NEW_LINK = 16
    DELETED_LINK = 17
    GET_LINK = 18
    NEW_ADDRESS = 20
    DELETED_ADDRESS = 21
    GET_ADDRESS = 22
    NEW_ROUTE = 24
    GET_ROUTE = 26


CHANGES: Final = frozenset({Kind.NEW_LINK, Kind.DELETED_LINK, Kind.NEW_ADDRESS, Kind.DELETED_ADDRESS})


class LinkFlag(IntFlag):
    """IFF_*"""

    UP = 0x1
    LOOPBACK = 0x8
    RUNNING = 0x40
    MULTICAST = 0x1000


class AddressFlag(IntFlag):
    """IFA_F_*"""

    TEMPORARY = 0x01  # the same bit says SECONDARY of an IPv4 address
    OPTIMISTIC = 0x04
    DAD_FAILED = 0x08
    DEPRECATED = 0x20
    TENTATIVE = 0x40


@dataclass(frozen=True, slots=True)
class Message:
    """One netlink message without its header."""

    kind: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """RTM_NEWLINK"""

    index: int
    name: str
    flags: int


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """RTM_NEWADDR. `network` is what lies on its link: of a point-to-point link, the other end."""

    index: int
    address: IPAddress
    network: IPNetwork
    flags: int
    host_only: bool  # of scope host: not for others, loopback's


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """RTM_NEWROUTE in answer to GET_ROUTE: out of which interface, and whether a gateway stands between."""

    index: int
    direct: bool


def dump(kind: Kind, sequence: int) -> bytes:
    """The request for all links (GET_LINK) or all addresses of both families (GET_ADDRESS)."""
    body = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0) if kind is Kind.GET_LINK else _ADDRESS.pack(0, 0, 0, 0, 0)
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _DUMP, sequence, 0) + body


def route_to(address: IPAddress, sequence: int) -> bytes:
    """The question how a host is reached."""
    packed = address.packed
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    body = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(packed), _RTA_DST) + packed
    return _HEADER.pack(_HEADER.size + len(body), Kind.GET_ROUTE, _REQUEST, sequence, 0) + body


def messages(data: bytes) -> Iterator[Message]:
    """The messages in one datagram; it ends at the first that is cut off."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _flags, sequence, _port = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield Message(kind, sequence, data[at + _HEADER.size : at + length])
        at += _aligned(length)


def link(payload: bytes) -> LinkRecord | None:
    """Read a NEW_LINK; None for what is not whole."""
    if len(payload) < _LINK.size:
        return None
    _family, _type, index, flags, _change = _LINK.unpack_from(payload)
    name = _attributes(payload, _LINK.size).get(_IFLA_IFNAME, b"").rstrip(b"\0")
    return LinkRecord(index, name.decode("utf-8", "surrogateescape"), flags) if name else None


def address(payload: bytes) -> AddressRecord | None:
    """Read a NEW_ADDRESS; None for what is not whole or of another family."""
    if len(payload) < _ADDRESS.size:
        return None
    family, prefix, flags, scope, index = _ADDRESS.unpack_from(payload)
    said = _attributes(payload, _ADDRESS.size)
    if len(said.get(_IFA_FLAGS, b"")) == 4:  # the old byte has no room for all of them
        flags = int(struct.unpack("=I", said[_IFA_FLAGS])[0])
    there = _ip(family, said.get(_IFA_ADDRESS, b""))
    ours = _ip(family, said.get(_IFA_LOCAL, b"")) or there
    if ours is None:
        return None
    try:
        network = ipaddress.ip_network((there or ours, prefix), strict=False)
    except ValueError:
        return None
    return AddressRecord(index, ours, network, flags, scope >= _SCOPE_HOST)


def route(payload: bytes) -> RouteRecord | None:
    """Read a NEW_ROUTE; None for what is not whole, or leads nowhere."""
    if len(payload) < _ROUTE.size:
        return None
    kind = _ROUTE.unpack_from(payload)[7]
    said = _attributes(payload, _ROUTE.size)
    out = said.get(_RTA_OIF, b"")
    if len(out) != 4 or kind not in (_RTN_UNICAST, _RTN_LOCAL):
        return None
    return RouteRecord(int(struct.unpack("=I", out)[0]), direct=not {_RTA_GATEWAY, _RTA_VIA} & said.keys())


def _attributes(payload: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + _ATTRIBUTE.size <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if length < _ATTRIBUTE.size or at + length > len(payload):
            break
        found[kind & 0x3FFF] = payload[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)
    return found


def _ip(family: int, packed: bytes) -> IPAddress | None:
    if family == socket.AF_INET and len(packed) == 4:
        return ipaddress.IPv4Address(packed)
    if family == socket.AF_INET6 and len(packed) == 16:
        return ipaddress.IPv6Address(packed)
    return None


def _aligned(length: int) -> int:
    return (length + 3) & ~3
