"""The imageCLASS driver on simulated scanners, over USB/IP on TCP: pyusb, link, actor and decoders as they ship."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGone, ScanFailed
from drivers.contract.observation import Feeder, Phase, Readiness
from drivers.usb.descriptors import UsbDevice
from drivers.usb.link import Link
from drivers.usb.pixma.open import open_device
from hil import chart, script
from hil.devices.pixma.product import D420, IR1020, MF220, MF4320, MF4690, MF5730, MF6100, MF8300, MP730, Product
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import pixma_usb
from hil.devices.stimuli import Clear, Fatal, LoadPaper, Plug, Press, Slow, Unplug
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

ALL = (MP730, IR1020, D420, MF4320, MF4690, MF6100, MF8300, MF220)
PART = Region(1000, 2000, 2010, 1500)  # at 75 ppi from pixel 75, 150: 151 x 112, of which a line is sent as 160
PART_BOX = chart.Box(75, 150, 151, 112)
WHOLE = Region(0, 0, 8506, 11693)


class Hurried:
    """The clock, twenty times as fast: the driver's waits for a sheet that leaves the feeder."""

    def monotonic(self) -> float:
        return 20 * time.monotonic()

    def __getattr__(self, name: str) -> object:
        return getattr(SystemClock(), name)


async def hurried(device: UsbDevice, open_link: Callable[[], Link], clock: object, *, pace: float) -> Device:
    del clock
    return await open_device(device, open_link, Hurried(), pace=pace)  # type: ignore[arg-type]


def model(product: Product) -> str:
    return product.model


@asynccontextmanager
async def rig(text: str = "", product: Product = MF220, *, hurry: bool = False) -> AsyncIterator[Rig[PixmaScanner]]:
    scanner = PixmaScanner(script.read(usb_rig.quick(text)), SystemClock().monotonic(), product)
    opener = hurried if hurry else open_device
    async with usb_rig.plugged(scanner, pixma_usb(scanner), opener, region=PART, ppi=75) as bench:
        yield bench


def shown(
    page: int, source: Source, mode: Mode, box: chart.Box = PART_BOX, ppi: int = 75, *, back: bool = False
) -> bytes:
    """What lies there, by the chart's own painter."""
    return chart.encode(chart.image(page, source, (ppi, ppi), box, back=back), mode)


async def test_the_scanner_is_found_and_says_what_it_can_do() -> None:
    async with rig() as bench:
        identity, can = bench.device.identity, bench.device.capabilities
        assert (identity.name, bench.device.driver) == ("Canon MF220", "pixma")
        assert can.platen is not None
        assert can.feeder is not None
        assert can.feeder_back == can.feeder
        assert can.platen.resolutions == (75, 150, 300, 600)
        assert (can.platen.maximum.width, can.platen.maximum.height) == (8493, 11693)
        assert can.feeder.maximum.height == 14000
        assert can.buttons == ("scan",)


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8])
@pytest.mark.parametrize("product", ALL, ids=model)
async def test_a_part_of_the_platen_is_that_part_of_the_chart(product: Product, mode: Mode) -> None:
    async with rig("original=7", product) as bench:
        [(page, data)] = await read(await bench.scan(mode=mode))
        assert (page.width, page.height) == (PART_BOX.width, PART_BOX.height)
        assert data == shown(7, Source.PLATEN, mode)
        await bench.until(lambda each: any(job.phase is Phase.DONE for job in each.jobs))
        assert bench.phases()[-1] == (Phase.DONE, 1)


async def test_one_that_settles_and_calibrates_is_waited_for() -> None:
    async with rig("adf=2", MF5730, hurry=True) as bench:
        got = await read(await bench.scan(Source.FEEDER, mode=Mode.RGB24))
        assert [data for _, data in got] == [shown(number, Source.FEEDER, Mode.RGB24) for number in (1, 2)]
        await bench.until(lambda each: each.readiness is Readiness.WARMING)


async def test_grey_of_more_than_600_ppi_is_made_from_colour() -> None:
    async with rig("", MP730) as bench:
        region = Region(1000, 2500, 300, 30)
        [(page, data)] = await read(await bench.scan(region=region, resolution=(1200, 1200)))
        assert (page.mode, page.width, page.height) == (Mode.GRAY8, 360, 36)
        color = shown(1, Source.PLATEN, Mode.RGB24, chart.Box(1200, 3000, 360, 36), 1200)
        pixels = zip(color[0::3], color[1::3], color[2::3], strict=True)
        # ITU-R BT.601, within the rounding of three weights
        assert all(
            abs(got - (0.299 * red + 0.587 * green + 0.114 * blue)) <= 2
            for got, (red, green, blue) in zip(data, pixels, strict=True)
        )


@pytest.mark.parametrize("product", [D420, MF220], ids=model)
async def test_a_whole_page_of_many_blocks_is_the_chart(product: Product) -> None:
    async with rig("", product) as bench:
        [(page, data)] = await read(await bench.scan(mode=Mode.RGB24, region=WHOLE, resolution=(150, 150)))
        assert (page.width, page.height) == (1276, 1754)
        across = min(page.width, product.width * 2)  # beyond the glass nothing is scanned
        rows = [data[at : at + 3 * across] for at in range(0, len(data), 3 * page.width)]
        assert b"".join(rows) == shown(1, Source.PLATEN, Mode.RGB24, chart.Box(0, 0, across, 1754), 150)


