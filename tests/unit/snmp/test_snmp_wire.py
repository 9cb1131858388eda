"""What goes over the wire: a request coded once, an answer that repeats, strangers' answers, quick ends."""

import asyncio
import time

import pytest

from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.contract.tap import TAP
from drivers.snmp.credentials import Auth, Community, User
from drivers.snmp.link import open_link
from drivers.snmp.wire import community
from hil.snmp.agent import Agent, answer
from hil.snmp.ber import Tag, Typed
from hil.snmp.message import Pdu, Status, parse, response
from hil.snmp.mib import Mib, oid

NAME = "1.3.6.1.2.1.1.5.0"


class Recorder(asyncio.DatagramProtocol):
    """An agent that keeps what it was asked, and may answer oddly."""

    def __init__(self, value: int = 1) -> None:
        self.asked: list[bytes] = []
        self.value = value
        self.twist = lambda reply: [reply]

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        self.asked.append(data)
        reply = answer(data, Mib({oid(NAME): Typed(Tag.INTEGER, self.value)}), b"public")
        for each in self.twist(reply):
            self.transport.sendto(each, addr)


@pytest.fixture
async def agent():
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Recorder, local_addr=("127.0.0.1", 0)
    )
    yield protocol
    transport.close()


@pytest.fixture
async def link(agent, request):
    patience = getattr(request, "param", 8.0)
    opened = await open_link(*agent.transport.get_extra_info("sockname"), Community(), timeout=patience, retries=0)
    yield opened
    await opened.close()


impatient = pytest.mark.parametrize("link", [0.5], indirect=True)


async def test_a_get_is_coded_once_and_only_its_request_id_changes(agent, link, monkeypatch) -> None:
    coded = []
    encode = community.encoder.encode
    monkeypatch.setattr(community.encoder, "encode", lambda message: coded.append(message) or encode(message))
    for _ in range(5):
        assert await link.get([NAME]) == {NAME: 1}
    assert len(coded) == 1
    requests = [parse(each) for each in agent.asked]
    assert len({request.id for request in requests}) == 5
    assert {(request.community, request.pdu, request.names) for request in requests} == {
        (b"public", 0xA0, (oid(NAME),))
    }


@pytest.mark.parametrize("name", ["", "\x02\x04\x11\x11\x11\x11", "x" * 500 + "\x02\x04\x11\x11\x11\x11\x02\x04"])
async def test_the_request_id_is_found_behind_a_community_that_looks_like_it(agent, name) -> None:
    link = await open_link(*agent.transport.get_extra_info("sockname"), Community(name), timeout=0.1, retries=0)
    for _ in range(2):
        with pytest.raises(DeviceTimeout):
            await link.get([NAME])  # the agent's community is another
    await link.close()
    async with asyncio.timeout(5):  # they have been sent; on a busy machine the agent may not have had its turn yet
        while len(agent.asked) < 2:  # noqa: ASYNC110 - sockets tell nobody
            await asyncio.sleep(0.01)
    requests = [parse(each) for each in agent.asked]
    assert {(each.community, each.names) for each in requests} == {(name.encode(), (oid(NAME),))}
    assert len({each.id for each in requests}) == 2


async def test_an_answer_that_repeats_is_not_decoded_and_one_that_differs_is(agent, link, monkeypatch) -> None:
    decoded = []
    decode = community.decoder.decode
    monkeypatch.setattr(community.decoder, "decode", lambda data, **spec: decoded.append(data) or decode(data, **spec))
    for value, times in ((1, 1), (1, 1), (2, 2), (2, 2), (300, 3), (1, 4)):
        agent.value = value
        assert await link.get([NAME]) == {NAME: value}
        assert len(decoded) == times


async def test_a_walk_of_few_rows_may_come_again_and_one_of_many_is_coded_for_itself(link, monkeypatch) -> None:
    coded, decoded = [], []
    encode, decode = community.encoder.encode, community.decoder.decode
    monkeypatch.setattr(community.encoder, "encode", lambda message: coded.append(message) or encode(message))
    monkeypatch.setattr(community.decoder, "decode", lambda data, **spec: decoded.append(data) or decode(data, **spec))
    for rows, codings, decodings in ((2, 1, 1), (2, 1, 1), (3, 2, 2), (3, 3, 3), (2, 3, 3)):
        assert await link.walk("1.3.6.1.2.1.1.5", rows=rows) == {NAME: 1}
        assert (len(coded), len(decoded)) == (codings, decodings)


@impatient
async def test_a_late_answer_to_an_older_request_is_none_to_this_one(agent, link) -> None:
    kept = []
    await link.get([NAME])
    agent.twist = lambda reply: kept.append(reply) or []
    with pytest.raises(DeviceTimeout):
        await link.get([NAME])
    agent.value, agent.twist = 7, lambda reply: [kept[0], reply]
    assert await link.get([NAME]) == {NAME: 7}


