"""SANE's own pixma backend scans simulated PIXMAs of all five generations over Canon's network frames (BJNP).

The frames carry the same commands as USB, so this is the referee of the generations that nobody plugs in elsewhere.
SANE's network reading takes an interrupt packet only at the first of its polls, so its waits last whole seconds.
"""

import asyncio
import itertools
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart, script
from hil.devices.live import Live
from hil.devices.pixma import product as products
from hil.devices.pixma.net import PORT, BjnpServer
from hil.devices.pixma.product import (
    D420,
    IR1020,
    MB5100,
    MF220,
    MF4320,
    MF4690,
    MF5730,
    MF6100,
    MF8300,
    MP160,
    MP530,
    MP730,
    MX850,
    MX870,
    MX920,
    Product,
)
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import pixma_usb
from tests.system import debian, pnm
from tests.system.scanimage import scanimage

GENERATIONS = (MP530, MP160, MX850, MX870, MX920)
# Of the imageCLASS SANE reads only those over a network whose blocks begin in the answer that has their header.
IMAGECLASS = (MF4690, MF6100, MF8300, MF220)
ELSEWHERE = (MF4320, D420)  # test_sane_pixma_usb.py
FORERUNNERS = (MP730, MF5730, IR1020)  # of which SANE shows the padding of lines too
PART = ("-l", "20", "-t", "30", "-x", "40", "-y", "25")  # mm
PART_BOX = chart.Box(59, 89, 118, 73)  # of 75 ppi: rounded from pixel 59, 89 to 177, 162
FEEDER, DUPLEX = ("--source", "Automatic Document Feeder"), ("--source", "ADF Duplex")


@dataclass(frozen=True)
class Sane:
    """scanimage, pointed at one simulated scanner."""

    root: debian.Root
    config: Path
    name: str
    scanner: PixmaScanner

    async def scanimage(self, *arguments: str | Path) -> tuple[int, bytes, str]:
        """Run it; exit code, standard output, standard error."""
        return await scanimage(self.root, self.config, self.name, *arguments)


Plugged = Callable[..., AbstractAsyncContextManager[Sane]]


@pytest.fixture
def plugged(sane_root: debian.Root, tmp_path: Path) -> Plugged:
    numbers = itertools.count(19)

    @asynccontextmanager
    async def serve(product: Product, text: str = "") -> AsyncIterator[Sane]:
        host = f"127.66.{os.getpid() % 250 + 1}.{next(numbers)}"
        config = tmp_path / host
        config.mkdir()
        (config / "dll.conf").write_text("pixma\n")
        (config / "pixma.conf").write_text(f"auto_detection=no\nbjnp://{host}:{PORT}/timeout=3000\n")
        clock = SystemClock()
        made = script.read(f"speed=0,feed=0.05,warmup=0,{text}")
        scanner = PixmaScanner(made, clock.monotonic(), product)
        live = Live(pixma_usb(scanner), clock)
        try:
            async with BjnpServer(scanner, live, host):
                yield Sane(sane_root, config, f"pixma:{product.model}_{host}", scanner)
        finally:
            live.close()

    return serve


def shown(page: int, source: Source, mode: Mode, box: chart.Box, ppi: int = 75, *, back: bool = False) -> bytes:
    return b"".join(chart.rows(page, source, mode, (ppi, ppi), box, back=back))


def part(product: Product) -> chart.Box:
    """What SANE shows of PART; 120 is a multiple of 4, and of 12."""
    return chart.Box(59, 89, 120, 73) if product in FORERUNNERS else PART_BOX


def model(product: Product) -> str:
    return product.model


@pytest.mark.parametrize("product", GENERATIONS, ids=model)
async def test_the_platen_is_the_chart_in_colour_and_grey(plugged: Plugged, product: Product) -> None:
    async with plugged(product, "original=7") as sane:
        for name, mode in (("Color", Mode.RGB24), ("Gray", Mode.GRAY8)):
            code, out, err = await sane.scanimage("--mode", name, "--resolution", "75", *PART, "--format=pnm")
            assert code == 0, err
            page = pnm.read(out)
            assert (page.width, page.height) == (PART_BOX.width, PART_BOX.height)
            assert page.samples == shown(7, Source.PLATEN, mode, PART_BOX)


@pytest.mark.parametrize("product", [MX850, MX870, MX920], ids=model)
async def test_both_sides_of_two_sheets_are_the_chart(plugged: Plugged, product: Product, tmp_path: Path) -> None:
    async with plugged(product, "adf=2") as sane:
        batch = f"--batch={tmp_path}/%d.pnm"
        code, _, err = await sane.scanimage(
            *DUPLEX, "--mode", "Gray", "--resolution", "75", *PART, "--format=pnm", batch
        )
        assert code == 0, err
        got = [pnm.read(tmp_path / f"{number}.pnm").samples for number in (1, 2, 3, 4)]
        sides = [(1, False), (1, True), (2, False), (2, True)]
        assert got == [shown(page, Source.FEEDER, Mode.GRAY8, PART_BOX, back=back) for page, back in sides]
        assert sane.scanner.state.sheets == 0


