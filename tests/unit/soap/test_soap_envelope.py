"""Envelopes and addressing: what is read, what is refused with which fault, what is written."""

import pytest
from lxml import etree

from bridge.errors import Fault, FaultCode, OperationRefused
from bridge.soap import addressing, envelope, fault, names, tree
from bridge.soap.addressing import Addressing
from bridge.soap.envelope import EnvelopeRefused

ENVELOPE = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
)


def message(header: str, body: str = "", declarations: str = ENVELOPE) -> bytes:
    return f"<s:Envelope {declarations}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


COMPLETE = "<a:Action>\n  urn:do \t</a:Action><a:MessageID>urn:uuid:1</a:MessageID><a:To>urn:us</a:To>"


def refusal(data: bytes) -> EnvelopeRefused:
    with pytest.raises(EnvelopeRefused) as caught:
        envelope.read_request(data)
    return caught.value


def test_space_around_an_action_is_trimmed() -> None:
    assert envelope.read_request(message(COMPLETE)).addressing == Addressing("urn:do", "urn:us", "urn:uuid:1")


def test_a_missing_to_means_anonymous() -> None:
    read = envelope.read(message("<a:Action>urn:do</a:Action>"))
    assert read.addressing.to == "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"


@pytest.mark.parametrize(
    ("header", "missing"),
    [("<a:MessageID>urn:uuid:1</a:MessageID>", "wsa:Action"), ("<a:Action>urn:do</a:Action>", "wsa:MessageID")],
)
def test_a_request_without_a_required_header_is_refused(header: str, missing: str) -> None:
    found = refusal(message(header)).fault
    assert found.subcode == "{http://schemas.xmlsoap.org/ws/2004/08/addressing}MessageInformationHeaderRequired"
    assert (found.code, found.detail) == (FaultCode.SENDER, missing)


def test_a_reply_to_elsewhere_is_refused_and_the_refusal_says_to_what_it_relates() -> None:
    elsewhere = "<a:ReplyTo><a:Address>http://10.0.0.9/</a:Address></a:ReplyTo>"
    err = refusal(message(COMPLETE + elsewhere))
    assert err.fault.subcode == "{http://schemas.xmlsoap.org/ws/2004/08/addressing}InvalidMessageInformationHeader"
    assert err.relates_to == "urn:uuid:1"


def test_a_reply_to_that_is_plain_text_is_as_if_it_were_not_there() -> None:
    read = envelope.read_request(message(COMPLETE + "<a:ReplyTo>urn:uuid:7bd6801f</a:ReplyTo>"))
    assert read.addressing.reply_to is None


@pytest.mark.parametrize(
    "header",
    [
        COMPLETE + "<a:Action>urn:other</a:Action>",
        COMPLETE + "<a:ReplyTo/>",
        "<a:Action> </a:Action><a:MessageID>urn:uuid:1</a:MessageID>",
        f"<a:Action>urn:{'x' * 2048}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>",
    ],
)
def test_a_header_that_makes_no_sense_is_refused(header: str) -> None:
    assert (
        refusal(message(header)).fault.subcode
        == "{http://schemas.xmlsoap.org/ws/2004/08/addressing}InvalidMessageInformationHeader"
    )


def test_another_soap_version_is_refused_before_anything_else() -> None:
    err = refusal(b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>')
    assert err.fault.code is FaultCode.VERSION_MISMATCH
    assert [block.tag for block in err.headers] == ["{http://www.w3.org/2003/05/soap-envelope}Upgrade"]


def test_a_mandatory_unknown_header_is_refused_before_a_missing_one() -> None:
    err = refusal(message('<x xmlns="urn:x" s:mustUnderstand="true"/><a:MessageID>urn:uuid:1</a:MessageID>'))
    assert (err.fault.code, err.fault.detail, err.relates_to) == (FaultCode.MUST_UNDERSTAND, "{urn:x}x", "urn:uuid:1")
    answer = etree.fromstring(envelope.answer_refusal(err))
    note = answer.find(".//{http://www.w3.org/2003/05/soap-envelope}NotUnderstood")
    assert note is not None
    assert tree.resolve_qname(note, note.get("qname", "")) == "{urn:x}x"


@pytest.mark.parametrize(
    "attributes",
    [
        's:mustUnderstand="false"',
        's:mustUnderstand="1" s:role="http://www.w3.org/2003/05/soap-envelope/role/none"',
        's:mustUnderstand="1" s:role="urn:somebody-else"',
    ],
)
def test_a_header_for_others_is_not_our_business(attributes: str) -> None:
    read = envelope.read(message(f'{COMPLETE}<x xmlns="urn:x" {attributes}>hello</x>'))
    assert read.header_text("{urn:x}x") == "hello"


@pytest.mark.parametrize("name", ["To", "Action", "MessageID"])
def test_mandatory_addressing_headers_are_understood(name: str) -> None:
    header = COMPLETE.replace(f"<a:{name}>", f'<a:{name} s:mustUnderstand="1">')
    assert envelope.read_request(message(header)).addressing.action == "urn:do"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
        b"<s:Envelope " + ENVELOPE.encode() + b"/>",
        message(COMPLETE, "<x/><y/>"),
        b"<Probe/>",
        b" " * 40_000,
    ],
)
def test_what_is_no_message_is_the_sender_s_fault(data: bytes) -> None:
    assert refusal(data).fault.code is FaultCode.SENDER


