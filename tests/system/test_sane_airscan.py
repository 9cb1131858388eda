"""Debian's sane-airscan, a WSD client nobody here wrote, scans through the running bridge from a simulated scanner.

It fetches PNG wherever that is offered, so what arrives can be compared to the pixel. It sends one RetrieveImage for
the platen and no closing call; its words at the end of a scan are those that users read.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.wsscan.job import JobState, JobStateReason
from bridge.wsscan.scanner import ScannerState
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart, serving
from hil.client import session
from hil.client.session import Session
from hil.devices.stimuli import Cover, InUse, LoadPaper, Plug, Unplug
from tests.system import debian, pnm, product

FEEDER = ("--source", "ADF")
SECONDS = 60
IO_ERROR = "Error during device I/O"
OUT_OF_DOCUMENTS = "Document feeder out of documents"
# 1/1000 inch, what the simulated scanner offers and sane-airscan asks for in full
PLATEN, SHEET = (8500, 11700), (8500, 14000)
HEAD = 60  # bytes of a PNM header, which scanimage writes before it knows whether there will be a picture
TWO_SECONDS = "speed=1754"  # a platen page of 300 dpi


@dataclass(frozen=True)
class Airscan:
    """scanimage beside a bridge beside a scanner."""

    root: debian.Root
    config: Path
    rig: serving.Rig
    bridge: product.Running
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, *arguments: str | Path) -> asyncio.subprocess.Process:
        """Begin to scan."""
        process = await asyncio.create_subprocess_exec(
            self.root.program("scanimage"),
            *arguments,
            cwd=self.config,
            env=self.root.env(SANE_CONFIG_DIR=self.config),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(process)
        return process

    async def scanimage(self, *arguments: str | Path) -> tuple[int, bytes, str]:
        """Scan; exit code, standard output, standard error."""
        return await finished(await self.start("-d", "airscan:w0:Bridge", *arguments))

    async def scanning(self) -> None:
        """Wait until the carriage moves."""
        await product.until(lambda: self.rig.scanner.scanning, 10)

    async def standing(self) -> None:
        """Wait until it stands still again."""
        await product.until(lambda: not self.rig.scanner.scanning, 5)


async def finished(process: asyncio.subprocess.Process) -> tuple[int, bytes, str]:
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode is not None
    return process.returncode, out, err.decode()


@pytest.fixture
def airscan(sane_root: debian.Root, tmp_path: Path):
    @asynccontextmanager
    async def plugged(script: str = "", settings: str = "") -> AsyncIterator[Airscan]:
        (tmp_path / "dll.conf").write_text("airscan\n")
        async with product.scanner(script) as rig, product.bridge(tmp_path, usbip=[rig], settings=settings) as running:
            (tmp_path / "airscan.conf").write_text(
                f'[devices]\n"Bridge" = {running.scan_url}, wsd\n[options]\ndiscovery = disable\n'
            )
            here = Airscan(sane_root, tmp_path, rig, running)
            try:
                yield here
            finally:
                for process in here.started:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()

    return plugged


def shown(page: int, source: Source, mode: Mode, ppi: int, box: chart.Box, *, back: bool = False) -> bytes:
    """What lay on the glass, or went past it, there. ESC/I scans lines of whole bytes of dots; where the bed ends
    before such a byte does, the dots that the scanner cannot scan are white."""
    reach = chart.Box(box.x, box.y, box.width // 8 * 8, box.height)
    beyond = b"\xff" * mode.row_bytes(box.width - reach.width)
    return b"".join(row + beyond for row in chart.rows(page, source, mode, (ppi, ppi), reach, back=back))


def part(page: int, source: Source, mode: Mode, ppi: int, box: chart.Box) -> bytes:
    """The same of a part that ends inside the bed."""
    return b"".join(chart.rows(page, source, mode, (ppi, ppi), box))


def whole(size: tuple[int, int], ppi: int) -> chart.Box:
    return chart.Box(0, 0, size[0] * ppi // 1000, size[1] * ppi // 1000)


def pages(place: Path) -> list[pnm.Picture]:
    """The pages of a batch, in order."""
    found = sorted(place.glob("page*.pnm"), key=lambda path: int(path.stem.removeprefix("page")))
    return [pnm.read(path) for path in found]


def watching(running: product.Running):
    return session.opened(running.url, SystemClock())


async def last_job(client: Session) -> int:
    """The newest job's id."""
    found = [job.job_id for job in (*await client.active_jobs(), *await client.job_history())]
    assert found, "there is no job"
    return max(found)


