"""How fast a scanner is found: a Resolve over UDP and a directed Probe over HTTP, each against a bare server.

A Resolve is answered at once; the answer to a multicast Probe waits up to 500 ms on purpose, so that not all devices
of a network speak at once, and is not measured. The service speaks on UDP port 3702 of loopback.
"""

import asyncio
import socket
import struct
import sys
import time
from urllib.parse import urlsplit

from bridge.discovery import messages
from bridge.discovery.messages import Probe, Resolve
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from hil.bench.figures import Figure, samples
from hil.bench.floor import bare_server
from hil.bench.line import Line
from hil.bench.served import served
from hil.serving import scanner

STABLE = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"
_GROUP = ("239.255.255.250", 3702)
_TIMEOUT = 5.0
_RESOLVES = 15  # a source is answered twenty at once, then five a second
_WARM = 20


async def figures(count: int) -> list[Figure]:
    """A Resolve and `count` directed Probes."""
    async with scanner("esci", "warmup=0") as rig:
        config = f'[usb]\nenabled = false\nusbip = ["{rig.host}:{rig.port}"]\n'
        async with served(config, multicast=True) as bridge:
            parts = urlsplit(bridge.url)
            device = f"urn:uuid:{parts.path.rpartition('/')[2]}"
            resolve = await _resolves(device)
            question = envelope.write(addressing.request(messages.PROBE, device), Probe((messages.DEVICE_TYPE,)))
            async with Line.open(int(parts.port or 0), STABLE, question) as ours:
                answer = (await ours.ask())[1]
                async with bare_server(answer) as port, Line.open(port, "/", question) as floor:
                    times: tuple[list[float], list[float]] = ([], [])
                    for number in range(count + _WARM):
                        for line, into in zip((ours, floor), times, strict=True):
                            took, _ = await line.ask()
                            if number >= _WARM:
                                into.append(took)
    bare = "floor is a bare aiohttp handler that answers the same bytes"
    return [resolve, Figure("directed Probe, HTTP", samples(times[0]), samples(times[1]), bare, tail=True)]


async def _resolves(device: str) -> Figure:
    echo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.bench.discovery", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert echo.stdout is not None
    try:
        port = int(await echo.stdout.readline())
        ours, floor = [], []
        for _ in range(_RESOLVES):
            headers = Addressing(messages.RESOLVE, names.DISCOVERY_TO, addressing.new_message_id())
            data = envelope.write(headers, Resolve(device))
            ours.append(await asyncio.to_thread(_exchange, data, _GROUP))
            floor.append(await asyncio.to_thread(_exchange, data, ("127.0.0.1", port)))
    finally:
        if echo.returncode is None:
            echo.kill()
        await echo.wait()
    note = "a multicast Probe waits up to 500 ms more, on purpose"
    return Figure("Resolve, UDP", samples(ours), samples(floor), "floor is a bare UDP echo", note=note)


def _exchange(data: bytes, to: tuple[str, int]) -> float:
    """Seconds to the first answer. Raises TimeoutError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        loopback = socket.if_nametoindex("lo")
        member = struct.pack("=4s4si", socket.inet_aton(to[0]), socket.inet_aton("127.0.0.1"), loopback)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(_TIMEOUT)
        began = time.monotonic()
        sock.sendto(data, to)
        sock.recv(65_535)
        return time.monotonic() - began


def _echo() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        print(sock.getsockname()[1], flush=True)
        while True:
            sock.sendto(*sock.recvfrom(65_535))


if __name__ == "__main__":
    _echo()
