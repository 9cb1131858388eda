"""Discovery over real sockets on loopback: found by multicast, announced with copies, silent when closed."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random

import pytest

from bridge.discovery import messages
from bridge.discovery.messages import Probe, ProbeMatches
from bridge.discovery.responder import Announced, Answer, Reply, Responder
from bridge.discovery.throttle import Throttle
from bridge.errors import ConfigError
from bridge.net import multicast
from bridge.net.addresses import Interface
from bridge.net.datagrams import Datagrams
from bridge.net.multicast import Link
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from drivers.contract.clock import SystemClock

# All programs of this machine hear what is said to the group on loopback, other tests and their workers too.
SCANNER = f"urn:uuid:{uuid.uuid4()}"
ANY_NUMBER = Throttle(1_000_000, 1_000_000, 1_000_000, 1_000_000)


class FastClock(SystemClock):
    """Waits are a hundredth as long, and remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds / 100)


@asynccontextmanager
async def opened(
    interface: str, answer: Answer, clock: SystemClock, random: Random, throttle: Throttle | None = None
) -> AsyncIterator[Link]:
    limits = throttle or replace(ANY_NUMBER)
    link = Link.serving(multicast.find(interface), 4, answer, clock=clock, random=random, throttle=limits)
    try:
        yield link
    finally:
        await link.close()


def responder() -> Responder:
    ours = Responder(1, Random(1))
    types = (messages.DEVICE_TYPE, messages.SCAN_DEVICE_TYPE)
    ours.put(Announced(SCANNER, types, lambda local: (f"http://{local}:5380/scanner",)))
    return ours


def answering(question: bytes) -> Answer:
    """To that question alone."""
    ours = responder()
    return lambda data, source, local: ours.answer(data, source, local) if data == question else ()


def probe() -> bytes:
    headers = Addressing(messages.PROBE, names.DISCOVERY_TO, addressing.new_message_id())
    return envelope.write(headers, Probe((messages.SCAN_DEVICE_TYPE,)))


async def asked(data: bytes, clock: FastClock, enough: int = 2) -> list[bytes]:
    answers: list[bytes] = []

    def heard(answer: bytes, source: str) -> bool:
        assert source == "127.0.0.1"
        if SCANNER.encode() in answer:
            answers.append(answer)
        return len(answers) >= enough

    await multicast.ask("127.0.0.1", data, 50, clock=clock, random=Random(2), heard=heard)
    return answers


@pytest.mark.parametrize("interface", ["127.0.0.1", "lo"])
async def test_a_probe_finds_the_scanner_and_copies_are_equal(interface: str) -> None:
    clock, question = FastClock(), probe()
    async with opened(interface, answering(question), clock, Random(1)):
        answers = await asked(question, FastClock())
    assert len(answers) == 2
    assert answers[0] == answers[1]
    message = envelope.read(answers[0])
    assert message.addressing.relates_to == envelope.read(question).addressing.message_id
    assert message.body is not None
    assert ProbeMatches.from_xml(message.body).targets[0].xaddrs == ("http://127.0.0.1:5380/scanner",)
    assert clock.slept[0] <= 0.5
    assert 0.05 <= clock.slept[1] <= 0.25


async def test_two_programs_on_one_machine_both_hear_a_hello_and_its_copies() -> None:
    heard: dict[str, list[bytes]] = {"first": [], "second": []}
    complete = asyncio.Event()

    def ear(name: str) -> Callable[[bytes, str, str], tuple[Reply, ...]]:
        def hear(data: bytes, source: str, local: str) -> tuple[Reply, ...]:
            assert (source, local) == ("127.0.0.1", "127.0.0.1")
            if SCANNER.encode() in data:
                heard[name].append(data)
            if all(len(found) == 3 for found in heard.values()):
                complete.set()
            return ()

        return hear

    clock = FastClock()
    async with (
        opened("127.0.0.1", ear("first"), clock, Random(1)) as link,
        opened("127.0.0.1", ear("second"), FastClock(), Random(2)),
    ):
        hello = responder().hello(SCANNER, link.local)
        await link.announce(hello)
        await asyncio.wait_for(complete.wait(), 5)
    assert heard["first"] == heard["second"] == [hello, hello, hello]
    wait, first_gap, second_gap = clock.slept
    assert 0 <= wait <= 0.5
    assert 0.05 <= first_gap <= 0.25
    assert second_gap == min(2 * first_gap, 0.45)


async def test_a_bye_does_not_wait() -> None:
    clock = FastClock()
    async with opened("127.0.0.1", lambda *_: (), clock, Random(1)) as link:
        await link.say(responder().bye(SCANNER))
    assert all(0.05 <= slept <= 0.25 or slept <= 0.45 for slept in clock.slept)
    assert len(clock.slept) == 2


async def test_garbage_and_floods_leave_it_answering() -> None:
    limits = Throttle(rate=1_000, burst=50, total_rate=1_000, total_burst=60)
    async with opened("127.0.0.1", responder().answer, FastClock(), Random(1), limits):
        for _ in range(100):
            await multicast.ask("127.0.0.1", b"\x00<", 0.1, clock=FastClock(), random=Random(3), heard=lambda *_: True)
        answers = await asked(probe(), FastClock(), enough=1)
    assert len(answers) == 1


async def test_who_has_closed_says_nothing_more() -> None:
    async with opened("127.0.0.1", responder().answer, SystemClock(), Random(1)) as link:
        link.owe(Reply(b"late", 100.0), ("127.0.0.1", 9), None)
    await link.say(b"nothing")
    link.owe(Reply(b"never", 0.0), ("127.0.0.1", 9), None)
    await link.close()


@pytest.mark.parametrize("interface", ["no-such-interface", "192.0.2.1", "a" * 300])
async def test_an_interface_that_is_not_ours_is_the_operator_s_matter(interface: str) -> None:
    with pytest.raises(ConfigError):
        async with opened(interface, lambda *_: (), SystemClock(), Random(1)):
            pass


@pytest.mark.parametrize(("version", "family", "host"), [(4, socket.AF_INET, "0.0.0.0"), (6, socket.AF_INET6, "::")])
def test_a_port_that_another_holds_for_itself_is_named(version: int, family: int, host: str) -> None:
    lo = Interface(1, "lo", ())
    try:
        alone = socket.socket(family, socket.SOCK_DGRAM)
        alone.bind((host, 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with alone, pytest.raises(ConfigError, match="another program holds it"):
        Datagrams.open(lo, version, alone.getsockname()[1])


async def test_what_was_owed_from_an_address_that_went_is_not_paid() -> None:
    heard: list[bytes] = []

    async with opened("127.0.0.1", lambda *_: (), SystemClock(), Random(1)) as link:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.setblocking(False)
            here = link.interface
            link.owe(Reply(b"stale", 0.2), client.getsockname(), here.addresses[0].ip)
            link.update(replace(here, addresses=here.addresses[:0]))
            link.update(here)
            link.owe(Reply(b"fresh", 0.0), client.getsockname(), here.addresses[0].ip)
            with suppress(TimeoutError):
                while True:
                    async with asyncio.timeout(8 if len(heard) < 2 else 0.5):
                        heard.append(await asyncio.get_running_loop().sock_recv(client, 100))
    assert heard == [b"fresh", b"fresh"]
