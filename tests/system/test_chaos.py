"""Half a hundred subscribers, most of them bad company, ten thousand events, and a `kill -9` in the middle.

The bridge is a process of its own (tests.system.flickering: the whole daemon, with a device that changes as fast as
told). Each subscriber has an address of its own, as on a network.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.system.product import PROJECT, until
from tests.wire.http_rig import WSE, Y08, Answer, Connection, message, subscription, ticket

EVENTS = 10_000
RATE = 100  # events a second
HEALTHY, DEAD, SLOW, RESET = 20, 10, 10, 10
SLOWNESS = 2.0  # seconds for each answer
AT_ONCE = 100  # events that may be on their way when the bridge is killed: one second of them
START = 20.0


@dataclass
class Subscriber:
    """One PC: its address, what its service does with a POST, and what it got."""

    address: str
    kind: str
    port: int = 0
    got: list[tuple[str, ...]] = field(default_factory=list)
    identifier: str = ""
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Posts(self), self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        if self.kind == "dead":
            self.close()

    def close(self) -> None:
        assert self._server is not None
        self._server.close()


class _Posts(asyncio.Protocol):
    """As little HTTP as keeps twenty subscribers from being what is measured."""

    def __init__(self, owner: Subscriber) -> None:
        self._owner, self._data = owner, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._owner.kind == "reset":
            self._transport.abort()
            return
        self._data += data
        while True:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            if not found or length is None or len(rest) < int(length[1]):
                return
            body, self._data = rest[: int(length[1])], rest[int(length[1]) :]
            if self._owner.kind == "slow":
                asyncio.get_running_loop().call_later(SLOWNESS, self._answer)
            else:
                self._owner.got.append(gist(body))
                self._answer()

    def _answer(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


def gist(body: bytes) -> tuple[str, ...]:
    """What tells one event from the next: its name, and the condition's id, the scanner's state or the job's."""
    text = body.decode()
    name = re.search(r"Action>[^<]*/(\w+)<", text)
    assert name is not None, text
    patterns = {
        "ScannerStatusConditionEvent": r'DeviceCondition [^>]*Id="(\d+)"',
        "ScannerStatusConditionClearedEvent": r"ConditionId>(\d+)<",
        "ScannerStatusSummaryEvent": r"ScannerState>(\w+)<",
        "JobStatusEvent": r"JobId>(\d+)<.*JobState>(\w+)<",
        "JobEndStateEvent": r"JobId>(\d+)<.*JobCompletedState>(\w+)<",
    }
    found = re.search(patterns[name[1]], text)
    assert found is not None, text
    return (name[1], *found.groups())


