"""Letters to subscribers: in order for each, tried again, given up once, and never in anybody else's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bridge.errors import DeliveryFailed
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
async def test_any_answer_but_success_is_tried_again(status: int) -> None:
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


async def test_a_queue_that_holds_too_many_bytes_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "QUEUE_BYTES", 1000)
    lost: list[tuple[str, str]] = []
    async with Subscriber() as slow, carrying(lost) as courier:
        slow.answering.clear()
        for _ in range(4):
            courier.post("slow", slow.url, "127.0.0.1", b"x" * 250)
        assert lost == []
        courier.post("slow", slow.url, "127.0.0.1", b"x")
        assert lost == [("slow", "messages of 1000 bytes are waiting")]


async def test_what_was_delivered_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "QUEUE_BYTES", 1000)
    lost: list[tuple[str, str]] = []
    async with Subscriber() as place, carrying(lost) as courier:
        for number in range(20):
            courier.post("one", place.url, "127.0.0.1", b"x" * 900)
            await until(place, number + 1)
            async with asyncio.timeout(5):
                while courier._lines["one"].size:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        assert lost == []


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[Letter]:
    """A letter to somebody who answers the request with these bytes, says nothing more and is seen off; it is to be
    used outside of what sends the letter."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"letter>1</letter>")
        writer.write(answer)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Letter(f"http://127.0.0.1:{port}/", "127.0.0.1", body(1))
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, "larger than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096, "no answer in time"),
        (b"", "no answer in time"),
        (b"220 mail.example ESMTP\r\n", "127.0.0.1"),
    ],
)
async def test_an_answer_too_large_too_slow_or_none_at_all_is_no_delivery(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, complaint: str
) -> None:
    monkeypatch.setattr(rooms, "TIMEOUT", 0.2)
    async with answering(answer) as letter, carrying([]) as courier:
        with pytest.raises(DeliveryFailed, match=complaint):
            await courier.send(letter)


async def test_an_answer_with_a_body_gives_its_connection_back() -> None:
    async with answering(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nthere") as letter, carrying([]) as courier:
        await courier.send(letter)
