"""IPP over USB: answers read to their last byte, and the simulated MFP asked over its interfaces."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Encoded, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceBusy, DeviceGone, DeviceRefused
from drivers.contract.handover import ScanCanceled
from drivers.contract.http_exchange import HttpFailed, HttpTimeout, Request, ask
from drivers.contract.observation import Readiness
from drivers.usb.bus import RemoteBus
from drivers.usb.descriptors import UsbDevice
from drivers.usb.ipp_usb import answer
from drivers.usb.ipp_usb.http import IppUsb
from drivers.usb.link import Link
from drivers.usbip import place as places
from hil import serving
from hil.devices.stimuli import Unplug

AREA = Region(0, 0, 2000, 2000)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def reader(*pieces: bytes) -> answer.Reader:
    left: Iterator[bytes] = iter(pieces)

    async def more() -> bytes:
        try:
            return next(left)
        except StopIteration as err:
            raise HttpTimeout("no more") from err

    return answer.Reader(more)


async def whole(found: answer.Reader) -> tuple[int, bytes, int]:
    head = await answer.head(found)
    return head.status, b"".join([piece async for piece in answer.body(found, head)]), found.rest


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        (CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, b"abc0123456789"),
        (CHUNKED + b"0\r\nTrailer: x\r\n\r\n", 200, b""),
    ],
)  # fmt: skip
async def test_an_answer_ends_where_it_says(data: bytes, status: int, body: bytes) -> None:
    assert await whole(reader(data)) == (status, body, 0)
    assert await whole(reader(*(bytes([byte]) for byte in data))) == (status, body, 0)


async def test_what_follows_an_answer_is_not_part_of_it() -> None:
    assert await whole(reader(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1")) == (200, b"x", 8)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01binary\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nwho knows how long",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 50 + b"\r\n",
    ],
)
async def test_what_is_no_answer_fails(data: bytes) -> None:
    with pytest.raises(HttpFailed):
        await whole(reader(data))


class Scripted:
    """A link of drivers.usb.link: each write is answered by the next of its answers, in one read."""

    def __init__(self, *answers: bytes) -> None:
        self.answers, self.pending, self.written = list(answers), b"", b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data
        self.pending += self.answers.pop(0) if self.answers else b""

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        data, self.pending = self.pending[:limit], self.pending[limit:]
        return data

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        return b""

    def close(self) -> None:
        self.closed = True


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_request_names_localhost_and_has_the_header_that_a_quirk_wants() -> None:
    link = Scripted(OK)
    http = IppUsb("x", lambda: [link], SystemClock(), connection="close")
    assert (await ask(http, Request("GET", "/eSCL/ScannerStatus"), timeout=2)).body == b"ok"
    assert link.written == b"GET /eSCL/ScannerStatus HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    await http.close()
    assert link.closed


async def test_an_answer_that_nobody_waits_for_is_read_before_the_next_request() -> None:
    link = Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000), OK)
    http = IppUsb("x", lambda: [link], SystemClock())
    async with http.exchange(Request("GET", "/page"), wait=2, pause=2) as incoming:
        assert incoming.status == 200
    assert (await ask(http, Request("GET", "/status"), timeout=2)).body == b"ok"
    await http.close()


async def test_garbage_opens_the_device_anew() -> None:
    links = [Scripted(b"garbage\r\n\r\n"), Scripted(OK)]
    left = iter(links)
    http = IppUsb("x", lambda: [next(left)], SystemClock())
    with pytest.raises(HttpFailed):
        await ask(http, Request("GET", "/status"), timeout=2)
    assert (await ask(http, Request("GET", "/status"), timeout=2)).body == b"ok"
    assert links[0].closed
    await http.close()


async def test_one_busy_interface_makes_the_next_request_wait() -> None:
    http = IppUsb("x", lambda: [Scripted()], SystemClock())
    first = asyncio.create_task(ask(http, Request("GET", "/page"), timeout=5))
    await asyncio.sleep(0)
    with pytest.raises(HttpTimeout):
        await ask(http, Request("GET", "/status"), timeout=0.2)
    first.cancel()
    await http.close()


async def test_a_device_that_cannot_be_opened_says_who_must_act() -> None:
    def refuse() -> list[Scripted]:
        raise DeviceBusy("another program has it")

    http = IppUsb("x", refuse, SystemClock())
    with pytest.raises(DeviceBusy, match="another program has it"):
        await ask(http, Request("GET", "/status"), timeout=2)
    await http.close()


async def until_closed(link: Scripted) -> None:
    async with asyncio.timeout(5):
        while not link.closed:  # noqa: ASYNC110  # a link tells nobody
            await asyncio.sleep(0.005)


async def test_a_shared_device_is_let_go_of_after_each_answer() -> None:
    links = [Scripted(OK), Scripted(OK)]
    left = iter(links)
    http = IppUsb("x", lambda: [next(left)], SystemClock(), share=True)
    for link in links:
        assert (await ask(http, Request("GET", "/status"), timeout=2)).body == b"ok"
        await until_closed(link)
    await http.close()


async def test_a_shared_device_is_kept_while_it_is_held_and_while_anybody_waits() -> None:
    link = Scripted(OK, OK, OK)
    http = IppUsb("x", lambda: [link], SystemClock(), share=True)
    async with http.held():
        for _ in range(2):
            assert (await ask(http, Request("GET", "/page"), timeout=2)).body == b"ok"
        await asyncio.sleep(0.05)
        assert not link.closed
        last = asyncio.create_task(ask(http, Request("GET", "/page"), timeout=2))
        await asyncio.sleep(0)
    assert (await last).body == b"ok"
    await until_closed(link)
    await http.close()


async def test_what_another_program_left_unread_is_thrown_away() -> None:
    link = Scripted(OK)
    link.pending = b"the rest of a page"
    http = IppUsb("x", lambda: [link], SystemClock(), share=True)
    assert (await ask(http, Request("GET", "/status"), timeout=2)).body == b"ok"
    await http.close()


async def test_who_leaves_while_a_shared_device_is_opened_takes_no_claim_along() -> None:
    link, opening, go = Scripted(OK), threading.Event(), threading.Event()

    def slowly() -> list[Scripted]:
        opening.set()
        go.wait(5)
        return [link]

    http = IppUsb("x", slowly, SystemClock(), share=True)
    asking = asyncio.create_task(ask(http, Request("GET", "/status"), timeout=5))
    await asyncio.to_thread(opening.wait, 5)
    asking.cancel()
    go.set()
    await until_closed(link)
    assert link.written == b""
    await http.close()


class Ticking(SystemClock):
    """Each look at it takes a second."""

    seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 1
        return self.seconds


async def test_an_answer_that_stops_is_not_waited_for_as_long_as_its_head() -> None:
    link, clock = Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Ticking()
    http = IppUsb("x", lambda: [link], clock)
    async with http.exchange(Request("GET", "/page"), wait=1000, pause=10) as incoming:
        assert incoming.status == 200
    await until_closed(link)
    assert 60 < clock.seconds < 70
    await http.close()


async def test_a_device_that_breaks_under_one_answer_fails_the_other_at_once() -> None:
    silent, garbled = Scripted(), Scripted(b"garbage\r\n\r\n")
    http = IppUsb("x", lambda: [silent, garbled], SystemClock())
    page = asyncio.create_task(ask(http, Request("GET", "/page"), timeout=60))
    await asyncio.sleep(0.05)
    with pytest.raises(HttpFailed):
        await ask(http, Request("GET", "/status"), timeout=2)
    with pytest.raises(HttpFailed, match="let go"):
        await asyncio.wait_for(page, 5)
    await http.close()


@pytest.fixture
async def plugged() -> AsyncIterator[tuple[Device, serving.Rig]]:
    async with serving.scanner("ipp-usb", "adf=2,warmup=0,speed=17540,feed=0.05") as rig:
        (finding,) = await catalog.find(local=False, usbip=[rig.url])
        assert finding.driver == "escl"
        device = await finding.open()
        yield device, rig
        await device.close()


def read(document: object) -> list[tuple[bool, bytes]]:
    return [(page.back, b"".join(page.chunks)) for page in document if isinstance(page, Encoded)]  # type: ignore[attr-defined]


async def test_both_sides_come_over_usb_while_the_status_is_asked(plugged: tuple[Device, serving.Rig]) -> None:
    device, _ = plugged
    assert device.acquirer is not None
    request = ScanRequest("wsd-1", Source.FEEDER_DUPLEX, Mode.GRAY8, (75, 75), AREA)
    document = await device.acquirer.scan(request)
    reading = asyncio.create_task(asyncio.to_thread(read, document))
    seen = await device.observers[0].poll()
    assert seen.readiness is Readiness.BUSY
    found = await asyncio.wait_for(reading, 10)
    assert [back for back, _ in found] == [False, True, False, True]
    assert all(data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9") for _, data in found)


async def test_a_cancel_goes_over_the_other_interface(plugged: tuple[Device, serving.Rig]) -> None:
    device, rig = plugged
    assert device.acquirer is not None
    document = await device.acquirer.scan(ScanRequest("wsd-1", Source.FEEDER, Mode.RGB24, (75, 75), AREA))
    document.cancel()
    with pytest.raises(ScanCanceled):
        await asyncio.wait_for(asyncio.to_thread(read, document), 10)
    assert rig.scanner.state.jobs[-1].state == "Canceled"  # type: ignore[union-attr]


async def test_unplugged_in_a_scan_is_gone(plugged: tuple[Device, serving.Rig]) -> None:
    device, rig = plugged
    assert device.acquirer is not None
    document = await device.acquirer.scan(ScanRequest("wsd-1", Source.FEEDER, Mode.RGB24, (75, 75), AREA))
    rig.stimulate(Unplug())
    with pytest.raises(DeviceGone):
        await asyncio.wait_for(asyncio.to_thread(read, document), 10)


class Stranger:
    """Another program that has the same device, over the same USB/IP server."""

    def __init__(self, rig: serving.Rig) -> None:
        self._bus = RemoteBus(places.parse(rig.url))
        self._links: list[Link] = []

    async def claim(self) -> None:
        """Raises DeviceBusy."""
        (known,) = await asyncio.to_thread(self._bus.devices)
        self._links = await asyncio.to_thread(self._bus.several, known.key, catalog.IPP_USB, 8)

    async def claim_when_it_can(self) -> None:
        async with asyncio.timeout(5):
            while True:
                with suppress(DeviceBusy):
                    return await self.claim()
                await asyncio.sleep(0.02)

    @property
    def claimed(self) -> bool:
        return bool(self._links)

    async def leave(self) -> None:
        links, self._links = self._links, []
        for link in links:
            await asyncio.to_thread(link.close)


@pytest.fixture
async def shared() -> AsyncIterator[tuple[Device, serving.Rig, Stranger]]:
    async with serving.scanner("ipp-usb", "adf=2,warmup=0,speed=17540,feed=0.3") as rig:
        (finding,) = await catalog.find(local=False, usbip=[rig.url])
        assert finding.shared is not None
        device = await finding.shared()
        stranger = Stranger(rig)
        yield device, rig, stranger
        await stranger.leave()
        await device.close()


async def idle(device: Device) -> None:
    """A look that is answered; one that meets a claim not yet given back is repeated."""
    async with asyncio.timeout(5):
        while True:
            with suppress(DeviceBusy):
                assert (await device.observers[0].poll()).readiness is Readiness.IDLE
                return
            await asyncio.sleep(0.02)


async def test_between_two_looks_a_shared_device_is_anybodys(shared: tuple[Device, serving.Rig, Stranger]) -> None:
    device, _, stranger = shared
    for _ in range(2):
        await idle(device)
        await stranger.claim_when_it_can()
        with pytest.raises(DeviceBusy, match="in use"):
            await device.observers[0].poll()
        await stranger.leave()
    await idle(device)


async def test_a_scan_of_a_device_that_somebody_else_has_is_refused(
    shared: tuple[Device, serving.Rig, Stranger],
) -> None:
    device, rig, stranger = shared
    assert device.acquirer is not None
    request = ScanRequest("wsd-1", Source.FEEDER, Mode.RGB24, (75, 75), AREA)
    await stranger.claim_when_it_can()
    with pytest.raises(DeviceBusy):
        await device.acquirer.scan(request)
    assert rig.scanner.state.jobs == ()  # type: ignore[union-attr]
    await stranger.leave()
    await idle(device)
    assert len(await asyncio.to_thread(read, await device.acquirer.scan(request))) == 2


async def test_a_scan_has_the_device_to_its_end(shared: tuple[Device, serving.Rig, Stranger]) -> None:
    device, _, stranger = shared
    assert device.acquirer is not None
    document = await device.acquirer.scan(ScanRequest("wsd-1", Source.FEEDER, Mode.RGB24, (75, 75), AREA))
    taking = asyncio.create_task(stranger.claim_when_it_can())

    def taken_at() -> list[bool]:
        """Whether the stranger had it when a piece of a page came."""
        return [stranger.claimed for page in document if isinstance(page, Encoded) for _ in page.chunks]

    seen = await asyncio.wait_for(asyncio.to_thread(taken_at), 10)
    assert seen == [False, False]  # one piece each
    await taking


class Printer:
    """A bus with one device that has the interfaces and says 404 to everything."""

    def __init__(self) -> None:
        self.opened = 0

    def devices(self) -> list[UsbDevice]:
        return [UsbDevice(0x03F0, 0x0001, "1-1", "HP", "Printer", "", ((7, 1, 2), (7, 1, 4)))]

    def open(self, key: str) -> Scripted:
        raise DeviceGone(key)

    def several(self, key: str, kind: tuple[int, int, int], most: int) -> list[Scripted]:
        self.opened += 1
        return [Scripted(*[b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"] * 9)]


async def test_a_printer_is_claimed_once_and_left_alone_then(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = Printer()
    monkeypatch.setattr(catalog, "_local", lambda: printer)
    (finding,) = await catalog.find()
    with pytest.raises(DeviceRefused, match="no eSCL service"):
        await finding.open()
    assert await catalog.find() == []
    assert printer.opened == 1
    monkeypatch.setattr(printer, "devices", list)
    assert await catalog.find() == []  # unplugged
    monkeypatch.undo()
    monkeypatch.setattr(catalog, "_local", lambda: printer)
    assert len(await catalog.find()) == 1  # it may have learnt meanwhile
