"""A device on HTTP played from its tape."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil.http import Broken, Request
from hil.tape import file, records
from hil.tape.file import Tape
from hil.tape.records import Answered, Asked, HttpIdentity
from hil.tape.redact import redacted
from hil.tape.web import TapeWeb

STATUS, JOBS, NEXT = "/eSCL/ScannerStatus", "/eSCL/ScanJobs", "/eSCL/ScanJobs/1/NextDocument"
IMAGE = bytes(range(256)) * 2
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def asked(t: float, number: int, method: str, path: str, **more: object) -> Asked:
    return Asked.model_validate({"t": t, "device": "http1", "exchange": number, "method": method, "path": path, **more})


def answered(t: float, number: int, **more: object) -> Answered:
    return Answered.model_validate({"t": t, "device": "http1", "exchange": number, **more})


def state(t: float, number: int, word: str) -> tuple[Asked, Answered]:
    return asked(t, number, "GET", STATUS), answered(t, number, status=200, text=f"<State>{word}</State>", last=True)


def tape(*lines: Asked | Answered) -> Tape:
    return Tape(records.header(NOON, devices=(HttpIdentity(name="http1"),)), lines, Path("mfp.tape"))


def device(*lines: Asked | Answered, **more: object) -> TapeWeb:
    made = tape(*lines)
    return TapeWeb(made, made.http()[0], **more)  # type: ignore[arg-type]


def ask(web: TapeWeb, method: str, path: str, body: bytes = b"", now: float = 0.0) -> bytes:
    """The whole answer, as far as it is there by then."""
    reply, found = web.serve(Request(method, path, body=body), now), b""
    while data := reply.take(65536, now):
        found += data
    return found


def test_the_same_question_gets_its_next_answer_and_then_the_last_again() -> None:
    web = device(*state(0, 1, "Idle"), *state(2, 2, "Processing"))
    told = [ask(web, "GET", STATUS).partition(b"\r\n\r\n")[2] for _ in range(3)]
    assert told == [b"<State>Idle</State>", *[b"<State>Processing</State>"] * 2]
    assert web.failure is None


def test_at_its_pace_a_poll_hears_what_was_true_at_that_time() -> None:
    web = device(*state(1, 1, "Idle"), *state(3, 2, "Processing"), *state(4, 3, "Stopped"), pace=2.0)
    # the tape's 1 s is the first question; 2 s of it later is 4 s later at this pace
    told = [ask(web, "GET", STATUS, now=now).rpartition(b"<State>")[2][:4] for now in (10, 12, 13.9, 14, 15, 20)]
    assert told == [b"Idle", b"Idle", b"Idle", b"Proc", b"Proc", b"Stop"]


@pytest.mark.parametrize("pace", [0.0, 1.0])
def test_its_time_waits_for_what_the_host_did(pace: float) -> None:
    web = device(
        *state(0, 1, "Idle"),
        *state(4, 2, "Still"),
        asked(5, 3, "POST", JOBS, text="<X/>"), answered(5, 3, status=201, last=True),
        *state(6, 4, "Processing"),
        pace=pace,
    )  # fmt: skip
    told = [ask(web, "GET", STATUS, now=now).rpartition(b"<State>")[2][:4] for now in (100, 200, 300)]
    assert told == [b"Idle", b"Stil", b"Stil"]
    assert ask(web, "POST", JOBS, b"<X/>", now=400).startswith(b"HTTP/1.1 201 ")
    told = [ask(web, "GET", STATUS, now=now).rpartition(b"<State>")[2][:4] for now in (400.5, 401, 402)]
    assert told == [b"Proc"] * 3  # what was said before the job began is true no more


def test_pieces_come_as_late_as_then() -> None:
    web = device(
        asked(5, 1, "GET", NEXT),
        answered(6, 1, status=200, headers={"content-type": "image/jpeg"}, **records.written(IMAGE[:4])),
        answered(8, 1, **records.written(IMAGE[4:7]), last=True),
        pace=1.0,
    )
    reply = web.serve(Request("GET", NEXT), 100.0)
    assert reply.take(4096, 100.9) is None
    head = b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert reply.take(4096, 101.0) == head + b"4\r\n\x00\x01\x02\x03\r\n"
    assert reply.take(4096, 102.9) is None
    assert reply.take(4096, 103.0) == b"3\r\n\x04\x05\x06\r\n0\r\n\r\n"
    assert reply.take(4096, 103.0) == b""


def test_one_byte_that_is_asked_otherwise_is_told_with_its_line() -> None:
    web = device(
        *state(0, 1, "Idle"), asked(1, 2, "POST", JOBS, text="<X>300</X>"), answered(1, 2, status=201, last=True)
    )
    with pytest.raises(Broken):
        ask(web, "POST", JOBS, b"<X>600</X>")
    assert web.failure == "mfp.tape, line 4: byte 4 of the body of POST /eSCL/ScanJobs differs: tape 33, now 36"


def test_what_was_never_asked_is_told() -> None:
    web = device(*state(0, 1, "Idle"))
    with pytest.raises(Broken):
        ask(web, "DELETE", "/eSCL/ScanJobs/1")
    assert web.failure == "mfp.tape: DELETE /eSCL/ScanJobs/1 is asked now, and nowhere on the tape"


def test_an_answer_that_did_not_come_breaks_off() -> None:
    web = device(asked(0, 1, "GET", STATUS), answered(5, 1, error="no answer in 5 s"), *state(6, 2, "Idle"))
    with pytest.raises(Broken):
        ask(web, "GET", STATUS)
    assert b"Idle" in ask(web, "GET", STATUS)
    assert web.failure is None


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "mfp.tape"
    made = tape(*state(0, 1, "Idle"), asked(1, 2, "GET", NEXT), answered(2, 2, status=200, **records.written(IMAGE)))
    file.write(path, made.header, made.records, {made.records[3].sha256: IMAGE})  # type: ignore[union-attr]
    again = file.read(path)
    assert (again.header, again.records) == (made.header, made.records)
    assert ask(TapeWeb(again, again.http()[0]), "GET", NEXT).partition(b"\r\n\r\n")[2].startswith(b"200\r\n" + IMAGE)


def test_who_and_where_are_taken_out() -> None:
    serial = "<pwg:SerialNumber>CN12345678</pwg:SerialNumber>"
    made = tape(
        asked(0, 1, "GET", "/eSCL/ScannerCapabilities"),
        answered(0, 1, status=200, text=f"{serial}<Uri>http://192.0.2.17/eSCL</Uri>", last=True),
        asked(1, 2, "POST", JOBS, text="<X/>"),
        answered(1, 2, status=201, headers={"location": "http://192.0.2.17:80/eSCL/ScanJobs/1"}, last=True),
    )
    said = "\n".join(file.text(each) for each in redacted(made).records)
    assert "CN12345678" not in said
    assert "192.0.2.17" not in said
    assert "/eSCL/ScanJobs/1" in said
