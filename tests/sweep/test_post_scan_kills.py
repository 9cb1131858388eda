"""Either side of DSM is killed before each single thing it does, and once more while it recovers.

Each time: no image is lost that was acknowledged, none comes to the folder twice, a mail that comes twice has the same
Message-ID, and both sides end the job in the same final state.
"""

import asyncio
import email
import json
from pathlib import Path

import pytest

from tests.ports import kept_port
from tests.sweep.killing import FOLDER, IMAGES, NEVER, child, device, finished, scan_server
from tests.system import file_servers
from tests.system.file_servers import MailServer
from tests.wire.post_scan_rig import mail, share

PARTS = 12  # so many tests share the steps of a side
LIMIT = 30.0
FILTERS = f"{FOLDER}[[filter]]\nmail = 'office@example.org'\n"


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_server_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path, part: int) -> None:
    kills = 0
    async with file_servers.mail(None) as letters:
        for last in range(part + 1, 10_000, PARTS):
            place = tmp_path / str(last)
            place.mkdir()
            async with asyncio.timeout(LIMIT):
                if not await server_run(place, last, letters):
                    break
            kills += 1
    assert kills > 4


async def server_run(place: Path, last: int, letters: MailServer) -> bool:
    """One job of a server that is killed at that step; False: it has not so many steps."""
    letters.taken.clear()
    job = await finished(place, last, FILTERS, (share(), mail("office@example.org")), letters.port)
    assert job.state.startswith("Completed/PostScanJobCompletedSuccessfully 2 "), f"step {last}: {job.state}"
    assert sorted(job.server.delivered.values()) == sorted(IMAGES.values()), f"step {last}"
    assert [each.name for each in (place / "in").glob(".*")] == []
    assert letters.taken
    assert len({email.message_from_bytes(each.original_content or b"")["Message-ID"] for each in letters.taken}) == 1
    assert states(place) == {job.token: "Completed"}
    return job.killed


def states(place: Path) -> dict[str, str]:
    """The jobs that a server's disk knows."""
    records = [json.loads(each.read_text()) for each in (place / "state" / "scan-server").glob("*/job.json")]
    return {each["token"]: each["state"] for each in records}


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_device_killed_at_any_step_and_its_server_agree(tmp_path: Path, part: int) -> None:
    port, kills = kept_port(), 0
    (tmp_path / "server").mkdir()
    with child(scan_server, NEVER, tmp_path / "server", port, 0, FOLDER, early=False) as server:
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
