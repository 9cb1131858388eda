"""The real link against the bench's agent, over UDP on loopback."""

import asyncio
import subprocess
import sys

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.contract.observation import Feeder, Readiness
from drivers.snmp.credentials import Community, Version
from drivers.snmp.device import open_device
from drivers.snmp.link import open_link
from hil.devices.mfp.serve import serve
from hil.devices.stimuli import LoadPaper
from hil.snmp.agent import Agent, Line
from hil.snmp.ber import Tag, Typed
from hil.snmp.message import Status, parse, response
from hil.snmp.mib import Mib, oid, overlay, read_recording

ROW = "1.3.6.1.2.1.25.3.2.1"


@pytest.fixture
async def agents():
    started: list[Agent] = []

    async def start(mib, community="public", line=None):
        agent = Agent(mib if callable(mib) else lambda: mib, community, line)
        started.append(agent)
        return agent, *await agent.start()

    yield start
    for agent in started:
        agent.close()


@pytest.fixture
async def ask():
    opened = []

    async def link(host, port, community="public", version=Version.V2C, **patience):
        opened.append(await open_link(host, port, Community(community, version), **patience))
        return opened[-1]

    yield link
    for each in opened:
        await each.close()


OBJECTS = Mib(
    {
        oid("1.3.6.1.1.0"): Typed(Tag.INTEGER, -3),
        oid("1.3.6.1.2.0"): Typed(Tag.OCTETS, b"\0\xff"),
        oid("1.3.6.1.3.0"): Typed(Tag.OID, oid("1.3.6.1.4.1.11")),
        oid("1.3.6.1.4.0"): Typed(Tag.COUNTER32, 2**32 - 1),
        oid("1.3.6.1.5.0"): Typed(Tag.IP_ADDRESS, b"\x7f\0\0\1"),
        oid("1.3.6.1.6.0"): Typed(Tag.TIME_TICKS, 7),
        oid("1.3.6.1.7.0"): Typed(Tag.OPAQUE, b"abc"),
        oid("1.3.6.1.8.0"): Typed(Tag.NULL),
        oid("1.3.6.1.9.0"): Typed(Tag.COUNTER64, 2**64 - 1),
    }
)
PLAIN = {
    "1.3.6.1.1.0": -3,
    "1.3.6.1.2.0": b"\0\xff",
    "1.3.6.1.3.0": "1.3.6.1.4.1.11",
    "1.3.6.1.4.0": 4294967295,
    "1.3.6.1.5.0": b"\x7f\0\0\1",
    "1.3.6.1.6.0": 7,
    "1.3.6.1.7.0": b"abc",
    "1.3.6.1.8.0": None,
}


async def test_values_of_all_types_come_out_plain(agents, ask) -> None:
    _, host, port = await agents(OBJECTS)
    link = await ask(host, port)
    assert await link.get([*PLAIN, "1.3.6.1.9.0"]) == PLAIN | {"1.3.6.1.9.0": 2**64 - 1}


@pytest.mark.parametrize("version", list(Version))
async def test_missing_objects_are_none_among_others_that_are_there(agents, ask, version) -> None:
    _, host, port = await agents(OBJECTS)
    link = await ask(host, port, version=version)
    assert await link.get(["1.3.6.1.1.0", "1.3.9.9.0", "1.3.6.1.2.0", "1.3.6.1.2.1"]) == {
        "1.3.6.1.1.0": -3,
        "1.3.9.9.0": None,
        "1.3.6.1.2.0": b"\0\xff",
        "1.3.6.1.2.1": None,
    }


async def test_an_answer_too_big_is_asked_for_in_halves(agents, ask) -> None:
    big = Mib({oid(f"1.3.6.{n}"): Typed(Tag.OCTETS, bytes([n]) * 400) for n in range(1, 13)})
    agent, host, port = await agents(big)
    link = await ask(host, port)
    found = await link.get([f"1.3.6.{n}" for n in range(1, 13)])
    assert found == {f"1.3.6.{n}": bytes([n]) * 400 for n in range(1, 13)}
    assert agent.requests == 7  # 12, 6+6, 3+3+3+3


