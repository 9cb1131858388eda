"""Endpoint references: what a stranger wants back in our headers is made safe first."""

import pytest
from lxml import etree

from bridge.errors import WireError
from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block

HEAD = (
    '<e xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wse="http://schemas.xmlsoap.org/ws/2004/08/eventing" xmlns:q="urn:q"><Address>http://h/</Address>'
)


def endpoint(parameters: str) -> EndpointReference:
    xml = f"{HEAD}<ReferenceParameters>{parameters}</ReferenceParameters></e>"
    return EndpointReference.from_xml(etree.fromstring(xml))


def test_parameters_come_back_as_header_blocks() -> None:
    read = endpoint("<wse:Identifier>urn:uuid:5</wse:Identifier><q:key a='1'><q:in>v</q:in></q:key>")
    message = envelope.read(envelope.write(Addressing("urn:do", read.address), blocks=read.header_blocks()))
    assert message.header_text("{http://schemas.xmlsoap.org/ws/2004/08/eventing}Identifier") == "urn:uuid:5"
    key = message.headers[1]
    assert (key.tag, key.get("a"), key[0].text) == ("{urn:q}key", "1", "v")


def test_an_endpoint_reads_back_as_it_was_written() -> None:
    ours = EndpointReference("http://h/manage", reference_parameters=(identifier_block("urn:uuid:5"),))
    assert EndpointReference.from_xml(ours.to_xml()) == ours


def test_soap_s_own_attributes_are_stripped() -> None:
    (block,) = endpoint('<q:key s:mustUnderstand="1" s:role="urn:x" q:own="1"/>').reference_parameters
    assert dict(etree.fromstring(block).attrib) == {"{urn:q}own": "1"}


def test_the_same_block_is_the_same_text_whatever_its_prefixes() -> None:
    spellings = ("<q:k q:a='1'><q:v/></q:k>", "<k xmlns='urn:q' xmlns:o='urn:q' o:a='1'><o:v/></k>")
    assert endpoint(spellings[0]) == endpoint(spellings[1])


def test_names_in_text_still_resolve_in_our_header() -> None:
    (block,) = endpoint("<key xmlns='urn:k'>q:Name</key>").header_blocks()
    assert block.nsmap["q"] == "urn:q"


@pytest.mark.parametrize(
    "parameters",
    [
        "<s:Header/>",
        "<Action>urn:evil</Action>",
        "<wse:Expires>PT1S</wse:Expires>",
        "<q:k/>" * 17,
        f"<q:k>{'x' * 5000}</q:k>",
        "<q:k>" * 9 + "</q:k>" * 9,
        "<q:k>" + "<q:k/>" * 70 + "</q:k>",
    ],
)
def test_parameters_that_could_harm_are_refused(parameters: str) -> None:
    with pytest.raises(WireError):
        endpoint(parameters)


@pytest.mark.parametrize("address", ["", " ", "http://" + "x" * 2048])
def test_an_address_is_there_and_bounded(address: str) -> None:
    element = etree.Element(f"{{{names.WSA}}}EndpointReference")
    etree.SubElement(element, f"{{{names.WSA}}}Address").text = address
    with pytest.raises(WireError):
        EndpointReference.from_xml(element)
