"""WS-Eventing messages: what clients send, the faults they get, and our own read back."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from bridge.errors import OperationRefused, WireError
from bridge.eventing import messages
from bridge.eventing.messages import EndStatus, Filter, Lease, Renew, Subscribe, SubscribeResponse, SubscriptionEnd
from bridge.soap import addressing, envelope
from bridge.soap.endpoint import EndpointReference, identifier_block

SINK = EndpointReference("http://192.0.2.9:5357/sink", reference_parameters=(identifier_block("sink-1"),))
WSE = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
HEAD = f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:e="{WSE}"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:wscn="http://schemas.microsoft.com/windows/2006/08/wdp/scan"><s:Header><a:MessageID>urn:uuid:1</a:MessageID>
 <a:Action>{WSE}/Subscribe</a:Action></s:Header><s:Body>"""
NOTIFY = "<e:NotifyTo><a:Address>http://192.0.2.9/</a:Address></e:NotifyTo>"


def subscribe(inner: str) -> Subscribe:
    text = f"{HEAD}<e:Subscribe>{inner}</e:Subscribe></s:Body></s:Envelope>"
    return Subscribe.from_message(envelope.read_request(text.encode()))


def test_a_scan_to_pc_subscription_is_read_with_its_extension() -> None:
    read = subscribe(
        f"""<e:EndTo><a:Address>http://192.0.2.9/end</a:Address></e:EndTo>
        <e:Delivery Mode="{WSE}/DeliveryModes/Push">{NOTIFY}</e:Delivery><e:Expires>PT1H</e:Expires>
        <e:Filter Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/Action"> urn:a
         urn:b </e:Filter><wscn:ScanDestinations><wscn:ScanDestination/></wscn:ScanDestinations>"""
    )
    assert read.notify_to.address == "http://192.0.2.9/"
    assert read.end_to == EndpointReference("http://192.0.2.9/end")
    assert read.expires == timedelta(hours=1)
    assert read.filter is not None
    assert read.filter.dialect == "http://schemas.xmlsoap.org/ws/2006/02/devprof/Action"
    assert read.filter.text.split() == ["urn:a", "urn:b"]
    assert [element.tag for element in read.extensions] == [
        "{http://schemas.microsoft.com/windows/2006/08/wdp/scan}ScanDestinations"
    ]


def test_the_least_subscription_asks_for_everything() -> None:
    read = subscribe(f"<e:Delivery>{NOTIFY}</e:Delivery>")
    assert (read.end_to, read.expires, read.filter, read.extensions) == (None, None, None, ())


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("", "InvalidMessage"),
        ("<e:Delivery/>", "InvalidMessage"),
        ("<e:Delivery><e:NotifyTo/></e:Delivery>", "InvalidMessage"),
        (f"<e:Delivery>{NOTIFY}</e:Delivery><e:Expires>soon</e:Expires>", "InvalidMessage"),
        (f"<e:Delivery>{NOTIFY}</e:Delivery><e:EndTo/>", "InvalidMessage"),
        (f"<e:Delivery>{NOTIFY}</e:Delivery><e:Filter><a:x/></e:Filter>", "InvalidMessage"),
        (f"<e:Delivery>{NOTIFY}</e:Delivery>" + "<a:x/>" * 9, "InvalidMessage"),
        (f'<e:Delivery Mode="urn:pull">{NOTIFY}</e:Delivery>', "DeliveryModeRequestedUnavailable"),
    ],
)
def test_a_subscription_that_cannot_be_has_its_fault(inner: str, code: str) -> None:
    with pytest.raises(OperationRefused) as caught:
        subscribe(inner)
    assert caught.value.fault.subcode == f"{{{WSE}}}{code}"


def test_our_own_subscription_reads_back_and_is_written_twice_alike() -> None:
    extension = etree.fromstring('<x xmlns="urn:x"><y/></x>')
    sent = Subscribe(SINK, SINK, datetime(2030, 1, 1, tzinfo=UTC), Filter("urn:dialect", "urn:a"), (extension,))
    head = addressing.request(messages.SUBSCRIBE, "http://h/")
    first, second = envelope.write(head, sent), envelope.write(head, sent)
    assert first == second
    read = Subscribe.from_message(envelope.read_request(first))
    assert (read.notify_to, read.end_to, read.expires, read.filter) == (SINK, SINK, sent.expires, sent.filter)
    assert [etree.tostring(element, method="c14n", exclusive=True) for element in read.extensions] == [
        b'<x xmlns="urn:x"><y></y></x>'
    ]


def test_the_manager_s_identifier_comes_back_with_a_renewal() -> None:
    manager = EndpointReference("http://192.0.2.1/manage", reference_parameters=(identifier_block("urn:uuid:7"),))
    response = SubscribeResponse.from_xml(SubscribeResponse(manager, timedelta(hours=1)).to_xml())
    assert (response.manager, response.expires) == (manager, timedelta(hours=1))
    data = envelope.write(
        addressing.request(messages.RENEW, response.manager.address),
        Renew(timedelta(minutes=30)),
        blocks=response.manager.header_blocks(),
    )
    message = envelope.read_request(data)
    assert messages.identifier_of(message) == "urn:uuid:7"
    assert Renew.from_message(message).expires == timedelta(minutes=30)


def test_a_renewal_without_an_identifier_is_an_invalid_message() -> None:
    message = envelope.read_request(envelope.write(addressing.request(messages.RENEW, "http://h/"), Renew()))
    with pytest.raises(OperationRefused) as caught:
        messages.identifier_of(message)
    assert caught.value.fault.subcode == f"{{{WSE}}}InvalidMessage"


@pytest.mark.parametrize("tag", ["RenewResponse", "GetStatusResponse"])
def test_a_lease_reads_back(tag: str) -> None:
    lease = Lease(tag, timedelta(days=1))
    assert Lease.from_xml(lease.to_xml()) == lease


@pytest.mark.parametrize("status", list(EndStatus))
def test_an_end_reads_back(status: EndStatus) -> None:
    end = SubscriptionEnd(SINK, status, "why")
    assert SubscriptionEnd.from_xml(end.to_xml()) == end


@pytest.mark.parametrize("read", [SubscribeResponse.from_xml, Lease.from_xml, SubscriptionEnd.from_xml])
def test_an_answer_of_another_kind_is_refused(read: object) -> None:
    with pytest.raises(WireError):
        read(etree.Element("x"))  # type: ignore[operator]
