"""A USB/IP server in front of another one, with a bad cable in between.

    async with UsbIpProxy(("127.0.0.1", 3240), Plan(read("cut@17"))) as proxy:
        proxy.port

A transfer counts when it moves: one to the device as it is sent, one from the device as it comes. Control transfers
go through unharmed and do not count, nor does a read that was taken back.
Spec: the Linux kernel's Documentation/usb/usbip_protocol.rst.
"""

import asyncio
import errno
import struct
from collections import deque
from dataclasses import dataclass

from hil.faults.plan import Fault, Plan
from hil.tcp import TcpServer
from hil.usbip import messages

HEADER = 48
MOST_BYTES = 16 * 1024 * 1024
MOST_HOSTS = 32
DEVICE = 312
CONNECT_SECONDS = 5.0


class Cut(Exception):
    """The plan breaks the connection."""


class UsbIpProxy(TcpServer):
    """Relays any number of hosts, each over a connection of its own; the plan is one for all."""

    def __init__(self, upstream: tuple[str, int], plan: Plan, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(self._relay, host, port, MOST_HOSTS)
        self.plan = plan
        self._upstream = upstream

    @property
    def url(self) -> str:
        """Where the devices seem to be."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"usbip://{host}:{self.port}"

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                back, there = await asyncio.open_connection(*self._upstream)
            if await _operations(reader, writer, back, there):
                await _Urbs(self.plan, reader, writer, back, there).run()
        except (asyncio.IncompleteReadError, OSError, ValueError, Cut):
            pass  # one side has gone, or speaks something else: the other is left too
        finally:
            for each in (writer, there):
                if each is not None:
                    each.transport.abort()  # a pulled cable says no goodbye


async def _operations(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamReader, there: asyncio.StreamWriter
) -> bool:
    """Hand lists on until a device was imported."""
    while True:
        head = await reader.readexactly(messages.OP.size)
        _, code, _ = messages.OP.unpack(head)
        imports = code == messages.REQ_IMPORT
        there.write(head + (await reader.readexactly(messages.BUSID.size) if imports else b""))
        answer = await back.readexactly(messages.OP.size)
        _, _, status = messages.OP.unpack(answer)
        if status == 0 and imports:
            answer += await back.readexactly(DEVICE)
        elif status == 0:
            count = await back.readexactly(4)
            answer += count
            for _ in range(min(int.from_bytes(count, "big"), 256)):
                device = await back.readexactly(DEVICE)
                answer += device + await back.readexactly(4 * device[-1])
        writer.write(answer)
        await writer.drain()
        if imports:
            return bool(status == 0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A transfer that the device was asked for."""

    packet: bytes
    endpoint: int
    inward: bool


class _Urbs:
    """The transfers of one imported device."""

    def __init__(
        self,
        plan: Plan,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        self._plan = plan
        self._reader, self._writer, self._back, self._there = reader, writer, back, there
        self._asked: dict[int, _Asked] = {}
        self._twice: dict[int, deque[bytes]] = {}  # data that will come again, by endpoint

    async def run(self) -> None:
        """Until one side leaves or the plan cuts."""
        both = [asyncio.ensure_future(self._outward()), asyncio.ensure_future(self._inward())]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _outward(self) -> None:
        while True:
            packet = await self._reader.readexactly(HEADER)
            command, seqnum, devid, direction, endpoint, rest = messages.COMMAND.unpack(packet)
            if command == messages.CMD_SUBMIT:
                flags, length, *more = messages.SUBMIT.unpack(rest)
                if not 0 <= length <= MOST_BYTES:
                    raise ValueError(f"a transfer of {length} bytes")
                inward = direction == messages.DIR_IN
                data = b"" if inward else await self._reader.readexactly(length)
                self._asked[seqnum] = _Asked(packet, endpoint, inward)
                if inward and self._twice.get(endpoint):
                    self._answer(seqnum, 0, self._twice[endpoint].popleft()[:length])
                    continue
                if not inward and endpoint:
                    spoiled = await self._spoiled_out(seqnum, data)
                    if spoiled is None:
                        continue
                    if len(spoiled) != len(data):
                        rest = messages.SUBMIT.pack(flags, len(spoiled), *more)
                        packet = messages.COMMAND.pack(command, seqnum, devid, direction, endpoint, rest)
                    data = spoiled
                self._there.write(packet + data)
            else:
                self._there.write(packet)
            await self._there.drain()

    async def _spoiled_out(self, seqnum: int, data: bytes) -> bytes | None:
        """What reaches the device; None: nothing, and the host was answered."""
        planned = self._plan.take(data, inward=False)
        match planned.fault if planned else None:
            case Fault.CUT:
                raise Cut
            case Fault.STALL:
                self._answer(seqnum, -errno.EPIPE)
                return None
            case Fault.LOSS:
                self._answer(seqnum, 0, moved=len(data))
                return None
            case Fault.GARBLE:
                return self._plan.garbled(data)
            case Fault.SHORT:
                return data[: len(data) // 2]
            case Fault.DUPLICATE:
                return data + data
            case Fault.DELAY:
                assert planned is not None
                await asyncio.sleep(planned.seconds)
        return data

    async def _inward(self) -> None:
        while True:
            packet = await self._back.readexactly(HEADER)
            command, seqnum, *_ = struct.unpack_from(">5I", packet)
            if command != messages.RET_SUBMIT:
                self._writer.write(packet)
                await self._writer.drain()
                continue
            status, length = struct.unpack_from(">iI", packet, 20)
            asked = self._asked.pop(seqnum, None)
            if asked is None or length > MOST_BYTES:
                raise ValueError("an answer to nothing")
            data = await self._back.readexactly(length) if asked.inward else b""
            if asked.inward and asked.endpoint and status == 0 and data:
                spoiled = await self._spoiled_in(seqnum, asked, data)
                if spoiled is None:
                    continue
                packet, data = messages.submitted(seqnum, 0, len(spoiled)), spoiled
            self._writer.write(packet + data)
            await self._writer.drain()

    async def _spoiled_in(self, seqnum: int, asked: _Asked, data: bytes) -> bytes | None:
        """What reaches the host; None: it was answered otherwise, or waits on."""
        planned = self._plan.take(data, inward=True)
        match planned.fault if planned else None:
            case Fault.CUT:
                raise Cut
            case Fault.STALL:
                self._asked[seqnum] = asked
                self._answer(seqnum, -errno.EPIPE)
                return None
            case Fault.LOSS:  # the host's read waits for what comes next
                self._asked[seqnum] = asked
                self._there.write(asked.packet)
                return None
            case Fault.GARBLE:
                return self._plan.garbled(data)
            case Fault.SHORT:
                return data[: len(data) // 2]
            case Fault.DUPLICATE:
                self._twice.setdefault(asked.endpoint, deque()).append(data)
            case Fault.DELAY:
                assert planned is not None
                await asyncio.sleep(planned.seconds)
        return data

    def _answer(self, seqnum: int, status: int, data: bytes = b"", moved: int | None = None) -> None:
        """In the device's stead."""
        self._asked.pop(seqnum, None)
        self._writer.write(messages.submitted(seqnum, status, len(data) if moved is None else moved) + data)
