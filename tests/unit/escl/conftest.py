"""A scripted device behind `Http`, and a clock that is turned by whoever sleeps."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from drivers.contract.http_exchange import HttpFailed, Incoming, Request

NAMESPACES = (
    'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
)
JPEG = b"\xff\xd8" + bytes(2000) + b"\xff\xd9"


def status(state: str = "Idle", adf: str = "", jobs: str = "") -> bytes:
    feeder = f"<scan:AdfState>{adf}</scan:AdfState>" if adf else ""
    listed = f"<scan:Jobs>{jobs}</scan:Jobs>" if jobs else ""
    return (
        f"<scan:ScannerStatus {NAMESPACES}><pwg:State>{state}</pwg:State>{feeder}{listed}</scan:ScannerStatus>"
    ).encode()


def job(uri: str, state: str, *, images: int | None = None, reasons: tuple[str, ...] = (), uuid: str = "") -> str:
    count = "" if images is None else f"<pwg:ImagesCompleted>{images}</pwg:ImagesCompleted>"
    said = "".join(f"<pwg:JobStateReason>{each}</pwg:JobStateReason>" for each in reasons)
    return (
        f"<scan:JobInfo><pwg:JobUri>{uri}</pwg:JobUri>{f'<pwg:JobUuid>{uuid}</pwg:JobUuid>' if uuid else ''}{count}"
        f"<pwg:JobState>{state}</pwg:JobState><pwg:JobStateReasons>{said}</pwg:JobStateReasons></scan:JobInfo>"
    )


class Turned:
    """`Clock`: time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    boottime = monotonic

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


class Device:
    """`Http`: for each request the next of its answers, the last one again and again."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[tuple[int, Mapping[str, str], bytes]]] = defaultdict(list)
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.holds = asyncio.Event()  # answers to NextDocument wait for it
        self.holds.set()
        self.reached = asyncio.Event()  # NextDocument was asked for
        self.breaks = False  # a page breaks off

    def says(self, request: str, *answers: tuple[int, bytes], headers: Mapping[str, str] | None = None) -> None:
        """`request`: method and last part of the path."""
        self.answers[request] += [(code, headers or {}, body) for code, body in answers]

    @asynccontextmanager
    async def exchange(self, asked: Request, *, wait: float, pause: float) -> AsyncIterator[Incoming]:
        request = f"{asked.method} {asked.target.rpartition('/')[2].partition('?')[0]}"
        self.asked.append(request)
        self.bodies.append(asked.body)
        if request == "GET NextDocument":
            self.reached.set()
            await self.holds.wait()
        line = self.answers.get(request) or [(404, {}, b"")]
        code, found, data = line[0] if len(line) == 1 else line.pop(0)

        async def chunks() -> AsyncIterator[bytes]:
            if data:
                yield data[: len(data) // 2]
                if self.breaks and request == "GET NextDocument":
                    raise HttpFailed("x: the connection broke")
                yield data[len(data) // 2 :]

        yield Incoming(code, {name.lower(): value for name, value in found.items()}, chunks())

    async def close(self) -> None:
        pass


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
async def device() -> Device:
    return Device()
