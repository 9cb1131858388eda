"""One message on its way to many: each gets its own head around the same body, whatever it calls itself."""

from lxml import etree

from bridge.service.circular import Circular
from bridge.soap import envelope, names
from bridge.soap.endpoint import EndpointReference, identifier_block

ACTION = "http://schemas.microsoft.com/windows/2006/08/wdp/scan/JobStatusEvent"
MINE = '<m:Mine xmlns:m="urn:mine">a &amp; b</m:Mine>'


def circular() -> Circular:
    body = etree.Element(f"{{{names.WSCN}}}JobStatusEvent", nsmap={"wscn": names.WSCN})
    body.text = "urn:to urn:id <&>"  # the body may say whatever it likes
    return Circular(ACTION, body)


def test_everyone_gets_a_head_of_its_own_around_the_same_body() -> None:
    letters = circular()
    one = EndpointReference("http://192.0.2.1/a?b=1&c=<2>", (MINE,), (identifier_block("urn:uuid:1"),))
    two = EndpointReference("http://192.0.2.2/", (), (identifier_block("urn:uuid:2"),))
    first, second = (envelope.read(letters.to(who)) for who in (one, two))
    assert (first.addressing.to, second.addressing.to) == (one.address, two.address)
    assert first.addressing.action == second.addressing.action == ACTION
    assert first.addressing.message_id != second.addressing.message_id
    assert [block.tag for block in first.headers] == ["{urn:mine}Mine", f"{{{names.WSE}}}Identifier"]
    assert first.headers[0].text == "a & b"
    assert second.header_text(f"{{{names.WSE}}}Identifier") == "urn:uuid:2"
    for letter in (first, second):
        assert letter.body is not None
        assert letter.body.text == "urn:to urn:id <&>"


def test_one_without_blocks_gets_none() -> None:
    letter = envelope.read(circular().to(EndpointReference("http://192.0.2.1/")))
    assert letter.headers == ()
