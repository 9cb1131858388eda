"""Either side of DSM is killed before each single thing it does, and once more while it recovers.

Each time: no image is lost that was acknowledged, none comes to the folder twice, a mail that comes twice has the same
Message-ID, and both sides end the job in the same final state.
"""

import asyncio
import email
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.sweep.killing import NEVER, child, device, scan_server
from tests.system.file_servers import MailServer, mail
from tests.wire.http_rig import FakeScanner, Hands
from tests.wire.post_scan_rig import FILTER, PACKAGE, Server, create, kept_port, package, request, share

T = TypeVar("T")
PARTS = 12  # so many tests share the steps of a side
LIMIT = 30.0
IMAGES = {1: b"first" * 1000, 2: b"second" * 1000}
MAIL = (
    f"<p:Filter><p:Dialect>{FILTER}/email</p:Dialect><p:Instructions>"
    f'<m:EmailConfig xmlns:m="{FILTER}/email"><m:SendToScanUser>false</m:SendToScanUser>'
    '<m:SendToAddresses CanAddAddresses="false"><m:EmailAddress>office@example.org</m:EmailAddress>'
    "</m:SendToAddresses></m:EmailConfig></p:Instructions></p:Filter>"
)


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_server_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path, part: int) -> None:
    kills = 0
    async with mail(None) as letters:
        for last in range(part + 1, 10_000, PARTS):
            place = tmp_path / str(last)
            place.mkdir()
            async with asyncio.timeout(LIMIT):
                if not await server_run(place, last, letters):
                    break
            kills += 1
    assert kills > 4


async def server_run(place: Path, last: int, letters: MailServer) -> bool:
    """One job of a server that is killed at that step, and at an early one of the run after it; False: it has not so
    many steps."""
    letters.taken.clear()
    port = kept_port()
    found = Server(port, Hands(), place, FakeScanner())
    job = asyncio.create_task(whole_job(found))
    killed = 0
    try:
        for step in (last, 1 + last % 29, NEVER):
            with child(scan_server, step, place, port, letters.port, early=step != last) as side:
                if await side.ready():
                    gone = asyncio.create_task(side.gone())
                    await asyncio.wait((job, gone), return_when=asyncio.FIRST_COMPLETED)
                    gone.cancel()
                killed += side.was_killed
                if job.done():
                    break
        token, state = await job
    finally:
        job.cancel()
    assert state.startswith("Completed/PostScanJobCompletedSuccessfully 2 "), f"step {last}: {state}"
    assert sorted(found.delivered.values()) == sorted(IMAGES.values()), f"step {last}"
    assert [each.name for each in (place / "in").glob(".*")] == []
    assert letters.taken
    assert len({email.message_from_bytes(each.original_content or b"")["Message-ID"] for each in letters.taken}) == 1
    assert states(place) == {token: "Completed"}
    return killed > 0


async def whole_job(found: Server) -> tuple[str, str]:
    """As a device that repeats each message until it hears an answer: the job's token, and how it ended."""
    said = request("CreatePostScanJob", create(share(), MAIL))
    while not found.path:
        await again(found.find)
    made = await again(lambda: found.ask(found.path, said))
    token = made.content.findtext("{*}JobToken") or ""
    for number, image in IMAGES.items():
        body = package(token, number, image)
        taken = await again(lambda body=body: found.ask(found.path, body, Content_Type=PACKAGE))
        assert taken.status == 200, taken.body
    ended = await again(lambda: found.end(token))
    assert ended.status == 200, ended.body
    while True:
        state = await again(lambda: found.state(token))
        if state.startswith(("Completed", "Aborted", "Canceled")):
            return token, state
        await asyncio.sleep(0.005)


async def again(ask: Callable[[], Awaitable[T]]) -> T:
    """Until somebody answers."""
    while True:
        try:
            return await ask()
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.005)


def states(place: Path) -> dict[str, str]:
    """The jobs that a server's disk knows."""
    records = [json.loads(each.read_text()) for each in (place / "state" / "scan-server").glob("*/job.json")]
    return {each["token"]: each["state"] for each in records}


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_device_killed_at_any_step_and_its_server_agree(tmp_path: Path, part: int) -> None:
    port, kills = kept_port(), 0
    (tmp_path / "server").mkdir()
    with child(scan_server, NEVER, tmp_path / "server", port, 0, early=False) as server:
        assert await server.ready()
        for last in range(part + 1, 10_000, PARTS):
            place = tmp_path / str(last)
            place.mkdir()
            async with asyncio.timeout(LIMIT):
                if not await device_run(place, last, port, tmp_path / "server"):
                    break
            kills += 1
    assert kills > 2


async def device_run(place: Path, last: int, port: int, server: Path) -> bool:
    """One press at a device that is killed at that step, and at an early one of the run after it."""
    before, filed = states(server), len(list((server / "in").iterdir()))
    killed = 0
    for step, presses in ((last, True), (1 + last % 23, False), (NEVER, False)):
        with child(device, step, place, port, presses=presses) as side:
            if await side.ready():
                while not side.was_killed and (in_hand(place) or (presses and states(server) == before)):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            killed += side.was_killed
            if not side.was_killed:
                break
    assert in_hand(place) == []
    new = {token: state for token, state in states(server).items() if token not in before}
    assert set(new.values()) <= {"Completed", "Canceled"}, f"step {last}: {new}"
    pages = len([each for each in (server / "in").iterdir() if not each.name.startswith(".")]) - filed
    assert pages == (2 if "Completed" in new.values() else 0), f"step {last}: {new}"
    assert len(new) <= 1, f"step {last}: {new}"
    return killed > 0


def in_hand(place: Path) -> list[Path]:
    """What the device is not done with."""
    return list((place / "state" / "pushes").glob("*"))
