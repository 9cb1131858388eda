"""SANE's own epson2 backend, a driver nobody here wrote, scans from the simulated ESC/I scanner over TCP port 1865.

It is the referee of our reading of ESC/I: what it complains about is a bug in `hil/devices/esci`.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from hil import chart, serving
from hil.devices.stimuli import Cover, Jam, Press
from tests.system import debian
from tests.system.scanimage import scanimage

FEEDER = ("--source", "Automatic Document Feeder")
FILM = ("--source", "Transparency Unit")
QUICK = "feed=0.01,speed=0"


@dataclass(frozen=True)
class Sane:
    """scanimage, pointed at one simulated scanner."""

    root: debian.Root
    config: Path
    host: str
    rig: serving.Rig

    async def scanimage(self, *arguments: str) -> tuple[int, bytes, str]:
        """Run it; exit code, standard output, standard error."""
        return await scanimage(self.root, self.config, f"epson2:net:{self.host}", *arguments)


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common", "sane-airscan")


@pytest.fixture
def sane(root: debian.Root, tmp_path: Path):
    @asynccontextmanager
    async def plugged(script: str, family: str = "esci") -> AsyncIterator[Sane]:
        host = f"127.65.{os.getpid() % 250 + 1}.18"  # the port is fixed, so each run takes its own loopback address
        (tmp_path / "dll.conf").write_text("epson2\n")
        (tmp_path / "epson2.conf").write_text(f"net {host}\n")
        async with (
            serving.scanner(family, f"{QUICK},{script}") as rig,
            serving.epson_net(rig, host, 1865),
        ):
            yield Sane(root, tmp_path, host, rig)

    return plugged


def pnm(data: bytes) -> tuple[str, int, int, bytes]:
    """Kind, width, height and samples of a binary PNM picture as scanimage writes it."""
    head = re.match(rb"(P[456])\n(?:#[^\n]*\n)*(\d+) (\d+)\n(?:(\d+)\n)?", data)
    assert head is not None, data[:40]
    return head[1].decode(), int(head[2]), int(head[3]), data[head.end() :]


def shown(page: int, source: Source, mode: Mode, ppi: int, box: chart.Box, *, back: bool = False) -> bytes:
    return b"".join(chart.rows(page, source, mode, (ppi, ppi), box, back=back))


async def test_sane_finds_the_scanner_and_names_it(sane):
    async with sane("warmup=0") as here:
        code, out, err = await here.scanimage("-L")
        assert (code, out.decode()) == (0, f"device `epson2:net:{here.host}' is a Epson GT-2500 flatbed scanner\n"), err


@pytest.mark.parametrize(
    ("arguments", "kind", "mode"),
    [
        (("--mode", "Color"), "P6", Mode.RGB24),
        (("--mode", "Gray"), "P5", Mode.GRAY8),
        (("--mode", "Color", "--depth", "16"), "P6", Mode.RGB48),
        (("--mode", "Gray", "--depth", "16"), "P5", Mode.GRAY16),
        (("--mode", "Lineart", "--halftoning", "None"), "P4", Mode.LINEART),
    ],
)
@pytest.mark.parametrize("ppi", [75, 300])
async def test_a_platen_page_is_the_chart_to_the_pixel(sane, arguments, kind, mode, ppi):
    async with sane("original=7,warmup=0") as here:
        code, out, err = await here.scanimage(*arguments, "--resolution", str(ppi))
        assert code == 0, err
        got_kind, width, height, samples = pnm(out)
        # 8.5 x 11.7 inch; SANE rounds the width down to whole bytes of dots
        assert (got_kind, width) == (kind, 8.5 * ppi // 8 * 8)
        # the height it cuts to whole millimetres (297 of 297.18) when it believes to be beyond the area
        assert height == int(297 / 25.4 * ppi + 0.5)
        want = shown(7, Source.PLATEN, mode, ppi, chart.Box(0, 0, width, height))
        assert samples == (bytes(255 - each for each in want) if mode is Mode.LINEART else want)


async def test_a_part_of_the_platen_is_that_part_of_the_chart(sane):
    async with sane("warmup=0") as here:
        area = ("-l", "50.8", "-t", "25.4", "-x", "101.6", "-y", "75.6")  # 2, 1 and 4 inches; 446 rows
        code, out, err = await here.scanimage("--mode", "Color", "--resolution", "150", *area)
        assert code == 0, err
        assert pnm(out) == (
            "P6",
            600,
            446,
            shown(1, Source.PLATEN, Mode.RGB24, 150, chart.Box(300, 150, 600, 446)),
        )


async def test_mirroring_and_drop_out_reach_the_pixels(sane):
    async with sane("warmup=0") as here:
        area = ("-l", "0", "-t", "50.8", "-x", "203.2", "-y", "50.8")
        code, out, err = await here.scanimage(
            "--mode", "Gray", "--resolution", "100", "--mirror=yes", "--dropout", "Red", *area
        )
        assert code == 0, err
        _, width, height, samples = pnm(out)
        red = chart.image(1, Source.PLATEN, (100, 100), chart.Box(0, 200, width, height)).getchannel("R").tobytes()
        rows = [samples[y * width : (y + 1) * width][::-1] for y in range(height)]
        assert b"".join(rows) == red


async def test_a_feeder_batch_ends_out_of_documents(sane, tmp_path):
    async with sane("warmup=0,adf=3") as here:
        code, _, err = await here.scanimage(
            *FEEDER, "--mode", "Color", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
        )
        assert code == 0, err
        assert "Document feeder out of documents" in err
        assert "I/O" not in err
        for page in (1, 2, 3):
            _, width, height, samples = pnm((tmp_path / f"page{page}.pnm").read_bytes())
            assert samples == shown(page, Source.FEEDER, Mode.RGB24, 75, chart.Box(0, 0, width, height))
        assert not (tmp_path / "page4.pnm").exists()
        assert not here.rig.scanner.state.paper


async def test_a_duplex_batch_brings_fronts_and_backs_in_turn(sane, tmp_path):
    async with sane("warmup=0,adf=2") as here:
        code, _, err = await here.scanimage(
            *FEEDER, "--adf-mode", "Duplex", "--mode", "Gray", "--resolution", "75", f"--batch={tmp_path}/page%d.pnm"
        )
        assert code == 0, err
        assert "Document feeder out of documents" in err
        sides = [(1, False), (1, True), (2, False), (2, True)]
        for image, (sheet, back) in enumerate(sides, start=1):
            _, width, height, samples = pnm((tmp_path / f"page{image}.pnm").read_bytes())
            box = chart.Box(0, 0, width, height)
            assert samples == shown(sheet, Source.FEEDER, Mode.GRAY8, 75, box, back=back)
        assert len(list(tmp_path.glob("page*.pnm"))) == 4


async def test_an_empty_feeder_is_out_of_documents(sane):
    async with sane("warmup=0") as here:
        code, out, err = await here.scanimage(*FEEDER, "--mode", "Gray")
        assert code != 0
        assert out == b""
        assert "sane_start: Document feeder out of documents" in err


async def test_a_sheet_stuck_before_the_scan_is_a_jam(sane):
    async with sane("warmup=0,adf=2") as here:
        here.rig.stimulate(Jam())
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray")
        assert code != 0
        assert "sane_start: Document feeder jammed" in err


async def test_a_jam_in_mid_page_breaks_it_and_the_next_start_says_jammed(sane):
    async with sane("warmup=0,adf=2,jam@1") as here:
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray", "--resolution", "300")
        assert code != 0
        assert "sane_read: Error during device I/O" in err
        _, _, again = await here.scanimage(*FEEDER, "--mode", "Gray")
        assert "sane_start: Document feeder jammed" in again


async def test_an_open_cover_refuses_the_feeder_but_not_the_platen(sane):
    # epson2 looks at the paper and jam bits only (e2_check_adf), so an open cover reaches it as a feed command refused
    async with sane("warmup=0,adf=2") as here:
        here.rig.stimulate(Cover(open=True))
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray")
        assert code != 0
        assert "sane_start: Invalid argument" in err
        assert (await here.scanimage("--mode", "Gray"))[0] == 0
        here.rig.stimulate(Cover(open=False))
        code, _, err = await here.scanimage(*FEEDER, "--mode", "Gray")
        assert code == 0, err


async def test_cancel_at_the_panel_cancels_in_sane(sane):
    async with sane("warmup=0,cancel@1:30%") as here:
        code, _, err = await here.scanimage("--mode", "Gray", "--resolution", "300")
        assert code != 0
        assert "Operation was canceled" in err
        assert not here.rig.scanner.scanning
        assert (await here.scanimage("--mode", "Gray"))[0] == 0


async def test_sane_waits_for_the_button(sane):
    async with sane("warmup=0") as here:
        run = asyncio.create_task(here.scanimage("--mode", "Gray", "--wait-for-button=yes"))
        await asyncio.sleep(1.5)
        assert not run.done()
        assert not here.rig.scanner.scanning
        here.rig.stimulate(Press())
        code, out, err = await run
        assert code == 0, err
        assert pnm(out)[0] == "P5"


async def test_sane_waits_while_the_lamp_warms(sane):
    async with sane("warmup=2") as here:
        assert here.rig.scanner.state.warming
        code, _, err = await here.scanimage("--mode", "Gray")  # looks again after five seconds
        assert code == 0, err


async def test_twenty_platen_scans_in_a_row_are_alike(sane):
    async with sane("warmup=0") as here:
        first = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert first[0] == 0, first[2]
        for _ in range(19):
            assert (await here.scanimage("--mode", "Gray", "--resolution", "75"))[:2] == first[:2]


@pytest.mark.parametrize(("kind", "told"), [("Positive Film", 0), ("Negative Film", 1)])
async def test_film_is_scanned_as_the_light_comes_through_it(sane, kind, told):
    async with sane("original=5,warmup=0", "esci-film") as here:
        code, out, err = await here.scanimage(*FILM, "--film-type", kind, "--mode", "Color", "--resolution", "75")
        assert code == 0, err
        _, width, height, samples = pnm(out)
        assert (width, height) == (6 * 75 // 8 * 8, int(248 / 25.4 * 75 + 0.5))  # 6 x 9.8 inch, in whole millimetres
        assert samples == shown(5, Source.FILM, Mode.RGB24, 75, chart.Box(0, 0, width, height))
        assert (here.rig.scanner.parameters.option, here.rig.scanner.parameters.film) == (1, told)
        assert here.rig.scanner.focus == 64 + 25  # 2.5 mm above the glass


async def test_the_glass_beside_a_film_unit_is_the_glass(sane):
    async with sane("original=5,warmup=0", "esci-film") as here:
        code, out, err = await here.scanimage("--mode", "Gray", "--resolution", "75")
        assert code == 0, err
        _, width, height, samples = pnm(out)
        assert samples == shown(5, Source.PLATEN, Mode.GRAY8, 75, chart.Box(0, 0, width, height))
        assert here.rig.scanner.focus == 64