async def ended(client: Session, state: JobState, *reasons: JobStateReason) -> int:
    """The newest job has ended so, and said so once and last."""
    job = await last_job(client)
    end = await client.timeline.job_end(job, 10)
    assert end.job_completed_state is state
    if reasons:
        assert end.job_completed_state_reasons.job_state_reason == reasons
    assert client.timeline.states(job)[-1] == state
    assert len(client.timeline.ends(job)) == 1
    return job


async def test_it_is_listed_and_its_options_are_the_scanner_s(airscan):
    async with airscan() as here:
        code, out, err = await finished(await here.start("-L"))
        assert code == 0, err
        assert out.decode().startswith("device `airscan:w0:Bridge' is a WSD Bridge")
        code, out, err = await here.scanimage("-A")
        assert code == 0, err
        options = out.decode()
        assert re.search(r"--resolution 50\|.*\|300\|.*\|600\|.*\|1200dpi", options)
        assert "--mode Color|Gray [" in options
        assert "--source Flatbed|ADF|ADF Duplex [" in options
        assert "-x 0..215.9mm" in options
        assert "-y 0..297.18mm" in options


@pytest.mark.parametrize(("mode", "kind", "samples"), [("Color", "P6", Mode.RGB24), ("Gray", "P5", Mode.GRAY8)])
@pytest.mark.parametrize("ppi", [75, 150, 300])
async def test_a_platen_page_is_the_chart_to_the_pixel(airscan, mode, kind, samples, ppi):
    async with airscan("original=7") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, out, err = await here.scanimage("--mode", mode, "--resolution", str(ppi))
        assert code == 0, err
        box = whole(PLATEN, ppi)
        got = pnm.read(out)
        assert (got.kind, got.width, got.height) == (kind, box.width, box.height)
        assert got.samples == shown(7, Source.PLATEN, samples, ppi, box)
        job = await ended(client, JobState.COMPLETED, JobStateReason.JOB_COMPLETED_SUCCESSFULLY)
        assert client.timeline.states(job) == ["Started", "Processing", "Completed"]


async def test_a_part_of_the_platen_is_that_part_of_the_chart(airscan):
    async with airscan() as here:
        area = ("-l", "50.8", "-t", "25.4", "-x", "101.6", "-y", "76.2")  # 2, 1, 4 and 3 inches
        code, out, err = await here.scanimage("--mode", "Color", "--resolution", "150", *area)
        assert code == 0, err
        got = pnm.read(out)
        # sane-airscan has a grid of its own (1/300 inch, then whole dots): a dot more or less at either edge
        assert (abs(got.width - 600) <= 1, abs(got.height - 450) <= 1) == (True, True), (got.width, got.height)
        places = [
            part(1, Source.PLATEN, Mode.RGB24, 150, chart.Box(left, top, got.width, got.height))
            for left in (299, 300, 301)
            for top in (149, 150, 151)
        ]
        assert got.samples in places


