"""The PIXMA driver against the simulated scanner, over USB/IP on TCP: pyusb, link, actor and decoders as they ship."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image, ImageChops, ImageStat

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Encoded, Region, ScanRequest
from drivers.contract.errors import DeviceGone, ScanFailed
from drivers.contract.handover import Handover
from drivers.contract.observation import Feeder, Phase, Readiness, TroubleKind
from drivers.usb.bus import RemoteBus
from drivers.usb.pixma.mp150.scanner import PixmaScanner as PixmaScannerDriver
from drivers.usb.pixma.open import models, open_device
from drivers.usbip.place import parse
from hil import chart, script
from hil.devices.pixma.product import MB5100, MP160, MP530, MX850, MX870, MX920, Product
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import pixma_usb
from hil.devices.stimuli import Clear, Fatal, LoadPaper, Plug, Press, Slow, Unplug
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, pages, read, whole

ALL = (MP530, MP160, MX850, MX870, MX920)
WITH_FEEDER = (MP530, MX850, MX870, MX920)
PART = Region(1000, 2000, 2010, 1500)  # from pixel 75, 150 at 75 ppi: neither is a multiple of 32


def model(product: Product) -> str:
    return product.model


@asynccontextmanager
async def rig(
    text: str = "", product: Product = MX850, *, watch: bool = True, pace: float = usb_rig.PACE
) -> AsyncIterator[Rig[PixmaScanner]]:
    scanner = PixmaScanner(script.read(usb_rig.quick(text)), SystemClock().monotonic(), product)
    usb = pixma_usb(scanner)
    async with usb_rig.plugged(scanner, usb, open_device, watch=watch, pace=pace, region=PART, ppi=75) as bench:
        yield bench


def shown(page: int, source: Source, mode: Mode, box: chart.Box, ppi: int = 75, *, back: bool = False) -> bytes:
    """What lies there, by the chart's own painter."""
    return chart.encode(chart.image(page, source, (ppi, ppi), box, back=back), mode)


# 1000, 3010, 2000, 3500 thousandths of an inch at 75 ppi, rounded: columns 75 to 226, rows 150 to 262
PART_BOX = chart.Box(75, 150, 151, 112)


async def test_the_scanner_is_found_and_says_what_it_can_do() -> None:
    async with rig(watch=False) as bench:
        identity, can = bench.device.identity, bench.device.capabilities
        assert identity.key.startswith("usb-04a9-172c@usbip-127.0.0.1:")
        assert (identity.name, bench.device.driver) == ("Canon MX850", "pixma")
        assert can.platen is not None
        assert can.feeder is not None
        assert can.feeder_back == can.feeder
        assert can.platen.resolutions == (75, 150, 300, 600, 1200, 2400)
        assert (can.platen.maximum.width, can.platen.maximum.height) == (8506, 11693)
        assert can.feeder.maximum.height == 14000
        assert can.buttons == ("color", "mono")


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8])
@pytest.mark.parametrize("product", ALL, ids=model)
async def test_a_part_of_the_platen_is_that_part_of_the_chart(product: Product, mode: Mode) -> None:
    async with rig("original=7", product) as bench:
        [(page, data)] = await read(await bench.scan(mode=mode))
        assert (page.width, page.height) == (PART_BOX.width, PART_BOX.height)
        assert data == shown(7, Source.PLATEN, mode, PART_BOX)
        await bench.until(lambda each: any(job.phase is Phase.DONE for job in each.jobs))
        assert bench.phases()[-1] == (Phase.DONE, 1)