def test_https_spellings_of_namespaces_are_read_like_http() -> None:
    declarations = (
        'xmlns:s="https://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="https://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:w="https://schemas.microsoft.com/windows/2006/01/wdp/scan"'
    )
    action = "https://schemas.microsoft.com/windows/2006/01/wdp/scan/CancelJob"
    header = f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>"
    read = envelope.read_request(message(header, '<w:Name w:a="1">w:X</w:Name>', declarations))
    assert read.addressing.action == "http://schemas.microsoft.com/windows/2006/01/wdp/scan/CancelJob"
    assert read.body is not None
    assert read.body.tag == "{http://schemas.microsoft.com/windows/2006/01/wdp/scan}Name"
    assert read.body.get("{http://schemas.microsoft.com/windows/2006/01/wdp/scan}a") == "1"
    assert tree.resolve_qname(read.body, "w:X") == "{http://schemas.microsoft.com/windows/2006/01/wdp/scan}X"


def test_an_address_of_our_own_keeps_its_https() -> None:
    assert tree.plain(" https://192.0.2.1/scan ") == "https://192.0.2.1/scan"


@pytest.mark.parametrize("year", [names.WSCN, names.WSCN_2006_01])
def test_known_namespaces_are_declared_at_the_top_with_their_prefix(year: str) -> None:
    body = etree.Element(f"{{{year}}}GetScannerElementsRequest")
    etree.SubElement(body, f"{{{year}}}Name").text = "wscn:ScannerStatus"
    root = etree.fromstring(envelope.write(addressing.request("urn:do", "urn:it"), body))
    assert root.nsmap["wscn"] == year
    assert root.prefix == "soap"
    assert [element.prefix for element in root.iter(f"{{{year}}}*")] == ["wscn", "wscn"]


def test_a_namespace_that_only_text_speaks_of_is_declared_on_request() -> None:
    root = etree.fromstring(envelope.write(Addressing("urn:do"), declare=[names.WSCN]))
    assert root.nsmap["wscn"] == "http://schemas.microsoft.com/windows/2006/08/wdp/scan"


def test_an_answer_relates_to_its_request() -> None:
    answer = envelope.read(envelope.write(Addressing("urn:do", message_id="urn:uuid:7").answer("urn:done")))
    assert answer.addressing.relates_to == "urn:uuid:7"
    assert answer.addressing.message_id is not None
    assert answer.addressing.to.endswith("/role/anonymous")


def test_a_fault_survives_the_wire() -> None:
    sent = Fault(
        FaultCode.RECEIVER,
        f"{{{names.WSCN_2006_01}}}ServerErrorTemporaryError",
        "Try again",
        "JobId:7",
        detail_items=(("{urn:other}Extra", "x"),),
    )
    answer = envelope.read(envelope.write_fault(sent, "urn:uuid:1"))
    assert answer.addressing.action == "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
    assert answer.addressing.relates_to == "urn:uuid:1"
    assert answer.body is not None
    assert fault.from_xml(answer.body) == sent


def test_what_a_peer_said_cannot_make_our_fault_unwritable() -> None:
    data = envelope.write_fault(fault.action_not_supported("bad\x00\ud800\ufffe"), None)
    body = envelope.read(data).body
    assert body is not None
    assert fault.from_xml(body).detail == "bad???"


@pytest.mark.parametrize("code", [FaultCode.SENDER, FaultCode.RECEIVER])
def test_the_status_says_who_is_to_blame(code: FaultCode) -> None:
    assert fault.http_status(Fault(code, None, "")) == {"Sender": 400, "Receiver": 500}[code.value]


def test_a_relation_that_is_no_reply_is_not_taken_for_one() -> None:
    header = (
        COMPLETE
        + '<a:RelatesTo RelationshipType="a:Other">urn:uuid:0</a:RelatesTo><a:RelatesTo>urn:uuid:9</a:RelatesTo>'
    )
    assert envelope.read(message(header)).addressing.relates_to == "urn:uuid:9"


def test_a_fault_in_place_of_an_answer_is_told_as_it_is() -> None:
    message = envelope.read(envelope.write_fault(fault.endpoint_unavailable(), "urn:uuid:1"))
    with pytest.raises(OperationRefused, match="cannot process"):
        fault.refuse_fault(message.body, message.addressing.action)
