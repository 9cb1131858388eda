"""Damaged messages at the sockets of a bridge that runs as a process of its own, with a simulated scanner.

Every connection is ended by us with a half-close (or a reset) after its bytes; the bridge must then answer or hang up
within the deadline. Whether it is still well is asked with a whole message in between and at the end.
"""

import asyncio
import re
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from hil.fuzz import corpus, http, mutate
from hil.fuzz.verdict import Tally, judged

DEADLINE: Final = 8.0  # seconds from our last byte to the end of the connection
CONNECTIONS: Final = 16
_MOST: Final = 4 * 1024 * 1024  # read of one connection
_STABLE: Final = "/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery"
_DISCOVERY: Final = ("127.0.0.1", 3702)
_STATUS: Final = re.compile(rb"HTTP/\d\.\d (\d{3}) [^\r\n]*\r\n")
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Outside:
    """Sends over HTTP, several connections at once, and over UDP where the bridge listens there."""

    def __init__(self, url: str, seeds: Sequence[etree._Element], seed: int, tally: Tally, *, udp: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._path, self._seeds, self._seed, self._tally, self._udp = parts.path, seeds, seed, tally, udp
        self._numbers: Iterator[int] = iter(())
        self._ends = 0.0
        self._jobs: list[tuple[bytes, bytes]] = []
        self.sent = 0

    async def run(self, first: int, count: int, seconds: float) -> int:
        """Messages `first`, … until `count` are sent or the time is over; how many there were."""
        self._numbers = iter(range(first, first + count))
        before, self._ends = self.sent, time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONNECTIONS):
                tasks.create_task(self._send_on())
        return self.sent - before

    async def _send_on(self) -> None:
        for number in self._numbers:
            if time.monotonic() > self._ends or self._tally.full:
                return
            random = Random(f"{self._seed}:out:{number}")  # noqa: S311
            data = self._alive(mutate.message(self._seeds, random), random)
            if self._udp and random.random() < 0.2:
                self._datagram(data[:60_000], random)
            else:
                await self._connection(number, data, random)
            self.sent += 1

    async def _connection(self, number: int, body: bytes, random: Random) -> None:
        path = random.choice((f"{self._path}/scan", f"{self._path}/scan", f"{self._path}/scan", self._path, _STABLE))
        sent = http.request(path, body, random)
        began = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await self._talk(sent, random)
        except TimeoutError:
            self._tally.find(number, f"neither answered nor hung up after {DEADLINE:g} s", sent.data)
            return
        except OSError as err:
            self._tally.count(f"reset ({type(err).__name__})")
            if isinstance(err, ConnectionRefusedError):
                self._tally.find(number, "the bridge listens no more", sent.data)
            return
        self._tally.took(number, time.monotonic() - began)
        self._judge(number, answer, sent.data)

    async def _talk(self, sent: http.Request, random: Random) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            for piece in sent.pieces:
                writer.write(piece)
                await writer.drain()
                if len(sent.pieces) > 1:
                    await asyncio.sleep(random.choice((0.0, 0.001)))
            if random.random() < 0.05:  # as a client that was killed
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return b""
            if random.random() < 0.85:
                # The answer to a whole request comes before we hang up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        early = await reader.read(_MOST)
                        return early + await self._rest(reader, writer)
            return await self._rest(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _rest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        with suppress(OSError):
            writer.write_eof()
        data = bytearray()
        while piece := await reader.read(65_536):
            data += piece
            if len(data) > _MOST:
                break
        return bytes(data)

    def _datagram(self, data: bytes, random: Random) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(OSError):
            sock.setblocking(False)
            sock.bind((f"127.0.{random.randrange(256)}.{random.randrange(1, 255)}", 0))
            sock.sendto(data, _DISCOVERY)
            self._tally.count("datagram")

    def _judge(self, number: int, data: bytes, sent: bytes) -> None:
        if not data:
            self._tally.count("silence")
            return
        at = 0
        while found := _STATUS.match(data, at):
            head_end = data.find(b"\r\n\r\n", at)
            if head_end < 0:
                return
            head, status = data[at:head_end], int(found[1])
            length = _LENGTH.search(head)
            size = int(length[1]) if length is not None else len(data) - head_end - 4
            body = data[head_end + 4 : head_end + 4 + size]
            at = head_end + 4 + size
            if b"application/soap+xml" in head and b"multipart" not in head:
                outcome, why = judged(body) if len(body) == size else ("cut short", None)
                self._tally.count(f"{status} {outcome}")
                if why is not None:
                    self._tally.find(number, why, sent)
                self._remember(body)
            else:
                self._tally.count(str(status))
                if status >= 500:
                    self._tally.find(number, f"HTTP {status} without a fault: {body[:200]!r}", sent)
        if at == 0:
            self._tally.find(number, f"no HTTP: {data[:100]!r}", sent)

    def _remember(self, body: bytes) -> None:
        job = re.search(rb"JobId>(\d+)<.*JobToken>([0-9a-f]+)<", body)
        if job is not None:
            self._jobs = [*self._jobs[-3:], (job[1], job[2])]

    def _alive(self, data: bytes, random: Random) -> bytes:
        if self._jobs:
            job, token = random.choice(self._jobs)
            data = data.replace(str(corpus.JOB).encode(), job).replace(corpus.TOKEN.encode(), token)
        return data.replace(corpus.ADDRESS.encode(), b"urn:uuid:" + self._path.rpartition("/")[2].encode())


async def well(url: str) -> str | None:
    """Whether the bridge answers a whole message as it should; else what is the matter."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(http.plain(f"{parts.path}/scan", corpus.question(), Connection="close"))
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError) as err:
        return f"it does not answer: {err or type(err).__name__}"
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        return f"it answers {head[:100]!r}"
    outcome, why = judged(body)
    return why if outcome == "answer GetScannerElementsResponse" else f"it answers {outcome}"
