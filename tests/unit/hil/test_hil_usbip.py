"""The USB/IP server on loopback, against bytes put together by hand from the kernel's protocol page."""

import asyncio
import struct
from typing import Self

import pytest

from hil import serving
from hil.devices.stimuli import Plug, Unplug
from hil.usbip import messages
from hil.usbip.messages import ProtocolViolation, Submit, Unlink

IMPORT = struct.pack(">HHI32s", 0x0111, 0x8003, 0, b"1-1")
QUICK = "warmup=0,feed=0,speed=0"


class Host:
    """The attached side, as the kernel would be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seq = 0

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    async def operation(self, code: int, body: bytes = b"") -> tuple[int, int, int]:
        self.writer.write(struct.pack(">HHI", 0x0111, code, 0) + body)
        return struct.unpack(">HHI", await self.read(8))

    async def read(self, size: int) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.readexactly(size)

    async def attach(self, busid: bytes = b"1-1") -> int:
        _, code, status = await self.operation(0x8003, busid.ljust(32, b"\0"))
        assert code == 0x0003
        if status == 0:
            await self.read(312)
        return status

    def submit(self, endpoint: int, inward: bool, length: int, data: bytes = b"", setup: bytes = bytes(8)) -> int:
        self.seq += 1
        flags = 0x200 if inward else 0
        self.writer.write(
            struct.pack(">5I", 1, self.seq, 0x10001, int(inward), endpoint)
            + struct.pack(">IiIiI", flags, length, 0, 0, 0)
            + setup
            + data
        )
        return self.seq

    def unlink(self, seqnum: int) -> int:
        self.seq += 1
        self.writer.write(struct.pack(">5II24x", 2, self.seq, 0x10001, 0, 0, seqnum))
        return self.seq

    async def answer(self) -> tuple[int, int, int, int]:
        """Command, seqnum, status, actual length."""
        head = await self.read(48)
        command, seqnum, devid, direction, endpoint, status, length = struct.unpack(">5IiI", head[:28])
        assert (devid, direction, endpoint) == (0, 0, 0)
        return command, seqnum, status, length

    async def out(self, data: bytes) -> None:
        seq = self.submit(2, False, len(data), data)
        assert await self.answer() == (3, seq, 0, len(data))

    async def into(self, length: int) -> bytes:
        seq = self.submit(1, True, length)
        command, seqnum, status, size = await self.answer()
        assert (command, seqnum, status) == (3, seq, 0)
        return await self.read(size)

    async def control(self, kind: int, request: int, value: int, index: int, length: int) -> tuple[int, bytes]:
        inward = bool(kind & 0x80)
        seq = self.submit(0, inward, length, b"", struct.pack("<BBHHH", kind, request, value, index, length))
        _, seqnum, status, size = await self.answer()
        assert seqnum == seq
        return status, await self.read(size) if inward else b""


async def test_the_list_shows_every_device_with_its_interfaces():
    scripts = [("esci", serving.read(QUICK)), ("esci", serving.read(QUICK))]
    async with serving.scanners(scripts) as rigs, Host(rigs[0].port) as host:
        assert await host.operation(0x8005) == (0x0111, 0x0005, 0)
        assert await host.read(4) == struct.pack(">I", 2)
        for device in (1, 2):
            entry = await host.read(312 + 4)
            assert entry[256:288].rstrip(b"\0") == f"1-{device}".encode()
            assert struct.unpack(">3I3H6B", entry[288:312]) == (1, device, 3, 0x04B8, 0x012B, 0x0100, 0, 0, 0, 1, 1, 1)
            assert entry[312:] == b"\xff\xff\xff\x00"


async def test_an_attached_host_talks_to_the_scanner():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        assert await host.attach() == 0
        assert (await host.control(0x80, 6, 0x0100, 0, 18))[1][8:12] == b"\xb8\x04\x2b\x01"
        assert await host.control(0x00, 9, 1, 0, 0) == (0, b"")
        await host.out(b"\x1bF")
        assert await host.into(4) == b"\x02\x12\x00\x00"


async def test_a_request_nobody_knows_stalls_and_the_next_one_works():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        assert (await host.control(0xC0, 0x42, 0, 0, 8))[0] == -32
        assert await host.control(0x80, 0, 0, 0, 2) == (0, b"\x01\x00")


async def test_a_halted_endpoint_stalls_until_cleared():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        pending = host.submit(1, True, 4)
        seq = host.submit(0, False, 0, b"", struct.pack("<BBHHH", 0x02, 3, 0, 0x81, 0))
        answers = {await host.answer(), await host.answer()}
        assert answers == {(3, seq, 0, 0), (3, pending, -32, 0)}
        assert (await host.control(0x02, 1, 0, 0x81, 0))[0] == 0
        await host.out(b"\x1bF")
        assert len(await host.into(4)) == 4


async def test_a_read_with_nothing_to_say_waits_for_data():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        first = host.submit(1, True, 512)
        second = host.submit(1, True, 512)
        out = host.submit(2, False, 2, b"\x1bf")
        assert await host.answer() == (3, out, 0, 2)
        assert await host.answer() == (3, first, 0, 4)
        assert await host.read(4) == b"\x02\x12\x2a\x00"
        assert await host.answer() == (3, second, 0, 42)


async def test_an_unlinked_read_is_gone_and_the_data_goes_to_the_next():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        pending = host.submit(1, True, 4)
        unlink = host.unlink(pending)
        assert await host.answer() == (4, unlink, -104, 0)
        await host.out(b"\x1bF")
        assert await host.into(4) == b"\x02\x12\x00\x00"
        late = host.unlink(pending)
        assert await host.answer() == (4, late, 0, 0)


async def test_an_unknown_endpoint_is_an_error_of_that_transfer_only():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        seq = host.submit(5, True, 4)
        assert await host.answer() == (3, seq, -2, 0)
        await host.out(b"\x1bF")


async def test_one_host_at_a_time():
    async with serving.scanner("esci", QUICK) as rig:
        async with Host(rig.port) as first, Host(rig.port) as second:
            assert await first.attach() == 0
            assert await second.attach() == 2
        for _ in range(100):
            async with Host(rig.port) as third:
                if await third.attach() == 0:
                    return
            await asyncio.sleep(0.01)
        pytest.fail("the device was never given back")


async def test_a_device_that_is_not_there_is_refused():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        assert await host.attach(b"9-9") == 4


async def test_unplugged_the_host_loses_it_and_the_list_forgets_it():
    async with serving.scanner("esci", QUICK) as rig:
        async with Host(rig.port) as host:
            await host.attach()
            host.submit(1, True, 512)
            rig.stimulate(Unplug())
            async with asyncio.timeout(5):
                assert await host.reader.read() == b""
        async with Host(rig.port) as host:
            await host.operation(0x8005)
            assert await host.read(4) == bytes(4)
            assert await host.attach() == 4
        rig.stimulate(Plug())
        async with Host(rig.port) as host:
            assert await host.attach() == 0
            await host.out(b"\x1bF")
            assert await host.into(4) == b"\x02\x12\x00\x00"


async def test_a_host_that_leaves_in_mid_page_leaves_an_idle_scanner():
    async with serving.scanner("esci", QUICK) as rig:
        async with Host(rig.port) as host:
            await host.attach()
            await host.out(b"\x1bd\x10\x1bG")
            await host.into(1)
            assert rig.scanner.scanning
            idle = asyncio.Event()
            rig.live.listen(lambda: None if rig.scanner.scanning else idle.set())
        async with asyncio.timeout(5):
            await idle.wait()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">HHI", 0x0111, 0x9999, 0),
        IMPORT + bytes(48),
        IMPORT + struct.pack(">5IIiIiI8s", 1, 1, 0, 1, 1, 0, 2**30, 0, 0, 0, b""),
        IMPORT + struct.pack(">5IIiIiI8s", 1, 1, 0, 1, 77, 0, 4, 0, 0, 0, b""),
        IMPORT + struct.pack(">5IIiIiI8s", 1, 1, 0, 1, 1, 0, 4, 0, 8, 0, b""),
    ],
)
async def test_garbage_ends_that_connection_and_no_other(garbage):
    async with serving.scanner("esci", QUICK) as rig:
        async with Host(rig.port) as host:
            host.writer.write(garbage)
            async with asyncio.timeout(5):
                await host.reader.read()
        async with Host(rig.port) as host:
            assert (await host.operation(0x8005))[2] == 0


async def test_too_many_pending_reads_end_the_connection():
    async with serving.scanner("esci", QUICK) as rig, Host(rig.port) as host:
        await host.attach()
        for _ in range(300):
            host.submit(1, True, 512)
        async with asyncio.timeout(5):
            assert await host.reader.read() == b""


def test_commands_are_read_field_by_field():
    packet = struct.pack(">5I", 1, 7, 0x10001, 1, 1) + struct.pack(">IiIiI", 0x200, 64, 0, -1, 0) + bytes(8)
    command = messages.command(packet, 1000)
    assert isinstance(command, Submit)
    assert (command.seqnum, command.endpoint, command.length, command.inward) == (7, 0x81, 64, True)
    assert messages.command(struct.pack(">5II24x", 2, 8, 0, 0, 0, 7), 1000) == Unlink(8, 7)
    with pytest.raises(ProtocolViolation):
        messages.command(packet, 63)
