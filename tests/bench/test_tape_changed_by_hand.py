"""Tapes of the product at work: one byte changed by hand in a question or an answer of any kind is named."""

import re
from pathlib import Path

import pytest

from hil.scenario import model, runs
from hil.scenario.taping import tape_of
from hil.tape import file
from hil.tape.file import TapeError

# What a line of that kind looks like up to a byte that somebody changes, what that byte is in it, and what he writes.
USB_SENT = (r'"kind": "usb".*"endpoint": "0\d".*"hex": "1c ', "46", "47", "byte 2 of hex was 46, is now 47")
USB_CAME = (r'"kind": "usb".*"endpoint": "8\d".*"hex": "02 ', "12", "13", "byte 2 of hex was 12, is now 13")
XML = r"<\?xml version=.1", r"\.", "-", 'byte 17 of text was 2e ".", is now 2d "-"'
SOAP_CAME = (r'"kind": "http", "way": "in".*' + XML[0], *XML[1:])
SOAP_SENT = (r'"kind": "http", "way": "out".*' + XML[0], *XML[1:])
SNMP_ASKED = (r'"kind": "snmp".*"oids": \["1\.3\.6\.1\.2\.', "1", "3", 'byte 11 of oids.1 was 31 "1", is now 33 "3"')
SNMP_ANSWERED = (
    r'"kind": "snmp".*\["1\.3\.6\.1\.2\.1\.25\.3\.5\.1\.1\.1", "integer", ', r"\d", "9",
    "the value of 1.3.6.1.2.1.25.3.5.1.1.1 was 3, is now 9",
)  # fmt: skip
HTTP_ASKED = (r'"kind": "asked".*"method": "POST".*' + XML[0], *XML[1:])
HTTP_ANSWERED = (r'"kind": "answered".*"status": 200.*' + XML[0], *XML[1:])


@pytest.fixture(scope="module")
def tapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a tape of each scenario is, made when it is wanted."""
    return tmp_path_factory.mktemp("tapes")


def taped(place: Path, name: str) -> bytes:
    path = place / f"{name}.tape"
    if not path.exists():
        tape = tape_of(runs.simulated(name, model.named(name)), path)
        file.write(path, tape.header, tape.records, tape.aside)
        assert file.read(path).records
    return path.read_bytes()


@pytest.mark.parametrize(
    ("scenario", "change"),
    [
        *(("feeder", each) for each in (USB_SENT, USB_CAME, SOAP_CAME, SOAP_SENT)),
        *(("panel-scan", each) for each in (SNMP_ASKED, SNMP_ANSWERED, SOAP_CAME, SOAP_SENT)),
        *(("mfp-scan", each) for each in (HTTP_ASKED, HTTP_ANSWERED, SNMP_ASKED)),
    ],
)
def test_one_byte_of_a_question_or_an_answer_is_named(
    tapes: Path, scenario: str, change: tuple[str, str, str, str]
) -> None:
    before, was, put, said = change
    tape = taped(tapes, scenario)
    found = re.search(f"(?m)^(.*{before})({was})".encode(), tape)
    assert found is not None
    path = tapes / "changed.tape"
    path.write_bytes(tape[: found.start(2)] + put.encode() + tape[found.end(2) :])
    line = tape.count(b"\n", 0, found.start(2)) + 1
    with pytest.raises(TapeError) as caught:
        file.read(path)
    assert str(caught.value).startswith(f"{path}, line {line}: {said} (byte ")
