"""Found on loopback: Hello, Probe and Bye on the group, Resolve, and the directed Probe over HTTP.

Multicast stays on 127.0.0.1; what goes over a real link is `test_discovery_namespaces`.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bridge.discovery import messages
from bridge.net.finding import DIRECTED_PATH, find, get_metadata, probe_at
from bridge.soap import envelope
from bridge.soap.envelope import Message
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from hil.client import discover
from tests.system import product

LOOPBACK, GROUP, PORT = "127.0.0.1", "239.255.255.250", 3702


class Ear(asyncio.DatagramProtocol):
    """Somebody who only listens to the group."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(envelope.read(data))

    def of(self, action: str, address: str) -> list[Message]:
        """The messages of that kind about that device, copies left out."""
        found = {}
        for message in self.heard:
            body = message.body
            if message.addressing.action == action and body is not None and address in "".join(body.itertext()):
                found[message.addressing.message_id] = message
        return list(found.values())


@asynccontextmanager
async def ear() -> AsyncIterator[Ear]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        here.bind((GROUP, PORT))
        membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(LOOPBACK))
        here.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Ear, sock=here)
        try:
            yield protocol
        finally:
            transport.close()


def urn(running: product.Running) -> str:
    return f"urn:uuid:{running.url.rpartition('/')[2]}"


async def test_it_says_hello_and_bye_and_nothing_twice(tmp_path: Path):
    async with ear() as hearing:
        async with product.bridge(tmp_path, "--simulate", "esci", multicast=True) as running:
            address = urn(running)
            await product.until(lambda: bool(hearing.of(messages.HELLO, address)), 10)
            (hello,) = hearing.of(messages.HELLO, address)
            assert hello.body is not None
            said = "".join(hello.body.itertext())
            assert running.url in said
            assert "ScanDeviceType" in said
            assert not hearing.of(messages.BYE, address)
        await product.until(lambda: bool(hearing.of(messages.BYE, address)), 5)
        assert len(hearing.of(messages.HELLO, address)) == len(hearing.of(messages.BYE, address)) == 1


async def test_without_multicast_nothing_is_said_and_nobody_answers(tmp_path: Path):
    async with ear() as hearing:
        async with product.bridge(tmp_path, "--simulate", "esci") as running:
            address = urn(running)
            found = await discover.probe_all(LOOPBACK, SystemClock(), timeout=1.5, device=address)
            assert found == ()
        assert not hearing.of(messages.HELLO, address)
        assert not hearing.of(messages.BYE, address)


async def test_a_probe_finds_it_and_resolve_too(tmp_path: Path):
    async with product.bridge(tmp_path, "--simulate", "esci", multicast=True) as running:
        for types in ((messages.SCAN_DEVICE_TYPE,), (), (messages.DEVICE_TYPE,)):
            (target,) = await discover.probe_all(LOOPBACK, SystemClock(), types=types, first=True, device=urn(running))
            assert target.xaddrs == (running.url,)
            assert messages.SCAN_DEVICE_TYPE in target.types
        resolved = await discover.resolve(LOOPBACK, urn(running), SystemClock())
        assert resolved is not None
        assert resolved.xaddrs == (running.url,)
        unknown = await discover.resolve(LOOPBACK, "urn:uuid:00000000-0000-0000-0000-000000000000", SystemClock(), 1.5)
        assert unknown is None
        stranger = ("{urn:example}Toaster",)
        assert await discover.probe_all(LOOPBACK, SystemClock(), types=stranger, timeout=1.5, device=urn(running)) == ()


async def test_a_directed_probe_finds_every_scanner_without_multicast(tmp_path: Path):
    scanners = ("--simulate", "esci", "--simulate", "hp-mfp")
    async with product.bridge(tmp_path, *scanners, scanners=2) as running, HttpClient() as client:
        base = f"http://{urlsplit(running.url).netloc}"
        targets = await probe_at(client, f"{base}{DIRECTED_PATH}")
        assert {xaddr for target in targets for xaddr in target.xaddrs} == set(running.urls)
        assert await probe_at(client, f"{base}{DIRECTED_PATH}", ("{urn:example}Toaster",)) == ()
        for url in running.urls:
            metadata = await get_metadata(client, url, f"urn:uuid:{url.rpartition('/')[2]}")
            assert [address for each in metadata.scanners for address in each.addresses] == [f"{url}/scan"]
        assert (await find(client, base)).service in [f"{url}/scan" for url in running.urls]


async def test_two_bridges_on_one_machine_are_both_found(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        product.bridge(tmp_path / "a", "--simulate", "esci", multicast=True) as one,
        product.bridge(tmp_path / "b", "--simulate", "esci", multicast=True) as other,
    ):
        found = await discover.probe_all(LOOPBACK, SystemClock())
        xaddrs = {xaddr for target in found for xaddr in target.xaddrs}
        assert {one.url, other.url} <= xaddrs
