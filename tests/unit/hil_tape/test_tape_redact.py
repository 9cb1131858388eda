"""Who and where leave the tape; lengths, meaning and consistency stay."""

import re
from datetime import UTC, datetime
from pathlib import Path

from hil.tape import records
from hil.tape.file import AnyRecord, Tape, text
from hil.tape.records import Http, Snmp, SnmpIdentity, Usb, UsbIdentity, unhex
from hil.tape.redact import redacted
from hil.tape.values import Kind

SERIAL = "X4KQ012345"
DEVICES = (
    UsbIdentity(name="usb1", ids="04b8:012b", key=f"usb-04b8-012b-{SERIAL}", product="Perfection", serial=SERIAL),
    SnmpIdentity(name="snmp1", key="snmp 192.168.17.5:161"),
)


def clean(*lines: AnyRecord) -> Tape:
    header = records.header(datetime(2026, 11, 21, tzinfo=UTC), devices=DEVICES)
    return redacted(Tape(header, lines, Path("a.tape")))


def everything(tape: Tape) -> str:
    return "\n".join([text(tape.header), *(text(record) for record in tape.records)])


def message(body: str) -> Http:
    return records.http(0.0, body.encode(), {"way": "in", "peer": "192.168.17.9:51234", "url": "/x"})


def body(tape: Tape) -> str:
    [record] = [each for each in tape.records if isinstance(each, Http)]
    return record.text or ""


def test_a_serial_number_has_one_alias_of_its_own_length_wherever_it_stands() -> None:
    tape = clean(
        records.usb(0.0, "usb1", 0x81, b"SN " + SERIAL.encode()),
        records.usb(0.1, "usb1", 0x81, SERIAL.encode("utf-16-le")),
        message(f"<a:SerialNumber>{SERIAL}</a:SerialNumber>"),
    )
    alias = tape.usb()[0].serial
    assert re.fullmatch(r"[A-Z]\d[A-Z]{2}\d{6}", alias)
    assert alias != SERIAL
    first, second = (unhex(each.hex or "") for each in tape.records if isinstance(each, Usb))
    assert first == b"SN " + alias.encode()
    assert second == alias.encode("utf-16-le")
    assert body(tape) == f"<a:SerialNumber>{alias}</a:SerialNumber>"
    assert tape.usb()[0].key == f"usb-04b8-012b-{alias}"
    assert SERIAL not in everything(tape)


def test_addresses_become_addresses_and_those_that_name_nobody_stay() -> None:
    said = (
        "<To>http://192.168.17.5:5380/x</To><A>192.168.17.5</A><B>127.0.0.1</B><C>239.255.255.250</C>"
        "<D>http://anna-pc:5357/</D><E>00:1b:a9:01:02:03</E><F>anna@example.org</F><G>1.0.2.3</G>"
        "<H>fe80::21b:a9ff:fe01:203</H><I>http://schemas.xmlsoap.org/ws/2004/08/eventing</I>"
    )
    tape = clean(message(said))
    found = body(tape)
    assert "192.168.17" not in everything(tape)
    assert "anna" not in found
    assert "00:1b:a9" not in found
    assert "21b:a9ff" not in found
    for kept in ("127.0.0.1", "239.255.255.250", "1.0.2.3", "http://schemas.xmlsoap.org/ws/2004/08/eventing"):
        assert kept in found
    [twice] = {*re.findall(r"http://([\d.]+):5380", found), *re.findall(r"<A>([\d.]+)</A>", found)}
    assert [len(part) for part in twice.split(".")] == [3, 3, 2, 1]
    assert len(found) == len(said)


def test_names_and_tokens_leave_messages_and_entities_stay_whole() -> None:
    tape = clean(
        message(
            "<s:JobOriginatingUserName>Anna &amp; Bob</s:JobOriginatingUserName><s:JobToken>0123456789abcdef"
            "0123456789abcdef</s:JobToken><s:JobState>Completed</s:JobState><s:JobName>scan</s:JobName><x>scan</x>"
        )
    )
    found = body(tape)
    assert re.search(r"<s:JobOriginatingUserName>[A-Z][a-z]{3} &amp; [A-Z][a-z]{2}</s:JobOriginatingUserName>", found)
    assert "0123456789abcdef" not in found
    assert "<s:JobState>Completed</s:JobState>" in found
    assert "<x>scan</x>" in found


def test_what_an_agent_says_of_people_and_places_leaves_and_what_it_is_stays() -> None:
    binds = [
        ["1.3.6.1.2.1.1.1.0", "text", "HP LaserJet"],
        ["1.3.6.1.2.1.1.5.0", "text", "annas-mfp"],
        ["1.3.6.1.2.1.1.6.0", "text", "room 12"],
        ["1.3.6.1.2.1.2.2.1.6.1", "octets", "00 1b a9 01 02 03"],
        ["1.3.6.1.2.1.4.20.1.1.192.168.17.5", "ip", "192.168.17.5"],
        ["1.3.6.1.2.1.25.3.2.1.5.1", "integer", 3],
        ["1.3.6.1.2.1.43.5.1.1.17.1", "text", "CNB1234567"],
    ]
    line = {"t": 0, "device": "snmp1", "request": "walk", "oids": ["1.3.6.1.2.1"], "binds": binds}
    tape = clean(Snmp.model_validate(line))
    [record] = [each for each in tape.records if isinstance(each, Snmp)]
    found = {oid: (kind, value) for oid, kind, value in record.binds}
    assert found["1.3.6.1.2.1.1.1.0"] == (Kind.TEXT, "HP LaserJet")
    assert found["1.3.6.1.2.1.25.3.2.1.5.1"] == (Kind.INTEGER, 3)
    kind, name = found["1.3.6.1.2.1.1.5.0"]
    assert kind is Kind.TEXT
    assert re.fullmatch(r"[a-z]{5}-[a-z]{3}", str(name))
    assert not [oid for oid in found if "192.168" in oid]
    for gone in ("annas", "room 12", "CNB1234567", "00 1b a9 01", "192.168.17"):
        assert gone not in everything(tape)


def test_aliases_are_others_on_another_tape() -> None:
    def alias() -> str:
        return clean(records.usb(0.0, "usb1", 2, b"x")).usb()[0].serial

    assert alias() != alias()
