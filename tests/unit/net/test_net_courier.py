"""Letters to subscribers: in order for each, tried again, given up once, and never in anybody else's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.net import courier as rooms
from bridge.net.courier import Courier, Letter
from drivers.contract.http import HttpClient
from tests.wire.http_rig import Hands, Subscriber


@asynccontextmanager
async def carrying(lost: list[tuple[str, str]], clock: Hands | None = None) -> AsyncIterator[Courier]:
    async with HttpClient() as client:
        courier = Courier(client, clock or Hands(), lambda name, why: lost.append((name, why)))
        yield courier
        await courier.close(0.0)


def body(number: int) -> bytes:
    return f"<letter>{number}</letter>".encode()


async def until(arrived: Subscriber, count: int) -> None:
    async with asyncio.timeout(5):
        while len(arrived.letters) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_letters_arrive_in_the_order_they_were_posted() -> None:
    lost: list[tuple[str, str]] = []
    async with Subscriber() as place, carrying(lost) as courier:
        for number in range(50):
            courier.post("one", place.url, "127.0.0.1", body(number))
        await until(place, 50)
        assert [letter.body for letter in place.letters] == [body(number) for number in range(50)]
        assert lost == []


async def test_a_queue_that_overflows_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "QUEUE", 3)
    lost: list[tuple[str, str]] = []
    async with Subscriber() as slow, Subscriber() as quick, carrying(lost) as courier:
        slow.answering.clear()
        courier.post("slow", slow.url, "127.0.0.1", body(0))
        async with asyncio.timeout(5):
            while not slow.tries:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        for number in range(1, 5):
            courier.post("slow", slow.url, "127.0.0.1", body(number))
        assert lost == [("slow", "3 messages are waiting")]
        courier.post("quick", quick.url, "127.0.0.1", body(0))
        await until(quick, 1)
        slow.answering.set()
        await asyncio.sleep(0.05)
        assert len(slow.letters) <= 1
        assert len(lost) == 1


async def test_what_waits_for_a_forgotten_subscription_is_dropped() -> None:
    lost: list[tuple[str, str]] = []
    async with Subscriber() as place, carrying(lost) as courier:
        place.answering.clear()
        for number in range(3):
            courier.post("one", place.url, "127.0.0.1", body(number))
        async with asyncio.timeout(5):
            while not place.tries:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        courier.forget("one")
        courier.forget("never posted to")
        place.answering.set()
        await asyncio.sleep(0.05)
        assert place.tries == 1
        assert lost == []


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
async def test_any_answer_but_success_is_tried_again_and_no_redirect_is_followed(status: int) -> None:
    lost: list[tuple[str, str]] = []
    clock = Hands()
    async with Subscriber() as place, carrying(lost, clock) as courier:
        place.status = status
        courier.post("one", place.url, "127.0.0.1", body(0))
        for pause in rooms.PAUSES:
            async with asyncio.timeout(5):
                while pause not in clock.waiting:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            clock.turn(pause)
        async with asyncio.timeout(5):
            while not lost:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert place.tries == len(rooms.PAUSES) + 1
        ((name, why),) = lost
        assert name == "one"
        assert f"HTTP {status}" in why


@pytest.mark.parametrize(
    ("url", "address", "pinned"),
    [
        ("http://pc.local:5357/a/b?c=d", "192.0.2.7", "http://192.0.2.7:5357/a/b?c=d"),
        ("http://pc.local/", "192.0.2.7", "http://192.0.2.7/"),
        ("http://[fe80::1]:80/e#part", "2001:db8::1", "http://[2001:db8::1]:80/e"),
    ],
)
def test_a_letter_goes_to_the_address_that_was_checked_and_not_to_the_name(url: str, address: str, pinned: str) -> None:
    assert Letter(url, address, b"").pinned_url == pinned


def test_the_peer_hears_the_name_it_calls_itself() -> None:
    assert Letter("http://pc.local:5357/a", "192.0.2.7", b"").headers["Host"] == "pc.local:5357"
