"""A UDP socket for one interface and one IP version that knows where each datagram came in and out of which address
each one leaves.

Port 3702 is shared with whoever else discovers on this machine (wsdd, Samba's). Spec: RFC 3542 and ip(7) for packet
information; SOAP-over-UDP wants answers to leave from the port that was asked.
"""

import errno
import logging
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bridge.errors import ConfigError
from bridge.net.addresses import Interface, unscoped
from bridge.net.interfaces import parsed
from bridge.net.netlink import IPAddress

log: Final = logging.getLogger(__name__)

PORT: Final = 3702
GROUPS: Final = {4: "239.255.255.250", 6: "ff02::c"}
MAX_DATAGRAM: Final = 65_535
_BATCH: Final = 32  # datagrams read before others get their turn
_IP_PKTINFO, _IP_MULTICAST_ALL = 8, 49  # linux/in.h; Python's socket module names neither
_IPV6_MULTICAST_ALL: Final = 29  # linux/in6.h, since Linux 4.20
_ANCILLARY: Final = socket.CMSG_SPACE(64)

SocketAddress = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One datagram: from whom, and at which address of ours (a group, for a multicast)."""

    data: bytes
    sender: IPAddress
    address: SocketAddress  # to answer to
    index: int
    target: IPAddress | None


class Datagrams:
    """One socket; `readable()` is to be called when it is."""

    def __init__(self, interface: Interface, version: int, sock: socket.socket) -> None:
        self.interface, self.version = interface, version
        self._socket = sock

    @classmethod
    def open(cls, interface: Interface, version: int, port: int = PORT) -> "Datagrams":
        """Listen on the group when `port` is 3702; port 0 is a client's. Raises ConfigError."""
        sock = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            _prepare(sock, interface, version, port)
        except OSError as err:
            sock.close()
            why = err.strerror or str(err)
            if err.errno == errno.EADDRINUSE:
                why = "another program holds it for itself alone (`ss -ulpn sport = 3702` names it)"
            raise ConfigError(
                "discovery", interface.name, f"cannot use UDP port {port} over IPv{version}: {why}"
            ) from err
        return cls(interface, version, sock)

    def fileno(self) -> int:
        return self._socket.fileno()

    def readable(self, heard: Callable[[Arrival], None]) -> None:
        """Hand on what has arrived."""
        for _ in range(_BATCH):
            try:
                data, ancillary, flags, address = self._socket.recvmsg(MAX_DATAGRAM, _ANCILLARY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as err:  # an earlier datagram of ours could not be delivered
                log.debug("discovery on %s: %s", self.interface.name, err)
                return
            sender = parsed(address[0])
            if sender is None or flags & socket.MSG_TRUNC:
                continue
            index, target = _packet_information(ancillary)
            heard(Arrival(data, sender, address, index, target))

    def send(self, data: bytes, to: SocketAddress, local: IPAddress | None) -> None:
        """One datagram out of this interface, from `local`. What the network refuses is logged: a copy follows."""
        source = None if local is None else unscoped(local)
        if self.version == 4:
            packed = b"\0" * 4 if source is None else source.packed
            control = (socket.IPPROTO_IP, _IP_PKTINFO, struct.pack("=i4s4x", self.interface.index, packed))
        else:
            packed = b"\0" * 16 if source is None else source.packed
            control = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, struct.pack("=16si", packed, self.interface.index))
        if self._socket.fileno() < 0:
            return
        try:
            self._socket.sendmsg([data], [control], 0, to)
        except OSError as err:
            log.info("discovery on %s: to %s: %s", self.interface.name, to[0], err.strerror or err)

    def multicast(self, data: bytes, local: IPAddress | None) -> None:
        """One datagram to the group."""
        group = GROUPS[self.version]
        self.send(data, (group, PORT) if self.version == 4 else (group, PORT, 0, self.interface.index), local)

    def close(self) -> None:
        """Leaves the group too."""
        self._socket.close()


def _prepare(sock: socket.socket, interface: Interface, version: int, port: int) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
    if port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.name.encode() + b"\0")
        except PermissionError:  # allowed to everybody since Linux 5.7; packet information tells them apart anyway
            log.debug("old kernel: hears the unicast datagrams of all interfaces on any of them")
    if version == 4:
        member = struct.pack("=4s4si", socket.inet_aton(GROUPS[4]), b"\0" * 4, interface.index)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, b"\0" * 8 + member[8:])
        sock.bind(("", port))
        if port:
            # Hear only what comes in on this interface, not what other programs joined elsewhere.
            sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        return
    group = struct.pack("=16si", socket.inet_pton(socket.AF_INET6, GROUPS[6]), interface.index)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
    sock.bind(("::", port))
    if port:
        try:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
        except OSError:
            log.debug("old kernel: hears multicasts that others asked for on other interfaces")
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)


def _packet_information(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, IPAddress | None]:
    """The index of the interface it came in on, and the address that it was sent to."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO) and len(data) >= 12:
            index, _, target = struct.unpack_from("=i4s4s", data)
            return index, parsed(socket.inet_ntoa(target))
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) and len(data) >= 20:
            target, index = struct.unpack_from("=16si", data)
            return index, parsed(socket.inet_ntop(socket.AF_INET6, target))
    return 0, None
