"""A tape that was changed after it was written: what is said of it, and how it is sealed again."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil import cli
from hil.tape import file, records
from hil.tape.file import TapeError
from hil.tape.records import Answered, AnyRecord, Asked, HttpIdentity, Note, Open, Snmp, SnmpIdentity, UsbIdentity

HEADER = records.header(
    datetime(2026, 11, 21, 9, tzinfo=UTC),
    devices=(UsbIdentity(name="usb1", ids="04b8:012b"), SnmpIdentity(name="snmp1"), HttpIdentity(name="http1")),
)
STATUS, NAME, MAC = "1.3.6.1.2.1.25.3.2.1.5.1", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.2.2.1.6.1"
RECORDS: tuple[AnyRecord, ...] = (
    Open(t=-1, device="usb1"),
    records.usb(0.1, "usb1", 0x02, b"\x1cF"),
    records.usb(0.2, "usb1", 0x81, b"\x02\x80\x00\x00"),
    records.usb(0.3, "usb1", 0x81, bytes(range(256)) * 2),
    records.usb(0.4, "usb1", 0x80, b"\x01", "control", setup="c1 01 00 00 00 00 01 00"),
    Snmp(t=0.5, device="snmp1", request="get", oids=(STATUS, NAME, MAC),
         binds=((STATUS, "integer", 3), (NAME, "text", "scanner"), (MAC, "octets", "00 1b a9"))),  # type: ignore[arg-type]
    records.http(0.6, "<a>é</a>".encode(), {"way": "in", "peer": "192.0.2.1:5000", "url": "/x"}),
    Asked(t=0.7, device="http1", exchange=1, method="POST", path="/eSCL/ScanJobs", text="<X>300</X>"),
    Answered(t=0.8, device="http1", exchange=1, status=200, text="<State>Idle</State>", last=True),
    Note(t=0.9, text="cover opened"),
)  # fmt: skip


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """Every kind of record there is; the seal is line 12."""
    path = tmp_path / "a.tape"
    file.write(path, HEADER, RECORDS)
    return path


def refused(tape: Path) -> str:
    """Why the tape is not read, from the line on."""
    with pytest.raises(TapeError) as caught:
        file.read(tape)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{tape}, ")
    return text.removeprefix(f"{tape}, ").partition(". The tape was changed since it was sealed")[0]


def changed(tape: Path, old: str, new: str) -> str:
    text = tape.read_text("utf-8")
    assert text.count(old) == 1
    tape.write_text(text.replace(old, new), "utf-8")
    return refused(tape)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"ids": "04b8:012b"', '"ids": "04b8:013b"', "line 1: byte 8 of devices.1.ids was 32 \"2\", is now 33 \"3\""),
        ('"kind": "open", "device": "usb1"', '"kind": "open", "device": "usb2"',
         "line 2: byte 4 of device was 31 \"1\", is now 32 \"2\""),
        ('"hex": "1c 46"', '"hex": "1c 57"', "line 3: byte 2 of hex was 46, is now 57"),
        ('"02 80 00 00"', '"02 80 08 00"', "line 4: byte 3 of hex was 00, is now 08"),
        ('"size": 512', '"size": 513', "line 5: size was 512, is now 513"),
        ('"tail": "f0 f1', '"tail": "f0 f2', "line 5: byte 2 of tail was f1, is now f2"),
        ('"c1 01 00', '"c1 02 00', "line 6: byte 2 of setup was 01, is now 02"),
        (f'"oids": ["{STATUS}"', f'"oids": ["{STATUS[:-1]}2"',
         "line 7: byte 24 of oids.1 was 31 \"1\", is now 32 \"2\""),
        ('"integer", 3]', '"integer", 5]', f"line 7: the value of {STATUS} was 3, is now 5"),
        ('"integer", 3]', '"integer", 150]', f"line 7: the value of {STATUS} was 3, is now 150"),
        ('"scanner"', '"scammer"', f"line 7: byte 4 of the value of {NAME} was 6e 6e \"nn\", is now 6d 6d \"mm\""),
        ('"00 1b a9"', '"00 1c a9"', f"line 7: byte 2 of the value of {MAC} was 1b, is now 1c"),
        ('"integer", 3', '"gauge32", 3', "line 7: was changed in more than 4 bytes in a row"),
        ("<a>é", "<a>è", "line 8: byte 5 of text was a9, is now a8"),
        ('"exchange": 1, "method"', '"exchange": 2, "method"', "line 9: exchange was 1, is now 2"),
        ("<X>300", "<X>600", "line 9: byte 4 of text was 33 \"3\", is now 36 \"6\""),
        ("Idle", "idle", "line 10: byte 8 of text was 49 \"I\", is now 69 \"i\""),
        ('"status": 200', '"status": 20', "line 10: status was 200, is now 20"),
        ('"last": true', '"last": trve', "line 10: byte 91 of the line was 75 \"u\", is now 76 \"v\""),
        ("cover opened", "cover opene", "line 11: byte 12 of text was 64 \"d\", is now nothing"),
        ('"by": "recorder"', '"by": "recordes"',
         "line 12: the seal itself was changed: byte 214 of the line was 72 \"r\", is now 73 \"s\""),
    ],
)  # fmt: skip
def test_a_byte_that_was_changed_is_named(tape: Path, old: str, new: str, said: str) -> None:
    assert changed(tape, old, new).startswith(said)


def test_the_message_tells_where_in_the_line_and_what_to_do(tape: Path) -> None:
    tape.write_text(tape.read_text("utf-8").replace("02 80 00 00", "02 80 08 00"), "utf-8")
    with pytest.raises(TapeError) as caught:
        file.read(tape)
    assert str(caught.value) == (
        f"{tape}, line 4: byte 3 of hex was 00, is now 08 (byte 98 of the line)."
        f" The tape was changed since it was sealed; if that was meant: wsd-scan-hil seal {tape}"
    )


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12], "line 3: 1 line is missing before it"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 12], "line 9: 3 lines are missing before it"),
        ([1, 2, 3, 4, 5, 3, 4, 6, 7, 8, 9, 10, 11, 12], "line 6: 2 lines are new here"),
        ([1, 2, 4, 3, 5, 6, 7, 8, 9, 10, 11, 12],
         "line 3: was changed in more than 4 bytes in a row; 1 line after it was changed too"),
        ([1, 2, 7, 6, 5, 9, 10, 11, 12], "line 3: 3 lines are here in the place of 6"),
        ([1, 2, 3, 4, 5, 6], "line 6: is not the seal, with which a tape ends: its end is missing"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 11], "line 13: 1 line is new, behind the seal"),
    ],
)  # fmt: skip
def test_lines_that_are_missing_or_new_are_named(tape: Path, order: list[int], said: str) -> None:
    lines = tape.read_text("utf-8").splitlines(keepends=True)
    tape.write_text("".join(lines[number - 1] for number in order), "utf-8")
    assert refused(tape) == said


def test_how_lines_end_does_not_matter(tape: Path) -> None:
    tape.write_bytes(tape.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    assert file.read(tape).records == RECORDS


def test_what_was_changed_in_a_very_long_line_is_not_looked_for(tape: Path) -> None:
    file.write(tape, HEADER, (Note(t=0, text="a" * 300_000),))
    assert changed(tape, 'aa"', 'ab"') == "line 2: was changed"


def test_a_tape_as_it_was_written_is_read_without_a_word(tape: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert file.read(tape).records == RECORDS
    assert caplog.messages == []


def test_a_tape_without_a_seal_is_read_and_told_as_such(tape: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = tape.read_text("utf-8").splitlines()
    tape.write_text("\n".join([lines[0].replace('"tape": 2', '"tape": 1'), *lines[1:-1]]), "utf-8")
    assert file.read(tape).records == RECORDS
    said = f"{tape} has no seal: nobody can tell whether it was changed since it was recorded"
    assert (caplog.messages, caplog.records[0].levelno) == ([said], logging.WARNING)


def test_who_changed_a_tape_by_intent_seals_it_and_that_is_told(
    tape: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(tape, "02 80 00 00", "02 80 08 00")
    kept = tape.read_text("utf-8").splitlines()[:-1]
    assert cli.main(["seal", str(tape)]) == 0
    told = f"{tape}: is sealed by hand now; line 4: byte 3 of hex was 00, is now 08 (byte 98 of the line)\n"
    assert capsys.readouterr().out == told
    assert tape.read_text("utf-8").splitlines()[:-1] == kept
    assert file.read(tape).records[2] == records.usb(0.2, "usb1", 0x81, b"\x02\x80\x08\x00").model_copy(
        update={"text": "STX 80 NUL NUL"}  # the gloss is as it was: nothing reads it
    )
    assert caplog.messages == [f"{tape} was sealed by hand: it may say something else than what was recorded"]
    assert changed(tape, "<X>300", "<X>600").startswith('line 9: byte 4 of text was 33 "3", is now 36 "6"')


@pytest.mark.parametrize("was", ["", "2"])
def test_any_tape_that_could_be_read_can_be_sealed(tape: Path, was: str) -> None:
    lines = tape.read_text("utf-8").splitlines()
    first = lines[0] if was else lines[0].replace('"tape": 2', '"tape": 1')
    tape.write_text("\n".join([first, *lines[2:-1]]), "utf-8")  # without the first record, and without a seal
    assert cli.main(["seal", str(tape)]) == 0
    assert file.read(tape).records == RECORDS[1:]


def test_what_is_sealed_already_is_left_alone(tape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tape.read_bytes()
    assert cli.main(["seal", str(tape)]) == 0
    assert capsys.readouterr().out == f"{tape}: is as it was sealed\n"
    assert tape.read_bytes() == before


def test_what_is_no_tape_is_not_sealed(tape: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(tape, '"1c 46"', '"1c 4"')
    before = tape.read_bytes()
    assert cli.main(["seal", str(tape)]) == 2
    assert capsys.readouterr().err.startswith(f"wsd-scan-hil: {tape}, line 3: hex: is not hexadecimal")
    assert tape.read_bytes() == before
