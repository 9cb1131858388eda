"""The TCP sockets that HTTP is served on: every address of this machine in both IP versions, or the one that was named.

`0.0.0.0` and `[::]` both mean every address; IPv6 can be switched off. IPv4 and IPv6 get a socket each, so that peers
keep their own spelling. An address that this machine does not have yet is listened on all the same: it may come later.
"""

import errno
import ipaddress
import logging
import socket
from collections.abc import Sequence
from typing import Final

from bridge.errors import ConfigError
from bridge.net.addresses import WILDCARDS

log: Final = logging.getLogger(__name__)

BACKLOG: Final = 64
_IP_FREEBIND, _IPV6_FREEBIND = 15, 78  # linux/in.h, linux/in6.h; Python's socket module names neither
_TRIES: Final = 8
# What a kernel without IPv6 says, by how it lacks it.
_NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


def listen(
    address: str, port: int, *, ipv6: bool = True, said: tuple[str, str] = ("service", "listen")
) -> tuple[socket.socket, ...]:
    """Listening sockets, all on the same port; port 0 finds a free one. Raises ConfigError, which names the section
    and the key where it was `said`."""
    named = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    if address not in WILDCARDS:
        if not ipv6 and ":" in address:
            raise ConfigError(*said, f"{named} is IPv6, which `ipv6 = false` turns off")
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET]
    else:
        families = [socket.AF_INET, socket.AF_INET6] if ipv6 else [socket.AF_INET]
    for tries_left in reversed(range(_TRIES)):
        try:
            return _together(address, port, families)
        except OSError as err:
            # A port that is free in one family may be taken in the other; chosen by us, it is chosen again.
            if port or err.errno != errno.EADDRINUSE or not tries_left:
                whose = "; `ss -ltnp` shows by whom" if err.errno == errno.EADDRINUSE else ""
                raise ConfigError(*said, f"{named}: {err.strerror or err}{whose}") from err
    raise AssertionError("unreachable")


def _together(address: str, port: int, families: Sequence[int]) -> tuple[socket.socket, ...]:
    made: list[socket.socket] = []
    try:
        for family in families:
            try:
                made.append(_one(address, port, family))
            except OSError as err:
                if not made or err.errno not in _NO_IPV6:
                    raise
                log.info("this machine has no IPv6: served over IPv4 alone")
            else:
                port = int(made[0].getsockname()[1])
    except OSError:
        for sock in made:
            sock.close()
        raise
    return tuple(made)


def _one(address: str, port: int, family: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host = address
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            host = "::" if address in WILDCARDS else address
        elif address in WILDCARDS:
            host = "0.0.0.0"  # noqa: S104 - a network scanner serves the network
        # Resolving a numeric address turns a zone into the scope id that bind() wants.
        where = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)[0][4]
        try:
            sock.bind(where)
        except OSError as err:
            if err.errno != errno.EADDRNOTAVAIL or address in WILDCARDS or ipaddress.ip_address(host).is_loopback:
                raise
            log.warning("%s is no address of this machine now: it is served when it comes", address)
            level, option = (
                (socket.IPPROTO_IP, _IP_FREEBIND) if family == socket.AF_INET else (socket.IPPROTO_IPV6, _IPV6_FREEBIND)
            )
            sock.setsockopt(level, option, 1)
            sock.bind(where)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
