"""Fax events over real HTTP: who may hear what, in which order, and that nobody is harmed by another."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.fax.faxcomex import AccessRights
from bridge.net import sse
from bridge.net.listening import listen
from bridge.net.serving import serving
from bridge.net.sse import FaxEvents, Pass
from bridge.service.fax import MAX_STREAMS, FaxService
from drivers.contract.fax import Direction, FaxPhase, FaxReport, FaxSnapshot

ALL, FEW, NONE = "all-of-it-is-allowed", "jobs-and-nothing-else", "nothing-is-allowed"
PASSES = (
    Pass("all", ALL, AccessRights(0x7FF)),
    Pass("few", FEW, AccessRights.QUERY_JOBS),
    Pass("none", NONE, AccessRights(0)),
)


@dataclass
class Served:
    """The service behind its HTTP face."""

    service: FaxService
    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def ask(self, path: str, token: str | None = ALL, method: str = "GET", **headers: str) -> "Listener":
        """The answer's head; its body is read by the listener. Little of it fits into what it has not read yet."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock)
        self.writers.append(writer)
        said = {"Host": "127.0.0.1"} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Listener(reader, writer, int(first.split()[1]), found)


@dataclass
class Event:
    id: str
    name: str
    data: dict[str, Any]


@dataclass
class Listener:
    """One HTTP answer, read by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    text: str = field(default="")
    comments: int = 0
    last: str = ""

    async def body(self) -> str:
        raw = await self.reader.readexactly(int(self.headers["content-length"]))
        self.writer.close()
        return raw.decode()

    async def next(self) -> Event:
        """The next event; comments and the retry time are left out."""
        while True:
            while "\n\n" not in self.text:
                self.text += await self._chunk()
            block, _, self.text = self.text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            self.comments += block.startswith(":")
            if "event" in fields:
                self.last = fields["id"]
                return Event(fields["id"], fields["event"], json.loads(fields["data"]))

    async def events(self, count: int) -> list[Event]:
        return [await self.next() for _ in range(count)]

    async def _chunk(self) -> str:
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        raw = await self.reader.readexactly(size + 2)
        if not size:
            raise EOFError
        return raw[:-2].decode()

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def served(remembered: int = 4096) -> AsyncIterator[Served]:
    service = FaxService(7, lambda source, line: 1, remembered)
    sockets = listen("127.0.0.1", 0)
    port = int(sockets[0].getsockname()[1])
    async with asyncio.timeout(100), serving(FaxEvents(service, PASSES).application(), [(s, None) for s in sockets]):
        there = Served(service, port)
        try:
            yield there
        finally:
            service.close()
            for each in there.writers:
                each.transport.abort()


def pages(done: int, remote_id: str | None = None) -> FaxSnapshot:
    job = FaxReport("1", Direction.OUTGOING, FaxPhase.TRANSMITTING, pages=9000, pages_done=done, remote_id=remote_id)
    return FaxSnapshot("line", (job,))


def page(event: Event) -> int:
    return int(event.data["job_status"]["CurrentPage"])


async def test_a_stream_is_an_event_stream_that_begins_with_how_things_stand():
    async with served() as there:
        there.service.see(pages(0))
        listener = await there.ask("/fax/events")
        assert (listener.status, listener.headers["content-type"]) == (200, "text/event-stream")
        first = await listener.next()
        assert first.name == "Snapshot"
        assert first.data["complete"] is True
        assert [(job["job_id"], job["stale"]) for job in first.data["jobs"]] == [("line:outgoing:1", False)]
        there.service.see(pages(1))
        second = await listener.next()
        assert (second.name, second.data["job_id"], page(second)) == ("OnOutgoingJobChanged", "line:outgoing:1", 2)


async def test_who_was_away_gets_what_he_missed_once_and_in_order():
    async with served() as there:
        there.service.see(pages(0))
        listener = await there.ask("/fax/events?events=OUT_QUEUE")
        await listener.next()
        there.service.see(pages(1))
        heard = [page(await listener.next())]
        listener.close()
        for done in range(2, 500):
            there.service.see(pages(done))
        again = await there.ask("/fax/events?events=OUT_QUEUE", Last_Event_ID=listener.last)
        heard += [page(each) for each in await again.events(498)]
        there.service.see(pages(500))
        heard.append(page(await again.next()))
        assert heard == list(range(2, 502))


async def test_who_was_away_too_long_is_told_so_and_goes_on():
    async with served(remembered=10) as there:
        there.service.see(pages(0))
        listener = await there.ask("/fax/events?events=OUT_QUEUE")
        await listener.next()
        listener.close()
        for done in range(1, 30):
            there.service.see(pages(done))
        again = await there.ask("/fax/events?events=OUT_QUEUE", Last_Event_ID=listener.last)
        first = await again.next()
        assert (first.name, first.data["complete"]) == ("Snapshot", False)
        assert first.data["jobs"][0]["job_status"]["CurrentPage"] == 30
        there.service.see(pages(30))
        assert page(await again.next()) == 31


async def test_twenty_listeners_hear_two_thousand_changes_each_once_and_in_order():
    async with served() as there:
        there.service.see(pages(0))
        listeners = [await there.ask("/fax/events?events=0x2") for _ in range(20)]
        for each in listeners:
            await each.next()

        async def told() -> None:
            for done in range(1, 2001):
                there.service.see(pages(done))
                await asyncio.sleep(0)

        heard = await asyncio.gather(*(each.events(2000) for each in listeners), told())
        for events in heard[:-1]:
            assert events is not None
            assert [page(each) for each in events] == list(range(2, 2002))


async def test_who_takes_nothing_is_sent_away_and_harms_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "STALL", 2.0)
    async with served() as there:
        long = "x" * 1000
        there.service.see(pages(0, long))
        slow = await there.ask("/fax/events?events=OUT_QUEUE")
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        quick = await there.ask("/fax/events?events=OUT_QUEUE")
        await quick.next()
        heard: list[int] = []
        tracemalloc.start()
        try:
            for done in range(1, 6001):
                there.service.see(pages(done, long))
                if done % 200 == 0:
                    heard += [page(each) for each in await quick.events(200)]
            grown = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert heard == list(range(2, 6002))
        assert grown < 16_000_000  # 4096 remembered, and what waits for one who takes nothing
        async with asyncio.timeout(60):
            while len(there.service._streams) > 1:  # noqa: ASYNC110 - it is nobody's business else
                await asyncio.sleep(0.05)


async def test_nothing_to_say_is_said_now_and_then(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "KEEP_ALIVE", 0.05)
    async with served() as there:
        listener = await there.ask("/fax/events?events=OUT_QUEUE")
        await listener.next()
        await asyncio.sleep(0.2)
        there.service.see(pages(0))
        await listener.next()
        assert listener.comments >= 1


async def test_a_stop_is_the_last_event_and_the_end_of_the_stream():
    async with served() as there:
        listener = await there.ask("/fax/events")
        await listener.next()
        there.service.close()
        assert (await listener.next()).name == "OnServerShutDown"
        with pytest.raises(EOFError):
            await listener.next()


@pytest.mark.parametrize(
    ("path", "token", "method", "status", "said"),
    [
        ("/fax/events", None, "GET", 401, "a bearer token is needed"),
        ("/fax/events", "another", "GET", 401, "this token is not known"),
        ("/fax/events", ALL[:-1], "GET", 401, "this token is not known"),
        ("/fax/events", f"{ALL}!", "GET", 401, "this token is not known"),
        ("/fax/events", "ünknown", "GET", 401, "this token is not known"),
        ("/fax/jobs", None, "GET", 401, "a bearer token is needed"),
        ("/nowhere", None, "GET", 401, "a bearer token is needed"),
        ("/nowhere", ALL, "GET", 404, "there are /fax/events and /fax/jobs"),
        ("/fax/events", ALL, "POST", 405, "Method Not Allowed"),
        ("/fax/events?events=0x400", ALL, "GET", 400, "events='0x400': is neither a mask from 1 to 0x3ff nor names of"),
        ("/fax/events?events=0", ALL, "GET", 400, "is neither a mask"),
        ("/fax/events?events=-1", ALL, "GET", 400, "is neither a mask"),
        ("/fax/events?events=IN_QUEUE,NOTHING", ALL, "GET", 400, "IN_QUEUE, OUT_QUEUE, CONFIG"),
        ("/fax/events?events=", ALL, "GET", 400, "is neither a mask"),
        ("/fax/events?events=CONFIG", FEW, "GET", 403, "these rights do not let you listen to CONFIG"),
        ("/fax/events?events=3", NONE, "GET", 403, "do not let you listen to IN_QUEUE, OUT_QUEUE"),
        ("/fax/jobs", NONE, "GET", 403, "these rights do not let you see jobs"),
        ("/fax/jobs/line:outgoing:9", FEW, "GET", 404, "there is no job 'line:outgoing:9'"),
    ],
)
async def test_what_may_not_be_or_is_not_there_is_refused_in_plain_words(path, token, method, status, said):
    async with served() as there:
        answer = await there.ask(path, token, method)
        assert answer.status == status
        assert said in await answer.body()
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("after", ["nonsense", "6-1", "7-99999", "7-" + "9" * 500])
async def test_an_id_that_is_not_known_gets_a_snapshot_that_says_that_something_was_missed(after: str):
    async with served() as there:
        there.service.see(pages(3))
        first = await (await there.ask("/fax/events", Last_Event_ID=after)).next()
        assert (first.name, first.data["complete"], len(first.data["jobs"])) == ("Snapshot", False, 1)


async def test_whoever_may_less_is_told_less_without_asking_for_it():
    async with served() as there:
        few = await there.ask("/fax/events", FEW)
        none = await there.ask("/fax/events", NONE)
        assert (await few.next()).data["jobs"] == (await none.next()).data["jobs"] == []
        there.service.see(pages(0))
        there.service.close()
        names = [each.name for each in await few.events(3)]
        assert names == ["OnOutgoingJobAdded", "OnOutgoingJobChanged", "OnServerShutDown"]
        assert (await none.next()).name == "OnServerShutDown"


async def test_the_jobs_can_be_read_all_or_one_and_what_is_not_fresh_says_so():
    async with served() as there:
        there.service.see(pages(3))
        there.service.lose("line")
        listed = json.loads(await (await there.ask("/fax/jobs", FEW)).body())
        one = json.loads(await (await there.ask("/fax/jobs/line:outgoing:1", FEW)).body())
        assert listed == {"jobs": [one]}
        assert (one["stale"], one["direction"], one["job_status"]["CurrentPage"]) == (True, "outgoing", 4)
        there.service.see(pages(4))
        one = json.loads(await (await there.ask("/fax/jobs/line:outgoing:1", FEW)).body())
        assert (one["stale"], one["job_status"]["CurrentPage"]) == (False, 5)


async def test_one_listener_too_many_is_told_so_and_others_are_answered():
    async with served() as there:
        listeners = [await there.ask("/fax/events?events=3") for _ in range(MAX_STREAMS)]
        more = await there.ask("/fax/events?events=3")
        assert (more.status, more.headers["retry-after"]) == (503, "10")
        assert f"{MAX_STREAMS} listeners are connected" in await more.body()
        assert (await there.ask("/fax/jobs")).status == 200
        listeners[0].close()
        while (again := await there.ask("/fax/events?events=3")).status == 503:  # noqa: ASYNC110 - until it is noticed
            await asyncio.sleep(0.01)
        assert again.status == 200