@pytest.mark.parametrize("junk", [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\xff" * 900, b"\x30\x80" * 400])
async def test_junk_before_the_answer_does_no_harm(agent, link, junk) -> None:
    agent.twist = lambda reply: [junk, reply]
    for _ in range(3):
        assert await link.get([NAME]) == {NAME: 1}


@impatient
async def test_an_answer_of_another_community_is_junk(agent, link) -> None:
    agent.twist = lambda reply: [reply.replace(b"public", b"publix")]
    with pytest.raises(DeviceTimeout, match="no answer"):
        await link.get([NAME])


async def test_a_port_where_nobody_listens_is_a_time_out_that_says_so() -> None:
    agent = Agent(lambda: Mib({}))
    host, port = await agent.start()
    agent.close()
    await asyncio.sleep(0)
    link = await open_link(host, port, Community(), timeout=0.1, retries=1)
    began = time.monotonic()
    with pytest.raises(DeviceTimeout, match="Connection refused"):
        await link.get([NAME])
    assert time.monotonic() - began > 0.15
    await link.close()


async def test_a_link_that_is_closed_ends_the_question_that_waits(agent, link) -> None:
    agent.twist = lambda reply: []
    waiting = asyncio.create_task(link.get([NAME]))
    await asyncio.sleep(0.05)
    await link.close()
    with pytest.raises(DeviceGone, match="closed"):
        await waiting


async def test_a_question_that_is_given_up_leaves_the_link_usable(agent, link) -> None:
    agent.twist = lambda reply: []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(link.get([NAME]), 0.05)
    agent.twist = lambda reply: [reply]
    assert await link.get([NAME]) == {NAME: 1}


@pytest.mark.parametrize(
    ("name", "auth", "privacy"),
    [
        ("", None, None),
        ("x" * 33, None, None),
        ("u", "short", None),
        ("u", None, "long enough"),
        ("u", "12345678", "1"),
    ],
)
def test_a_user_that_usm_does_not_allow_cannot_be_made(name, auth, privacy) -> None:
    with pytest.raises(ValueError, match=r"octets|password|encryption"):
        User(name, Auth.SHA, auth, privacy_password=privacy)


async def test_no_secret_is_shown_or_told_to_a_tape(agent) -> None:
    user = User("watcher", Auth.SHA256, "auth-secret", privacy_password="priv-secret")
    assert "secret" not in repr(user) + str(user)
    told = []
    TAP.listen(told.append)
    try:
        host, port = agent.transport.get_extra_info("sockname")
        link = await open_link(host, port, user, timeout=0.1, retries=0)
        with pytest.raises(DeviceTimeout) as caught:
            await link.get([NAME])
        await link.close()
    finally:
        TAP.unlisten(told.append)
    assert told
    assert "secret" not in repr(told) + str(caught.value)


class Stumbling(asyncio.DatagramProtocol):
    """An agent that answers what it lacks by genErr, and says where or not; and GETBULK only in small pieces."""

    def __init__(self, *, says_where: bool) -> None:
        self.says_where = says_where
        self.there = Mib({oid(f"1.3.6.1.{n}.0"): Typed(Tag.INTEGER, n) for n in (1, 2, 4, 7)})

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        request = parse(data)
        missing = next((at for at, name in enumerate(request.names, 1) if self.there.get(name) is None), 0)
        if request.pdu == Pdu.GET_BULK and request.second > 5:
            reply = response(request, [], Status.TOO_BIG)
        elif request.pdu == Pdu.GET_BULK and self.there.after(request.names[0]) is None:
            reply = response(request, [], Status.GEN_ERR, 1)
        elif request.pdu == Pdu.GET and missing:
            reply = response(request, [], Status.GEN_ERR, missing if self.says_where else 0)
        else:
            reply = answer(data, self.there, b"public")
        self.transport.sendto(reply, addr)


@pytest.mark.parametrize("says_where", [True, False])
async def test_an_agent_that_stumbles_over_what_it_lacks_still_tells_the_rest(says_where) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Stumbling(says_where=says_where), local_addr=("127.0.0.1", 0)
    )
    link = await open_link(*transport.get_extra_info("sockname"), Community(), timeout=8, retries=0)
    try:
        names = [f"1.3.6.1.{n}.0" for n in range(1, 9)]
        assert await link.get(names) == {name: n if n in (1, 2, 4, 7) else None for n, name in enumerate(names, 1)}
        assert list((await link.walk("1.3.6.1")).values()) == [1, 2, 4, 7]
        assert await link.walk("1.3.6.1.9") == {}
    finally:
        await link.close()
        transport.close()
