"""Scanners behind SANE through the bridge: both sides of sheets, a second backend, a process that hangs or dies."""

# ruff: noqa: F811  # fixtures are arguments of the same name

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bridge import hotplug
from bridge.net.asking import Refused
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState
from bridge.wsscan.scanner import ScannerState
from bridge.wsscan.ticket import Dimensions, ScanTicket
from bridge.wsscan.values import ColorEntry, InputSource
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart, serving
from hil.client import session
from hil.client.ticket import Wish, make
from hil.devices.stimuli import Clear, Jam, LoadPaper
from hil.rig import bench
from tests.system import debian, product
from tests.system.odd_scanner import library, turn  # noqa: F401


def settings(library: str) -> str:
    return f'[sane]\nlibrary = "{library}"\nbackends = ["odd"]\n'


async def test_both_sides_of_each_sheet_reach_the_client(
    library: str, turn: Callable[[str], None], tmp_path: Path
) -> None:
    turn("sides 4")
    async with (
        product.bridge(tmp_path, settings=settings(library)) as running,
        session.opened(running.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()
        job = await client.create_job(
            make(Wish(InputSource.ADF_DUPLEX, color=ColorEntry.GRAYSCALE_8, resolution=100), able)
        )
        greys = []
        for number in range(4):
            image = await client.retrieve(job, tmp_path / f"{number}.jpg")
            with Image.open(image.path) as picture:
                greys.append(picture.getpixel((10, 10)))
        assert greys == [1, 2, 3, 4]  # every side is of its own grey
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 4)


async def test_a_second_backend_is_served_platen_feeder_jam_and_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"127.67.{os.getpid() % 250 + 1}.18"  # the port is fixed, so each run takes its own loopback address
    sane = tmp_path / "sane"
    sane.mkdir()
    (sane / "dll.conf").write_text("# nothing but what the bridge is told to use\n")
    (sane / "epson2.conf").write_text(f"net {host}\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(sane))
    libraries = debian.packages("sane-utils", "libsane1", "libsane-common").env()["LD_LIBRARY_PATH"]
    monkeypatch.setenv("LD_LIBRARY_PATH", libraries)
    async with (
        serving.scanner("esci", f"{product.QUICK},adf=2") as rig,
        serving.epson_net(rig, host, 1865),
        product.bridge(tmp_path, settings='[sane]\nbackends = ["epson2"]\nnetwork = true\n') as running,
        session.opened(running.url, SystemClock(), listen="127.0.0.1") as client,
    ):
        await client.subscribe()
        able = await client.configuration()

        def asked(source: InputSource, images: int = 0) -> ScanTicket:
            size = Dimensions(width=4000, height=3000)
            return make(Wish(source, "png", ColorEntry.GRAYSCALE_8, 75, images, size), able)

        for source, kind, images in (
            (InputSource.PLATEN, Source.PLATEN, 1),
            (InputSource.ADF, Source.FEEDER, 2),
        ):
            job = await client.create_job(asked(source, images))
            for number in range(1, images + 1):
                image = await client.retrieve(job, tmp_path / f"{kind}{number}.png")
                with Image.open(image.path) as picture:
                    whole = chart.rows(number, kind, Mode.GRAY8, (75, 75), chart.Box(0, 0, *picture.size))
                    assert picture.size == (300, 225)
                    assert picture.tobytes() == b"".join(whole)
            end = await client.timeline.job_end(job.job_id, 20)
            assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, images)
        rig.stimulate(LoadPaper(1), Jam())
        job = await client.create_job(asked(InputSource.ADF))
        with pytest.raises(Refused) as refusal:
            await client.retrieve(job, tmp_path / "none.png")
        assert refusal.value.subcode == Subcode.TEMPORARY_ERROR
        end = await client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.ABORTED
        assert (await client.status()).scanner_state is ScannerState.STOPPED
        rig.stimulate(Clear(), LoadPaper(1))
        job = await client.create_job(asked(InputSource.ADF, 1))
        await client.retrieve(job, tmp_path / "after.png")
        end = await client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.COMPLETED


@pytest.mark.parametrize("deadly", [signal.SIGSTOP, signal.SIGKILL], ids=["hung", "killed"])
async def test_a_process_that_hangs_or_dies_costs_one_job(
    library: str, turn: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deadly: int
) -> None:
    for name in ("scan.START_SECONDS", "scan.SILENCE", "process.CANCEL_SECONDS", "process.QUIT_SECONDS"):
        monkeypatch.setattr(f"drivers.sane.{name}", 1.5)
    clock = SystemClock()
    config = bench.configured(tmp_path, {"sane": {"library": library, "backends": ["odd"]}})
    turn("block 1")  # the scan does not begin until it is canceled
    async with (
        bench.real(config, partial(hotplug.find, config, clock), clock) as here,
        session.opened(here.url, clock) as client,
    ):
        await client.subscribe()
        wish = make(
            Wish(InputSource.PLATEN, color=ColorEntry.GRAYSCALE_8, resolution=100), await client.configuration()
        )
        job = await client.create_job(wish)
        [child] = children()
        os.kill(child, deadly)
        with pytest.raises(Refused) as refusal:
            await client.retrieve(job, tmp_path / "none.jpg")
        assert refusal.value.subcode == Subcode.TEMPORARY_ERROR
        end = await client.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.ABORTED, 0)
        assert client.timeline.states(job.job_id)[-1] == JobState.ABORTED
        turn("")
        job = await client.create_job(wish)
        await client.retrieve(job, tmp_path / "page.jpg")
        end = await client.timeline.job_end(job.job_id, 20)
        assert end.job_completed_state is JobState.COMPLETED
        assert child not in children()


def children() -> list[int]:
    """The SANE processes of this one."""
    found = {
        int(each) for task in Path("/proc/self/task").iterdir() for each in (task / "children").read_text().split()
    }
    return [each for each in found if b"drivers.sane" in Path(f"/proc/{each}/cmdline").read_bytes()]