@pytest.mark.parametrize("version", list(Version))
async def test_a_walk_stays_below_its_root_and_within_its_rows(agents, ask, version) -> None:
    table = Mib({oid(f"1.3.6.1.{column}.{row}"): Typed(Tag.INTEGER, row) for column in (1, 2) for row in range(100)})
    _, host, port = await agents(table)
    link = await ask(host, port, version=version)
    assert await link.walk("1.3.6.1.1") == {f"1.3.6.1.1.{row}": row for row in range(100)}
    assert len(await link.walk("1.3.6.1", rows=30)) == 30
    assert await link.walk("1.3.6.1.1.5") == {}
    assert await link.walk("1.3.6.1.2") == {f"1.3.6.1.2.{row}": row for row in range(100)}


async def test_a_walk_has_a_time_limit(agents, ask) -> None:
    table = Mib({oid(f"1.3.6.1.1.{row}"): Typed(Tag.INTEGER, row) for row in range(1000)})
    _, host, port = await agents(table, line=Line(delay=0.1))
    link = await ask(host, port)
    with pytest.raises(DeviceTimeout, match=r"walking 1\.3\.6 took more than 0\.25 s"):
        await link.walk("1.3.6", rows=1000, seconds=0.25)


async def test_a_wrong_community_is_silence_and_its_name_is_not_told(agents, ask) -> None:
    _, host, port = await agents(OBJECTS, community="s3cret")
    link = await ask(host, port, "wr0ng", timeout=0.2, retries=1)
    async with asyncio.timeout(8):
        with pytest.raises(DeviceTimeout, match="another community") as caught:
            await link.get(["1.3.6.1.1.0"])
    assert "wr0ng" not in str(caught.value)
    assert "wr0ng" not in repr(Community("wr0ng"))
    assert (await (await ask(host, port, "s3cret")).get(["1.3.6.1.1.0"])) == {"1.3.6.1.1.0": -3}


async def test_a_lost_datagram_is_sent_again(agents, ask) -> None:
    agent, host, port = await agents(OBJECTS, line=Line(loss=1.0))
    link = await ask(host, port, timeout=1.0, retries=3)
    waiting = asyncio.create_task(link.get(["1.3.6.1.1.0"]))
    await asyncio.sleep(0.1)
    agent.line.loss = 0.0
    assert await waiting == {"1.3.6.1.1.0": -3}
    assert agent.requests == 2


async def test_a_name_that_does_not_resolve_is_gone(ask) -> None:
    with pytest.raises(DeviceGone, match="does not resolve"):
        await ask("no-such-host.invalid", 161)


async def test_a_closed_link_is_gone_and_may_be_closed_again(agents, ask) -> None:
    _, host, port = await agents(OBJECTS)
    link, other = await ask(host, port), await ask(host, port)
    await link.close()
    await link.close()
    with pytest.raises(DeviceGone):
        await link.get(["1.3.6.1.1.0"])
    assert await other.get(["1.3.6.1.1.0"]) == {"1.3.6.1.1.0": -3}


async def test_garbage_and_strangers_do_not_hurt_the_agent(agents, ask) -> None:
    _, host, port = await agents(OBJECTS)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(host, port)
    )
    for junk in (b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\0" * 2000):
        transport.sendto(junk)
    transport.close()
    assert await (await ask(host, port)).get(["1.3.6.1.1.0"]) == {"1.3.6.1.1.0": -3}


class Liar(asyncio.DatagramProtocol):
    """Answers each request with what `lie` makes of it."""

    def __init__(self, lie) -> None:
        self._lie = lie

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data, addr) -> None:
        self._transport.sendto(self._lie(data), addr)


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (lambda request: request, DeviceTimeout),
        (lambda request: request[:-3], DeviceTimeout),
        (lambda request: b"\x30\x80" * 700, DeviceTimeout),
        (lambda request: response(parse(request), [], Status.WRONG_LENGTH), DeviceGarbled),
        (lambda request: response(parse(request), [], Status.AUTHORIZATION_ERROR), DeviceRefused),
        (lambda request: response(parse(request), [], Status.TOO_BIG), DeviceGarbled),
    ],
)
async def test_an_agent_that_lies_is_an_error_of_ours_in_good_time(ask, lie, error) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Liar(lie), local_addr=("127.0.0.1", 0)
    )
    link = await ask(*transport.get_extra_info("sockname"), timeout=0.2, retries=0)
    async with asyncio.timeout(8):
        with pytest.raises(error):
            await link.get(["1.3.6.1.1.0"])
    transport.close()


