"""Frames, retries and the way back after a broken frame, against a link that says what the test wrote down."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from drivers.contract.errors import DeviceGarbled, DeviceTimeout
from drivers.contract.observation import Feeder, Readiness
from drivers.quirks import of
from drivers.usb.fujitsu import model as models
from drivers.usb.fujitsu import wire
from drivers.usb.fujitsu.dialogue import Dialogue, Reply
from drivers.usb.fujitsu.model import Model
from drivers.usb.fujitsu.scanner import FujitsuScanner
from drivers.usb.fujitsu.sense import Verdict
from hil.devices.fujitsu import product, replies

GOOD = bytes.fromhex("53000000000000000000000000")
CHECK = bytes.fromhex("53000000000000000002000000")
BUSY = bytes.fromhex("53000000000000000008000000")
TUR = bytes.fromhex("43" + "00" * 30)


def sense(key: int, code: int = 0, qualifier: int = 0, flags: int = 0, residual: int = 0) -> bytes:
    head = bytes([0x70, 0, key | flags]) + residual.to_bytes(4, "big")
    return head + bytes([10, 0, 0, 0, 0, code, qualifier, 0, 0, 0, 0])


class Scripted:
    """Reads what is in line; `None` is a pause. Time passes as it is waited for."""

    def __init__(self, answers: Iterable[bytes | None] = ()) -> None:
        self.answers = deque(answers)
        self.written: list[bytes] = []
        self.now = 0.0
        self.heard: Callable[[bytes], None] = lambda _: None

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        found = self.answers.popleft() if self.answers else None
        if not found:
            self.now += seconds
            return b""
        if len(found) > limit:
            self.answers.appendleft(found[limit:])
        return found[:limit]

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.heard(data)

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        raise NotImplementedError

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to give back."""


def dialogue(*answers: bytes | None) -> tuple[Dialogue, Scripted]:
    """One that is in step already."""
    link = Scripted(answers)
    found = Dialogue(link, lambda: link.now)
    found.spoiled = False
    return found, link


def test_a_command_travels_in_31_bytes_with_its_block_at_19() -> None:
    found, link = dialogue(bytes(12), GOOD)
    assert found.command(wire.hardware_status(), size=12) == Reply(bytes(12))
    assert link.written == [b"\x43" + bytes(18) + bytes.fromhex("c2000000000000000c00") + bytes(2)]


def test_parameters_follow_their_command() -> None:
    found, link = dialogue(GOOD)
    found.command(*wire.scan((wire.FRONT, wire.BACK)))
    assert link.written[1] == b"\x00\x80"
    assert link.written[0][19:25] == bytes.fromhex("1b0000000200")


def test_a_check_brings_sense_data_and_the_residual_cuts_what_was_filled_up() -> None:
    found, _ = dialogue(b"abcd" + bytes(6), CHECK, sense(0, flags=0x60, residual=6), GOOD)
    reply = found.command(wire.read(wire.FRONT, 10), size=10)
    assert (reply.data, reply.sense.eom, reply.sense.ili) == (b"abcd", True, True)


def test_a_status_instead_of_data_ends_the_data() -> None:
    found, _ = dialogue(CHECK, sense(3, 0x80, 0x01), GOOD)
    reply = found.command(wire.hardware_status(), size=12)
    assert (reply.data, reply.verdict) == (b"", Verdict.TROUBLE)


def test_success_without_the_data_asked_for_is_the_answer_to_something_else() -> None:
    found, _ = dialogue(GOOD)
    with pytest.raises(DeviceGarbled, match="got 0 bytes"):
        found.command(wire.hardware_status(), size=12)
    assert found.spoiled


def test_data_that_looks_like_a_status_is_data_when_it_is_as_long_as_was_asked_for() -> None:
    found, _ = dialogue(GOOD, GOOD)
    assert found.command(wire.read(wire.FRONT, 13), size=13).data == GOOD


def test_a_remark_is_heard_and_the_command_said_again() -> None:
    found, link = dialogue(CHECK, sense(6), GOOD, GOOD)
    assert found.command(wire.LOAD).verdict is Verdict.FINE
    assert [each[19] for each in link.written] == [0x31, 0x03, 0x31]


def test_remarks_without_end_are_given_up() -> None:
    found, link = dialogue(*[CHECK, sense(6), GOOD] * 10)
    assert found.command(wire.LOAD).verdict is Verdict.AT_ONCE
    assert len(link.written) == 8


def test_a_busy_scanner_is_asked_again_until_patience_ends() -> None:
    found, link = dialogue()
    link.heard = lambda _: link.answers.append(BUSY)
    waited: list[Reply] = []

    def waiting(reply: Reply) -> None:
        waited.append(reply)
        link.now += 0.1

    with pytest.raises(DeviceTimeout, match="busy since 60 s"):
        found.settled(wire.LOAD, waiting=waiting)
    assert 599 <= len(waited) <= 601


def test_no_answer_is_a_timeout_and_the_next_command_comes_after_getting_back_in_step() -> None:
    found, link = dialogue()
    with pytest.raises(DeviceTimeout):
        found.command(wire.LOAD)
    assert found.spoiled
    link.answers.extend([b"late", None, GOOD, None, GOOD])
    link.written.clear()
    assert found.command(wire.LOAD).verdict is Verdict.FINE
    assert [each == TUR for each in link.written] == [True, False]


