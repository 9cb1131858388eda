"""The USB/IP backend against a server written from the kernel's protocol document, independent of hil's."""

import errno
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import usb.core

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.usb.bus import RemoteBus
from drivers.usb.link import UsbLink
from drivers.usbip import connection, session
from drivers.usbip.backend import Backend
from drivers.usbip.place import Place, parse

DEVICE = bytes([18, 1, 0, 2, 0, 0, 0, 64, 0xB8, 0x04, 0x10, 0x01, 0, 1, 1, 2, 3, 1])
CONFIG = (
    bytes([9, 2, 39, 0, 1, 1, 0, 0xC0, 1])
    + bytes([9, 4, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0])
    + bytes([7, 5, 0x81, 2, 0, 2, 0])
    + bytes([7, 5, 0x02, 2, 0, 2, 0])
    + bytes([7, 5, 0x83, 3, 16, 0, 10])
)
STRINGS = {
    0: b"\x09\x04",
    1: "EPSON".encode("utf-16-le"),
    2: "Scanner".encode("utf-16-le"),
    3: "S1".encode("utf-16-le"),
}
RECORD = struct.pack(
    ">256s32sIIIHHHBBBBBB", b"/sys/devices/1-1", b"1-1", 1, 2, 3, 0x04B8, 0x0110, 0x0100, 0, 0, 0, 1, 1, 1
)
URB = struct.Struct(">IIIIIIIIII8s")
Reply = bytes | int | None  # data, a negative status, or no answer until it is unlinked


