"""What our devices answer, and when they keep silent."""

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bridge.discovery import messages
from bridge.discovery.messages import AppSequence, Probe, ProbeMatches, Resolve, ResolveMatches
from bridge.discovery.responder import MAX_DATAGRAM, Announced, Responder
from bridge.discovery.throttle import Throttle
from bridge.errors import OperationRefused, WireError
from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference
from bridge.soap.envelope import Writable

REALDATA = Path(os.environ.get("WSD_REALDATA", Path(__file__).parents[4] / "shared" / "realdata"))
SCANNER = "urn:uuid:11111111-2222-3333-4444-555555555555"
OTHER = "urn:uuid:99999999-2222-3333-4444-555555555555"
AIRSCAN_PROBE = b"""<?xml version="1.0"?><soap:Envelope xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:soap="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof"><soap:Header><wsa:MessageID>urn:uuid:97ed</wsa:MessageID>
 <wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>
 <wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To></soap:Header>
 <soap:Body><wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe></soap:Body></soap:Envelope>"""


def recorded_or(path: str, own: bytes) -> bytes:
    file = REALDATA / path
    return file.read_bytes() if file.exists() else own


def announced(address: str = SCANNER, scopes: tuple[str, ...] = (), urls: int = 1) -> Announced:
    def xaddrs(local: str) -> tuple[str, ...]:
        return tuple(f"http://{local}:5380/{n}/{address[9:]}" for n in range(urls))

    return Announced(address, (messages.DEVICE_TYPE, messages.SCAN_DEVICE_TYPE), xaddrs, scopes, 3)


def responder(*devices: Announced) -> Responder:
    found = Responder(42, Random(1))
    for device in devices or (announced(),):
        found.put(device)
    return found


def asked(body: Writable, action: str = messages.PROBE, message_id: str | None = "urn:uuid:1", **more: object) -> bytes:
    return envelope.write(Addressing(action, names.DISCOVERY_TO, message_id, **more), body)  # type: ignore[arg-type]


def test_a_probe_of_sane_airscan_is_answered_with_our_url_on_its_network() -> None:
    data = recorded_or("captures/sane-airscan-0.99.27/Probe.udp.xml", AIRSCAN_PROBE)
    (reply,) = responder().answer(data, "192.0.2.9", "192.0.2.1")
    read = envelope.read(reply.data)
    assert read.addressing.action == "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches"
    assert read.addressing.relates_to == envelope.read(data).addressing.message_id
    assert read.body is not None
    (target,) = ProbeMatches.from_xml(read.body).targets
    assert target == announced().target("192.0.2.1")
    assert target.xaddrs == ("http://192.0.2.1:5380/0/11111111-2222-3333-4444-555555555555",)
    assert 0 <= reply.delay <= 0.5
    assert len(reply.data) < 1500


def test_each_scanner_answers_for_itself() -> None:
    replies = responder(announced(), announced(OTHER)).answer(asked(Probe()), "192.0.2.9", "192.0.2.1")
    bodies = [envelope.read(reply.data).body for reply in replies]
    found = [ProbeMatches.from_xml(body).targets for body in bodies if body is not None]
    assert [[target.address for target in targets] for targets in found] == [[SCANNER], [OTHER]]


def test_copies_of_a_message_are_answered_once() -> None:
    ours = responder()
    assert len(ours.answer(asked(Probe()), "192.0.2.9", "192.0.2.1")) == 1
    assert ours.answer(asked(Probe()), "192.0.2.9", "192.0.2.1") == ()
    assert len(ours.answer(asked(Probe(), message_id="urn:uuid:2"), "192.0.2.9", "192.0.2.1")) == 1


def test_a_resolve_is_answered_at_once_and_only_by_the_one_meant() -> None:
    ours = responder(announced(), announced(OTHER))
    (reply,) = ours.answer(asked(Resolve(OTHER), messages.RESOLVE), "192.0.2.9", "192.0.2.1")
    body = envelope.read(reply.data).body
    assert body is not None
    target = ResolveMatches.from_xml(body).target
    assert target is not None
    assert (target.address, len(target.xaddrs), reply.delay) == (OTHER, 1, 0)
    assert ours.answer(asked(Resolve("urn:uuid:0"), messages.RESOLVE, "urn:uuid:3"), "192.0.2.9", "192.0.2.1") == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe<",
        asked(Probe(("{urn:x}Printer",))),
        asked(Probe(scopes=("urn:elsewhere",))),
        asked(Probe(scopes=(f"{names.WSD}/adhoc",), match_by="urn:unknown")),
        asked(Probe(), message_id=None),
        asked(Probe(), reply_to=EndpointReference("http://192.0.2.66/")),
        asked(Probe(), messages.RESOLVE),
        asked(Probe(), messages.HELLO),
        AIRSCAN_PROBE.replace(b"wsdp:Device", b"nobody:Device"),
    ],
)
def test_what_does_not_ask_for_us_gets_silence(data: bytes) -> None:
    assert responder().answer(data, "192.0.2.9", "192.0.2.1") == ()


