"""From the scanner's own button to a PDF/A in a folder, with a few lines of configuration; whatever is killed."""

import asyncio
import email
import email.policy
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.net.asking import Refused
from bridge.wsscan.events import EventName
from bridge.wsscan.job import JobState
from drivers.contract.clock import SystemClock
from hil.client import session
from hil.devices.stimuli import At, Jam, LoadPaper, Press, Stimulus
from hil.serving import Rig
from tests.system import debian, file_servers, product

A_SCAN = 20.0


def settings(folder: Path, *more: str) -> str:
    return "\n".join(["[[button]]", f'folder = "{folder}"', "resolution = 100", *more, ""])


def files(folder: Path) -> list[Path]:
    """Those under their final names."""
    return sorted(each for each in folder.rglob("*") if each.is_file() and not each.name.startswith("."))


def pages(pdf: Path) -> int:
    (count,) = re.findall(rb"/Type /Pages /Count (\d+) ", pdf.read_bytes())
    return int(count)


def colours(pdf: Path) -> list[str]:
    """Of each page's picture, as poppler reads it."""
    root = debian.packages("poppler-utils")
    command = [root.program("pdfimages"), "-list", str(pdf)]
    told = subprocess.run(command, env=root.env(), capture_output=True, text=True, check=True).stdout
    return [line.split()[5] for line in told.splitlines()[2:]]


async def press(rig: Rig, run: product.Running, *before: Stimulus) -> None:
    """One press. A driver takes one that came before its first look for an old one; then it is pressed again."""
    seen = run.log.count("was pressed")
    for _ in range(5):
        rig.stimulate(*before, Press())
        before = ()
        with suppress(TimeoutError):
            return await product.until(lambda: run.log.count("was pressed") > seen, 4.0)
    raise AssertionError(run.log)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "scans"
    place.mkdir()
    return place


async def test_ten_lines_end_with_a_pdf_in_the_folder(tmp_path: Path, folder: Path) -> None:
    config = tmp_path / "ten.toml"
    config.write_text(settings(folder, 'mode = "gray"', 'name = "{year}/{scanner} {date} {time}"'))
    assert len(config.read_text().splitlines()) <= 10
    command = ["--config", config, "--listen", "127.0.0.1:0", "--no-multicast", "--state-dir", tmp_path / "state"]
    command += ["--cache-dir", tmp_path / "cache", "--simulate", f"esci=adf=3,{product.QUICK},press@2s"]
    with (tmp_path / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli", "run", *command, cwd=product.PROJECT, stdout=log, stderr=log
        )
    try:
        await product.until(lambda: "delivered, 3 pages" in (tmp_path / "log").read_text(), A_SCAN)
    finally:
        process.terminate()
        await process.wait()
    (pdf,) = files(folder)
    assert re.fullmatch(r"20\d\d/.+ 20\d\d-\d\d-\d\d \d\d\.\d\d\.\d\d\.pdf", str(pdf.relative_to(folder)))
    assert pages(pdf) == 3
    assert not files(tmp_path / "state" / "scans"), "nothing stays behind"
    # Somebody else's reader can read it: three pages of A4 or so, and grey.
    assert colours(pdf) == ["gray"] * 3
    assert b"<pdfaid:part>1</pdfaid:part>" in pdf.read_bytes()


async def test_everybody_hears_of_the_job_and_nobody_can_fetch_its_pages(tmp_path: Path, folder: Path) -> None:
    async with product.scanner("adf=2") as rig, product.bridge(tmp_path, usbip=[rig], settings=settings(folder)) as run:
        async with session.opened(run.url, SystemClock()) as client:
            await client.subscribe()
            await press(rig, run)
            arrived = await client.timeline.wait_for(lambda each: each.name == EventName.JOB_STATUS, A_SCAN)
            job = arrived.event.job_status.job_id
            with pytest.raises(Refused):
                await client.cancel(job)
            end = await client.timeline.job_end(job, A_SCAN)
            assert end.job_completed_state is JobState.COMPLETED
            assert end.job_originating_user_name == "Device"
            assert end.scans_completed.count == 2
        await product.until(lambda: len(files(folder)) == 1, A_SCAN)
        assert pages(files(folder)[0]) == 2
        await press(rig, run, LoadPaper(1))
        await product.until(lambda: "delivered, 1 pages" in run.log, A_SCAN)
        assert len(files(folder)) == 2


async def test_another_button_still_invites_a_pc(tmp_path: Path, folder: Path) -> None:
    other = settings(folder, 'button = "2"')
    async with product.scanner("adf=1") as rig, product.bridge(tmp_path, usbip=[rig], settings=other) as run:
        await press(rig, run)
        await product.until(lambda: "nobody to send the press of button 1 to" in run.log, A_SCAN)
    assert not files(folder)


async def test_a_jam_delivers_what_was_scanned_and_says_so(tmp_path: Path, folder: Path) -> None:
    async with product.scanner("adf=3") as rig, product.bridge(tmp_path, usbip=[rig], settings=settings(folder)) as run:
        await press(rig, run, At(2, 50.0, Jam()))
        await product.until(lambda: "delivered, 1 pages" in run.log, 2 * A_SCAN)
    (pdf,) = files(folder)
    assert pdf.stem.endswith(" (incomplete)")
    assert pages(pdf) == 1


