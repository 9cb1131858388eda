"""Events to subscribers that speak TLS: only to a certificate that this machine trusts, for the address it names."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bridge.errors import DeliveryFailed
from bridge.net.courier import Courier, Letter
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient

ROOT = Path(__file__).parents[3]
FILES = ROOT / "tests" / "wire" / "tls"  # tests/wire/test_http_tls.py says what they are
AUTHORITY, HOST = FILES / "authority.pem", FILES / "host.pem"


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[tuple[str, list[bytes]]]:
    """A subscriber that speaks TLS: its URL, and the requests it got."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            heard.append(await reader.readuntil(b"</letter>"))
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HOST)
    server = await asyncio.start_server(answer, host, 0, ssl=context)
    async with server:
        yield f"https://{host}:{server.sockets[0].getsockname()[1]}/events", heard


async def test_an_event_does_not_go_to_a_certificate_that_nobody_vouches_for() -> None:
    async with listening() as (url, heard), HttpClient() as client:
        courier = Courier(client, SystemClock(), lambda *_: None)
        with pytest.raises(DeliveryFailed, match="certificate verify failed"):
            await courier.send(Letter(url, "127.0.0.1", b"<letter>secret</letter>"))
        assert heard == []


SEND = """
import asyncio, sys
from bridge.errors import DeliveryFailed
from bridge.net.courier import Courier, Letter
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient

async def send():
    async with HttpClient() as client:
        courier = Courier(client, SystemClock(), print)
        await courier.send(Letter(sys.argv[1], sys.argv[2], b"<letter>secret</letter>"))

try:
    asyncio.run(send())
except DeliveryFailed as err:
    sys.exit(f"not delivered: {err}")
"""


async def sent(url: str, address: str) -> tuple[int | None, str]:
    """One letter from a process whose system store holds the authority of the tests: exit code and words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SEND,
        url,
        address,
        env={**os.environ, "SSL_CERT_FILE": str(AUTHORITY), "PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, said.decode()


async def test_an_event_goes_to_a_certificate_that_the_system_trusts_for_that_address() -> None:
    async with listening() as (url, heard):
        assert await sent(url, "127.0.0.1") == (0, "")
        assert len(heard) == 1
        assert b"<letter>secret</letter>" in heard[0]


async def test_a_certificate_of_another_address_does_not_do() -> None:
    async with listening("127.0.0.2") as (url, heard):
        code, said = await sent(url, "127.0.0.2")
        assert code == 1
        assert "certificate verify failed" in said
        assert heard == []
