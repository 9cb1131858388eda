"""Which eSCL scanners the networks of this machine have, by one multicast DNS question and its answers.

Only where the operator wants it: what answers may itself be a bridge. Of an answer the sender's own address is taken,
whatever it names; this machine's own services are left out, so that we never serve what we serve.
Spec: RFC 6762 section 6.7 (answers to a port that is not 5353 come to it alone), RFC 6763; Mopria for the keys.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from drivers.contract.clock import Clock
from drivers.escl import dns

GROUP: Final = ("224.0.0.251", 5353)
KINDS: Final = ("_uscan._tcp.local", "_uscans._tcp.local")
SECURE: Final = KINDS[1]
LISTEN: Final = 1.0  # seconds for answers to come in
AGAIN: Final = 60.0  # before the question is repeated
KEPT: Final = 600.0  # for which one that does not answer any more is still told: it may be asleep
MOST: Final = 256  # scanners

_log = logging.getLogger(__name__)


class Browser:
    """Remembers who answered."""

    def __init__(self, clock: Clock, asking: Callable[[], Awaitable[list[str]]] | None = None) -> None:
        self._clock, self._ask = clock, asking or (lambda: ask(list(_routes()), clock))
        self._asked: float | None = None
        self._found: dict[str, float] = {}  # URLs and when they were last heard of

    async def urls(self) -> list[str]:
        """The services heard of lately; the networks are asked once in a while."""
        now = self._clock.monotonic()
        if self._asked is None or now - self._asked >= AGAIN:
            self._asked = now
            for url in await self._ask():
                if len(self._found) < MOST or url in self._found:
                    self._found[url] = now
        self._found = {url: heard for url, heard in self._found.items() if now - heard < KEPT}
        secure = {_place(url) for url in self._found if url.startswith("https:")}
        return [url for url in self._found if url.startswith("https:") or _place(url) not in secure]


async def ask(
    routes: list[tuple[socket.socket, tuple[str, int]]], clock: Clock, ours: Callable[[str], bool] | None = None
) -> list[str]:
    """Ask over each socket, which is closed at the end, and listen; the URLs of what answered, each once. `ours`:
    whether an address is this machine's."""
    loop, found = asyncio.get_running_loop(), dict[str, None]()
    transports = []
    for endpoint, target in routes:
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(found, ours or _ours), sock=endpoint)
        except OSError as err:
            endpoint.close()
            _log.debug("mDNS: %s", err)
            continue
        transport.sendto(dns.question(KINDS), target)
        transports.append(transport)
    await clock.sleep(LISTEN)
    for transport in transports:
        transport.close()
    return list(found)


class _Ear(asyncio.DatagramProtocol):
    """Hears answers."""

    def __init__(self, found: dict[str, None], ours: Callable[[str], bool]) -> None:
        self._found, self._ours = found, ours

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._found) >= MOST or self._ours(addr[0]):
            return
        with suppress(dns.NotDns):
            for service in dns.services(data, KINDS):
                self._found[_url(addr[0], service)] = None

    def error_received(self, exc: Exception) -> None:
        _log.debug("mDNS: %s", exc)


def _url(host: str, service: dns.Service) -> str:
    path = service.text.get("rs", "eSCL").strip("/")
    plain = "".join(char for char in path if char.isascii() and (char.isalnum() or char in "-._~/"))[:100]
    return f"{'https' if service.kind == SECURE else 'http'}://{host}:{service.port}/{plain or 'eSCL'}"


def _place(url: str) -> tuple[str | None, str]:
    """What a scanner that is announced over HTTP and over HTTPS has in common."""
    parts = urlsplit(url)
    return parts.hostname, parts.path


def _ours(address: str) -> bool:
    """Whether that is an address of this machine: only then a socket can have it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _routes() -> Iterator[tuple[socket.socket, tuple[str, int]]]:
    """A socket for each interface that can multicast over IPv4."""
    for index, name in socket.if_nameindex():
        if name == "lo":
            continue
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        endpoint.setblocking(False)
        try:
            endpoint.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index)
            )
            endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        except OSError:
            endpoint.close()
            continue
        yield endpoint, GROUP