class Server:
    """Ten lines of protocol; `bulk(endpoint, data or asked length)` decides what each transfer gets."""

    def __init__(self, bulk: Callable[[int, bytes | int], Reply]) -> None:
        self.bulk = bulk
        self.log: list[str] = []
        self.flags: set[int] = set()
        self.raw: bytes | None = None  # said instead of any answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.place = Place("127.0.0.1", self.socket.getsockname()[1])
        self.open: list[socket.socket] = []
        self.taken = False
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self) -> None:
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer: socket.socket) -> None:
        ours = False
        try:
            _, code, _ = struct.unpack(">HHI", self.exactly(peer, 8))
            if self.raw is not None:
                peer.sendall(self.raw)
            elif code == 0x8005:
                self.log.append("list")
                peer.sendall(struct.pack(">HHII", 0x0111, 5, 0, 1) + RECORD + bytes([255, 255, 255, 0]))
            else:
                self.exactly(peer, 32)
                self.log.append("refuse" if self.taken else "import")
                peer.sendall(struct.pack(">HHI", 0x0111, 3, 1 if self.taken else 0) + (b"" if self.taken else RECORD))
                if not self.taken:
                    ours = self.taken = True
                    self.urbs(peer)
        except (OSError, EOFError):
            pass
        finally:
            if ours:
                self.taken = False
            peer.close()

    def urbs(self, peer: socket.socket) -> None:
        while True:
            command, seq, _, direction, ep, first, length, *_, setup = URB.unpack(self.exactly(peer, 48))
            if command == 2:
                self.log.append("unlink")
                peer.sendall(struct.pack(">IIIIIi24x", 4, seq, 0, 0, 0, -errno.ECONNRESET))
                continue
            data = b"" if direction else self.exactly(peer, length)
            if direction:
                self.flags.add(first)
            reply = self.control(setup) if ep == 0 else self.bulk(ep, length if direction else data)
            if reply is None:
                continue
            status, answer = (reply, b"") if isinstance(reply, int) else (0, reply)
            size = len(answer) if direction else len(data)
            peer.sendall(struct.pack(">IIIIIiIIII8x", 3, seq, 0, 0, 0, status, size, 0, 0, 0) + answer)

    def control(self, setup: bytes) -> Reply:
        kind, request, value, index, length = struct.unpack("<BBHHH", setup)
        if (kind, request) == (0x80, 6):
            if value >> 8 == 3:
                text = STRINGS[value & 0xFF]
                return (bytes([len(text) + 2, 3]) + text)[:length]
            return {1: DEVICE, 2: CONFIG}[value >> 8][:length]
        if (kind, request) == (0x80, 8):
            return b"\x01"
        if (kind, request) == (0x02, 1):
            self.log.append(f"clear halt {index:#04x}")
        return b""

    @staticmethod
    def exactly(peer: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (piece := peer.recv(size - len(data))):
                raise EOFError
            data += piece
        return data


@contextmanager
def serving(bulk: Callable[[int, bytes | int], Reply] = lambda ep, what: None) -> Iterator[Server]:
    server = Server(bulk)
    try:
        yield server
    finally:
        server.socket.shutdown(socket.SHUT_RDWR)  # which ends a wait in accept, as closing does not
        server.accepting.join(8)
        for peer in [server.socket, *server.open]:
            peer.close()


@contextmanager
def linked(server: Server) -> Iterator[UsbLink]:
    bus = RemoteBus(server.place)
    [device] = bus.devices()
    link = bus.open(device.key)
    assert isinstance(link, UsbLink)
    try:
        yield link
    finally:
        link.close()


def test_a_device_is_described_in_one_import() -> None:
    with serving() as server:
        [device] = RemoteBus(server.place).devices()
        assert (device.vendor_id, device.product_id) == (0x04B8, 0x0110)
        assert (device.manufacturer, device.product, device.serial) == ("EPSON", "Scanner", "S1")
        assert device.path == f"usbip-127.0.0.1:{server.place.port}-1-1"
        assert device.key == "usb-04b8-0110-S1"
        assert device.interfaces == ((0xFF, 0xFF, 0xFF),)
        assert server.log == ["list", "import"]


def test_a_second_look_asks_for_the_list_only() -> None:
    with serving() as server:
        bus = RemoteBus(server.place)
        assert bus.devices() == bus.devices()
        assert server.log == ["list", "import", "list"]


def test_ordinary_pyusb_code_runs_over_the_backend() -> None:
    def echo(ep: int, what: bytes | int) -> Reply:
        if isinstance(what, bytes):
            kept.append(what)
            return b""
        return kept.pop()[:what]

    kept: list[bytes] = []
    with serving(echo) as server:
        device = usb.core.find(idVendor=0x04B8, backend=Backend(server.place))
        assert device is not None
        device.set_configuration()
        assert device.write(0x02, b"hello") == 5
        assert bytes(device.read(0x81, 64)) == b"hello"
        assert device.serial_number == "S1"
        assert server.flags == {0x200}
        usb.util.dispose_resources(device)


def test_a_read_that_times_out_is_unlinked_and_the_device_answers_afterwards() -> None:
    answers: list[Reply] = [None, b"late"]
    with serving(lambda ep, what: answers.pop(0)) as server, linked(server) as link:
        began = time.monotonic()
        assert link.read(64, 0.1) == b""
        assert time.monotonic() - began > 0.09
        assert link.read(64) == b"late"
        assert server.log.count("unlink") == 1


def test_an_interrupt_read_and_a_bulk_read_run_together() -> None:
    with serving(lambda ep, what: None if ep == 3 else b"bulk") as server, linked(server) as link:
        results: list[bytes] = []
        waiting = threading.Thread(target=lambda: results.append(link.interrupt(16, 1.5)))
        waiting.start()
        time.sleep(0.05)
        assert [link.read(64) for _ in range(20)] == [b"bulk"] * 20
        assert waiting.is_alive()
        waiting.join()
        assert results == [b""]


def test_a_stall_is_cleared_and_the_read_tried_again() -> None:
    answers: list[Reply] = [-errno.EPIPE, b"after"]
    with serving(lambda ep, what: answers.pop(0)) as server, linked(server) as link:
        assert link.read(64) == b"after"
        assert "clear halt 0x81" in server.log


def test_an_endpoint_that_always_stalls_is_garbled() -> None:
    with serving(lambda ep, what: -errno.EPIPE) as server, linked(server) as link:
        with pytest.raises(DeviceGarbled, match="stalling"):
            link.read(64)
        assert server.log.count("clear halt 0x81") == 3


@pytest.mark.parametrize(
    ("status", "error"), [(-errno.ENODEV, DeviceGone), (-errno.ESHUTDOWN, DeviceGone), (-errno.EPROTO, DeviceGarbled)]
)
def test_a_failed_transfer_says_what_the_caller_must_do(status: int, error: type[Exception]) -> None:
    with serving(lambda ep, what: status) as server, linked(server) as link, pytest.raises(error):
        link.read(64)


def test_a_write_that_is_never_taken_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.usb.link.WRITE_SECONDS", 0.5)
    with serving() as server, linked(server) as link, pytest.raises(DeviceTimeout):
        link.write(b"\x1bF")


def test_a_lost_connection_is_a_device_gone_for_everybody_who_waits() -> None:
    with serving() as server, linked(server) as link:
        threading.Timer(0.05, lambda: [peer.shutdown(socket.SHUT_RDWR) for peer in server.open[-1:]]).start()
        with pytest.raises(DeviceGone):
            link.read(64, 8)
        with pytest.raises(DeviceGone):
            link.write(b"x")


def test_a_device_that_another_importer_holds_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        bus = RemoteBus(server.place)
        [device] = bus.devices()
        with linked(server):
            monkeypatch.setattr(connection, "IMPORT_RETRY_SECONDS", 1.0)
            with pytest.raises(DeviceBusy):
                bus.open(device.key)
        assert server.log.count("refuse") >= 2


def test_no_server_is_a_device_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(DeviceGone, match="no USB/IP server"):
        RemoteBus(Place("127.0.0.1", port)).devices()


HOSTILE = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "another version": struct.pack(">HHII", 0x0200, 5, 0, 0),
    "a refused list": struct.pack(">HHII", 0x0111, 5, 1, 0),
    "a million devices": struct.pack(">HHII", 0x0111, 5, 0, 1_000_000),
    "a list cut short": struct.pack(">HHII", 0x0111, 5, 0, 2) + RECORD,
    "a bus id that is no text": struct.pack(">HHII", 0x0111, 5, 0, 1) + RECORD[:256] + b"\xff" * 32 + RECORD[288:],
    "255 interfaces": struct.pack(">HHII", 0x0111, 5, 0, 1) + RECORD[:-1] + b"\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_server_that_does_not_keep_to_the_protocol_is_an_error_of_ours(words: bytes) -> None:
    with serving() as server:
        server.raw = words
        with pytest.raises((DeviceGone, DeviceGarbled)):
            RemoteBus(server.place).devices()


@pytest.mark.parametrize(
    "answer",
    [
        lambda seq: struct.pack(">IIIIIiIIII8x", 3, seq, 0, 0, 0, 0, 1 << 30, 0, 0, 0),  # more than asked for
        lambda seq: struct.pack(">IIIIIiIIII8x", 3, seq + 77, 0, 0, 0, 0, 0, 0, 0, 0),  # never asked
        lambda seq: b"\xde\xad\xbe\xef" * 12,
    ],
)
def test_a_wrong_answer_to_a_transfer_ends_the_session(answer: Callable[[int], bytes]) -> None:
    near, far = socket.socketpair()
    with near, far:
        line = connection.Connection.__new__(connection.Connection)
        line.place, line._socket = Place("test"), near
        from drivers.usbip.messages import exported

        imported = session.Session(line, exported(RECORD))
        threading.Timer(0.05, lambda: far.sendall(answer(1))).start()
        with pytest.raises(usb.core.USBError) as caught:
            imported.read(0x81, memoryview(bytearray(64)), 2)
        assert caught.value.errno == errno.ENODEV
        assert not imported.alive


def test_an_unlink_that_came_too_late_gives_the_data() -> None:
    near, far = socket.socketpair()
    with near, far:
        line = connection.Connection.__new__(connection.Connection)
        line.place, line._socket = Place("test"), near
        from drivers.usbip.messages import exported

        def device() -> None:
            Server.exactly(far, 48)
            unlink = Server.exactly(far, 48)
            assert struct.unpack_from(">I", unlink, 20)[0] == 1
            far.sendall(struct.pack(">IIIIIiIIII8x", 3, 1, 0, 0, 0, 0, 4, 0, 0, 0) + b"data")
            far.sendall(struct.pack(">IIIIIi24x", 4, 2, 0, 0, 0, 0))

        threading.Thread(target=device, daemon=True).start()
        buffer = bytearray(64)
        assert session.Session(line, exported(RECORD)).read(0x81, memoryview(buffer), 0.05) == 4
        assert buffer[:4] == b"data"


def test_places_are_read_from_urls() -> None:
    assert parse("usbip://pi.local") == Place("pi.local", 3240)
    assert parse("usbip://127.0.0.1:3241") == Place("127.0.0.1", 3241)
    assert str(parse("usbip://[::1]:99")) == "[::1]:99"


@pytest.mark.parametrize(
    "text", ["pi.local", "http://pi", "usbip://", "usbip://pi:0", "usbip://pi:99999", "usbip://pi/1-1", "usbip://a@pi"]
)
def test_what_is_no_place_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"usbip://|port"):
        parse(text)