def flickers(got: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Conditions that came and went, in order, each with the state that came with it."""
    return [each for each in got if each[0].startswith("Scanner")]


def expected(count: int, resting: str, first: int = 1) -> list[tuple[str, ...]]:
    """So many events of a lamp that fails and recovers, by hand; the first condition has that id."""
    made: list[tuple[str, ...]] = []
    for number in range(first, first + -(-count // 4)):
        made.append(("ScannerStatusConditionEvent", str(number)))
        made.append(("ScannerStatusSummaryEvent", "Stopped"))
        made.append(("ScannerStatusConditionClearedEvent", str(number)))
        made.append(("ScannerStatusSummaryEvent", resting))
    return made[:count]


@dataclass
class Bridge:
    process: asyncio.subprocess.Process
    port: int
    path: str

    async def go(self, events: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"go {events // 2} {RATE / 2}\n".encode())
        await self.process.stdin.drain()

    async def done(self) -> float:
        assert self.process.stdout is not None
        return float((await self.process.stdout.readline()).split()[2])

    async def ask(self, body: bytes, address: str = "127.0.0.1") -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
        connection = Connection(reader, writer)
        try:
            return await connection.ask(f"{self.path}/scan", body)
        finally:
            connection.close()

    async def create(self) -> int:
        request = f"<w:CreateScanJobRequest>{ticket()}</w:CreateScanJobRequest>"
        answer = await self.ask(message(f"{Y08}/CreateScanJob", request))
        assert answer.status == 200, answer.body
        return int(answer.text("s:Body/w8:CreateScanJobResponse/w8:JobId"))


@asynccontextmanager
async def bridge(place: Path, log: Path) -> AsyncIterator[Bridge]:
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.system.flickering", str(place), cwd=PROJECT, stderr=errors,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("ready "), log.read_text()  # noqa: ASYNC240 - it is over
        url = urlsplit(line.split()[1])
        yield Bridge(process, int(url.port or 0), url.path)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def subscribe(served: Bridge, subscriber: Subscriber) -> None:
    notify_to = f"<a:Address>http://{subscriber.address}:{subscriber.port}/events</a:Address>"
    answer = await served.ask(subscription(notify_to, None), subscriber.address)
    assert answer.status == 200, answer.body
    (identifier,) = answer.xml.iter(f"{{{WSE}}}Identifier")
    subscriber.identifier = identifier.text or ""


async def is_subscribed(served: Bridge, subscriber: Subscriber) -> bool:
    block = f"<e:Identifier>{subscriber.identifier}</e:Identifier>"
    asked = message(f"{WSE}/GetStatus", "<e:GetStatus/>", headers=block)
    return (await served.ask(asked, subscriber.address)).status == 200


async def until_all(subscribers: list[Subscriber], events: int, seconds: float) -> None:
    """Wait until each has so many events of the flickering lamp; what is missing is the caller's to say."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(sum(each[0].startswith("Scanner") for each in one.got) >= events for one in subscribers):
            return
        await asyncio.sleep(0.05)


async def test_every_healthy_subscriber_gets_every_event_in_order_also_after_a_kill(
    tmp_path: Path, figures: list[str]
) -> None:
    kinds = ["healthy"] * HEALTHY + ["dead"] * DEAD + ["slow"] * SLOW + ["reset"] * RESET
    everyone = [Subscriber(f"127.0.77.{number + 1}", kind) for number, kind in enumerate(kinds)]
    healthy = [each for each in everyone if each.kind == "healthy"]
    log = tmp_path / "bridge.log"
    async with AsyncExitStack() as stack:
        for each in everyone:
            await each.open()
            stack.callback(each.close)

        async with bridge(tmp_path, log) as before:
            for each in everyone:
                await subscribe(before, each)
            scanning, queued = await before.create(), await before.create()
            begun = {("ScannerStatusSummaryEvent", "Processing"), ("JobStatusEvent", str(queued), "Pending")}
            await until(lambda: all(begun <= set(each.got) for each in healthy), START)
            for each in healthy:
                each.got.clear()
            await before.go(EVENTS)
            await asyncio.sleep(EVENTS / 2 / RATE)
            os.kill(before.process.pid, signal.SIGKILL)
            await before.process.wait()
            # No event came twice, none is missing between others, and hardly any was still to be sent.
            told = [flickers(each.got) for each in healthy]
            assert min(map(len, told)) >= EVENTS / 2 * 0.9, f"the bridge is slower than {RATE} a second"
            for got in told:
                assert got == expected(len(got), "Processing")
                assert max(map(len, told)) - len(got) <= AT_ONCE
            first = max(map(len, told))
            last = max(int(event[1]) for got in told for event in got if event[0] == "ScannerStatusConditionEvent")

        for each in healthy:
            each.got.clear()
        state = json.loads((tmp_path / "state" / "state.json").read_text())
        (kept,) = state["scanners"].values()
        lost = {each.identifier for each in healthy} - {entry["identifier"] for entry in kept["subscriptions"]}
        assert not lost

        async with bridge(tmp_path, log) as after:
            assert all([await is_subscribed(after, each) for each in healthy])
            await after.go(EVENTS - first)
            took = await after.done()
            await until_all(healthy, (EVENTS - first) // 2 * 2, 15.0)
            for each in healthy:
                ends = [event for event in each.got if event[0].startswith("Job")]
                assert ends == [
                    ("JobStatusEvent", str(scanning), "Aborted"),
                    ("JobEndStateEvent", str(scanning), "Aborted"),
                    ("JobStatusEvent", str(queued), "Aborted"),
                    ("JobEndStateEvent", str(queued), "Aborted"),
                ]
                # What is told first may be of the run before: a condition that is over, the scanner without its jobs.
                got = flickers(each.got)[-((EVENTS - first) // 2 * 2) :]
                assert int(got[0][1]) > last, "an id of the run before"
                assert got == expected((EVENTS - first) // 2 * 2, "Idle", int(got[0][1]))
            assert await after.create() > queued
            # Who answered nothing was given up, and who is well was not: nobody waited for anybody.
            assert not [each.kind for each in everyone if each.kind != "healthy" and await is_subscribed(after, each)]
            assert all([await is_subscribed(after, each) for each in healthy])
            left = EVENTS - first
            figures.append(
                f"chaos: {EVENTS} events to {HEALTHY} of {len(everyone)}, {left} in {took:.0f} s after the kill"
            )
            assert after.process.stdin is not None
            after.process.stdin.close()
            assert await asyncio.wait_for(after.process.wait(), 20) == 0
    assert "Traceback" not in log.read_text(), log.read_text()
