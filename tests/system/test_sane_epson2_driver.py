"""A second backend behind the SANE driver: epson2, over TCP on loopback, from the simulated ESC/I scanner."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Document, Raster, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import FeederEmpty, ScanFailed
from hil import chart, serving
from hil.devices.stimuli import Jam
from tests.system import debian

AREA = Region(0, 0, 3200, 3000)


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("sane-utils", "libsane1", "libsane-common")


@pytest.fixture
def plugged(root: debian.Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    @asynccontextmanager
    async def plugged(script: str, family: str = "esci") -> AsyncIterator[tuple[Device, serving.Rig]]:
        host = f"127.66.{os.getpid() % 250 + 1}.18"  # the port is fixed, so each run takes its own loopback address
        place = Path(tempfile.mkdtemp(dir=tmp_path))
        (place / "dll.conf").write_text("epson2\n")
        (place / "epson2.conf").write_text(f"net {host}\n")
        monkeypatch.setenv("SANE_CONFIG_DIR", str(place))
        monkeypatch.setenv("LD_LIBRARY_PATH", root.env()["LD_LIBRARY_PATH"])
        # what SANE lists is remembered for each library, so each test has one by a name of its own
        library = next(
            each for each in root.env()["LD_LIBRARY_PATH"].split(":") if (Path(each) / "libsane.so.1").exists()
        )
        mine = place / "libsane.so.1"
        mine.symlink_to(Path(library) / "libsane.so.1")
        async with (
            serving.scanner(family, f"feed=0.01,speed=0,warmup=0,{script}") as rig,
            serving.epson_net(rig, host, 1865),
        ):
            (finding,) = await catalog.find(local=False, sane=catalog.Sane(str(mine), network=True))
            device = await finding.open()
            try:
                yield device, rig
            finally:
                await device.close()

    return plugged


async def scanned(device: Device, source: Source, mode: Mode) -> list[tuple[Raster, bytes]]:
    def pages(document: Document) -> list[tuple[Raster, bytes]]:
        return [(page, b"".join(page.chunks)) for page in document if isinstance(page, Raster)]

    assert device.acquirer is not None
    document = await device.acquirer.scan(ScanRequest("wsd-1", source, mode, (75, 75), AREA))
    return await asyncio.to_thread(pages, document)


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.GRAY16, Mode.LINEART])
async def test_a_platen_page_is_the_chart_to_the_pixel(plugged, mode):
    async with plugged("original=7") as (device, _):
        assert device.capabilities.platen is not None
        ((page, rows),) = await scanned(device, Source.PLATEN, mode)
        width, height = page.width, page.height
        assert height is not None
        assert (width, height) == (240, 225)
        assert rows == b"".join(chart.rows(7, Source.PLATEN, mode, (75, 75), chart.Box(0, 0, width, height)))


async def test_film_is_a_source_of_its_own(plugged):
    async with plugged("original=7", "esci-film") as (device, _):
        assert device.capabilities.film is not None
        assert (device.capabilities.feeder, device.capabilities.films) == (None, ())
        ((page, rows),) = await scanned(device, Source.FILM, Mode.RGB24)
        assert (page.width, page.height) == (240, 225)
        assert rows == b"".join(chart.rows(7, Source.FILM, Mode.RGB24, (75, 75), chart.Box(0, 0, 240, 225)))


async def test_both_sides_of_a_batch_come_in_turn(plugged):
    async with plugged("adf=2") as (device, _):
        found = await scanned(device, Source.FEEDER_DUPLEX, Mode.GRAY8)
        assert [page.back for page, _ in found] == [False, True, False, True]


async def test_an_empty_feeder_and_a_jam_are_told(plugged):
    async with plugged("") as (device, _):
        with pytest.raises(FeederEmpty):
            await scanned(device, Source.FEEDER, Mode.GRAY8)
    async with plugged("adf=2") as (device, rig):
        rig.stimulate(Jam())
        with pytest.raises(ScanFailed, match="jammed"):
            await scanned(device, Source.FEEDER, Mode.GRAY8)