def test_message_numbers_rise_and_the_instance_stays() -> None:
    ours = responder()
    said = [ours.hello(SCANNER, "192.0.2.1"), ours.bye(SCANNER), ours.hello(SCANNER, "192.0.2.1")]
    sequences = [AppSequence.from_xml(envelope.read(data).headers[0]) for data in said]
    assert [(s.instance_id, s.message_number) for s in sequences] == [(42, 1), (42, 2), (42, 3)]


def test_of_too_many_urls_for_a_datagram_the_first_stay() -> None:
    (reply,) = responder(announced(urls=30)).answer(asked(Probe()), "192.0.2.9", "192.0.2.1")
    body = envelope.read(reply.data).body
    assert body is not None
    told = ProbeMatches.from_xml(body).targets[0].xaddrs
    every = announced(urls=30).target("192.0.2.1").xaddrs
    assert 1 <= len(told) < 30
    assert told == every[: len(told)]
    assert len(reply.data) + len(f" {every[len(told)]}") > MAX_DATAGRAM
    assert len(reply.data) <= MAX_DATAGRAM


def test_a_match_that_cannot_fit_is_not_sent() -> None:
    scopes = tuple(f"http://scopes.example/{n:040}" for n in range(40))
    assert responder(announced(scopes=scopes)).answer(asked(Probe()), "192.0.2.9", "192.0.2.1") == ()


def test_a_directed_probe_finds_all_or_the_one_at_that_address() -> None:
    ours = responder(announced(), announced(OTHER))
    message = envelope.read_request(asked(Probe((messages.SCAN_DEVICE_TYPE,))))
    found = [ours.directed(message, "192.0.2.1"), ours.directed(message, "192.0.2.1", only=OTHER)]
    bodies = [envelope.read(data).body for data in found if data is not None]
    assert [[t.address for t in ProbeMatches.from_xml(b).targets] for b in bodies if b is not None] == [
        [SCANNER, OTHER],
        [OTHER],
    ]


def test_a_directed_probe_for_somebody_else_has_no_answer() -> None:
    message = envelope.read_request(asked(Probe(("{urn:x}Printer",))))
    assert responder().directed(message, "192.0.2.1") is None


def test_a_directed_probe_is_told_which_rules_there_are() -> None:
    message = envelope.read_request(asked(Probe(scopes=("urn:a",), match_by="urn:unknown")))
    with pytest.raises(OperationRefused) as caught:
        responder().directed(message, "192.0.2.1")
    fault = caught.value.fault
    assert fault.action == "http://schemas.xmlsoap.org/ws/2005/04/discovery/fault"
    assert fault.subcode == "{http://schemas.xmlsoap.org/ws/2005/04/discovery}MatchingRuleNotSupported"
    assert "http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0" in fault.detail_items[0][1]


def test_a_forgotten_device_is_silent() -> None:
    ours = responder()
    ours.drop(SCANNER)
    assert ours.answer(asked(Probe()), "192.0.2.9", "192.0.2.1") == ()


def test_a_source_that_asks_too_often_waits_and_others_do_not() -> None:
    throttle = Throttle(rate=1, burst=2, total_rate=100, total_burst=100)
    assert [throttle.admit("a", 0.0) for _ in range(3)] == [True, True, False]
    assert throttle.admit("b", 0.0)
    assert throttle.admit("a", 1.0)
    assert not throttle.admit("a", 1.0)


def test_many_sources_together_are_bounded_too() -> None:
    throttle = Throttle(rate=1, burst=2, total_rate=10, total_burst=5)
    assert sum(throttle.admit(f"source {n}", 0.0) for n in range(5_000)) == 5
    assert throttle.admit("late", 0.1)


@pytest.mark.parametrize("version", ["", "-1", "x", "4294967296", "9" * 50, "²"])
def test_a_metadata_version_is_an_unsigned_number(version: str) -> None:
    element = announced().target("192.0.2.1").write("Hello")
    next(element.iter(f"{{{names.WSD}}}MetadataVersion")).text = version
    with pytest.raises(WireError):
        messages.Target.from_xml(element)


def test_who_asks_for_the_service_beside_the_device_is_answered_and_told_the_device_only() -> None:
    service = "{http://schemas.microsoft.com/windows/2006/08/wdp/scan}ScannerServiceType"
    hosting = replace(announced(), hosts=(service,))
    question = asked(Probe((messages.SCAN_DEVICE_TYPE, service)))
    assert not responder(announced()).answer(question, "192.0.2.9", "192.0.2.1")
    (reply,) = responder(hosting).answer(question, "192.0.2.9", "192.0.2.1")
    body = envelope.read(reply.data).body
    assert body is not None
    (target,) = ProbeMatches.from_xml(body).targets
    assert target.types == (messages.DEVICE_TYPE, messages.SCAN_DEVICE_TYPE)
