"""The tape's format: what is written is read back, and what is wrong is said with its place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil.tape import file, records
from hil.tape.file import TapeError
from hil.tape.gloss import gloss

WALL = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HEADER = (
    '{"tape": 1, "devices": [{"lane": "usb", "name": "usb1", "ids": "04b8:012b"},'
    ' {"lane": "snmp", "name": "snmp1"}], "wall": "2026-11-21T09:00:00Z"}'
)
QUESTION = '{"t": 0.1, "kind": "usb", "device": "usb1", "transfer": "bulk", "endpoint": "02", "hex": "1c 46"}'


def tape(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def wrong(path: Path, *lines: str) -> str:
    with pytest.raises(TapeError) as caught:
        file.read(tape(path, *lines))
    return str(caught.value).removeprefix(f"{path}, ")


def test_what_is_written_is_read_back_and_reads_as_text(tmp_path: Path) -> None:
    place = tmp_path / "a.tape"
    header = records.header(WALL, devices=({"lane": "usb", "name": "usb1", "ids": "04b8:012b"},))
    long = bytes(range(256)) * 4
    said = (
        records.usb(0.25, "usb1", 0x02, b"\x1cF"),
        records.usb(0.5, "usb1", 0x81, long),
        records.usb(0.75, "usb1", 0x81, error="stall"),
        records.http(1.0, b"<a>\xc3\xa9</a>", {"way": "in", "peer": "192.0.2.1:5000", "url": "/x"}),
        records.Note(t=2.0, text="cover opened"),
    )
    recorded = said[1].sha256
    assert recorded is not None
    file.write(place, header, said, {recorded: long})
    again = file.read(place)
    assert again.header == header
    assert again.records == said
    assert again.data(said[1]) == long
    lines = place.read_text().splitlines()
    assert lines[1] == (
        '{"t": 0.25, "kind": "usb", "device": "usb1", "transfer": "bulk", "endpoint": "02",'
        ' "hex": "1c 46", "text": "FS F"}'
    )
    assert '"text": "<a>é</a>"' in lines[4]


def test_bytes_that_were_dropped_are_made_up_with_the_right_size_and_ends(tmp_path: Path) -> None:
    long = bytes([1] * 300 + [2] * 300)
    record = records.usb(0.0, "usb1", 0x81, long)
    place = tmp_path / "a.tape"
    file.write(place, records.header(WALL, devices=({"lane": "usb", "name": "usb1", "ids": "04b8:012b"},)), (record,))
    again = file.read(place)
    assert again.whole(record) is None
    made = again.data(record)
    assert (len(made), made[:16], made[300], made[-16:]) == (600, bytes([1] * 16), 0xFF, bytes([2] * 16))


def test_bytes_kept_aside_that_are_not_those_of_the_tape_are_an_error(tmp_path: Path) -> None:
    record = records.usb(0.0, "usb1", 0x81, bytes(1000))
    place = tmp_path / "a.tape"
    header = records.header(WALL, devices=({"lane": "usb", "name": "usb1", "ids": "04b8:012b"},))
    assert record.sha256 is not None
    file.write(place, header, (record,), {record.sha256: bytes(999) + b"\x01"})
    with pytest.raises(TapeError, match="SHA-256"):
        file.read(place).data(record)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "line 2: is not JSON"),
        (QUESTION.replace("1c 46", "1c 4"), "line 2: hex: is not hexadecimal"),
        (QUESTION.replace("1c 46", "1C 46"), "line 2: hex: is not hexadecimal"),
        (QUESTION.replace('"hex"', '"hexx"'), "line 2: hexx: there is no such field"),
        (QUESTION.replace('"usb1"', '"usb2"'), "line 2: device 'usb2' is not in the header"),
        (QUESTION.replace('"usb1"', '"snmp1"'), "line 2: 'snmp1' is no usb device"),
        (QUESTION.replace("0.1", '"soon"'), "line 2: t: "),
        (QUESTION.replace('"kind": "usb"', '"kind": "ieee1394"'), "line 2: "),
        ('{"t": 0, "kind": "note"}', "line 2: text: Field required"),
        ("", "line 2: is empty"),
        (QUESTION.replace('"hex": "1c 46"', '"size": 4, "sha256": "00"'), "line 2: sha256: "),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, said: str) -> None:
    assert wrong(tmp_path / "a.tape", line, QUESTION).startswith(said)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("", "is empty"),
        ("\n", "line 1: is no tape"),
        ("{}\n", "line 1: is no tape: the first line has no `tape`"),
        ('{"tape": 3}\n', "line 1: a tape of format 3; this program reads 1 and 2"),
        ('{"tape": 1}\n', "line 1: wall: Field required"),
        ('{"tape": 1, "wall": "2026-11-21T09:00:00"}\n', "line 1: wall: "),
    ],
)
def test_what_is_no_tape_is_said_so(tmp_path: Path, first: str, said: str) -> None:
    place = tmp_path / "a.tape"
    place.write_text(first)
    with pytest.raises(TapeError) as caught:
        file.read(place)
    assert said in str(caught.value)


def test_a_tape_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="No such file"):
        file.read(tmp_path / "none.tape")


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x1b@", "ESC @"), (b"\x1cF", "FS F"), (b"\x02\x80\x1a\x00", "STX 80 SUB NUL"), (b"GT-2500 ", "GT-2500 SP")],
)
def test_bytes_are_glossed_as_people_write_them(data: bytes, said: str) -> None:
    assert gloss(data) == said
