"""Found from another machine: two network namespaces, the bridge in one of them, its clients in the other."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.discovery import messages
from bridge.discovery.messages import ProbeMatches, Resolve, ResolveMatches, Target
from bridge.discovery.responder import Reply
from bridge.net import multicast
from bridge.net.finding import Found, get_metadata, probe
from bridge.net.multicast import Link
from bridge.net.sink import Sink
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference
from bridge.wsscan.job import JobState
from bridge.wsscan.values import InputSource
from bridge.wsscan.year import DEFAULT
from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from hil.client import ticket
from hil.client.session import Session
from hil.client.timeline import Timeline
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
        while not await lab.inside("there", true):  # which itself waits for answers
            pass


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

            async def subscribed() -> None:
                timeline, clock = Timeline(), SystemClock()
                async with HttpClient(4) as client, Sink("::", timeline.heard, clock) as sink:
                    notify_to = sink.url.replace("[::]", f"[{theirs}]")
                    session = Session(client, Found(service, ""), notify_to, timeline, year=DEFAULT, clock=clock)
                    (identifier,) = await session.subscribe()
                    held = session.subscriptions[identifier]
                    # The manager's address has no interface: that is known to the client only, who adds its own.
                    assert held.manager.address == service.replace("%wb", "")
                    manager = EndpointReference(service, reference_parameters=held.manager.reference_parameters)
                    session.subscriptions[identifier] = replace(held, manager=manager)
                    assert await session.renew(identifier) == timedelta(hours=1)
                    job = await session.create_job(
                        ticket.make(ticket.Wish(InputSource.PLATEN, resolution=75), await session.configuration())
                    )
                    image = await session.retrieve(job, tmp_path / "page.jpg")
                    assert image.size > 1000
                    end = await timeline.job_end(job.job_id, 20)
                    assert end.job_completed_state == JobState.COMPLETED
                    assert {each.peer.partition("%")[0] for each in timeline.arrived} == {ours}
                    await session.unsubscribe()

            await lab.inside("there", subscribed)


async def test_a_network_that_comes_late_and_addresses_that_go(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        async with served(lab, tmp_path) as running:  # before there is any network
            assert urlsplit(running.url).hostname == "127.0.0.1"
            joined(lab)

            async def found_first() -> bool:
                return [hosts(target) for target, _ in await asked(probe(), 4, seconds=1)] == [[HERE, HERE6]]

            await until(lab, found_first)
            lab.join("here", "wc", "there", "wd")
            lab.address("here", "wc", "203.0.113.1/24", "fd00:7::1/64")
            lab.address("there", "wd", "203.0.113.2/24", "fd00:7::2/64")
            second = lab.link_local("here", "wc")
            lab.link_local("there", "wd")

            async def found_second() -> bool:
                over4 = [hosts(target) for target, _ in await asked(probe(), 4, "wd", 1)]
                over6 = [hosts(target) for target, _ in await asked(probe(), 6, "wd", 1)]
                return (over4, over6) == (
                    [["203.0.113.1", "fd00:7::1"]],
                    [[second, "fd00:7::1", "203.0.113.1"]],
                )

            await until(lab, found_second)
            await until(lab, found_first)

            # Another address in place of the old: it is announced, and the old one is told to nobody any more.
            async def hello() -> tuple[str | None, ...]:
                told: asyncio.Queue[Target] = asyncio.Queue()

                def heard(data: bytes, _sender: str, _local: str) -> tuple[Reply, ...]:
                    message = envelope.read(data)
                    if message.addressing.action == messages.HELLO and message.body is not None:
                        told.put_nowait(messages.Hello.from_xml(message.body).target)
                    return ()

                link = Link.serving(multicast.find("wd"), 4, heard, clock=SystemClock(), random=Random())
                try:
                    lab.ip("here", "addr", "del", "203.0.113.1/24", "dev", "wc")
                    lab.address("here", "wc", "203.0.113.77/24")
                    while "203.0.113.77" not in hosts(said := await asyncio.wait_for(told.get(), 15)):
                        pass
                finally:
                    await link.close()
                assert said.metadata_version == 1  # another way to the same device
                return tuple(hosts(said))

            assert await lab.inside("there", hello) == ("203.0.113.77", "fd00:7::1")

            async def found_moved() -> bool:
                return [hosts(target) for target, _ in await asked(probe(), 4, "wd", 1)] == [
                    ["203.0.113.77", "fd00:7::1"]
                ]

            assert await lab.inside("there", found_moved)
            assert await lab.inside("there", found_first)

            # No IPv4 left there: silence over IPv4, and IPv6 goes on.
            lab.ip("here", "addr", "del", "203.0.113.77/24", "dev", "wc")

            async def only_6() -> bool:
                over6 = [hosts(target) for target, _ in await asked(probe(), 6, "wd", 1)]
                return over6 == [[second, "fd00:7::1"]] and not await asked(probe(), 4, "wd", 1)

            await until(lab, only_6)

            # The cable is cut, and plugged in again with the old address.
            lab.ip("here", "link", "del", "wc")
            assert await lab.inside("there", found_first)
        assert running.log.count("Traceback") == 0


async def test_a_link_that_flaps_is_not_announced_each_time(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        joined(lab)
        async with served(lab, tmp_path):
            hellos: dict[str, float] = {}

            async def listen() -> None:
                loop = asyncio.get_running_loop()

                def heard(data: bytes, _sender: str, _local: str) -> tuple[Reply, ...]:
                    headers = envelope.read(data).addressing
                    if headers.action == messages.HELLO:
                        hellos.setdefault(str(headers.message_id), loop.time())
                    return ()

                link = Link.serving(multicast.find("wb"), 4, heard, clock=SystemClock(), random=Random())
                try:
                    for _ in range(12):  # the addresses of the other end come and go, twelve times in twelve seconds
                        lab.ip("here", "link", "set", "wa", "down")
                        await asyncio.sleep(0.5)
                        lab.ip("here", "link", "set", "wa", "up")
                        await asyncio.sleep(0.5)
                    await asyncio.sleep(4)
                finally:
                    await link.close()

            await lab.inside("there", listen)
            # at once, then 2, 4 and 8 seconds apart
            assert 1 <= len(hellos) <= 4, hellos
            times = list(hellos.values())
            assert all(later - earlier > 1 for earlier, later in pairwise(times)), times
            ((target, _),) = await lab.inside("there", lambda: asked(probe(), 4))
            assert hosts(target)[0] == HERE


async def test_ipv6_can_be_turned_off_and_interfaces_denied(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        joined(lab)
        lab.join("here", "wc", "there", "wd")
        lab.address("here", "wc", "203.0.113.1/24")
        lab.address("there", "wd", "203.0.113.2/24")
        lab.link_local("here", "wc")
        async with served(lab, tmp_path, '[service]\nipv6 = false\ninterfaces = ["w*", "!wc"]\n'):

            async def ask() -> None:
                assert [hosts(target) for target, _ in await asked(probe(), 4)] == [[HERE]]
                assert await asked(probe(), 6) == []
                assert await asked(probe(), 4, "wd") == []
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(HERE6, PORT)

            await lab.inside("there", ask)


async def test_questions_from_another_network_get_silence(tmp_path: Path) -> None:
    with laboratory("here", "there") as lab:
        joined(lab)
        lab.ip("here", "route", "add", "default", "via", THERE)  # answers could leave, they may not
        lab.ip("here", "-6", "route", "add", "default", "via", THERE6)
        for foreign in ("192.0.2.9/32", "fd00:9::9/128"):
            lab.address("there", "wb", foreign)
        async with served(lab, tmp_path):

            async def ask() -> tuple[int, ...]:
                return tuple(
                    [
                        len(await from_address(source, to))
                        for source, to in (
                            (THERE, (HERE, 3702)),
                            ("192.0.2.9", (HERE, 3702)),
                            ("192.0.2.9", ("239.255.255.250", 3702)),
                            (THERE6, (HERE6, 3702)),
                            ("fd00:9::9", (HERE6, 3702)),
                            ("fd00:9::9", ("ff02::c", 3702, 0, socket.if_nametoindex("wb"))),
                        )
                    ]
                )

            answers = await lab.inside("there", ask)
            assert [bool(each) for each in answers] == [True, False, False, True, False, False]


async def from_address(source: str, to: tuple[Any, ...]) -> list[bytes]:
    """What a Probe sent from that address of ours is answered with."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((source, 0))
        if ":" not in source:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(THERE))
        sock.sendto(probe(), to)
        found = []
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while True:
                    found.append(await loop.sock_recv(sock, 65_535))
        return found
