"""The event sink over real HTTP: what is taken, what is refused, and what is made of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from lxml import etree

from bridge.errors import ConfigError
from bridge.eventing.messages import EndStatus, SubscriptionEnd
from bridge.net.sink import MAX_EVENT, Arrived, Sink
from bridge.soap import envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.wsscan.events import EventName, JobStatusEvent
from bridge.wsscan.year import Year
from drivers.contract.clock import SystemClock
from drivers.contract.http import Answer, HttpClient

SOAP = {"Content-Type": "application/soap+xml; charset=utf-8"}

# Written by hand after the founding document's event of job 253, in its own year and words.
EVENT_2006_01 = b"""<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:wse="http://schemas.xmlsoap.org/ws/2004/08/eventing"
 xmlns:wscn="http://schemas.microsoft.com/windows/2006/01/wdp/scan">
 <soap:Header><wsa:To>http://127.0.0.1/x</wsa:To>
  <wsa:Action>http://schemas.microsoft.com/windows/2006/01/wdp/scan/JobStatusEvent</wsa:Action>
  <wse:Identifier>urn:uuid:11111111-2222-3333-4444-555555555555</wse:Identifier></soap:Header>
 <soap:Body><wscn:JobStatusEvent><wscn:JobStatus><wscn:JobId>253</wscn:JobId><wscn:JobState>Processing</wscn:JobState>
  <wscn:JobStateReasons><wscn:JobStateReason>JobTransferring</wscn:JobStateReason></wscn:JobStateReasons>
  <wscn:ScansCompleted>2</wscn:ScansCompleted></wscn:JobStatus></wscn:JobStatusEvent></soap:Body>
</soap:Envelope>"""


class Rig:
    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.sink = Sink("127.0.0.1", self.arrived.append, SystemClock())
        self.http = HttpClient()

    async def post(self, body: bytes, url: str | None = None, headers: dict[str, str] = SOAP) -> Answer:
        return await self.http.post(url or self.sink.url, body, headers, timeout=5)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    async with made.sink, made.http:
        yield made


def message(action: str, body: etree._Element) -> bytes:
    return envelope.write(Addressing(action, "http://127.0.0.1/x"), body)


async def test_an_event_is_taken_with_an_empty_202_and_read_in_its_year(rig: Rig) -> None:
    answer = await rig.post(EVENT_2006_01)
    assert (answer.status, answer.body) == (202, b"")
    (arrived,) = rig.arrived
    assert arrived.name is EventName.JOB_STATUS
    assert arrived.year is Year.Y2006_01
    assert arrived.identifier == "urn:uuid:11111111-2222-3333-4444-555555555555"
    assert isinstance(arrived.event, JobStatusEvent)
    status = arrived.event.job_status
    assert (status.job_id, status.job_state, status.scans_completed.count) == (253, "Processing", 2)
    assert status.job_state_reasons is not None
    assert status.job_state_reasons.job_state_reason == ("JobTransfering",)  # the models' spelling
    assert arrived.raw == EVENT_2006_01
    assert arrived.peer == "127.0.0.1"


async def test_events_on_one_connection_keep_their_order(rig: Rig) -> None:
    for count in range(20):
        await rig.post(EVENT_2006_01.replace(b">2</wscn:Scans", b">%d</wscn:Scans" % count))
    counts = [each.event.job_status.scans_completed.count for each in rig.arrived]  # type: ignore[union-attr]
    assert counts == list(range(20))
    assert [each.at for each in rig.arrived] == sorted(each.at for each in rig.arrived)


async def test_the_end_of_a_subscription_is_recognised(rig: Rig) -> None:
    manager = EndpointReference("http://127.0.0.1/events", reference_parameters=(identifier_block("urn:uuid:1"),))
    end = SubscriptionEnd(manager, EndStatus.SOURCE_SHUTTING_DOWN, "good night")
    await rig.post(message(f"{names.WSE}/SubscriptionEnd", end.to_xml()))
    (arrived,) = rig.arrived
    assert arrived.name == "SubscriptionEnd"
    assert arrived.event == end


async def test_an_unknown_event_is_taken_and_kept_raw(rig: Rig) -> None:
    body = etree.fromstring(b'<v:TonerLow xmlns:v="urn:vendor"><v:Level>3</v:Level></v:TonerLow>')
    assert (await rig.post(message("urn:vendor/TonerLow", body))).status == 202
    (arrived,) = rig.arrived
    assert (arrived.name, arrived.event, arrived.year) == ("TonerLow", None, None)
    assert arrived.message.body is not None
    assert arrived.message.body.findtext("{urn:vendor}Level") == "3"


async def test_an_event_without_an_action_is_known_by_its_element(rig: Rig) -> None:
    start, end = EVENT_2006_01.index(b"<wsa:Action>"), EVENT_2006_01.index(b"</wsa:Action>") + len(b"</wsa:Action>")
    await rig.post(EVENT_2006_01[:start] + EVENT_2006_01[end:])
    assert rig.arrived[0].name is EventName.JOB_STATUS


async def test_an_event_that_lacks_what_it_must_have_is_handed_on_with_its_flaw(rig: Rig) -> None:
    answer = await rig.post(EVENT_2006_01.replace(b"<wscn:JobId>253</wscn:JobId>", b""))
    assert answer.status == 202
    assert rig.arrived[0].event is None
    assert rig.arrived[0].flaw == "JobStatusEvent/JobStatus/JobId: is missing"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"<a", SOAP, 400, id="not XML"),
        pytest.param(b"<!DOCTYPE a []><a/>", SOAP, 400, id="a DTD"),
        pytest.param(b"{}", {"Content-Type": "application/json"}, 415, id="another type"),
        pytest.param(b" " * (MAX_EVENT + 1), SOAP, 413, id="too large"),
    ],
)
async def test_what_is_no_message_is_refused_and_not_heard(
    rig: Rig, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert (await rig.post(body, headers=headers)).status == status
    assert not rig.arrived


async def test_only_who_knows_the_path_is_heard(rig: Rig) -> None:
    host = rig.sink.url.rpartition("/")[0]
    assert (await rig.post(EVENT_2006_01, url=f"{host}/")).status == 404
    assert (await rig.post(EVENT_2006_01, url=f"{host}/11111111-2222-3333-4444-555555555555")).status == 404
    assert not rig.arrived


async def test_a_get_is_no_event(rig: Rig) -> None:
    host, port = rig.sink.url.removeprefix("http://").partition("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /" + rig.sink.url.rpartition("/")[2].encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert b" 405 " in head


async def test_a_port_that_is_taken_is_the_operators_business(rig: Rig) -> None:
    port = int(rig.sink.url.split(":")[2].partition("/")[0])
    with pytest.raises(ConfigError, match="cannot listen"):
        async with Sink("127.0.0.1", rig.arrived.append, SystemClock(), port):
            pass
