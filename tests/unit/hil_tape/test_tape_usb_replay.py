"""A USB device played from its tape: what is on the tape is answered, what is not is a difference in plain words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil.devices.usb.device import Refusal, Setup
from hil.tape import records
from hil.tape.exchanges import Question, exchanges, polls
from hil.tape.file import AnyRecord, Tape
from hil.tape.records import UsbIdentity
from hil.tape.usb import TapeUsb

WALL = datetime(2026, 11, 21, tzinfo=UTC)
OUT, IN = 0x02, 0x81
STATUS, BUTTON, START, ACK = b"\x1cF", b"\x1b!", b"\x1cG", b"\x06"


def said(*lines: tuple[float, bytes, bytes | str]) -> tuple[AnyRecord, ...]:
    """Questions with their answers, 10 ms later; an answer that is text is an error."""
    found: list[AnyRecord] = [records.Open(t=0.0, device="usb1")]
    for t, question, answer in lines:
        found.append(records.usb(t, "usb1", OUT, question))
        if isinstance(answer, str):
            found.append(records.usb(t + 0.01, "usb1", IN, error=answer))
        elif answer:
            found.append(records.usb(t + 0.01, "usb1", IN, answer))
    return tuple(found)


def player(
    lines: tuple[AnyRecord, ...], *, strict: bool = False, pace: float = 0.0, held: bool = False, **more: object
) -> TapeUsb:
    identity = UsbIdentity.model_validate({"name": "usb1", "ids": "04b8:012b", **more})
    tape = Tape(records.header(WALL, devices=(identity,)), lines, Path("scan.tape"))
    device = TapeUsb(tape, identity, strict=strict, pace=pace, held=held)
    device.reset(0.0)
    return device


def ask(device: TapeUsb, question: bytes, now: float = 0.0, limit: int = 512) -> bytes | Refusal | None:
    refusal = device.write(OUT, question, now)
    return refusal if refusal is not None else device.read(IN, limit, now)


IDLE = tuple((0.5 * n, q, a) for n in range(4) for q, a in ((STATUS, b"\x00\x80"), (BUTTON, b"\x00")))
SCAN = ((2.0, START, b"\x02\x0e"), (2.1, ACK, b"one"), (2.2, ACK, b"two"), (2.3, STATUS, b"\x02\x80"))


def test_what_was_asked_then_is_answered_as_then() -> None:
    device = player(said(*IDLE, *SCAN), strict=True)
    for _, question, answer in (*IDLE, *SCAN):
        assert ask(device, question) == answer
    assert device.failure is None
    assert device.finished


def test_polls_are_found_by_their_cycle_and_acknowledgements_are_none() -> None:
    tape = Tape(records.header(WALL, devices=(UsbIdentity(name="usb1", ids="04b8:012b"),)), said(*IDLE, *SCAN))
    assert polls(exchanges(tape, "usb1")) == {Question(OUT, STATUS), Question(OUT, BUTTON)}


def test_polls_may_come_more_often_and_get_the_last_answer_again() -> None:
    device = player(said(*IDLE, *SCAN))
    for _ in range(20):
        assert ask(device, STATUS) == b"\x00\x80"
    assert [ask(device, START), ask(device, ACK), ask(device, ACK)] == [b"\x02\x0e", b"one", b"two"]
    assert [ask(device, STATUS) for _ in range(3)] == [b"\x02\x80"] * 3
    assert device.failure is None


def test_polls_may_come_less_often_and_are_passed_over() -> None:
    device = player(said(*IDLE, *SCAN))
    assert ask(device, START) == b"\x02\x0e"
    assert ask(device, ACK) == b"one"
    assert device.failure is None


def test_strict_means_that_a_poll_too_many_is_a_difference() -> None:
    device = player(said(*IDLE, *SCAN), strict=True)
    assert ask(device, STATUS) == b"\x00\x80"
    assert ask(device, STATUS) is Refusal.STALL
    assert device.failure == (
        "scan.tape, line 5: byte 1 of what the host sends differs: tape 1b, now 1c (tape: ESC !; now: FS F)"
    )
    assert not device.plugged


def test_a_byte_that_differs_is_named_with_its_line_even_when_order_is_free() -> None:
    edited = list(said(*IDLE, *SCAN))
    at = next(index for index, record in enumerate(edited) if getattr(record, "hex", "") == "1c 47")
    edited[at] = records.usb(2.0, "usb1", OUT, b"\x1cH")
    device = player(tuple(edited))
    assert ask(device, STATUS) == b"\x00\x80"
    assert ask(device, START) is Refusal.STALL
    assert device.failure == (
        f"scan.tape, line {at + 2}: byte 2 of what the host sends differs: tape 48, now 47 (tape: FS H; now: FS G)"
    )


def test_what_is_asked_after_the_tapes_end_is_a_difference() -> None:
    device = player(said((0.0, START, b"\x02")))
    ask(device, START)
    assert ask(device, b"\x1b@") is Refusal.STALL
    assert device.failure is not None
    assert device.failure.endswith("is the last of this device; now the host sends ESC @ too")


def test_a_host_may_send_in_other_pieces_and_read_in_other_pieces() -> None:
    device = player(said((0.0, b"\x1bD\x64\x00", b"answer"), (0.1, b"second", b"")))
    assert device.write(OUT, b"\x1bD", 0.0) is None
    assert device.read(IN, 512, 0.0) is None
    assert device.write(OUT, b"\x64\x00second", 0.0) is None
    assert [device.read(IN, 4, 0.0), device.read(IN, 4, 0.0)] == [b"answ", b"er"]
    assert device.finished


def test_answers_come_as_late_as_then_times_the_pace() -> None:
    device = player(said((0.0, START, b"\x02")), pace=2.0)
    assert device.write(OUT, START, 100.0) is None
    assert device.update(100.0) == pytest.approx(100.02)
    assert device.read(IN, 512, 100.01) is None
    assert device.read(IN, 512, 100.03) == b"\x02"


def test_at_a_pace_a_poll_hears_what_was_true_at_that_time() -> None:
    pressed = (*IDLE, (2.0, STATUS, b"\x00\x80"), (2.0, BUTTON, b"\x01"))
    device = player(said(*pressed), pace=1.0)
    answers = [ask_at(device, BUTTON, 0.1 * n) for n in range(25)]
    assert answers.index(b"\x01") in range(19, 22)


def test_held_a_poll_hears_nothing_of_later_until_its_time_begins() -> None:
    before = tuple((t - 10, question, answer) for t, question, answer in IDLE)
    device = player(said(*before, (2.0, STATUS, b"\x00\x80"), (2.0, BUTTON, b"\x01")), pace=1.0, held=True)
    assert {ask_at(device, BUTTON, 0.1 * n) for n in range(100)} == {b"\x00"}
    device.begin(10.0)
    answers = [ask_at(device, BUTTON, 10.0 + 0.1 * n) for n in range(25)]
    assert answers.index(b"\x01") in range(19, 22)


def ask_at(device: TapeUsb, question: bytes, now: float) -> bytes | Refusal | None:
    assert device.write(OUT, question, now) is None
    return device.read(IN, 512, now + 0.02)


def test_a_stall_is_played_and_an_unplugging_too() -> None:
    device = player(said((0.0, START, "stall"), (1.0, STATUS, "gone")))
    assert ask(device, START) is Refusal.STALL
    assert device.failure is None
    device.write(OUT, STATUS, 1.0)
    assert device.update(1.0) is not None
    assert not device.plugged
    device.update(2.0)
    assert device.plugged
    assert device.failure is None


def test_who_attaches_anew_finds_the_tape_at_its_beginning() -> None:
    device = player(said(*SCAN))
    assert ask(device, START) == b"\x02\x0e"
    device.reset(1.0)
    device.reset(1.0)
    assert ask(device, START) == b"\x02\x0e"


def test_class_requests_are_answered_from_the_tape_and_unknown_ones_refused() -> None:
    setup = "a1 00 00 00 00 00 02 00"
    lines = (records.usb(0.0, "usb1", 0x80, b"\x00\x05", "control", setup=setup),)
    device = player(lines, interfaces=[{"number": 0, "class": 7, "subclass": 1, "protocol": 2,
                    "endpoints": [{"address": 2, "attributes": 2, "packet": 64}]}])  # fmt: skip
    assert device.control(Setup(0xA1, 0, 0, 0, 2), b"", 0.0) == b"\x00\x05"
    assert device.control(Setup(0xA1, 1, 0, 0, 2), b"", 0.0) is Refusal.STALL
    assert device.failure is None
    assert device.description.interfaces[0].interface_class == 7


def test_without_descriptors_the_endpoints_are_those_that_were_used() -> None:
    [interface] = player(said(*SCAN)).description.interfaces
    assert [end.address for end in interface.endpoints] == [OUT, IN]


def refused(t: float, question: bytes, error: str) -> AnyRecord:
    return records.usb(t, "usb1", OUT, question, error=error)


def test_a_poll_that_met_a_pulled_cable_pulls_it_again_however_often_was_polled_before() -> None:
    device = player((*said(*IDLE), refused(2.0, STATUS, "gone")), pace=1.0)
    for n in range(8):  # twice as often as then
        assert ask_at(device, STATUS, 0.25 * n) == b"\x00\x80"
        assert ask_at(device, BUTTON, 0.25 * n) == b"\x00"
    assert device.write(OUT, STATUS, 2.0) is Refusal.STALL
    assert not device.plugged
    assert device.failure is None


def test_what_was_refused_by_a_stall_is_refused_again_and_then_taken() -> None:
    lines = said((1.0, START, b"\x02\x0e"))
    device = player((lines[0], refused(0.9, START, "stall"), *lines[1:]), strict=True)
    assert ask(device, START) is Refusal.STALL
    assert ask(device, START) == b"\x02\x0e"
    assert device.failure is None


def test_what_the_device_did_not_take_in_time_it_takes_at_once() -> None:
    lines = said((1.0, START, b"\x02\x0e"))
    device = player((lines[0], refused(0.5, START, "timeout"), *lines[1:]), strict=True)
    assert ask(device, START) == b"\x02\x0e"
    assert device.failure is None
    assert device.finished