async def test_an_answer_about_other_objects_is_none_for_ours(ask) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Liar(lambda request: response(parse(request), [(oid("1.3.9"), Typed(Tag.INTEGER, 1))])),
        local_addr=("127.0.0.1", 0),
    )
    link = await ask(*transport.get_extra_info("sockname"))
    assert await link.get(["1.3.6.1.1.0"]) == {"1.3.6.1.1.0": None}
    assert await link.walk("1.3.6.1") == {}
    transport.close()


def test_the_driver_does_not_load_pysnmp_before_a_device_is_opened() -> None:
    program = "import sys, drivers.snmp.device; sys.exit(any(name.startswith('pysnmp') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_the_recorded_m130nw_is_read_over_udp(agents, recordings) -> None:
    mib = read_recording(recordings / "jetdirect_m130nw.snmprec")
    _, host, port = await agents(mib)
    device = await open_device(host, port, clock=SystemClock())
    try:
        snapshot = await device.observers[0].poll()
    finally:
        await device.close()
    assert device.identity.key == f"snmp-127.0.0.1:{port}"
    assert device.identity.manufacturer == "HP"
    assert device.identity.model == "HP LaserJet MFP M130nw"
    assert device.identity.serial == "VNCRC48198"
    assert device.identity.firmware == "20201023"
    assert snapshot.readiness is Readiness.IDLE
    assert snapshot.troubles == frozenset()
    assert snapshot.jobs == ()
    # scanner-modular-hardware 00000002: this model has no feeder, although its empty bit is set.
    assert snapshot.feeder is Feeder.UNKNOWN
    assert dict(snapshot.facts) == {"feeder": "none", "printer": "running"}


async def test_the_recorded_m130nw_with_a_feeder_would_show_it_empty(agents, recordings) -> None:
    mib = read_recording(recordings / "jetdirect_m130nw.snmprec")
    hardware = oid("1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.1.75.0")
    _, host, port = await agents(overlay(mib, [(hardware, Typed(Tag.OCTETS, b"\0\0\0\3"))]))
    device = await open_device(host, port, clock=SystemClock())
    try:
        snapshot = await device.observers[0].poll()
    finally:
        await device.close()
    assert (snapshot.feeder, snapshot.troubles, snapshot.readiness) == (Feeder.EMPTY, frozenset(), Readiness.IDLE)


async def test_every_recording_is_played_and_opened(agents, recordings) -> None:
    for path in sorted(recordings.glob("*.snmprec")):
        mib = read_recording(path)
        _, host, port = await agents(mib)
        device = await open_device(host, port, clock=SystemClock())
        try:
            snapshot = await device.observers[0].poll()
        finally:
            await device.close()
        assert device.identity.model, path.name
        assert (snapshot.readiness, snapshot.jobs) == (Readiness.IDLE, ()), path.name


async def test_the_recorded_ds_860_is_an_epson_scanner(agents, recordings) -> None:
    _, host, port = await agents(read_recording(recordings / "epson-scanner_ds-860.snmprec"))
    device = await open_device(host, port, clock=SystemClock())
    await device.close()
    assert device.identity.name == "Epson DS-860"


async def test_serve_says_where_it_is_and_takes_stimuli() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    stimuli = asyncio.Queue()
    serving = asyncio.create_task(serve(("127.0.0.1", 0), stimuli=stimuli, say=said.put_nowait))
    line = await asyncio.wait_for(said.get(), 5)
    assert line.startswith("ready snmp://127.0.0.1:")
    device = await open_device("127.0.0.1", int(line.rpartition(":")[2]), clock=SystemClock())
    try:
        assert (await device.observers[0].poll()).feeder is Feeder.EMPTY
        stimuli.put_nowait(LoadPaper(4))
        await asyncio.sleep(0)
        assert (await device.observers[0].poll()).feeder is Feeder.LOADED
    finally:
        await device.close()
        serving.cancel()
        await asyncio.wait([serving])
