"""The scanner's network plug: the frames that Epson's network boards put around ESC/I and ESC/I-2, TCP port 1865.

Source: SANE `epson2_net.c`; dossier lab.md section 6. A frame is `IS`, two bytes of command, the header's size (12, two
bytes), the payload's size (four bytes), two zero bytes, the payload; all big-endian. On connecting the scanner sends a
welcome (80 00, five bytes); the host locks (21 00 -> a1 00 with ACK or NAK), passes commands through (20 00: sizes of
command and wanted answer, then the command) and unlocks (21 01). One host at a time holds the lock.
"""

import asyncio
import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from hil.devices.esci.replies import ACK, NAK
from hil.devices.live import Live
from hil.tcp import TcpServer

PORT = 1865
FRAME = struct.Struct(">2s2sHIH")
SIZES = struct.Struct(">II")
WELCOME, PASS, LOCK, UNLOCK = b"\x80\x00", b"\x20\x00", b"\x21\x00", b"\x21\x01"
REPLY = 0x80  # set in the first byte of a command, it is the answer's

MOST_COMMAND = 64 * 1024
MOST_ANSWER = 16 * 1024 * 1024
MOST_HOSTS = 8

log = logging.getLogger(__name__)


def frame(command: bytes, payload: bytes) -> bytes:
    """One frame."""
    return FRAME.pack(b"IS", command, FRAME.size, len(payload), 0) + payload


def answer_to(command: bytes, payload: bytes) -> bytes:
    """The frame that answers a command."""
    return frame(bytes([command[0] | REPLY, command[1]]), payload)


class Spoken(Protocol):
    """A scanner of either family, as bytes."""

    @property
    def owes(self) -> bool:
        """An answer will come without anything more from the host."""

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now."""

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes."""

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of the message."""

    def update(self, now: float) -> float | None:
        """Let time pass."""

    def detach(self, now: float) -> None:
        """The host has gone."""


class EpsonNetServer(TcpServer):
    """Serves one scanner until the context is left."""

    def __init__(self, scanner: Spoken, live: Live, host: str, port: int = PORT) -> None:
        super().__init__(self._serve, host, port, MOST_HOSTS)
        self._scanner, self._live = scanner, live
        self._holder: asyncio.StreamWriter | None = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(frame(WELCOME, bytes(5)))
            while True:
                head = await reader.readexactly(FRAME.size)
                magic, command, size, length, _ = FRAME.unpack(head)
                if magic != b"IS" or size != FRAME.size or length > MOST_COMMAND + SIZES.size:
                    log.warning("epson-net: no frame: %s", head.hex())
                    return
                await self._frame(command, await reader.readexactly(length), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the host has left
        finally:
            self._unlock(writer)
            writer.close()

    async def _frame(self, command: bytes, payload: bytes, writer: asyncio.StreamWriter) -> None:
        if command == LOCK:
            free = self._holder in (None, writer)
            if free:
                self._holder = writer
            writer.write(answer_to(command, bytes([ACK if free else NAK])))
        elif command == UNLOCK:
            self._unlock(writer)
            writer.write(answer_to(command, bytes([ACK])))
        elif command == PASS and self._holder is writer and len(payload) >= SIZES.size:
            size, wanted = SIZES.unpack_from(payload)
            if size != len(payload) - SIZES.size or wanted > MOST_ANSWER:
                raise ConnectionError("sizes do not agree")
            writer.write(answer_to(command, await self._pass(payload[SIZES.size :], wanted)))
        else:
            writer.write(answer_to(command, bytes([NAK])))

    async def _pass(self, command: bytes, wanted: int) -> bytes:
        """Hand a command to the scanner and collect its answer: as much as wanted, less if it has no more to say."""
        if command:
            self._scanner.write(command, self._live.now())
            self._live.touch()
        changed = asyncio.Event()
        answer = bytearray()
        with _listening(self._live, changed.set):
            while len(answer) < wanted:
                changed.clear()
                self._scanner.update(self._live.now())
                if self._scanner.answer:
                    answer += self._scanner.take(wanted - len(answer))
                    self._live.touch()
                elif self._scanner.owes:
                    self._live.touch()
                    await changed.wait()
                else:
                    break
        return bytes(answer)

    def _unlock(self, writer: asyncio.StreamWriter) -> None:
        if self._holder is writer:
            self._holder = None
            self._scanner.detach(self._live.now())
            self._live.touch()


@contextmanager
def _listening(live: Live, listener: Callable[[], None]) -> Iterator[None]:
    live.listen(listener)
    try:
        yield
    finally:
        live.unlisten(listener)