@pytest.mark.parametrize("sheets", [3, 7])
async def test_a_feeder_batch_brings_every_sheet_and_ends_out_of_documents(airscan, tmp_path, sheets):
    async with airscan(f"adf={sheets}") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Color", "--resolution", "100", f"--batch={tmp_path}/page%d.pnm"
        )
        assert code == 0, err
        assert OUT_OF_DOCUMENTS in err
        assert IO_ERROR not in err
        box = whole(SHEET, 100)
        want = [shown(page, Source.FEEDER, Mode.RGB24, 100, box) for page in range(1, sheets + 1)]
        assert [page.samples for page in pages(tmp_path)] == want
        job = await ended(client, JobState.COMPLETED, JobStateReason.JOB_COMPLETED_SUCCESSFULLY)
        counts = [status.scans_completed.count for status in client.timeline.statuses(job)]
        assert counts == sorted(counts)
        assert set(counts) == set(range(sheets + 1))
        assert not here.rig.scanner.state.paper


async def test_both_sides_of_every_sheet_in_turn(airscan, tmp_path):
    async with airscan("adf=2") as here:
        code, _, err = await here.scanimage(
            "--source", "ADF Duplex", "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
        )
        assert code == 0, err
        assert OUT_OF_DOCUMENTS in err
        box = whole(SHEET, 75)
        sides = [(1, False), (1, True), (2, False), (2, True)]
        want = [shown(page, Source.FEEDER, Mode.GRAY8, 75, box, back=back) for page, back in sides]
        assert [page.samples for page in pages(tmp_path)] == want


async def test_twenty_platen_jobs_in_a_row(airscan):
    async with airscan("original=3") as here, watching(here.bridge) as client:
        await client.subscribe()
        want = shown(3, Source.PLATEN, Mode.GRAY8, 75, whole(PLATEN, 75))
        for turn in range(20):
            code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
            assert code == 0, f"scan {turn + 1}: {err}"
            assert pnm.read(out).samples == want, f"scan {turn + 1}"
            await ended(client, JobState.COMPLETED)
        assert await last_job(client) == 20
        assert not await client.active_jobs()


async def test_paper_put_in_after_a_batch_makes_a_second_one(airscan, tmp_path):
    async with airscan("adf=2") as here:
        for sheets in (2, 3):
            if sheets != 2:
                here.rig.stimulate(LoadPaper(sheets))
            code, _, err = await here.scanimage(
                *FEEDER, "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
            )
            assert code == 0, err
            assert OUT_OF_DOCUMENTS in err
            assert len(pages(tmp_path)) == sheets
            assert f"{sheets} pages scanned" in err


async def test_an_empty_feeder_is_out_of_documents_at_once(airscan):
    async with airscan() as here, watching(here.bridge) as client:
        await client.subscribe()
        for _ in range(2):
            code, out, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "75")
            assert code != 0
            assert len(out) < HEAD
            assert OUT_OF_DOCUMENTS in err
        for job in await client.job_history():
            assert job.job_state is JobState.ABORTED
            await client.timeline.job_end(job.job_id, 10)
            assert len(client.timeline.ends(job.job_id)) == 1
        assert (await here.scanimage("--mode", "Gray", "--resolution", "75"))[0] == 0


async def test_a_jam_between_the_sheets_leaves_the_page_before_whole(airscan, tmp_path):
    async with airscan("adf=3,jam@2:0%") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
        )
        assert "Document feeder jammed" in err, (code, err)
        assert code == 6, "SANE_STATUS_JAMMED"
        assert "1 page scanned" in err
        (page,) = pages(tmp_path)
        assert page.samples == shown(1, Source.FEEDER, Mode.GRAY8, 75, whole(SHEET, 75))
        await ended(client, JobState.ABORTED)
        assert (await client.status()).scanner_state is not ScannerState.PROCESSING


