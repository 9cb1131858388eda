"""A network scanner on a tape of the running product: its eSCL side is recorded, played, and changed by hand."""

import asyncio
import os
import re
from pathlib import Path

from hil.devices.mfp import serve as mfp
from hil.tape import file, soap
from tests.system import product
from tests.system.test_tape import SECONDS, done, hil, recording


async def scanned(url: str, place: Path) -> bool:
    """Whether what `demo` does came to a good end."""
    arguments = ("--url", url, "--source", "adf", "--resolution", "75", "--output", place / "pages", "--json")
    return (await done("scan", *arguments))[0] == 0


async def session_of(url: str, place: Path, tape: Path) -> None:
    """The demo's session with the scanner there, on a tape."""
    os.mkdir(place)
    async with (
        product.bridge(place, settings=f'[[escl]]\nurl = "{url}"\n') as running,
        recording(place, tape, "--images"),
    ):
        assert await scanned(running.url, place)
        await asyncio.sleep(0.5)


async def ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    word, _, url = (await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode().strip().partition(" ")
    assert word == "ready"
    return url


async def test_a_scan_over_escl_is_recorded_and_replayed_and_clients_are_told_the_same(tmp_path: Path) -> None:
    first, again = tmp_path / "first.tape", tmp_path / "again.tape"
    async with mfp.mfp("adf=2,warmup=0,speed=3508,feed=0.1") as rig:
        await session_of(rig.escl_url, tmp_path / "1", first)
    tape = file.read(first)
    assert [(each.lane, each.name) for each in tape.header.devices] == [("http", "http1")]
    assert tape.header.redacted
    async with hil("replay", first) as process:
        await session_of(await ready(process), tmp_path / "2", again)
    assert process.returncode == 0
    assert soap.differences(tape, file.read(again)) == []
    pages = [sorted(each.read_bytes() for each in (tmp_path / n / "pages").iterdir()) for n in "12"]
    assert len(pages[0]) == 2
    assert pages[0] == pages[1]


async def test_one_byte_of_a_question_changed_by_hand_is_told_as_such(tmp_path: Path) -> None:
    first, changed = tmp_path / "first.tape", tmp_path / "changed.tape"
    async with mfp.mfp("adf=1,warmup=0,speed=0,feed=0.1") as rig:
        await session_of(rig.escl_url, tmp_path / "1", first)
    lines = first.read_text().splitlines()
    number = next(at for at, line in enumerate(lines) if '"method": "POST"' in line)
    assert lines[number].count("XResolution>") == 2
    lines[number] = re.sub(
        r"XResolution>(\d)", lambda found: f"XResolution>{int(found[1]) ^ 1}", lines[number], count=1
    )
    changed.write_text("\n".join(lines) + "\n")
    code, said = await done("replay", changed)
    assert code == 2
    assert re.search(rf"changed\.tape, line {number + 1}: byte \d+ of text was 3\d \"\d\", is now 3\d", said), said
    assert (await done("seal", changed))[0] == 0
    async with hil("replay", changed, "--pace", "0") as process:
        place = tmp_path / "2"
        os.mkdir(place)
        async with product.bridge(place, settings=f'[[escl]]\nurl = "{await ready(process)}"\n') as running:
            assert not await scanned(running.url, place)
    assert process.stderr is not None
    said = (await process.stderr.read()).decode()
    assert process.returncode == 1
    assert re.search(
        rf"changed\.tape, line {number + 1}: byte \d+ of the body of POST /eSCL/ScanJobs differs: tape 3\d", said
    ), said
