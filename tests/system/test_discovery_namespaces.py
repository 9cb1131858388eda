"""Found from another machine: two network namespaces, the bridge in one of them, its clients in the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from bridge.discovery import messages
from bridge.discovery.messages import ProbeMatches, Resolve, ResolveMatches, Target
from bridge.net import multicast, subscribing
from bridge.net.finding import get_metadata, probe
from bridge.net.sink import Arrived, Sink
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference
from bridge.wsscan.events import EventName
from bridge.wsscan.year import action
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from tests.system.namespaces import Laboratory, laboratory
from tests.system.product import QUICK, Running, bridge

HERE, THERE = "198.51.100.1", "198.51.100.2"
HERE6, THERE6 = "fd00:6::1", "fd00:6::2"
PORT = 5380


@asynccontextmanager
async def served(lab: Laboratory, place: Path, settings: str = "") -> AsyncIterator[Running]:
    """The bridge with a simulated scanner, on every interface of `here`."""
    async with bridge(
        place,
        "--simulate",
        f"esci={QUICK}",
        listen=f"0.0.0.0:{PORT}",
        multicast=True,
        prefix=lab.enter("here"),
        settings=settings,
    ) as running:
        yield running


def joined(lab: Laboratory) -> None:
    lab.join("here", "wa", "there", "wb")
    lab.address("here", "wa", f"{HERE}/24", f"{HERE6}/64")
    lab.address("there", "wb", f"{THERE}/24", f"{THERE6}/64")
    lab.link_local("here", "wa")
    lab.link_local("there", "wb")


async def asked(question: bytes, version: int, interface: str = "wb", seconds: float = 2.0) -> list[tuple[Target, str]]:
    """Every match of a multicast question, with the address that it came from; copies once."""
    found: dict[str, tuple[Target, str]] = {}
    identifier = envelope.read(question).addressing.message_id

    def heard(data: bytes, sender: str) -> bool:
        assert len(data) <= 1452
        message = envelope.read(data)
        assert message.addressing.relates_to == identifier
        assert message.body is not None
        if message.addressing.action == messages.PROBE_MATCHES:
            targets: tuple[Target | None, ...] = ProbeMatches.from_xml(message.body).targets
        else:
            targets = (ResolveMatches.from_xml(message.body).target,)
        found.update({str(message.addressing.message_id): (target, sender) for target in targets if target})
        return False

    await multicast.ask(
        interface, question, seconds, clock=SystemClock(), random=Random(), heard=heard, version=version
    )
    return list(found.values())


def resolve(address: str) -> bytes:
    headers = Addressing(messages.RESOLVE, names.DISCOVERY_TO, addressing.new_message_id())
    return envelope.write(headers, Resolve(address))


def hosts(target: Target) -> list[str | None]:
    return [urlsplit(each).hostname for each in target.xaddrs]


async def until(lab: Laboratory, true: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await lab.inside("there", true):
            await asyncio.sleep(0.2)


async def test_a_neighbour_finds_it_over_both_versions_and_gets_what_it_is(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        joined(lab)
        local = lab.link_local("here", "wa")
        async with served(lab, tmp_path) as running:

            async def ask() -> None:
                ((over4, sender4),) = await asked(probe(), 4)
                assert sender4 == HERE
                assert hosts(over4) == [HERE, HERE6]
                ((over6, sender6),) = await asked(probe(), 6)
                assert sender6 == f"{local}%wb"
                assert hosts(over6) == [local, HERE6, HERE]
                assert over4.address == over6.address
                for version in (4, 6):
                    ((known, _),) = await asked(resolve(over4.address), version, seconds=0.5)
                    assert known.xaddrs == (over4, over6)[version == 6].xaddrs
                async with HttpClient() as client:
                    for url in (*over4.xaddrs, over6.xaddrs[0].replace("]", "%wb]")):
                        metadata = await get_metadata(client, url, over4.address)
                        (service,) = metadata.scanners
                        assert urlsplit(service.addresses[0]).hostname == urlsplit(url.replace("%wb", "")).hostname

            await lab.inside("there", ask)
            assert running.url == f"http://{HERE}:{PORT}{urlsplit(running.url).path}"


async def test_events_reach_a_subscriber_that_is_known_by_its_link_local_address_only(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        joined(lab)
        ours, theirs = lab.link_local("here", "wa"), lab.link_local("there", "wb")
        async with served(lab, tmp_path) as running:
            service = f"http://[{ours}%wb]:{PORT}{urlsplit(running.scan_url).path}"

            async def subscribe() -> None:
                heard: asyncio.Queue[Arrived] = asyncio.Queue()
                clock = SystemClock()
                async with HttpClient() as client, Sink("::", heard.put_nowait, clock) as sink:
                    notify = EndpointReference(sink.url.replace("[::]", f"[{theirs}]"))
                    actions = tuple(action(name) for name in EventName)
                    held = await subscribing.subscribe(
                        client, service, notify, actions, expires=timedelta(hours=1), clock=clock
                    )
                    assert urlsplit(held.manager.address).hostname == ours  # without an interface: that is not theirs
                    managed = subscribing.replace(
                        held, manager=EndpointReference(service, reference_parameters=held.manager.reference_parameters)
                    )
                    managed = await subscribing.renew(client, managed, timedelta(hours=2), clock)
                    assert managed.length == timedelta(hours=2)
                    await scan(client, service)
                    states = []
                    while (event := await asyncio.wait_for(heard.get(), 20)).name != EventName.JOB_END_STATE:
                        assert event.peer.partition("%")[0] == ours
                        states.append(event.name)
                    assert EventName.JOB_STATUS in states
                    await subscribing.unsubscribe(client, managed)

            await lab.inside("there", subscribe)