async def test_what_cannot_be_delivered_is_after_a_kill_and_a_restart(tmp_path: Path, folder: Path) -> None:
    away = folder / "a disk that is not mounted"
    async with product.scanner("adf=2") as rig:
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(away), ends=False) as run:
            await press(rig, run)
            await product.until(lambda: "its pages are kept in" in run.log, A_SCAN)
            assert "InvalidArgs" in run.log
            run.process.kill()
            await run.process.wait()
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder)) as run:
            await product.until(lambda: "delivered, 2 pages" in run.log, A_SCAN)
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder)) as run:
            assert run.log.count("delivered, 2 pages") == 1
    (pdf,) = files(folder)
    assert pages(pdf) == 2


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_killed_in_the_middle_of_a_scan_no_whole_page_is_lost(tmp_path: Path, folder: Path, page: int) -> None:
    spool = tmp_path / "state" / "scans"
    async with product.scanner("adf=3,speed=400") as rig:
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder), ends=False) as run:
            await press(rig, run)
            await product.until(lambda: len(list(spool.glob(f"*/000{page}.jpg"))) == 1, A_SCAN)
            run.process.kill()
            await run.process.wait()
        whole = len(list(spool.glob("*/000*.jpg"))) if not files(folder) else 3
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder)):
            await product.until(lambda: len(files(folder)) == 1 and not list(spool.glob("*/job.json")), A_SCAN)
    (pdf,) = files(folder)
    assert pages(pdf) == whole >= page


async def test_presses_and_kills_in_turn_give_each_scan_once(tmp_path: Path, folder: Path) -> None:
    """The delivery is cut off at whatever moment the machine comes to; each press is one file all the same."""
    async with product.scanner("adf=0") as rig:
        for turn in range(4):
            async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder), ends=False) as run:
                await press(rig, run, LoadPaper(1))
                # From the end of the scan on, some milliseconds later each time.
                await product.until(lambda run=run, turn=turn: run.log.count("Completed (Job") > turn, A_SCAN)
                await asyncio.sleep(0.004 * turn)
                run.process.kill()
                await run.process.wait()
        async with product.bridge(tmp_path, usbip=[rig], settings=settings(folder)):
            await product.until(lambda: not list((tmp_path / "state").glob("scans/*/job.json")), A_SCAN)
    found = files(folder)
    assert len(found) == 4
    assert [pages(each) for each in found] == [1] * 4


async def test_watch_shows_what_becomes_of_the_pages(tmp_path: Path, folder: Path) -> None:
    said = settings(folder / "away")
    async with product.scanner("adf=1") as rig, product.bridge(tmp_path, usbip=[rig], settings=said) as run:
        with (tmp_path / "watch.txt").open("w") as out:
            command = [sys.executable, "-m", "bridge.cli", "watch", run.url]
            watching = await asyncio.create_subprocess_exec(*command, cwd=product.PROJECT, stdout=out)
        try:

            def shown(*words: str) -> bool:
                lines = (tmp_path / "watch.txt").read_text().splitlines()
                return any(all(word in line for word in words) for line in lines)

            await product.until(lambda: shown(run.scan_url), A_SCAN)
            await press(rig, run)
            await product.until(lambda: shown("JobStatusEvent", "job 1", "Completed"), A_SCAN)
            await product.until(lambda: shown("PostScanJobStatusEvent", "Processing", "InvalidArgs"), A_SCAN)
            (folder / "away").mkdir()
            await product.until(lambda: shown("PostScanJobStatusEvent", "Completed", "fileshare"), 30.0)
        finally:
            watching.terminate()
            await watching.wait()
    assert len(files(folder)) == 1


async def test_places_do_not_wait_for_each_other(tmp_path: Path, folder: Path) -> None:
    pem = file_servers.certificate(tmp_path)
    async with file_servers.mail(pem) as server:
        smtp = f"""[smtp]
host = "{file_servers.HERE}"
port = {server.port}
user = "{file_servers.USER}"
password = "{file_servers.PASSWORD}"
sender = "scanner@example.org"
certificate = "{pem}"
"""
        said = settings(folder / "away", 'mode = "bw"', 'mail = ["a@example.org"]') + smtp
        async with product.scanner("adf=2") as rig, product.bridge(tmp_path, usbip=[rig], settings=said) as run:
            await press(rig, run)
            await product.until(lambda: len(server.taken) == 1, A_SCAN)
            (folder / "away").mkdir()
            await product.until(lambda: "delivered, 2 pages" in run.log, 30.0)
        assert len(server.taken) == 1, "what is done is not done again"
        assert file_servers.PASSWORD not in run.log
    (pdf,) = files(folder)
    assert pages(pdf) == 2
    message = email.message_from_bytes(server.taken[0].original_content, policy=email.policy.default)
    (attached,) = message.iter_attachments()
    assert attached.get_content() == pdf.read_bytes()
    assert attached.get_filename() == pdf.name
