"""The usbredir face on a UNIX socket, against bytes put together by hand from the protocol's page (version 0.7)."""

import asyncio
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract.clock import SystemClock
from hil import serving
from hil.devices.live import Live
from hil.devices.stimuli import Plug, Press, Stimulus, Unplug
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.usbredir.server import UsbRedirServer

QUICK = "warmup=0,feed=0,speed=0"
ALL = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6  # version, disconnect ack, max packet, 64-bit ids, 32-bit bulk length
HELLO, CONNECT, DISCONNECT, INTERFACES, ENDPOINTS, ACK = 0, 1, 2, 4, 5, 24
CANCEL, CONTROL, BULK, INTERRUPT = 21, 100, 101, 103
IDENTITY = b"\x1bI"


class Peer:
    """The side of the virtual machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caps: int = ALL) -> None:
        self.reader, self.writer, self.caps = reader, writer, caps
        self.wide = False

    def send(self, kind: int, body: bytes = b"", number: int = 0, length: int | None = None) -> None:
        size = len(body) if length is None else length
        self.writer.write(struct.pack("<IIQ" if self.wide else "<III", kind, size, number) + body)

    async def get(self, want: int) -> tuple[int, bytes]:
        """The next message, which must be of that type: its id and body."""
        async with asyncio.timeout(5):
            head = await self.reader.readexactly(16 if self.wide else 12)
            kind, length, number = struct.unpack("<IIQ" if self.wide else "<III", head)
            body = await self.reader.readexactly(length)
        assert kind == want, (kind, body)
        return number, body

    async def greet(self) -> None:
        self.send(HELLO, struct.pack("<64sI", b"peer", self.caps))
        _, body = await self.get(HELLO)
        assert struct.unpack_from("<I", body, 64) == (ALL,)
        self.wide = bool(self.caps >> 5 & 1)

    async def see(self) -> tuple[bytes, bytes, bytes]:
        """The three messages by which a device appears."""
        return tuple([(await self.get(kind))[1] for kind in (INTERFACES, ENDPOINTS, CONNECT)])

    def bulk(self, number: int, endpoint: int, length: int, data: bytes = b"") -> None:
        self.send(BULK, struct.pack("<BBHIH", endpoint, 0, length & 0xFFFF, 0, length >> 16) + data, number)

    async def bulked(self) -> tuple[int, int, int, int, bytes]:
        """Id, endpoint, status, length, data."""
        number, body = await self.get(BULK)
        endpoint, status, low, _, high = struct.unpack_from("<BBHIH", body)
        return number, endpoint, status, high << 16 | low, body[10:]

    async def closed(self) -> bool:
        async with asyncio.timeout(5):
            return await self.reader.read(1) == b""


@asynccontextmanager
async def attached(path: Path, caps: int = ALL) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_unix_connection(path)
    peer = Peer(reader, writer, caps)
    try:
        await peer.greet()
        yield peer
    finally:
        writer.close()


@pytest.fixture
async def epson(tmp_path: Path) -> AsyncIterator[serving.Rig]:
    async with serving.scanner("esci", QUICK) as rig, serving.usbredir(rig, tmp_path / "s"):
        yield rig


async def test_a_device_is_announced_with_its_interfaces_and_endpoints(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        interfaces, endpoints, connect = await peer.see()
        assert len(interfaces) == 4 + 4 * 32
        assert interfaces[:5] == b"\x01\0\0\0\0"
        assert interfaces[36:37] == interfaces[68:69] == interfaces[100:101] == b"\xff"
        assert len(endpoints) == 32 * 5
        # bulk OUT 2 is entry 2, bulk IN 1 is entry 17; 0 and 16 are the control endpoint
        assert endpoints[:32] == b"\0\xff\x02" + b"\xff" * 13 + b"\0\x02" + b"\xff" * 14
        assert struct.unpack_from("<32H", endpoints, 96)[17] == 512
        assert connect == struct.pack("<BBBBHHH", 2, 0, 0, 0, 0x04B8, 0x012B, 0x0100)


async def test_a_peer_without_capabilities_is_spoken_to_in_the_first_version(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s", caps=0) as peer:
        _, endpoints, connect = await peer.see()
        assert len(endpoints) == 32 * 3
        assert len(connect) == 8
        peer.send(BULK, struct.pack("<BBHI", 0x02, 0, 2, 0) + IDENTITY, 7)
        assert await peer.get(BULK) == (7, struct.pack("<BBHI", 0x02, 0, 2, 0))


async def test_a_control_transfer_brings_the_device_descriptor(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.send(CONTROL, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0100, 0, 64), 3)
        number, body = await peer.get(CONTROL)
        assert number == 3
        assert body[:10] == struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0100, 0, 18)
        assert body[10:14] == bytes([18, 1, 0x00, 0x02])
        peer.send(CONTROL, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0309, 0, 64), 4)  # there is no such string
        assert await peer.get(CONTROL) == (4, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 4, 0x0309, 0, 0))


async def test_configuration_and_alternate_setting_are_told(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        for kind, body, answer, told in (
            (7, b"", 8, b"\0\0"),
            (6, b"\x01", 8, b"\0\x01"),
            (6, b"\x05", 8, b"\x04\x01"),
            (9, b"\0\0", 11, b"\0\0\0"),
            (9, b"\0\x01", 11, b"\x04\0\0"),
            (10, b"\0", 11, b"\0\0\0"),
            (10, b"\x09", 11, b"\x04\x09\0"),
        ):
            peer.send(kind, body, 9)
            assert await peer.get(answer) == (9, told)


async def test_an_early_read_waits_for_what_the_device_says(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.bulk(1, 0x81, 512)
        peer.bulk(2, 0x02, 2, IDENTITY)
        assert await peer.bulked() == (2, 0x02, 0, 2, b"")
        number, endpoint, status, length, data = await peer.bulked()
        assert (number, endpoint, status, length, data[:1]) == (1, 0x81, 0, len(data), b"\x02")


async def test_a_reset_forgets_the_configuration_and_what_was_waited_for(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.send(6, b"\x01", 1)
        assert await peer.get(8) == (1, b"\0\x01")
        peer.bulk(2, 0x81, 512)
        peer.send(3)
        peer.send(7, b"", 3)
        assert await peer.get(8) == (3, b"\0\0")
        peer.bulk(4, 0x02, 2, IDENTITY)
        assert (await peer.bulked())[:3] == (4, 0x02, 0)
        peer.bulk(5, 0x81, 512)
        assert (await peer.bulked())[:3] == (5, 0x81, 0)


async def test_a_cancelled_read_is_answered_once_and_brings_nothing(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.bulk(1, 0x81, 512)
        peer.send(CANCEL, b"", 1)
        assert await peer.bulked() == (1, 0x81, 1, 0, b"")
        peer.send(CANCEL, b"", 1)
        peer.bulk(2, 0x02, 2, IDENTITY)
        assert (await peer.bulked())[:3] == (2, 0x02, 0)


async def test_a_read_from_no_endpoint_is_invalid(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.bulk(1, 0x85, 512)
        assert await peer.bulked() == (1, 0x85, 2, 0, b"")


async def test_a_stalled_endpoint_stays_halted_until_it_is_cleared(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.send(CONTROL, struct.pack("<BBBBHHH", 0, 3, 0x02, 0, 0, 0x81, 0), 1)  # SET_FEATURE(ENDPOINT_HALT)
        await peer.get(CONTROL)
        for number in (2, 3):
            peer.bulk(number, 0x81, 512)
            assert await peer.bulked() == (number, 0x81, 4, 0, b"")
        peer.send(CONTROL, struct.pack("<BBBBHHH", 0, 1, 0x02, 0, 0, 0x81, 0), 4)  # CLEAR_FEATURE
        await peer.get(CONTROL)
        peer.bulk(5, 0x02, 2, IDENTITY)
        await peer.bulked()
        peer.bulk(6, 0x81, 512)
        assert (await peer.bulked())[:3] == (6, 0x81, 0)


async def test_unplugged_it_says_so_and_plugged_in_again_it_waits_for_the_acknowledgement(
    epson: serving.Rig, tmp_path: Path
):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.bulk(1, 0x81, 512)
        epson.stimulate(Unplug())
        await peer.get(DISCONNECT)
        peer.bulk(2, 0x02, 2, IDENTITY)  # sent before the peer knew: nobody answers
        epson.stimulate(Plug())
        peer.send(ACK)
        await peer.see()
        peer.bulk(3, 0x02, 2, IDENTITY)
        assert (await peer.bulked())[:3] == (3, 0x02, 0)


async def test_what_is_unplugged_from_the_start_appears_later(epson: serving.Rig, tmp_path: Path):
    epson.stimulate(Unplug())
    async with attached(tmp_path / "s") as peer:
        epson.stimulate(Plug())
        await peer.see()


@pytest.mark.parametrize(
    ("kind", "body", "length"),
    [
        (BULK, b"", 1 << 30),
        (BULK, struct.pack("<BBHIH", 0x02, 0, 5, 0, 0) + b"four", None),
        (BULK, struct.pack("<BBHIH", 0x81, 0, 0, 0, 0xFFFF), None),
        (BULK, struct.pack("<BBHIH", 0x02, 0, 0, 1, 0), None),
        (BULK, b"\x81", None),
        (CONTROL, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0100, 0, 64) + b"data on IN", None),
        (6, b"", None),
        (HELLO, bytes(68), None),
        (CONNECT, bytes(10), None),
        (12, b"\x81\0\0", None),
        (4711, b"", None),
    ],
)
async def test_what_the_protocol_does_not_allow_ends_the_connection_and_the_next_peer_is_served(
    epson: serving.Rig, tmp_path: Path, kind: int, body: bytes, length: int | None
):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        peer.send(kind, body, 1, length)
        assert await peer.closed()
    async with attached(tmp_path / "s") as peer:
        await peer.see()


async def test_more_reads_than_any_controller_has_end_the_connection(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as peer:
        await peer.see()
        for number in range(300):
            peer.bulk(number, 0x81, 512)
        assert await peer.closed()


async def test_there_is_one_peer_at_a_time_and_the_next_one_waits(epson: serving.Rig, tmp_path: Path):
    async with attached(tmp_path / "s") as first:
        await first.see()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        second = Peer(reader, writer)
        greeting = asyncio.ensure_future(second.greet())
        first.bulk(1, 0x02, 2, IDENTITY)
        assert (await first.bulked())[:3] == (1, 0x02, 0)
        assert not greeting.done()
    await greeting
    await second.see()
    writer.close()


async def test_a_socket_that_somebody_serves_is_left_alone_and_one_left_over_is_replaced(
    epson: serving.Rig, tmp_path: Path
):
    with pytest.raises(FileExistsError, match="served by another process"):
        async with serving.usbredir(epson, tmp_path / "s"):
            pass
    async with attached(tmp_path / "s") as peer:
        await peer.see()
    (tmp_path / "left").symlink_to("nothing")
    with pytest.raises(OSError, match="left"):
        async with serving.usbredir(epson, tmp_path / "left"):
            pass


class Bell:
    """A device with an interrupt endpoint that tells each press, and stalls after the third."""

    description = Description(
        vendor_id=0x1234,
        product_id=0x5678,
        release=1,
        manufacturer="",
        product="bell",
        serial="",
        interfaces=(Interface(0, 0xFF, 0, 0, (Endpoint(0x83, Transfer.INTERRUPT, 8, 7),)),),
    )
    plugged = True

    def __init__(self) -> None:
        self.presses: list[int] = []
        self.told = 0

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        self.presses += [each.button for each in stimuli if isinstance(each, Press)]
        return None

    def reset(self, now: float) -> None:
        pass

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        return Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        assert (endpoint, limit) == (0x83, 8)
        if not self.presses:
            return None
        self.told += 1
        return bytes([self.presses.pop(0)]) if self.told <= 3 else Refusal.STALL


async def test_an_interrupt_endpoint_is_heard_from_start_to_stop_and_its_stall_is_told(tmp_path: Path):
    bell = Bell()
    live = Live(bell, SystemClock())
    async with UsbRedirServer(bell, live, tmp_path / "s"), attached(tmp_path / "s") as peer:
        _, endpoints, _ = await peer.see()
        assert (endpoints[19], endpoints[51]) == (3, 7)  # interrupt, its interval
        live.stimulate(Press(1))
        peer.send(15, b"\x02", 5)
        assert (await peer.get(17))[1] == b"\x02\x02", "there is no such endpoint"
        peer.send(15, b"\x83", 6)
        assert await peer.get(17) == (6, b"\0\x83")
        assert await peer.get(INTERRUPT) == (0, struct.pack("<BBH", 0x83, 0, 1) + b"\x01")
        live.stimulate(Press(2))
        assert await peer.get(INTERRUPT) == (1, struct.pack("<BBH", 0x83, 0, 1) + b"\x02")
        peer.send(16, b"\x83", 7)
        assert await peer.get(17) == (7, b"\0\x83")
        live.stimulate(Press(3))
        peer.send(15, b"\x83", 8)
        await peer.get(17)
        assert await peer.get(INTERRUPT) == (2, struct.pack("<BBH", 0x83, 0, 1) + b"\x03")
        live.stimulate(Press(4))
        assert (await peer.get(17))[1] == b"\x04\x83"
    live.close()


def test_more_sockets_than_scanners_on_usb_are_refused_before_anything_is_served(tmp_path: Path):
    sockets = [word for name in ("a", "b") for word in ("--usbredir", str(tmp_path / name))]
    done = subprocess.run(
        [sys.executable, "-m", "hil.cli", "serve", "esci", *sockets], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "only 1 scanners on USB" in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())
