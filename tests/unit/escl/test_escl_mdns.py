"""Finding eSCL services by multicast DNS: datagrams by hand, and a responder on this machine."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.clock import SystemClock
from drivers.escl import dns, mdns
from tests.unit.escl.conftest import Turned


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + kind.to_bytes(2, "big") + b"\x80\x01" + bytes(4) + len(data).to_bytes(2, "big") + data


def answer(*records: bytes) -> bytes:
    return bytes([0, 0, 0x84, 0, 0, 0, 0, len(records), 0, 0, 0, 0]) + b"".join(records)


def announced(kind: str = "_uscan._tcp.local", port: int = 80, text: bytes = b"\x07rs=eSCL") -> bytes:
    instance = b"\x09MFP 1.2nd" + b"\xc0\x0c"  # a dot in its name, and a pointer to that of the kind
    service = port.to_bytes(2, "big")
    return answer(
        record(name(kind), dns.PTR, instance),
        record(b"\x09MFP 1.2nd" + name(kind), dns.SRV, bytes(4) + service + name("mfp.local")),
        record(b"\x09MFP 1.2nd" + name(kind), dns.TXT, text),
    )


def test_the_question_is_that_of_rfc_6763() -> None:
    assert dns.question(("_uscan._tcp.local",)) == (
        bytes([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + b"\x06_uscan\x04_tcp\x05local\x00" + bytes([0, 12, 0, 1])
    )


def test_a_service_is_its_kind_its_port_and_its_text() -> None:
    assert dns.services(announced(port=9095, text=b"\x0brs=eSCL/foo\x04ty=X"), mdns.KINDS) == [
        dns.Service("_uscan._tcp.local", 9095, {"rs": "eSCL/foo", "ty": "X"})
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(12),
        answer(b"\xc0\x0c" + bytes(10)),  # a name that is itself
        answer(record(name("_uscan._tcp.local"), dns.PTR, b"\x05ab")),
        answer(name("x") + bytes(8) + b"\xff\xff"),
        answer(b"\x3f" + b"x" * 10),
        announced()[:-3],
    ],
)
def test_what_is_no_answer_is_said(data: bytes) -> None:
    with pytest.raises(dns.NotDns):
        dns.services(data, mdns.KINDS)


@pytest.mark.parametrize("records", [(), (record(name("_ipp._tcp.local"), dns.PTR, name("x._ipp._tcp.local")),)])
def test_other_services_are_none_of_ours(records: tuple[bytes, ...]) -> None:
    assert dns.services(answer(*records), mdns.KINDS) == []


@given(st.binary(max_size=400))
def test_any_datagram_is_an_answer_or_is_refused(data: bytes) -> None:
    try:
        found = dns.services(b"\0\0\x84\0" + data, mdns.KINDS)
    except dns.NotDns:
        return
    assert isinstance(found, list)


class Responder(asyncio.DatagramProtocol):
    """Answers whatever it is asked."""

    def __init__(self, *answers: bytes) -> None:
        self.answers, self.asked = answers, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += data == dns.question(mdns.KINDS)
        for each in self.answers:
            self.transport.sendto(each, addr)  # type: ignore[attr-defined]


async def heard(*answers: bytes, ours: bool = False) -> list[str]:
    loop = asyncio.get_running_loop()
    transport, responder = await loop.create_datagram_endpoint(lambda: Responder(*answers), local_addr=("127.0.0.1", 0))
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.setblocking(False)
    try:
        found = await mdns.ask([(endpoint, transport.get_extra_info("sockname"))], SystemClock(), lambda _address: ours)
    finally:
        transport.close()
    assert responder.asked == 1
    return found


async def test_who_answers_is_found_at_the_address_it_answers_from() -> None:
    assert await heard(announced(), announced(), b"garbage", announced("_uscans._tcp.local", 443, b"\x03rs=")) == [
        "http://127.0.0.1:80/eSCL",
        "https://127.0.0.1:443/eSCL",
    ]


async def test_what_this_machine_serves_is_left_out() -> None:
    assert await heard(announced(), ours=True) == []


async def test_a_path_cannot_leave_its_url() -> None:
    assert await heard(announced(text=b"\x10rs=a b\r\n?x=#@y/z")) == ["http://127.0.0.1:80/abxy/z"]


def test_only_an_address_of_this_machine_is_ours() -> None:
    assert mdns._ours("127.0.0.1")
    assert not mdns._ours("192.0.2.1")
    assert not mdns._ours("no address")


async def test_one_that_is_announced_over_both_is_found_once(clock: Turned) -> None:
    async def ask() -> list[str]:
        return ["http://192.0.2.1:80/eSCL", "https://192.0.2.1:443/eSCL", "http://192.0.2.1:80/eSCL/2"]

    assert await mdns.Browser(clock, ask).urls() == ["https://192.0.2.1:443/eSCL", "http://192.0.2.1:80/eSCL/2"]


async def test_one_that_falls_silent_is_told_for_a_while(clock: Turned) -> None:
    answers = [["http://192.0.2.1:80/eSCL"], [], [], []]

    async def ask() -> list[str]:
        return answers.pop(0)

    browser = mdns.Browser(clock, ask)
    assert await browser.urls() == ["http://192.0.2.1:80/eSCL"]
    assert await browser.urls() == ["http://192.0.2.1:80/eSCL"]
    assert len(answers) == 3  # not asked again so soon
    clock.seconds += mdns.AGAIN
    assert await browser.urls() == ["http://192.0.2.1:80/eSCL"]
    clock.seconds += mdns.KEPT
    assert await browser.urls() == []