async def test_sane_decodes_the_jpeg_of_a_feeder(plugged: Plugged, tmp_path: Path) -> None:
    async with plugged(MB5100, "adf=1") as sane:
        # At 150 ppi rounded from row 177 to 768. A frame that is shorter than 4096 bytes must not be the longest.
        whole = ("-l", "0", "-t", "30", "-x", "100", "-y", "100")
        batch = f"--batch={tmp_path}/%d.pnm"
        code, _, err = await sane.scanimage(
            *DUPLEX, "--mode", "Color", "--resolution", "150", *whole, "--format=pnm", batch
        )
        assert code == 0, err
        for number, back in ((1, False), (2, True)):
            page = pnm.read(tmp_path / f"{number}.pnm")
            assert (page.width, page.height) == (591, 591)
            want = shown(1, Source.FEEDER, Mode.RGB24, chart.Box(0, 177, 591, 591), 150, back=back)
            off = sum(abs(one - other) for one, other in zip(page.samples, want, strict=True))
            assert off / len(want) < 6, off / len(want)  # it is JPEG


async def test_a_scanner_of_generation_1_feeds_a_sheet_for_each_session(plugged: Plugged) -> None:
    async with plugged(MP530, "adf=2") as sane:  # SANE's batch ends after one: it takes the abort for the last sheet
        for number in (1, 2):
            code, out, err = await sane.scanimage(
                *FEEDER, "--mode", "Gray", "--resolution", "75", *PART, "--format=pnm"
            )
            assert code == 0, err
            assert pnm.read(out).samples == shown(number, Source.FEEDER, Mode.GRAY8, PART_BOX)


@pytest.mark.parametrize("product", [MX850, MX870, MX920], ids=model)
async def test_a_line_of_1200_ppi_is_put_together(plugged: Plugged, product: Product) -> None:
    async with plugged(product) as sane:
        area = ("-l", "25.4", "-t", "25.4", "-x", "12.7", "-y", "2.54")
        code, out, err = await sane.scanimage("--mode", "Color", "--resolution", "1200", *area, "--format=pnm")
        assert code == 0, err
        box = chart.Box(1200, 1200, 600, 120)
        page = pnm.read(out)
        assert (page.width, page.height) == (box.width, box.height)
        assert page.samples == shown(1, Source.PLATEN, Mode.RGB24, box, 1200)


@pytest.mark.parametrize("product", [MX850, MX920], ids=model)
async def test_a_press_is_an_option_with_what_the_panel_is_set_to(plugged: Plugged, product: Product) -> None:
    async with plugged(product, "press 2") as sane:
        code, out, err = await sane.scanimage("-A")
        assert code == 0, err
        found = dict(re.findall(r"--(button-2|target|original) <int> \[(\d+)\]", out.decode()))
        assert found == {"button-2": "1", "target": "3", "original": "1"}


async def test_sane_knows_every_simulated_model(plugged: Plugged) -> None:
    known = {each.model for each in vars(products).values() if isinstance(each, Product)}
    assert known == set(map(model, (*GENERATIONS, MB5100, *IMAGECLASS, *ELSEWHERE, *FORERUNNERS)))
    async with plugged(MX920) as sane:
        code, out, err = await sane.scanimage("-L")
        assert code == 0, err
        assert "CANON Canon PIXMA MX920 Series multi-function peripheral" in out.decode()


async def test_the_platens_of_seven_imageclass_are_the_chart(plugged: Plugged) -> None:
    async def scanned(product: Product, name: str, mode: Mode) -> None:
        async with plugged(product, "original=7") as sane:
            code, out, err = await sane.scanimage("--mode", name, "--resolution", "75", *PART, "--format=pnm")
            assert code == 0, err
            page = pnm.read(out)
            assert (page.width, page.height) == (part(product).width, part(product).height)
            assert page.samples == shown(7, Source.PLATEN, mode, part(product))

    async with asyncio.TaskGroup() as group:  # at once, since SANE sleeps most of the time
        for product in (*IMAGECLASS, *FORERUNNERS):
            group.create_task(scanned(product, "Color", Mode.RGB24))
            group.create_task(scanned(product, "Gray", Mode.GRAY8))


async def test_the_feeders_of_seven_imageclass_bring_every_sheet(plugged: Plugged, tmp_path: Path) -> None:
    async def scanned(product: Product, source: tuple[str, str], sides: list[tuple[int, bool]]) -> None:
        async with plugged(product, "adf=2") as sane:
            batch = f"--batch={tmp_path}/{product.model}-%d.pnm"
            arguments = ("--mode", "Color", "--resolution", "75", *PART, "--format=pnm", batch)
            code, _, err = await sane.scanimage(*source, *arguments)
            assert code == 0, err
            assert "Document feeder out of documents" in err
            for number, (sheet, back) in enumerate(sides, 1):
                page = pnm.read(tmp_path / f"{product.model}-{number}.pnm")
                assert page.samples == shown(sheet, Source.FEEDER, Mode.RGB24, part(product), back=back)
            assert sane.scanner.state.sheets == 0

    fronts = [(1, False), (2, False)]
    async with asyncio.TaskGroup() as group:
        for product in (MF4690, MF8300, MP730, MF5730):
            group.create_task(scanned(product, FEEDER, fronts))
        for product in (MF6100, MF220, IR1020):
            group.create_task(scanned(product, DUPLEX, [(1, False), (1, True), (2, False), (2, True)]))
