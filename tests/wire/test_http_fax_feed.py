"""The product's own client of fax events: it comes back where it was, says why it cannot, and draws what it hears."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bridge.cli.fax_paper import Lines, Records, Screen
from bridge.errors import BridgeError
from bridge.fax.faxcomex import AccessRights
from bridge.net.fax_feed import FeedAway, FeedRefused, feed
from bridge.net.listening import listen
from bridge.net.serving import serving
from bridge.net.sse import FaxEvents, Pass
from bridge.service.fax import FaxService, Told
from drivers.contract.clock import SystemClock
from drivers.contract.fax import Cause, Direction, FaxCall, FaxLine, FaxPhase, FaxReport, FaxSnapshot
from drivers.contract.http import HttpClient

TOKEN = "a-token-that-is-long"


class Quick(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.02)


def sent(phase: FaxPhase, done: int = 0) -> FaxSnapshot:
    return FaxSnapshot("line", (FaxReport("1", Direction.OUTGOING, phase, pages=3, pages_done=done),))


@asynccontextmanager
async def bridge(service: FaxService, port: int = 0) -> AsyncIterator[int]:
    (sock,) = listen("127.0.0.1", port)
    face = FaxEvents(service, (Pass("", TOKEN, AccessRights.QUERY_JOBS),))
    async with serving(face.application(), [(sock, None)]):
        yield int(sock.getsockname()[1])


@asynccontextmanager
async def anybody(answer: bytes) -> AsyncIterator[int]:
    """Somebody who answers each request with that and hangs up."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])


async def heard(
    port: int, count: int, between: Callable[[int], object] = lambda _: None, token: str = TOKEN
) -> list[Told]:
    notes: list[str] = []
    found: list[Told] = []
    async with (
        asyncio.timeout(60),
        HttpClient() as client,
        aclosing(feed(client, f"http://127.0.0.1:{port}", token, Quick(), notes.append)) as events,
    ):
        async for told in events:
            found.append(told)
            if len(found) == count:
                return found
            between(len(found))
    raise AssertionError("a feed does not end")


async def test_a_stream_that_ends_is_taken_up_again_where_it_was() -> None:
    block = b'id: 7-%d\nevent: OnOutgoingJobAdded\ndata: {"job_id": "%d"}\n\n'
    asked: list[bytes] = []

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        number = len(asked)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 5\n\n: hello\n\n")
        whole = block % (number, number)
        writer.write(whole[:9])  # events come in pieces
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(whole[9:] + b"id: 7-99\nevent: half of one")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        found = await heard(int(server.sockets[0].getsockname()[1]), 3)
    assert [(each.id, each.data) for each in found] == [(f"7-{n}", {"job_id": str(n)}) for n in (1, 2, 3)]
    assert [b"Last-Event-ID" in each for each in asked] == [False, True, True]
    assert b"Last-Event-ID: 7-2\r\n" in asked[2]


async def test_the_bridge_tells_the_feed_everything_in_order() -> None:
    service = FaxService(7, lambda source, line: 1)
    steps = iter((sent(FaxPhase.QUEUED), sent(FaxPhase.TRANSMITTING, 1), sent(FaxPhase.DONE, 3), FaxSnapshot("line")))

    def onward(number: int) -> None:
        if number != 2:
            service.see(next(steps))

    async with bridge(service) as port:
        found = await heard(port, 6, onward)
        service.close()
    assert [each.name.removeprefix("OnOutgoingJob") for each in found] == [
        "Snapshot", "Added", "Changed", "Changed", "Changed", "Removed",
    ]  # fmt: skip
    assert [each.data["job_status"]["CurrentPage"] for each in found[2:5]] == [0, 2, 3]


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nlost\n", FeedRefused, "404 lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhome", FeedRefused, "200"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\n\n", FeedAway, "is not JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 3\n\n", FeedAway, "is no object"),
        (b"nonsense", FeedAway, "127.0.0.1"),
        (b"", FeedAway, "127.0.0.1"),
    ],
)
async def test_who_is_no_bridge_is_named(answer: bytes, kind: type[BridgeError], why: str) -> None:
    async with anybody(answer) as port:
        with pytest.raises(kind, match=why):
            await heard(port, 1)


async def test_a_wrong_token_is_told_in_the_bridges_words() -> None:
    async with bridge(FaxService(7, lambda source, line: 1)) as port:
        with pytest.raises(FeedRefused, match="401 this token is not known"):
            await heard(port, 1, token="another-token-than-that")


def told() -> list[Told]:
    """A fax that is received, one that waits, a call, a line, and then the first is gone."""
    service = FaxService(7, lambda source, line: 4)
    stream = service.stream(0x3FF, AccessRights(0x7FF))
    found = stream.take()
    coming = FaxReport("5", Direction.INCOMING, FaxPhase.RECEIVING, pages_done=1, line="ttyS0", remote_id="Far\x1b[2J")
    waits = FaxReport("6", Direction.OUTGOING, FaxPhase.WAITING_HELD, cause=Cause.BUSY, pages=3, retries=2)
    call = FaxCall("ttyS0", "0301234567", 1)
    service.see(FaxSnapshot("a", (coming, waits), (FaxLine("ttyS0", receiving=True),), (call,)))
    found += stream.take()
    service.see(FaxSnapshot("a", (waits,), (FaxLine("ttyS0", receiving=True),)))
    service.lose("a")
    found += stream.take()
    later = service.stream(0x3FF, AccessRights(0x7FF), "1-1")
    return found + later.take()


def test_lines_tell_what_is_known_and_nothing_breaks_out_of_them() -> None:
    out = io.StringIO()
    paper = Lines(out, lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    for each in told():
        paper.told(each)
    lines = [line.partition("  ")[2] for line in out.getvalue().splitlines()]
    assert lines == [
        "a:incoming:5  new",
        "a:incoming:5  INPROGRESS        receiving  page 1 of 1  line 4  Far?[2J",
        "a:outgoing:6  new",
        "a:outgoing:6  RETRYING PAUSED   busy  3 pages  2 retries",
        "OnDeviceStatusChange  device_id=4  powered_off=False  sending=False  receiving=True  ringing=False",
        "OnNewCall  call_id=1  device_id=4  caller_id=0301234567",
        "a:incoming:5  gone",
        "# something may have happened that nobody saw",
        "a:outgoing:6  RETRYING PAUSED   busy  3 pages  2 retries  (stale)",
    ]


def test_records_are_one_object_per_line_with_everything_in_it() -> None:
    out = io.StringIO()
    paper = Records(out)
    events = told()
    for each in events:
        paper.told(each)
    paper.note("away")
    *records, note = map(json.loads, out.getvalue().splitlines())
    assert note == {"note": "away"}
    assert [(each["id"], each["event"]) for each in records] == [(each.id, each.name) for each in events]
    assert records[2]["job_status"]["TSID"] == "Far\x1b[2J"


def test_a_screen_shows_what_is_there_now() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Screen(console) as screen:
        for each in told():
            screen.told(each)
    out = io.StringIO()
    Console(file=out, width=120).print(screen._table())
    shown = out.getvalue()
    assert "a:incoming:5" not in shown
    assert "\x1b[2J" not in shown
    (row,) = [line for line in shown.splitlines() if "a:outgoing:6" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "a:outgoing:6", "RETRYING PAUSED (stale)", "busy", "3 pages", "2", "",
    ]  # fmt: skip
    assert "something may have happened" in shown
