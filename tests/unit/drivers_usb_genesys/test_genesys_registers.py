"""Requests and answers of Genesys chips, and what a panel's reading means."""

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.contract.observation import Readiness
from drivers.usb.genesys.model import table
from drivers.usb.genesys.panel import WIRING, Panel
from drivers.usb.genesys.registers import LAYOUT, Chip, Registers
from drivers.usb.genesys.scanner import GenesysScanner
from drivers.usb.genesys.status import Motion, Status, facts, readiness


class Wire:
    """Answers each request that brings something with the next of the answers."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[tuple[int, int, int, int, bytes | int]] = []
        self._answers = list(answers)

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        self.asked.append((request_type, request, value, index, data))
        return self._answers.pop(0) if request_type & 0x80 else b""

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        raise AssertionError("its bulk endpoints are SANE's")

    def write(self, data: bytes) -> None:
        raise AssertionError("its bulk endpoints are SANE's")

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        raise AssertionError("nothing is said there")

    def close(self) -> None: ...


def test_an_older_chip_is_given_the_address_and_asked_for_the_value():
    wire = Wire(b"\x88")
    assert Registers(wire, LAYOUT[Chip.GL841]).read(0x41) == 0x88
    assert wire.asked == [(0x40, 0x0C, 0x83, 0, b"\x41"), (0xC0, 0x0C, 0x84, 0, 1)]


@pytest.mark.parametrize(("address", "value", "index"), [(0x41, 0x8E, 0x4122), (0x101, 0x18E, 0x0122)])
def test_a_newer_chip_is_asked_once_and_marks_its_answer(address: int, value: int, index: int):
    wire = Wire(b"\x88\x55")
    assert Registers(wire, LAYOUT[Chip.GL124]).read(address) == 0x88
    assert wire.asked == [(0xC0, 0x04, value, index, 2)]


def test_the_lines_of_a_gl646_have_a_request_of_their_own():
    wire = Wire(b"\x6c")
    assert Registers(wire, LAYOUT[Chip.GL646]).panel() == 0x6C
    assert wire.asked == [(0xC0, 0x0C, 0x8A, 0, 1)]


@pytest.mark.parametrize(
    ("chip", "counted"), [(Chip.GL646, 0x30201), (Chip.GL841, 0xF0201), (Chip.GL847, 0xF0201), (Chip.GL124, 0xF0201)]
)
def test_scanned_lines_are_counted_in_eighteen_or_twenty_bits(chip: Chip, counted: int):
    mark = b"\x55" if LAYOUT[chip].newer else b""
    wire = Wire(b"\xff" + mark, b"\x02" + mark, b"\x01" + mark)
    assert Registers(wire, LAYOUT[chip]).lines() == counted


@pytest.mark.parametrize(
    ("chip", "answer"),
    [(Chip.GL847, b"\x88\x00"), (Chip.GL847, b"\x88"), (Chip.GL847, b""), (Chip.GL841, b""), (Chip.GL646, b"")],
)
def test_an_answer_without_its_mark_or_too_short_is_garbled(chip: Chip, answer: bytes):
    with pytest.raises(DeviceGarbled):
        Registers(Wire(answer), LAYOUT[chip]).read(0x41)


@pytest.mark.parametrize(
    ("panel", "reading", "down"),
    [
        (Panel.LIDE, 0xFF, set()),
        (Panel.LIDE, 0xFE, {"scan"}),
        (Panel.LIDE, 0xF5, {"file", "copy"}),
        (Panel.LIDE, 0x00, set()),  # nobody has four fingers there: not set up
        (Panel.LIDE700, 0x0B, {"scan"}),
        (Panel.LIDE110, 0x0D, {"copy"}),
        (Panel.LIDE210, 0x1D, {"scan"}),
        (Panel.LIDE210, 0x1E, {"extra"}),
        (Panel.HP2300, 0x6C, {"scan"}),
        (Panel.HP2300, 0x6D, set()),
        (Panel.HP2400, 0x68, {"copy"}),
        (Panel.MD5345, 0x14, {"power"}),
        (Panel.XP200, 0x02, {"scan"}),
        (Panel.KVSS080, 0x00, {"scan"}),
        (Panel.SHEET, 0x01, {"scan"}),
    ],
)
def test_what_is_down(panel: Panel, reading: int, down: set[str]):
    assert WIRING[panel].down(reading) == down


def test_a_carriage_that_moves_is_busy_and_a_scan_counts_its_lines():
    assert readiness(Status(0x81), Motion(0)) is Readiness.BUSY
    assert readiness(Status(0x88), Motion(0x02)) is Readiness.BUSY
    assert readiness(Status(0x88), Motion(0)) is Readiness.IDLE
    answers = (b"\x0f\x55", b"\x81\x55", b"\x03\x55", b"\x00\x55", b"\x01\x55", b"\x2c\x55")
    seen = GenesysScanner(table()["04a9:1905"]).observe(Wire(*answers))
    assert seen.readiness is Readiness.BUSY
    assert ("lines", "300") in seen.facts


def test_while_no_line_changes_the_state_is_read_at_every_fourth_look_only():
    wire = Wire(*(b"\x0f\x55", b"\x88\x55", b"\x00\x55"), *[b"\x0f\x55"] * 4, b"\x89\x55", b"\x00\x55", b"\x0e\x55")
    scanner = GenesysScanner(table()["04a9:1905"])
    asked = []
    for _ in range(5):
        seen = scanner.observe(wire)
        asked.append(len(wire.asked))
    assert asked == [3, 4, 5, 6, 9]
    assert seen.readiness is Readiness.BUSY


def test_a_press_is_believed_only_of_a_chip_that_is_still_set_up():
    wire = Wire(*(b"\x0f\x55", b"\x88\x55", b"\x00\x55"), *(b"\x0e\x55", b"\x08\x55", b"\x00\x55"))
    scanner = GenesysScanner(table()["04a9:1905"])
    assert scanner.observe(wire).presses == ()
    assert scanner.observe(wire).presses == (), "its power was off meanwhile"


def test_the_sensors_of_a_feeder_are_readings_and_no_troubles():
    told = dict(facts(Status.POWERED | Status.LAMP | Status.HOME, Motion.JAM | Motion.COVER, sensors=True))
    assert told == {"set up": "yes", "lamp": "on", "carriage": "home", "sensors": "cover, jam"}


def test_every_model_has_a_chip_and_a_panel_that_fit():
    gpio = {Panel.HP2300, Panel.HP2400, Panel.MD5345, Panel.XP200}
    assert len(table()) == 34
    for ids, model in table().items():
        assert (model.panel in gpio) == (model.chip is Chip.GL646), ids