def test_getting_back_in_step_feeds_a_scanner_that_waits_for_parameters() -> None:
    link = Scripted()
    found = Dialogue(link, lambda: link.now)
    eaten = 0

    def heard(data: bytes) -> None:
        nonlocal eaten
        if eaten < 72:
            eaten += len(data)
            if eaten >= 72:
                link.answers.append(CHECK)
        else:
            link.answers.append(GOOD)

    link.heard = heard
    found.resynchronise()
    assert not found.spoiled
    assert link.written == [TUR] * 3


def test_two_answers_to_one_command_are_not_in_step() -> None:
    link = Scripted()
    found = Dialogue(link, lambda: link.now)
    answers = [[GOOD, GOOD], [GOOD]]
    link.heard = lambda _: link.answers.extend([*answers.pop(0), None])
    found.resynchronise()
    assert len(link.written) == 2


def test_a_scanner_that_never_comes_back_is_a_timeout() -> None:
    link = Scripted()
    with pytest.raises(DeviceTimeout, match="come back"):
        Dialogue(link, lambda: link.now).resynchronise()


def test_more_data_than_was_asked_for_is_garbled() -> None:
    found, _ = dialogue(bytes(20), GOOD)
    with pytest.raises(DeviceGarbled):
        found.command(wire.hardware_status(), size=12)
    assert found.spoiled


def test_sense_data_that_is_none_is_garbled() -> None:
    found, _ = dialogue(CHECK, bytes(18), GOOD)
    with pytest.raises(DeviceGarbled, match="sense data"):
        found.command(wire.LOAD)


class Panel:
    """Answers GET HARDWARE STATUS with the switches of each reading in turn."""

    def __init__(self, readings: Iterable[int]) -> None:
        self.link = Scripted()
        self.readings = deque(readings)
        self.link.heard = self._heard

    def _heard(self, data: bytes) -> None:
        if data[19] == 0xC2:
            value = self.readings.popleft() if self.readings else 0
            self.link.answers.extend([bytes(4) + bytes([value]) + bytes(7), GOOD])
        else:
            self.link.answers.extend([GOOD, None])


def told(model: Model, *readings: int) -> list[list[str]]:
    """The presses of each look while the readings last."""
    panel = Panel(readings)
    scanner = FujitsuScanner(model, lambda: panel.link.now)
    looks = []
    while panel.readings:
        looks.append([press.button for press in scanner.observe(panel.link).presses])
    return looks


@pytest.fixture
def model() -> Model:
    found = models.vital(replies.vital(product.FI_6230))
    quirk = of(0x04C5, 0x1150)
    return Model("FUJITSU", "fi-6230", "1.00", found, quirk, models.capabilities(found, quirk))


def test_a_switch_that_is_forgotten_when_it_was_told_is_one_press_each_time(model: Model) -> None:
    # each look that finds something reads once more at once
    assert told(model, 0x01, 0, 0x01, 0, 0, 0x04, 0) == [["scan"], ["scan"], [], ["send"]]


def test_a_switch_that_is_held_down_is_one_press(model: Model) -> None:
    assert told(model, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0, 0x01, 0x01) == [["scan"], [], [], [], ["scan"]]


def test_a_press_that_grows_long_was_told_already(model: Model) -> None:
    assert told(model, 0x01, 0x01, 0x21, 0x21, 0, 0x21, 0) == [["scan"], [], [], ["scan-long"]]


def test_two_switches_at_once_are_two_presses(model: Model) -> None:
    assert told(model, 0x05, 0) == [["scan", "send"]]


def test_an_ordinary_look_is_one_command(model: Model) -> None:
    panel = Panel([0, 0])
    scanner = FujitsuScanner(model, lambda: panel.link.now)
    scanner.observe(panel.link)
    panel.link.written.clear()
    assert scanner.observe(panel.link).facts == (("function", "0"),)
    assert len(panel.link.written) == 1


def test_of_a_scanner_without_sensors_sense_data_are_looked_at(model: Model) -> None:
    plain = replace(model, vital=replace(model.vital, hardware_status=False))
    said = deque([[GOOD], [CHECK], [sense(3, 0x80, 0x01), GOOD], [CHECK], [sense(3, 0x80, 0x03), GOOD], [BUSY], [GOOD]])
    link = Scripted()
    link.heard = lambda _: link.answers.extend(said.popleft())
    scanner = FujitsuScanner(plain, lambda: link.now)
    jam = scanner.observe(link)
    assert (jam.readiness, jam.explanation) == (Readiness.STOPPED, "paper jam in the document feeder")
    empty = scanner.observe(link)
    assert (empty.readiness, empty.feeder) == (Readiness.IDLE, Feeder.EMPTY)
    assert scanner.observe(link).readiness is Readiness.BUSY
    assert scanner.observe(link).feeder is Feeder.LOADED
    assert [each[19] for each in link.written] == [0, 0, 3, 0, 3, 0, 0]
