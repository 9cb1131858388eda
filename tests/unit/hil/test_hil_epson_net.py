"""Epson's network mode, frame by frame (lab.md section 6; SANE's epson2_net.c says what a host sends and expects)."""

import asyncio
import struct
from typing import Self

import pytest

from hil import serving


class Host:
    """A host on TCP 1865."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert await self.frame() == (b"\x80\x00", bytes(5))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    async def frame(self) -> tuple[bytes, bytes]:
        async with asyncio.timeout(5):
            head = await self.reader.readexactly(12)
            magic, command, size, length, zero = struct.unpack(">2s2sHIH", head)
            assert (magic, size, zero) == (b"IS", 12, 0)
            return command, await self.reader.readexactly(length)

    async def say(self, command: bytes, payload: bytes = b"") -> tuple[bytes, bytes]:
        self.writer.write(struct.pack(">2s2sHIH", b"IS", command, 12, len(payload), 0) + payload)
        return await self.frame()

    async def ask(self, command: bytes, wanted: int) -> bytes:
        code, answer = await self.say(b"\x20\x00", struct.pack(">II", len(command), wanted) + command)
        assert code == b"\xa0\x00"
        return answer


@pytest.fixture
async def rig():
    async with serving.scanner("esci", "warmup=0,feed=0.05,speed=2000,adf=1") as made, serving.epson_net(made) as port:
        yield made, port


async def test_a_locked_host_asks_and_gets_the_whole_answer_in_one_frame(rig):
    async with Host(rig[1]) as host:
        assert await host.say(b"\x21\x00") == (b"\xa1\x00", b"\x06")
        assert await host.ask(b"\x1bF", 4) == b"\x02\x12\x00\x00"
        assert len(await host.ask(b"\x1bf", 46)) == 46  # header and payload


async def test_a_refusal_is_shorter_than_what_was_wanted(rig):
    async with Host(rig[1]) as host:
        await host.say(b"\x21\x00")
        assert await host.ask(b"\x1bq", 6) == b"\x15"
        assert await host.ask(b"", 10) == b""


async def test_without_the_lock_nothing_is_passed_on(rig):
    async with Host(rig[1]) as host:
        assert await host.say(b"\x20\x00", struct.pack(">II", 2, 4) + b"\x1bF") == (b"\xa0\x00", b"\x15")


async def test_one_host_at_a_time_holds_the_lock(rig):
    async with Host(rig[1]) as first, Host(rig[1]) as second:
        assert (await first.say(b"\x21\x00"))[1] == b"\x06"
        assert (await second.say(b"\x21\x00"))[1] == b"\x15"
        assert (await first.say(b"\x21\x01"))[1] == b"\x06"
        assert (await second.say(b"\x21\x00"))[1] == b"\x06"


async def test_an_answer_that_takes_time_is_waited_for(rig):
    made, port = rig
    async with Host(port) as host:
        await host.say(b"\x21\x00")
        assert await host.ask(b"\x1be", 1) == b"\x06"
        assert await host.ask(b"\x01", 1) == b"\x06"
        assert await host.ask(b"\x19", 1) == b"\x06"  # the feed motor runs meanwhile
        assert made.scanner.state.path is not None


async def test_a_host_that_leaves_gives_the_lock_back(rig):
    async with Host(rig[1]) as host:
        await host.say(b"\x21\x00")
    for _ in range(100):
        async with Host(rig[1]) as host:
            if (await host.say(b"\x21\x00"))[1] == b"\x06":
                return
        await asyncio.sleep(0.01)
    pytest.fail("the lock was never given back")


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"IS\x20\x00\x00\x0c\x7f\xff\xff\xff\x00\x00", b"IS\x20\x00\x00\x0d" + bytes(6)],
)
async def test_garbage_ends_the_connection(rig, garbage):
    async with Host(rig[1]) as host:
        host.writer.write(garbage)
        async with asyncio.timeout(5):
            assert await host.reader.read() == b""


async def test_sizes_that_do_not_agree_end_the_connection(rig):
    async with Host(rig[1]) as host:
        await host.say(b"\x21\x00")
        host.writer.write(struct.pack(">2s2sHIH", b"IS", b"\x20\x00", 12, 10, 0) + struct.pack(">II", 7, 4) + b"\x1bF")
        async with asyncio.timeout(5):
            assert await host.reader.read() == b""
