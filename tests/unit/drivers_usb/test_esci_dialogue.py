"""The dialogue with scanners the simulator does not play, by script: what must be written, then what is answered."""

import struct
from collections.abc import Sequence
from dataclasses import replace

import pytest

from drivers import quirks
from drivers.contract.capabilities import Capabilities, Mode, Size, Source, SourceCapabilities
from drivers.contract.document import Raster, Region, ScanRequest
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import Phase, Readiness, Snapshot
from drivers.usb.esci import level
from drivers.usb.esci.dialogue import Dialogue
from drivers.usb.esci.model import Model, identify
from drivers.usb.esci.scanner import EsciScanner
from drivers.usb.exchange import Exchange

ACK, NAK, CAN = b"\x06", b"\x15", b"\x18"
Step = tuple[bytes, bytes | Sequence[bytes]]


class Script:
    """A link that expects its script, write by write; each answer is one or more messages."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.ready: list[bytes] = []
        self.drained = 0

    def write(self, data: bytes) -> None:
        expected, answer = self.steps.pop(0)
        assert data == expected
        self.ready += [answer] if isinstance(answer, bytes) else list(answer)

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        while self.ready and not self.ready[0]:
            self.ready.pop(0)
        if not self.ready:
            return b""
        data, self.ready[0] = self.ready[0][:limit], self.ready[0][limit:]
        return data

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        return b""

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        return b""

    def close(self) -> None: ...


def block(payload: bytes, status: int = 0) -> list[bytes]:
    return [struct.pack("<BBH", 2, status, len(payload)), payload]


def old_status(main: int = 0, feeder: int = 0) -> list[bytes]:
    return block(bytes([main, feeder]) + bytes(10) + struct.pack("<HH", 5100, 7020) + bytes(17))


def model(name: str, *, distance: int = 0, optical: int = 0) -> Model:
    can = SourceCapabilities((600, 600), (100,), (Mode.RGB24, Mode.GRAY8), Size(80, 10), Size(8500, 11700))
    return Model(
        "GT-0", None, level.of(name), False, False, False, False, False, distance, optical, 0,
        quirks.of(0x04B8, 0xFFFF), Capabilities(platen=can),
    )  # fmt: skip


def commands(*letters: tuple[bytes, bytes]) -> list[Step]:
    steps: list[Step] = []
    for letter, value in letters:
        steps += [(b"\x1b" + letter, ACK), (value, ACK)]
    return steps


# What comes before a grey page of two lines of eight pixels, to a scanner of level B5.
GRAY = (
    (b"\x1bf", old_status()),
    (b"\x1b@", ACK),
    *commands(
        (b"C", b"\x00"), (b"D", b"\x08"), (b"Z", b"\x02"), (b"g", b"\x00"), (b"R", b"\x64\x00\x64\x00"),
        (b"A", struct.pack("<HHHH", 0, 2, 8, 2)), (b"d", b"\x01"),
    ),
    (b"\x1bf", old_status()),
)  # fmt: skip


def run(
    model: Model, link: Script, mode: Mode, *, cancel: bool = False
) -> tuple[list[tuple[Raster, bytes]], list[Phase]]:
    handover = Handover()
    told: list[Phase] = []

    def tell(snapshot: Snapshot, *, lasting: bool = False) -> None:
        told.append(snapshot.jobs[0].phase)
        if cancel and snapshot.jobs[0].percent:
            handover.cancel()

    request = ScanRequest("1", Source.PLATEN, mode, (100, 100), Region(0, 20, 80, 20))
    EsciScanner(model).scan(link, request, handover, tell)
    handover.finish()
    pages = [(page, b"".join(page.chunks)) for page in handover if isinstance(page, Raster)]
    assert link.steps == []
    return pages, told


def test_an_old_scanner_sends_colour_line_by_line_and_marks_the_colours() -> None:
    area = struct.pack("<HHHH", 0, 2, 8, 2)
    link = Script(
        (b"\x1bf", old_status()),
        (b"\x1b@", ACK),
        *commands((b"C", b"\x02"), (b"D", b"\x08"), (b"Z", b"\x02"), (b"R", b"\x64\x00\x64\x00"), (b"A", area)),
        (b"\x1bf", old_status()),
        (b"\x1bG", [b"\x02\x04\x08\x00", b"GGGGGGGG"]),
        (ACK, [b"\x02\x08\x08\x00", b"RRRRRRRR"]),
        (ACK, [b"\x02\x0c\x08\x00", b"BBBBBBBB"]),
        (ACK, [b"\x02\x04\x08\x00", b"gggggggg"]),
        (ACK, [b"\x02\x08\x08\x00", b"rrrrrrrr"]),
        (ACK, [b"\x02\x2c\x08\x00", b"bbbbbbbb"]),
        (b"\x1bf", old_status()),
    )
    [(page, data)], _ = run(model("B3"), link, Mode.RGB24)
    assert (page.width, page.height) == (8, 2)
    assert data == b"RGB" * 8 + b"rgb" * 8


def test_block_mode_ends_at_area_end_and_white_fills_the_rest() -> None:
    link = Script(
        *GRAY,
        (b"\x1bG", [b"\x02\x20\x08\x00\x01\x00", b"abcdefgh"]),
        (b"\x1bf", old_status()),
    )
    [(_, data)], _ = run(model("B5"), link, Mode.GRAY8)
    assert data == b"abcdefgh" + b"\xff" * 8


def test_esc_g_refused_while_warming_is_sent_again() -> None:
    link = Script(
        *GRAY,
        (b"\x1bG", b"\x02\x80\x00\x00\x00\x00"),
        (b"\x1bf", old_status(main=0x02)),
        (b"\x1bf", old_status()),
        (b"\x1bG", [b"\x02\x20\x08\x00\x02\x00", b"abcdefghABCDEFGH"]),
        (b"\x1bf", old_status()),
    )
    [(_, data)], told = run(model("B5"), link, Mode.GRAY8)
    assert data == b"abcdefghABCDEFGH"
    assert Phase.WARMING in told


def test_a_cancel_is_can_instead_of_ack() -> None:
    link = Script(
        *GRAY,
        (b"\x1bG", [b"\x02\x00\x08\x00\x01\x00", b"abcdefgh"]),
        (CAN, ACK),
    )
    with pytest.raises(ScanCanceled):
        run(model("B5"), link, Mode.GRAY8, cancel=True)
    assert link.steps == []


def test_colour_sensors_that_lie_apart_are_scanned_with_lines_more_on_both_sides() -> None:
    # 8 lines apart at 800 ppi are 1 line at 100 ppi.
    letters = commands(
        (b"C", b"\x13"), (b"D", b"\x08"), (b"Z", b"\x04"), (b"g", b"\x00"), (b"R", b"\x64\x00\x64\x00"),
        (b"A", struct.pack("<HHHH", 0, 1, 8, 4)), (b"d", b"\x01"),
    )  # fmt: skip
    lines = [bytes([10 + n, 20 + n, 30 + n]) * 8 for n in range(4)]
    link = Script(
        (b"\x1bf", old_status()),
        (b"\x1b@", ACK),
        *letters,
        (b"\x1bf", old_status()),
        (b"\x1bG", [b"\x02\x20\x18\x00\x04\x00", b"".join(lines)]),
        (b"\x1bf", old_status()),
    )
    [(page, data)], _ = run(model("D1", distance=8, optical=800), link, Mode.RGB24)
    assert page.height == 2
    assert data == bytes([10, 21, 32]) * 8 + bytes([11, 22, 33]) * 8


def test_a_refused_parameter_ends_the_scan() -> None:
    link = Script((b"\x1bf", old_status()), (b"\x1b@", ACK), (b"\x1bC", ACK), (b"\x00", NAK), (b"\x1bf", old_status()))
    with pytest.raises(ScanFailed, match="refuses"):
        run(model("B5"), link, Mode.GRAY8)


def test_identification_of_a_d_level_scanner() -> None:
    identity = b"D8" + b"R\x32\x00R\x2c\x01R\x58\x02" + b"A" + struct.pack("<HH", 5100, 7020)
    link = Script(
        (b"\x1bI", block(identity)),
        (b"\x1bF", b"\x02\x00\x00\x00"),
        (b"\x1bf", block(bytes([0x01]) + bytes(11) + struct.pack("<HH", 5100, 7020) + bytes(10) + b"Perfection640   ")),
        (b"\x1bi", block(struct.pack("<HHBB", 600, 600, 8, 8))),
    )
    found = identify(Dialogue(Exchange(link)), 0x04B8, 0x010C)
    assert (found.name, found.extended, found.button, found.line_distance) == ("Perfection640", False, True, 8)
    assert found.capabilities.platen is not None
    assert found.capabilities.platen.resolutions == (50, 300, 600)
    assert (found.capabilities.platen.maximum.width, found.capabilities.platen.maximum.height) == (8500, 11700)
    assert found.capabilities.feeder is None


def test_a_scanner_left_in_the_middle_of_a_page_is_brought_back() -> None:
    identity = b"B3" + b"R\x58\x02" + b"A" + struct.pack("<HH", 5100, 7020)
    link = Script(
        (b"\x1bI", b"\x77" * 40),
        (CAN, ACK),
        (b"\x1b@", ACK),
        (b"\x1bI", block(identity)),
        (b"\x1bF", b"\x02\x00\x00\x00"),
        (b"\x1bf", NAK),
    )
    assert identify(Dialogue(Exchange(link)), 0x04B8, 0x0101).level.name == "B3"


def test_a_device_that_does_not_know_esc_i_is_no_esci_scanner() -> None:
    with pytest.raises(DeviceGarbled, match="does not speak"):
        identify(Dialogue(Exchange(Script((b"\x1bI", NAK)))), 0x04B8, 0x0101)


def test_an_answer_cut_short_is_garbled_and_the_next_look_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.usb.exchange.ANSWER_SECONDS", 0.05)
    scanner = EsciScanner(model("B5"))
    link = Script((b"\x1bf", b"\x02\x00"), (b"\x1bf", old_status()))
    exchange = Exchange(link, iter(range(0, 10_000, 10)).__next__)  # every look at the clock is ten seconds later
    with pytest.raises(DeviceGarbled):
        Dialogue(exchange).block(b"\x1bf")
    link.ready = [b"stale bytes"]
    assert scanner.observe(link).readiness is Readiness.IDLE


def test_no_answer_at_all_is_a_time_out() -> None:
    exchange = Exchange(Script((b"\x1bF", b"")), iter(range(0, 10_000, 10)).__next__)
    with pytest.raises(DeviceTimeout):
        Dialogue(exchange).block(b"\x1bF")


def test_a_held_button_is_one_press_and_one_held_before_we_looked_is_none() -> None:
    pressing = replace(model("D7"), button=True)
    steps: list[Step] = []
    for value in (1, 1, 0, 2, 2, 3, 0, 1):
        steps += [(b"\x1bf", old_status()), (b"\x1b!", block(bytes([value])))]
    link, scanner = Script(*steps), EsciScanner(pressing)
    told = [press for _ in range(8) for press in scanner.observe(link).presses]
    assert [(press.button, press.serial) for press in told] == [("2", 1), ("3", 2), ("1", 3)]


def test_a_link_that_dies_in_a_page_is_a_device_gone() -> None:
    class Dying(Script):
        def read(self, limit: int, seconds: float = 0.25) -> bytes:
            if not self.steps:
                raise DeviceGone("unplugged")
            return super().read(limit, seconds)

    with pytest.raises(DeviceGone):
        run(model("B5"), Dying((b"\x1bf", old_status()), (b"\x1b@", b"")), Mode.GRAY8)