@pytest.mark.parametrize(
    ("event", "words", "code"),
    [
        ("jam@2:60%", "Document feeder jammed", 6),
        ("doublefeed@2:60%", "Document feeder jammed", 6),
        ("cover open@2:60%", "Scanner cover is open", 8),
    ],
)
async def test_what_goes_wrong_in_the_middle_of_a_sheet_is_named_and_is_no_page(airscan, tmp_path, event, words, code):
    async with airscan(f"adf=3,{event},{TWO_SECONDS}") as here, watching(here.bridge) as client:
        await client.subscribe()
        status, _, err = await here.scanimage(
            *FEEDER, "--mode", "Gray", "--resolution", "300", f"--batch={tmp_path}/page%d.pnm"
        )
        assert words in err, err
        assert IO_ERROR not in err
        assert status == code
        assert "1 page scanned" in err, err
        (page,) = pages(tmp_path)
        assert page.samples == shown(1, Source.FEEDER, Mode.GRAY8, 300, whole(SHEET, 300))
        await ended(client, JobState.ABORTED)
        _, _, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "75")
        assert words in err
        # somebody takes the sheet out: nothing stays behind
        here.rig.stimulate(Cover(open=True), Cover(open=False))
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "75")
        assert code == 0, err


async def test_a_batch_whose_first_sheet_jams_in_its_middle_is_no_page_at_all(airscan, tmp_path):
    async with airscan(f"adf=3,jam@1:60%,{TWO_SECONDS}") as here:
        code, _, err = await here.scanimage(
            "--source", "ADF Duplex", "--mode", "Color", "--resolution", "300", f"--batch={tmp_path}/page%d.pnm"
        )
        assert "Document feeder jammed" in err, err
        assert code == 6, "SANE_STATUS_JAMMED"
        assert not pages(tmp_path)


async def test_unplugged_in_the_middle_of_a_sheet_it_wants_attention_which_sane_airscan_calls_busy(airscan, tmp_path):
    async with airscan(f"adf=3,unplug@2:60%,{TWO_SECONDS}") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Gray", "--resolution", "300", f"--batch={tmp_path}/page%d.pnm"
        )
        assert "Device busy" in err, "docs/clients.md"
        assert code == 3, "SANE_STATUS_DEVICE_BUSY"
        assert len(pages(tmp_path)) == 1
        await ended(client, JobState.ABORTED)


async def test_an_open_cover_is_named_until_it_is_closed(airscan):
    async with airscan("adf=2") as here:
        here.rig.stimulate(Cover(open=True))
        _, out, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "75")
        assert len(out) < HEAD
        assert "cover is open" in err
        here.rig.stimulate(Cover(open=False))
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "75")
        assert code == 0, err


@pytest.mark.parametrize("source", [(), FEEDER])
async def test_interrupted_in_mid_page_the_hardware_stops_and_the_next_scan_works(airscan, source):
    async with airscan("speed=300,adf=3") as here, watching(here.bridge) as client:
        await client.subscribe()
        process = await here.start("-d", "airscan:w0:Bridge", *source, "--mode", "Color", "--resolution", "300")
        await here.scanning()
        await asyncio.sleep(1.0)
        process.send_signal(signal.SIGINT)
        await here.standing()
        code, _, _ = await finished(process)
        assert code != 0
        await ended(client, JobState.CANCELED)
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err


async def test_of_two_at_once_the_second_waits_its_turn(airscan, tmp_path):
    async with airscan("speed=877") as here, watching(here.bridge) as client:
        await client.subscribe()
        scan = ("-d", "airscan:w0:Bridge", "--mode", "Gray", "--resolution", "75", "-o")
        first = await here.start(*scan, tmp_path / "page1.pnm")
        await here.scanning()
        second = await here.start(*scan, tmp_path / "page2.pnm")
        for process in (first, second):
            code, _, err = await finished(process)
            assert code == 0, err
        want = shown(1, Source.PLATEN, Mode.GRAY8, 75, whole(PLATEN, 75))
        assert [page.samples for page in pages(tmp_path)] == [want, want]
        job = await ended(client, JobState.COMPLETED)
        assert client.timeline.states(job - 1) == ["Started", "Processing", "Completed"]
        assert client.timeline.states(job) == ["Pending", "Started", "Processing", "Completed"]


