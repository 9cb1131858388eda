"""The scanner's network plug: the frames that Canon's network boards put around the commands, port 8612 (BJNP).

Source: SANE pixma_bjnp.c, pixma_bjnp_private.h. A frame is `BJNP`, who speaks (2: to a scanner, 0x82: its answer), the
command, two zero bytes, a number that the answer repeats, the session, the payload's size; all big-endian. Over UDP
the host asks who is there, announces itself and polls for presses; over TCP it sends bytes (0x21, answered with how
many arrived) and asks for some (0x20). A payload shorter than the one before ends a message, so they are equally long.
A host may close its TCP connection between two pages of one session.
"""

import asyncio
import logging
import struct
from collections.abc import Callable
from enum import IntEnum
from types import TracebackType
from typing import Self, cast

from hil.devices.live import Live
from hil.devices.pixma.scanner import PixmaScanner
from hil.tcp import TcpServer

PORT = 8612
FRAME = struct.Struct(">4sBBHHHI")
TO_SCANNER, FROM_SCANNER = 0x02, 0x82
ASK, SEND = 0x20, 0x21  # over TCP
SESSION = 1
DIALOG = 1
POLL_PRESS, POLL_READ = 2, 5  # kinds of POLL: is there a packet; it was read
CHUNK = 4096
MAC = bytes.fromhex("020000000001")
MOST_COMMAND = 64 * 1024
MOST_HOSTS = 4

log = logging.getLogger(__name__)

Answer = Callable[[bytes], bytes | None]


class Datagram(IntEnum):
    """Commands over UDP."""

    DISCOVER = 0x01
    ANNOUNCE = 0x10
    CLOSE = 0x11
    IDENTITY = 0x30
    POLL = 0x32


def answer_to(head: tuple[bytes, int, int, int, int, int, int], payload: bytes = b"") -> bytes:
    """The frame that answers one with that head."""
    magic, _, command, _, number, session, _ = head
    session = SESSION if command == Datagram.ANNOUNCE else session
    return FRAME.pack(magic, FROM_SCANNER, command, 0, number, session, len(payload)) + payload


class BjnpServer(TcpServer):
    """Serves one scanner until the context is left."""

    def __init__(self, scanner: PixmaScanner, live: Live, host: str, port: int = PORT) -> None:
        super().__init__(self._serve, host, port, MOST_HOSTS)
        self._scanner, self._live, self._address = scanner, live, host
        self._cut_even = False  # the last payload was a full one, and the message ended with it
        self._told = b""  # a packet that the host has not yet said to have read
        self._datagrams: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._datagram), local_addr=(self._address, self.port)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._datagrams is not None:
            self._datagrams.close()
        await super().__aexit__(kind, error, trace)

    def _datagram(self, data: bytes) -> bytes | None:
        """What is answered to a datagram, if anything."""
        if len(data) < FRAME.size or data[:5] != b"BJNP" + bytes([TO_SCANNER]):
            return None
        head, payload = FRAME.unpack_from(data), data[FRAME.size :]
        match head[2]:
            case Datagram.DISCOVER:
                ends = bytes(int(part) for part in self._address.split("."))
                return answer_to(head, bytes([0, 1, 8, 0, len(MAC), len(ends)]) + MAC + ends)
            case Datagram.IDENTITY:
                name = f"MFG:Canon;CMD:MultiPass 2.1;MDL:{self._scanner.product.model} series;CLS:IMAGE;".encode()
                return answer_to(head, (len(name) + 2).to_bytes(2, "big") + name)
            case Datagram.POLL:
                return answer_to(head, self._poll(payload))
            case Datagram.ANNOUNCE | Datagram.CLOSE:
                return answer_to(head)
            case _:
                return None

    def _poll(self, payload: bytes) -> bytes:
        kind = int.from_bytes(payload[:2], "big")
        if kind == POLL_PRESS:
            self._scanner.update(self._live.now())
            self._told = self._told or self._scanner.take_packet()
        elif kind == POLL_READ:
            self._told = b""
        said = self._told if kind == POLL_PRESS else b""
        # A host that has told what it read begins anew; SANE would not ask for a second press otherwise.
        return struct.pack(">2xBB3I20s", 0x80 if said else 0, kind == POLL_READ, DIALOG, 0x14, 1, said)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = FRAME.unpack(await reader.readexactly(FRAME.size))
                if head[:2] != (b"BJNP", TO_SCANNER) or head[6] > MOST_COMMAND:
                    log.warning("bjnp: no frame: %s", head)
                    return
                payload = await reader.readexactly(head[6])
                if head[2] == SEND:
                    self._cut_even = False
                    self._scanner.write(payload, self._live.now())
                    self._live.touch()
                    writer.write(answer_to(head, len(payload).to_bytes(4, "big")))
                elif head[2] == ASK:
                    writer.write(answer_to(head, await self._some()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the host has left
        finally:
            writer.close()

    async def _some(self) -> bytes:
        """The next part of what the scanner says, when it says something; empty ends a message cut without a rest."""
        if self._cut_even:
            self._cut_even = False
            return b""
        changed = asyncio.Event()
        self._live.listen(changed.set)
        try:
            while True:
                changed.clear()
                self._scanner.update(self._live.now())
                if size := self._scanner.answer:
                    self._cut_even = size == CHUNK
                    data = self._scanner.take(CHUNK)
                    self._live.touch()
                    return data
                self._live.touch()
                await changed.wait()
        finally:
            self._live.unlisten(changed.set)


class _Datagrams(asyncio.DatagramProtocol):
    """Answers each datagram at once."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own one does not say so

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and (answer := self._answer(data)) is not None:
            self._transport.sendto(answer, addr)