@pytest.mark.parametrize(
    ("product", "ppi"), [(MX850, 1200), (MX850, 2400), (MX870, 1200), (MX920, 1200), (MP530, 1200)]
)
async def test_lines_of_high_resolution_are_put_together(product: Product, ppi: int) -> None:
    async with rig("", product) as bench:
        region = Region(1000, 2500, 300, 30)
        [(page, data)] = await read(await bench.scan(mode=Mode.RGB24, region=region, resolution=(ppi, ppi)))
        box = chart.Box(ppi, ppi * 5 // 2, ppi * 3 // 10, ppi * 3 // 100)
        assert (page.width, page.height) == (box.width, box.height)
        assert data == shown(1, Source.PLATEN, Mode.RGB24, box, ppi)


@pytest.mark.parametrize("product", WITH_FEEDER, ids=model)
async def test_all_sheets_of_the_feeder_come(product: Product) -> None:
    async with rig("adf=3", product) as bench:
        got = await read(await bench.scan(Source.FEEDER))
        want = [shown(number, Source.FEEDER, Mode.GRAY8, PART_BOX) for number in (1, 2, 3)]
        assert [data for _, data in got] == want
        assert bench.scanner.state.sheets == 0


@pytest.mark.parametrize("product", [MX850, MX870, MX920], ids=model)
async def test_both_sides_of_a_sheet_come_in_order(product: Product) -> None:
    async with rig("adf=2", product) as bench:
        got = await read(await bench.scan(Source.FEEDER_DUPLEX))
        assert [page.back for page, _ in got] == [False, True, False, True]
        want = [
            shown(number, Source.FEEDER, Mode.GRAY8, PART_BOX, back=back) for number in (1, 2) for back in (False, True)
        ]
        assert [data for _, data in got] == want


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8])
async def test_a_feeder_that_gives_nothing_but_jpeg_gives_it_on(mode: Mode) -> None:
    async with rig("adf=1", MB5100) as bench:
        region = Region(0, 2000, 2000, 1500)  # at 75 ppi 150 x 112, of which a line is sent as 160
        got = await whole(await bench.scan(Source.FEEDER_DUPLEX, mode=mode, region=region))
        for (page, data), back in zip(got, (False, True), strict=True):
            assert isinstance(page, Encoded)
            assert (page.format, page.back) == ("jpeg", back)
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            assert picture.size == (160, 112)
            want = chart.image(1, Source.FEEDER, (75, 75), chart.Box(0, 150, 160, 112), back=back).convert("RGB")
            wanted = want if mode is Mode.RGB24 else want.convert("L").convert("RGB")
            assert max(ImageStat.Stat(ImageChops.difference(picture, wanted)).mean) < 6
        [(_, data)] = await read(await bench.scan(mode=mode))  # the glass as ever
        assert data == shown(1, Source.PLATEN, mode, PART_BOX)


async def test_a_last_block_that_says_so_itself_is_the_last() -> None:
    async with rig("adf=2,lastblock=rest") as bench:
        assert len(await read(await bench.scan(Source.FEEDER))) == 2


async def test_paper_in_the_feeder_is_seen() -> None:
    async with rig() as bench:
        await bench.until(lambda each: each.feeder is Feeder.EMPTY)
        bench.live.stimulate(LoadPaper(1))
        await bench.until(lambda each: each.feeder is Feeder.LOADED)


async def test_what_later_generations_do_not_tell_is_unknown() -> None:
    async with rig("adf=1", MX870) as bench:
        assert bench.seen[0].feeder is Feeder.UNKNOWN


@pytest.mark.parametrize("product", [MX850, MX920], ids=model)
async def test_every_press_is_told_once_and_at_once(product: Product) -> None:
    async with rig("", product, pace=3600) as bench:  # no look finds them
        bench.live.stimulate(Press(1), Press(2), Press(1))
        await bench.until(lambda _: len(bench.presses()) == 3)
        await asyncio.sleep(0.1)
        assert bench.presses() == ["color", "mono", "color"]
        serials = [press.serial for snapshot in bench.seen for press in snapshot.presses]
        assert serials == [1, 2, 3]
        facts = dict(next(snapshot for snapshot in bench.seen if snapshot.presses).facts)
        if product is MX920:
            assert (facts["format"], facts["size"], facts["dpi"]) == ("pdf", "a4", "300")
        else:
            assert (facts["target"], facts["original"]) == ("3", "1")


async def test_a_press_during_a_scan_is_told() -> None:
    async with rig("speed=400") as bench:
        document = await bench.scan()
        bench.live.stimulate(Press(2))
        assert len(await read(document)) == 1
        await bench.until(lambda _: bench.presses() == ["mono"])


