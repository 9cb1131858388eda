"""One question to everybody on an interface's network. Spec: RFC 919, netdevice(7)."""

import asyncio
import errno
import fcntl
import socket
import struct

from drivers.snmp.credentials import Community
from drivers.snmp.wire.asking import Ask
from drivers.snmp.wire.community import CommunityAsker

_EVERYBODY = "255.255.255.255"  # of the network it is sent into; no router hands it on
_SIOCGIFADDR, _SIOCGIFFLAGS = 0x8915, 0x8913
_IFF_BROADCAST = 0x2


class _Ears(asyncio.DatagramProtocol):
    """Who answered; what, is asked of each again."""

    def __init__(self, port: int, most: int) -> None:
        self.heard: dict[str, None] = {}
        self._port, self._most = port, most

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data and addr[1] == self._port and len(self.heard) < self._most:
            self.heard[addr[0]] = None


async def answerers(
    interface: str, community: Community, oid: str, *, port: int, timeout: float, most: int
) -> tuple[str, ...]:
    """Addresses, in the order they answered; each must be asked itself, since anybody can send. Raises OSError."""
    own = _own_address(interface)
    question = CommunityAsker(community, timeout, 0).question(Ask.GET, (oid,))
    loop = asyncio.get_running_loop()
    transport, ears = await loop.create_datagram_endpoint(
        lambda: _Ears(port, most), local_addr=(own, 0), allow_broadcast=True
    )
    try:
        transport.sendto(question, (_EVERYBODY, port))
        await asyncio.sleep(timeout)
    finally:
        transport.close()
    return tuple(ears.heard)


def _own_address(interface: str) -> str:
    """The interface's own IPv4 address; what is sent from it to everybody goes out there and nowhere else."""
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        flags = struct.unpack("H", fcntl.ioctl(asking, _SIOCGIFFLAGS, request)[16:18])[0]
        if not flags & _IFF_BROADCAST:
            raise OSError(errno.EADDRNOTAVAIL, f"{interface} cannot broadcast")
        return socket.inet_ntoa(fcntl.ioctl(asking, _SIOCGIFADDR, request)[20:24])
