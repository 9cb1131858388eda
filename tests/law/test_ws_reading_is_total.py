"""Whatever bytes a stranger sends, reading ends in a message or in a refusal, never in another error."""

import contextlib
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bridge.discovery import messages
from bridge.discovery.messages import Hello, Probe, ProbeMatches, Resolve, ResolveMatches, Target
from bridge.discovery.responder import Announced, Responder
from bridge.dpws.metadata import Metadata, scanner_service
from bridge.errors import OperationRefused, WireError
from bridge.eventing.messages import SUBSCRIBE, Filter, Renew, Subscribe, SubscribeResponse, SubscriptionEnd
from bridge.soap import addressing, envelope, fault, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block

TARGET = Target("urn:uuid:1", (messages.DEVICE_TYPE,), ("urn:a",), ("http://192.0.2.1/",), 1)
SINK = EndpointReference("http://192.0.2.9/", ('<k xmlns="urn:k" a="1">v</k>',), (identifier_block("urn:uuid:2"),))
BODIES = (
    Probe((messages.DEVICE_TYPE,), ("urn:a",), "urn:rule"),
    Resolve("urn:uuid:1"),
    Hello(TARGET),
    ProbeMatches((TARGET,)),
    ResolveMatches(TARGET),
    Metadata("m", "n", "f", (scanner_service(("http://192.0.2.1/",), "uri:1", "VEN_0000&DEV_X"),)),
    Subscribe(SINK, SINK, timedelta(hours=1), Filter("urn:dialect", "urn:a"), (etree.Element("{urn:x}x"),)),
    Renew(timedelta(hours=1)),
    SubscribeResponse(SINK, timedelta(hours=1)),
    SubscriptionEnd(SINK, "urn:status", "why"),
    fault.to_xml(fault.action_not_supported("urn:a")),
)
HEADERS = addressing.request(SUBSCRIBE, "http://192.0.2.1/")
ACTIONS = (messages.PROBE, messages.RESOLVE, SUBSCRIBE)
READERS = (Subscribe.from_message, Renew.from_message)
ELEMENT_READERS = (
    Probe.from_xml,
    Resolve.from_xml,
    Hello.from_xml,
    ProbeMatches.from_xml,
    ResolveMatches.from_xml,
    Metadata.from_xml,
    SubscribeResponse.from_xml,
    SubscriptionEnd.from_xml,
    fault.from_xml,
)


def seeds() -> list[bytes]:
    return [
        envelope.write(Addressing(action, names.DISCOVERY_TO, "urn:uuid:1", reply_to=SINK), body)
        for action in ACTIONS
        for body in BODIES
    ] + [envelope.write(HEADERS, body) for body in BODIES]


SEEDS = seeds()
# Words swapped for words keep most texts well-formed, so that damage reaches the floors behind the parser.
WORDS = sorted({word for seed in SEEDS for word in seed.replace(b'"', b" ").replace(b">", b" ").split()})
EDITS = st.lists(
    st.tuples(st.sampled_from(WORDS), st.one_of(st.sampled_from(WORDS), st.binary(max_size=6), st.just(b""))),
    max_size=4,
)


@settings(max_examples=400)
@given(seed=st.sampled_from(SEEDS), edits=EDITS, cut=st.integers(0, 40))
def test_reading_ends_in_a_message_or_a_refusal(seed: bytes, edits: list[tuple[bytes, bytes]], cut: int) -> None:
    data = seed
    for old, new in edits:
        data = data.replace(old, new, 1)
    if cut > 30:
        data = data[: len(data) * cut // 40]
    ours = Responder(1, Random(1))
    ours.put(Announced("urn:uuid:1", (messages.DEVICE_TYPE,), lambda _: ("http://192.0.2.1/",)))
    ours.answer(data, "192.0.2.9", "192.0.2.1")
    try:
        message = envelope.read(data)
    except OperationRefused as err:
        envelope.read(envelope.answer_refusal(err))  # what we answer can be read in its turn
        return
    with contextlib.suppress(OperationRefused, WireError):
        ours.directed(message, "192.0.2.1")
    for read in READERS:
        with contextlib.suppress(OperationRefused):
            read(message)
    if message.body is not None:
        for read_element in ELEMENT_READERS:
            with contextlib.suppress(WireError):
                read_element(message.body)