async def test_a_press_before_the_scanner_was_opened_is_not_ours() -> None:
    async with rig("press") as bench:
        await asyncio.sleep(0.1)
        assert bench.presses() == []


async def test_a_cold_lamp_is_waited_for_and_told() -> None:
    async with rig("warmup=1", MP530) as bench:
        assert len(await read(await bench.scan())) == 1
        warming = await bench.until(lambda each: each.readiness is Readiness.WARMING)
        assert {trouble.kind for trouble in warming.troubles} == {TroubleKind.CALIBRATING}


async def test_a_jam_ends_the_scan_and_after_clearing_the_next_works() -> None:
    async with rig("adf=2") as bench:
        bench.live.stimulate(*script.read("jam@2:30%").stimuli)
        with pytest.raises(ScanFailed):
            await read(await bench.scan(Source.FEEDER))
        bench.live.stimulate(Clear(), LoadPaper(1))
        assert len(await read(await bench.scan(Source.FEEDER))) == 1


async def test_the_carriage_on_its_way_home_is_waited_for() -> None:
    async with rig("feed=0.2") as bench:
        assert len(await read(await bench.scan())) == 1
        assert len(await read(await bench.scan())) == 1


async def test_a_scanner_that_fails_refuses() -> None:
    async with rig() as bench:
        bench.live.stimulate(Fatal())
        with pytest.raises(ScanFailed):
            await read(await bench.scan())
        bench.live.stimulate(Clear())
        assert len(await read(await bench.scan())) == 1


@pytest.mark.parametrize("product", [MX850, MX870], ids=model)
async def test_unplugged_in_the_middle_and_plugged_in_again(product: Product) -> None:
    async with rig("speed=300", product) as bench:
        document = await bench.scan()
        await bench.until(lambda each: bool(each.jobs))
        bench.live.stimulate(Unplug())
        with pytest.raises(DeviceGone):
            await read(document)
        bench.live.stimulate(Plug(), Slow(0.01))
        assert len(await bench.scan_again()) == 1


async def test_an_idle_later_one_that_is_unplugged_is_gone() -> None:
    async with rig("", MX870, watch=False) as bench:
        [observer] = bench.device.observers
        assert (await observer.poll()).readiness is Readiness.IDLE
        bench.live.stimulate(Unplug())
        await asyncio.sleep(0.1)
        with pytest.raises(DeviceGone):
            await observer.poll()


async def test_a_session_that_somebody_left_open_is_ended() -> None:
    async with rig(watch=False) as bench:
        bench.scanner.write(bytes.fromhex("db20" + "00" * 14), bench.live.now())
        bench.scanner.take(64)
        # the seconds for which a busy scanner is waited for pass twenty times as fast
        family = PixmaScannerDriver(models()["04a9:172c"], lambda: 20 * time.monotonic())
        await bench.device.close()

        def scan() -> int:
            bus = RemoteBus(parse(bench.place))
            link = bus.open(bus.devices()[0].key)
            try:
                handover = Handover()
                request = ScanRequest("job-1", Source.PLATEN, Mode.GRAY8, (75, 75), PART)
                family.scan(link, request, handover, lambda *_, **__: None)
                handover.finish()
                return len(pages(handover))
            finally:
                link.close()

        assert await asyncio.to_thread(scan) == 1


async def test_a_shared_scanner_is_free_between_looks_and_scans() -> None:
    async with rig("adf=1") as bench:
        await bench.device.close()
        key = bench.device.identity.key
        [finding] = await catalog.find(local=False, usbip=[bench.place])
        assert finding.shared is not None
        shared = await finding.shared()
        bus = RemoteBus(parse(bench.place))
        try:
            for _ in range(2):
                assert (await shared.observers[0].poll()).feeder is Feeder.LOADED
                (await asyncio.to_thread(bus.open, key)).close()
                assert shared.acquirer is not None
                request = ScanRequest("job-1", Source.PLATEN, Mode.GRAY8, (75, 75), PART)
                assert len(await read(await shared.acquirer.scan(request))) == 1
                (await asyncio.to_thread(bus.open, key)).close()
        finally:
            await shared.close()
