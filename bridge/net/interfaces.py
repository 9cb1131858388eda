"""The interfaces of this machine as the kernel has them now, and word when that changes.

A notification only says that something changed; what is so is then read whole. A notification that was lost, came
twice or out of order can therefore not leave us with a wrong picture.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bridge.net import netlink
from bridge.net.addresses import Interface, compose, unscoped
from bridge.net.netlink import CHANGES, IPAddress, Kind, Message
from drivers.contract.clock import Clock

log: Final = logging.getLogger(__name__)

SETTLE: Final = 0.3  # seconds: one cable plugged in is a dozen notifications
_MOST: Final = 64 * 1024
_DATAGRAMS: Final = 10_000  # of one dump; far beyond any machine
_TIMEOUT: Final = 2.0  # seconds; the kernel answers within the system call
_RECEIVE_BUFFER: Final = 256 * 1024


def read() -> tuple[Interface, ...]:
    """Every interface that is up and has a usable address, lo included. Raises OSError."""
    with _netlink() as sock:
        links = [netlink.link(each.payload) for each in _ask(sock, Kind.GET_LINK, 1)]
        addresses = [netlink.address(each.payload) for each in _ask(sock, Kind.GET_ADDRESS, 2)]
    return compose([each for each in links if each], [each for each in addresses if each])


def is_neighbour(interface: Interface, peer: IPAddress) -> bool:
    """Whether the peer is reached through this interface without a gateway. Asks the routing table only for a peer
    outside of our own prefixes (an on-link prefix whose address we hold as a /128, a point-to-point route)."""
    bare = unscoped(peer)
    if bare.is_multicast or bare.is_unspecified:
        return False
    if interface.holds(bare) or bare.is_link_local:
        return True
    if bare.is_loopback:
        return False
    try:
        with _netlink() as sock:
            sock.send(netlink.route_to(bare, 1))
            for message in netlink.messages(sock.recv(_MOST)):
                if message.kind == Kind.NEW_ROUTE:
                    found = netlink.route(message.payload)
                    return found is not None and found.direct and found.index == interface.index
    except OSError as err:
        log.debug("no route to %s: %s", bare, err)
    return False


def parsed(address: str) -> IPAddress | None:
    """An address as the socket module spells it; None for anything else."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


async def watch(changed: Callable[[], None], clock: Clock) -> None:
    """Call `changed` after every burst of changes, until cancelled. Raises OSError when there is no netlink."""
    stirred = asyncio.Event()
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)

    def readable() -> None:
        try:
            data = sock.recv(_MOST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # ENOBUFS: more happened than the kernel could keep for us; reading whole makes up for it
            stirred.set()
            return
        if any(message.kind in CHANGES for message in netlink.messages(data)):
            stirred.set()

    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        sock.bind((0, netlink.GROUPS))
        loop.add_reader(sock, readable)
        try:
            changed()  # what happened before we listened
            while True:
                await stirred.wait()
                await clock.sleep(SETTLE)
                stirred.clear()
                changed()
        finally:
            loop.remove_reader(sock)


@contextmanager
def _netlink() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(_TIMEOUT)
        sock.bind((0, 0))
        yield sock


def _ask(sock: socket.socket, kind: Kind, sequence: int) -> Iterator[Message]:
    """The records of one dump. Raises OSError."""
    sock.send(netlink.dump(kind, sequence))
    for _ in range(_DATAGRAMS):
        for message in netlink.messages(sock.recv(_MOST)):
            if message.sequence != sequence:
                continue
            if message.kind == Kind.ERROR:
                raise OSError(f"the kernel refuses netlink request {kind.name}")
            if message.kind == Kind.DONE:
                return
            yield message
    raise OSError("a netlink dump does not end")