async def test_unplugged_in_mid_page_it_is_an_error_and_replugged_it_scans_again(airscan, tmp_path):
    async with airscan("speed=1000") as here, watching(here.bridge) as client:
        await client.subscribe()
        process = await here.start(
            "-d",
            "airscan:w0:Bridge",
            "--mode",
            "Color",
            "--resolution",
            "300",
            "--format=png",
            "-o",
            tmp_path / "x.png",
        )
        await here.scanning()
        await asyncio.sleep(1.0)
        here.rig.stimulate(Unplug())
        code, _, err = await finished(process)
        assert code != 0
        assert IO_ERROR in err
        await ended(client, JobState.ABORTED)
        await product.until_state(client, ScannerState.STOPPED)
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code != 0, "nothing is plugged in"
        here.rig.stimulate(Plug())
        await product.until_state(client, ScannerState.IDLE)
        code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err
        assert pnm.read(out).samples == shown(1, Source.PLATEN, Mode.GRAY8, 75, whole(PLATEN, 75))
        await ended(client, JobState.COMPLETED)


async def test_cancel_at_the_panel_ends_the_job_and_the_next_one_works(airscan):
    async with airscan("speed=2000,cancel@1:40%") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "300")
        assert code != 0
        assert IO_ERROR in err  # the image broke off: it was on its way
        await ended(client, JobState.CANCELED, JobStateReason.JOB_CANCELED_AT_DEVICE)
        assert not here.rig.scanner.scanning
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err


async def test_cancel_at_the_panel_is_told_by_its_fault_for_which_sane_airscan_has_no_word_but_io_error(
    airscan, tmp_path
):
    """docs/clients.md: it knows three fault codes, and no state of the scanner means that somebody pressed cancel."""
    async with airscan(f"adf=3,cancel@2:40%,{TWO_SECONDS}", "[log]\ntraffic = true\n") as here:
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Gray", "--resolution", "300", f"--batch={tmp_path}/page%d.pnm"
        )
        assert IO_ERROR in err
        assert code == 9, "SANE_STATUS_IO_ERROR"
        assert len(pages(tmp_path)) == 1
        said = here.bridge.log
        fault = said.index("<soap:Value>wscn:ClientErrorJobCancelled</soap:Value>")
        # it was read whole: the client goes on to ask what is the matter, and nothing is
        asked = said.index("GetScannerElements", fault)
        status = re.search("<wscn:ScannerState>.*?</wscn:ScannerStatus>", said[asked:])
        assert status is not None
        assert status[0].startswith("<wscn:ScannerState>Idle</wscn:ScannerState><wscn:ActiveConditions/>")


async def test_two_sheets_at_once_end_the_batch_as_a_jam(airscan, tmp_path):
    async with airscan("adf=3,doublefeed@2:0%") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
        )
        assert "Document feeder jammed" in err, (code, err)
        (page,) = pages(tmp_path)
        assert page.samples == shown(1, Source.FEEDER, Mode.GRAY8, 75, whole(SHEET, 75))
        await ended(client, JobState.ABORTED)


async def test_a_lamp_that_warms_up_is_waited_for(airscan):
    async with airscan("warmup=3") as here, watching(here.bridge) as client:
        await client.subscribe()
        code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err
        assert pnm.read(out).samples == shown(1, Source.PLATEN, Mode.GRAY8, 75, whole(PLATEN, 75))
        await ended(client, JobState.COMPLETED)


async def test_a_scanner_that_another_host_uses_is_busy(airscan):
    async with airscan() as here, watching(here.bridge) as client:
        here.rig.stimulate(InUse(taken=True))
        await product.until_state(client, ScannerState.PROCESSING)
        code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code != 0
        assert len(out) < HEAD
        assert "Device busy" in err
        here.rig.stimulate(InUse(taken=False))
        await product.until_state(client, ScannerState.IDLE)
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err
