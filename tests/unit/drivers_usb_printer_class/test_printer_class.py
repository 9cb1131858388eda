"""What a printer of the USB class answers, and what becomes of it beside a scanner."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.capabilities import Capabilities, Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Document, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceBusy, DeviceGone
from drivers.contract.handover import Handover
from drivers.contract.identity import Identity
from drivers.contract.observation import Readiness, Snapshot
from drivers.usb.bus import RemoteBus
from drivers.usb.printer_class.answers import device_id, printer
from drivers.usb.printer_class.beside import PACE, open_beside
from drivers.usb.printer_class.look import look, prints
from drivers.usb.zero import Zero
from drivers.usbip import place as places
from hil import script
from hil.devices.live import Live
from hil.devices.printer.usb import Length, PrinterUsb
from hil.devices.stimuli import Cover, LoadPaper, Unplug
from hil.usbip.messages import Address
from hil.usbip.server import Export, UsbIpServer

TEXT = "MFG:HP;MDL:X;"  # 13 characters


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x0fMFG:HP;MDL:X;",
        b"\x0f\x00MFG:HP;MDL:X;",  # little-endian
        b"\x00\x0dMFG:HP;MDL:X;",  # does not count itself
        b"\x0d\x00MFG:HP;MDL:X;",
        b"\xff\xffMFG:HP;MDL:X;",
        b"\x00\x00MFG:HP;MDL:X;",
        b"\x00\x0fMFG:HP;MDL:X;\x00\x00\x00\x00garbage",
        b"\x0f\x00MFG:HP;MDL:X;more than it says",
        b"\x00\x20MFG:HP;MDL:X;\x00",
    ],
)
def test_a_device_id_is_read_however_its_length_lies(answer: bytes):
    assert device_id(answer) == TEXT


def test_a_device_id_longer_than_we_ask_for_is_cut_and_not_taken_for_little_endian():
    assert device_id(b"\x05\x00" + b"A" * 1021) == "A" * 1021


@given(st.binary(max_size=1100))
def test_any_bytes_are_a_printable_device_id(answer: bytes):
    assert device_id(answer).isprintable()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x18, "ready"),
        (0x38, "out of paper"),
        (0x30, "error, out of paper"),
        (0x08, "off line"),
        (0x00, "error, off line"),
        (0xDF, "ready"),  # bits without a meaning
    ],
)
def test_the_state_of_the_printer_in_words(status: int, words: str):
    assert printer(status) == words


def test_which_devices_have_a_printer():
    assert prints(((0xFF, 0xFF, 0xFF), (7, 1, 2)))
    assert prints(((7, 1, 4),))
    assert not prints(((7, 2, 2), (7, 1, 0), (8, 6, 80)))


@asynccontextmanager
async def served(text: str = "adf=1", length: Length = Length.SPEC) -> AsyncIterator[tuple[Live, Callable[[], Zero]]]:
    clock = SystemClock()
    usb = PrinterUsb(script.read(text), clock.monotonic(), length=length)
    live = Live(usb, clock)
    async with UsbIpServer((Export(Address(1, 1), usb, live),), "127.0.0.1", 0) as server:
        bus = RemoteBus(places.parse(f"usbip://127.0.0.1:{server.port}"))
        [known] = await asyncio.to_thread(bus.devices)
        assert prints(known.interfaces)
        try:
            yield live, partial(bus.zero, known.key)
        finally:
            live.close()


def looked(open_zero: Callable[[], Zero]) -> dict[str, str]:
    zero = open_zero()
    try:
        return dict(look(zero))
    finally:
        zero.close()


@pytest.mark.parametrize("length", Length)
async def test_a_look_tells_who_it_is_and_how_it_is(length: Length):
    async with served(length=length) as (live, open_zero):
        assert await asyncio.to_thread(looked, open_zero) == {
            "printer made by": "Samsung",
            "printer model": "SCX-0000 Series",
            "printer serial": "Z0000001",
            "languages": "SPL,FWV",
            "printer": "ready",
        }
        live.stimulate(Cover(open=True))
        assert (await asyncio.to_thread(looked, open_zero))["printer"] == "error"


class Held:
    """A `Zero` whose interface somebody else has."""

    def __init__(self, zero: Zero) -> None:
        self.places, self.ask, self.close = zero.places, zero.ask, zero.close

    def claimed(self, number: int) -> object:
        raise DeviceBusy("it is in use by another program")


async def test_what_somebody_else_has_is_not_taken_away():
    async with served() as (_, open_zero):
        facts = await asyncio.to_thread(looked, lambda: Held(open_zero()))  # type: ignore[arg-type, return-value]
        assert facts["printer"] == "not known while another program or the kernel's usblp has it"
        assert facts["printer model"] == "SCX-0000 Series"


class Scanner:
    """Observer and acquirer of whatever scans."""

    def __init__(self) -> None:
        self.readiness = Readiness.IDLE

    async def poll(self) -> Snapshot:
        return Snapshot("sane", self.readiness, facts=(("a", "b"),))

    async def rest(self, seen: Snapshot) -> None: ...

    async def scan(self, request: ScanRequest) -> Document:
        return Handover()


class Clock(SystemClock):
    """Stands still."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at


async def beside(scanner: Scanner, open_zero: Callable[[], Zero], clock: Clock) -> Device:
    async def close() -> None: ...

    async def opener() -> Device:
        return Device(Identity("k", "Samsung", "X"), "sane", Capabilities(), (scanner,), scanner, close)

    return await open_beside(opener, open_zero, clock)


async def test_the_printer_is_among_the_scanners_readings_and_has_no_voice_of_its_own():
    clock, scanner = Clock(), Scanner()
    async with served() as (live, open_zero):
        device = await beside(scanner, open_zero, clock)
        (observer,) = device.observers
        seen = await observer.poll()
        assert (seen.source, seen.readiness) == ("sane", Readiness.IDLE)
        assert seen.facts[0] == ("a", "b")
        assert ("printer", "ready") in seen.facts
        live.stimulate(Cover(open=True))
        assert await observer.poll() == seen, "it is looked at once a minute"
        clock.at += PACE
        assert ("printer", "error") in (await observer.poll()).facts
        assert device.acquirer is not None
        request = ScanRequest("job", Source.PLATEN, Mode.GRAY8, (75, 75), Region(0, 0, 1000, 1000))
        assert isinstance(await device.acquirer.scan(request), Handover)
        live.stimulate(Unplug())
        clock.at += PACE
        scanner.readiness = Readiness.GONE
        gone = await observer.poll()
        assert gone.readiness is Readiness.GONE


async def test_a_printer_that_cannot_be_opened_takes_nothing_from_the_scanner():
    def refuse() -> Zero:
        raise DeviceGone("it is not there")

    device = await beside(Scanner(), refuse, Clock())
    assert (await device.observers[0].poll()).facts == (("a", "b"),)


async def test_paper_is_told():
    async with served("") as (live, open_zero):
        assert (await asyncio.to_thread(looked, open_zero))["printer"] == "out of paper"
        live.stimulate(LoadPaper(1))
        assert (await asyncio.to_thread(looked, open_zero))["printer"] == "ready"