@pytest.mark.parametrize("product", [MP730, IR1020, D420, MF4320, MF4690, MF8300, MF220, MF6100], ids=model)
async def test_all_sheets_of_the_feeder_come(product: Product) -> None:
    async with rig("adf=3", product) as bench:
        got = await read(await bench.scan(Source.FEEDER))
        assert [data for _, data in got] == [shown(number, Source.FEEDER, Mode.GRAY8) for number in (1, 2, 3)]
        assert bench.scanner.state.sheets == 0


@pytest.mark.parametrize(("product", "sheets"), [(IR1020, 2), (D420, 1), (MF220, 2), (MF6100, 2)])
async def test_both_sides_of_a_sheet_come_in_order(product: Product, sheets: int) -> None:
    async with rig(f"adf={sheets}", product, hurry=True) as bench:
        got = await read(await bench.scan(Source.FEEDER_DUPLEX))
        sides = [(number, back) for number in range(1, sheets + 1) for back in (False, True)]
        assert [page.back for page, _ in got] == [back for _, back in sides]
        assert [data for _, data in got] == [shown(page, Source.FEEDER, Mode.GRAY8, back=back) for page, back in sides]


@pytest.mark.parametrize("product", [D420, MF220], ids=model)
async def test_a_last_block_that_says_so_itself_is_the_last(product: Product) -> None:
    async with rig("adf=2,lastblock=rest", product) as bench:
        assert len(await read(await bench.scan(Source.FEEDER))) == 2


@pytest.mark.parametrize("product", [D420, MF220], ids=model)
async def test_paper_in_the_feeder_is_seen(product: Product) -> None:
    async with rig("", product) as bench:
        await bench.until(lambda each: each.feeder is Feeder.EMPTY)
        bench.live.stimulate(LoadPaper(1))
        await bench.until(lambda each: each.feeder is Feeder.LOADED)


async def test_a_press_is_told_once_during_a_scan_too() -> None:
    async with rig("speed=400") as bench:
        bench.live.stimulate(Press(1))
        await bench.until(lambda _: bench.presses() == ["scan"])
        document = await bench.scan()
        bench.live.stimulate(Press(1))
        assert len(await read(document)) == 1
        await bench.until(lambda _: bench.presses() == ["scan", "scan"])
        assert [press.serial for snapshot in bench.seen for press in snapshot.presses] == [1, 2]


async def test_a_cancel_while_the_last_sheet_leaves_harms_no_page() -> None:
    async with rig("adf=1") as bench:
        document = await bench.scan(Source.FEEDER_DUPLEX)
        await bench.until(lambda each: any(job.pages == 2 for job in each.jobs))
        began = time.monotonic()
        document.cancel()
        await bench.until(lambda each: each.readiness is Readiness.IDLE, after=len(bench.seen))
        assert time.monotonic() - began < 4  # the wait is of 8 s
        assert len(await read(await bench.scan())) == 1


@pytest.mark.parametrize("event", ["jam@2:30%", "cover open@2:30%"])
@pytest.mark.parametrize("product", [MP730, D420, MF220], ids=model)
async def test_a_jam_ends_the_scan_and_after_clearing_the_next_works(product: Product, event: str) -> None:
    async with rig("adf=2", product) as bench:
        bench.live.stimulate(*script.read(event).stimuli)
        with pytest.raises(ScanFailed):
            await read(await bench.scan(Source.FEEDER))
        bench.live.stimulate(Clear(), LoadPaper(1))
        assert len(await read(await bench.scan(Source.FEEDER))) >= 1


@pytest.mark.parametrize("product", [D420, MF220], ids=model)
async def test_the_carriage_on_its_way_home_is_waited_for(product: Product) -> None:
    async with rig("feed=0.2,adf=2", product) as bench:
        assert len(await read(await bench.scan(Source.FEEDER))) == 2
        assert len(await read(await bench.scan())) == 1


@pytest.mark.parametrize("product", [MP730, D420, MF220], ids=model)
async def test_a_scanner_that_fails_refuses(product: Product) -> None:
    async with rig("", product) as bench:
        bench.live.stimulate(Fatal())
        with pytest.raises(ScanFailed):
            await read(await bench.scan())
        bench.live.stimulate(Clear())
        assert len(await read(await bench.scan())) == 1


async def test_a_session_that_somebody_left_open_is_ended() -> None:
    async with rig("", hurry=True) as bench:
        bench.scanner.write(bytes.fromhex("db20" + "00" * 8), bench.live.now())
        bench.scanner.take(64)
        assert len(await read(await bench.scan())) == 1


async def test_unplugged_in_the_middle_and_plugged_in_again() -> None:
    async with rig("speed=300") as bench:
        document = await bench.scan()
        await bench.until(lambda each: bool(each.jobs))
        bench.live.stimulate(Unplug())
        with pytest.raises(DeviceGone):
            await read(document)
        bench.live.stimulate(Plug(), Slow(0.01))
        assert len(await bench.scan_again()) == 1


async def test_a_model_without_a_feeder_does_not_tell_of_one() -> None:
    async with rig("adf=1", replace(MF220, product_id=0x2759, model="MF3010", feeder=0, duplex=False)) as bench:
        assert bench.device.capabilities.feeder is None
        assert bench.seen[0].feeder is Feeder.UNKNOWN
        assert len(await read(await bench.scan())) == 1
