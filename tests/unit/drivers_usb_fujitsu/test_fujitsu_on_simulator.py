"""The Fujitsu driver against the simulated scanner, over USB/IP on TCP: pyusb, link, actor, decoders as they ship."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Raster, Region
from drivers.contract.errors import DeviceBusy, DeviceGone, ScanFailed
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.fujitsu import open as fujitsu
from hil import chart, script
from hil.devices.fujitsu.product import FI_6230, LINE, Product
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.usb import FujitsuUsb
from hil.devices.stimuli import Clear, Cover, DoubleFeed, LoadPaper, Plug, Press
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

A6 = Region(0, 0, 4130, 5830)
JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


@asynccontextmanager
async def rig(text: str = "", product: Product = FI_6230, *, watch: bool = True) -> AsyncIterator[Rig[FujitsuScanner]]:
    scanner = FujitsuScanner(script.read(usb_rig.quick(text)), SystemClock().monotonic(), product)
    async with usb_rig.plugged(scanner, FujitsuUsb(scanner), fujitsu.open_device, watch=watch) as bench:
        yield bench


def shown(page: int, source: Source, mode: Mode, size: tuple[int, int], ppi: int = 100, *, back: bool = False) -> bytes:
    """What lies there, by the chart's own painter."""
    return chart.encode(chart.image(page, source, (ppi, ppi), chart.Box(0, 0, *size), back=back), mode)


async def test_the_scanner_is_found_and_says_what_it_can_do() -> None:
    async with rig(watch=False) as bench:
        await bench.device.close()
        [finding] = await catalog.find(local=False, usbip=[bench.place])
        assert finding.driver == "fujitsu"
        device = await finding.open()
        identity, can = device.identity, device.capabilities
        await device.close()
        assert (identity.name, identity.firmware) == ("Fujitsu fi-6230dj", "1.00")
        assert (identity.vendor_id, identity.product_id) == (0x04C5, 0x1150)
        assert can.platen is not None
        assert (can.platen.maximum.width, can.platen.maximum.height) == (8970, 11693)  # as SANE corrects it
        assert can.platen.optical == (600, 600)
        assert can.platen.resolutions[0] == 50
        assert can.platen.resolutions[-1] == 600
        assert can.platen.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
        assert can.feeder is not None
        assert (can.feeder.maximum.width, can.feeder.maximum.height) == (8640, 14000)
        assert can.feeder_back is not None
        assert can.buttons == ("scan", "send", "scan-long")


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART])
async def test_a_platen_page_shows_exactly_what_lies_on_the_glass(mode: Mode) -> None:
    async with rig(watch=False) as bench:
        [(page, data)] = await read(await bench.scan(mode=mode, region=Region(0, 0, 4000, 3000)))
        assert (page.width, page.height, page.mode, page.back) == (400, 300, mode, False)
        assert data == shown(1, Source.PLATEN, mode, (400, 300))


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.LINEART])
async def test_an_odd_size_is_delivered_as_asked(mode: Mode) -> None:
    async with rig(watch=False) as bench:
        [(page, data)] = await read(await bench.scan(mode=mode, region=Region(0, 0, 4130, 1010)))
        assert (page.width, page.height) == (413, 101)
        wide = chart.image(1, Source.PLATEN, (100, 100), chart.Box(0, 0, 416, 101))
        row, kept = mode.row_bytes(416), mode.row_bytes(413)
        rows = chart.encode(wide, mode) if mode is Mode.LINEART else chart.encode(wide.crop((0, 0, 413, 101)), mode)
        step = row if mode is Mode.LINEART else kept
        assert data == b"".join(rows[at : at + kept] for at in range(0, len(rows), step))


async def test_a_resolution_that_does_not_divide_the_unit_of_lengths_is_delivered_as_asked() -> None:
    async with rig(watch=False) as bench:
        [(page, data)] = await read(await bench.scan(resolution=(90, 90), region=Region(0, 0, 3000, 2000)))
        assert (page.width, page.height) == (270, 180)
        assert data == shown(1, Source.PLATEN, Mode.GRAY8, (270, 180), 90)


async def test_a_scanner_that_sends_colours_one_by_one_is_understood() -> None:
    async with rig(product=replace(FI_6230, order=LINE), watch=False) as bench:
        for _ in range(2):
            [(_, data)] = await read(await bench.scan(mode=Mode.RGB24, region=Region(0, 0, 4000, 3000)))
            assert data == shown(1, Source.PLATEN, Mode.RGB24, (400, 300))


async def test_three_sheets_are_three_pages_and_the_end_of_paper_is_a_normal_end() -> None:
    async with rig("adf=3") as bench:
        found = await read(await bench.scan(Source.FEEDER))
        assert [data == shown(n, Source.FEEDER, Mode.GRAY8, (413, 583)) for n, (_, data) in enumerate(found, 1)] == [
            True
        ] * 3
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        done = [pages for phase, pages in bench.phases() if phase is not Phase.WARMING]
        assert [pages for at, pages in enumerate(done) if at == 0 or done[at - 1] != pages] == [0, 1, 2, 3]
        await bench.until(lambda s: s.feeder is Feeder.EMPTY and not s.jobs)
        assert bench.scanner.state.path is None


@pytest.mark.parametrize("memory", [4 * 1024 * 1024, 64 * 1024])
async def test_a_duplex_scan_gives_fronts_and_backs_however_little_memory_the_scanner_has(memory: int) -> None:
    async with rig("adf=2", replace(FI_6230, memory=memory), watch=False) as bench:
        found = await read(await bench.scan(Source.FEEDER_DUPLEX, Mode.RGB24))
        assert [page.back for page, _ in found] == [False, True, False, True]
        for at, (_, data) in enumerate(found):
            back = at % 2 == 1
            assert data == shown(at // 2 + 1, Source.FEEDER, Mode.RGB24, (413, 583), back=back)


@pytest.mark.parametrize("source", [Source.FEEDER, Source.FEEDER_DUPLEX])
async def test_a_page_that_ends_with_its_paper_is_filled_up_with_white(source: Source) -> None:
    async with rig("adf=1", replace(FI_6230, ends_with_paper=True), watch=False) as bench:
        asked = Region(0, 0, 8000, 14000)
        found = await read(await bench.scan(source, resolution=(50, 50), region=asked))
        rows = 11693 * 50 // 1000  # A4
        for at, (page, data) in enumerate(found):
            assert (page.width, page.height) == (400, 700)
            paper = shown(1, Source.FEEDER, Mode.GRAY8, (400, rows), 50, back=at == 1)
            assert data == paper + b"\xff" * 400 * (700 - rows)


async def test_no_more_pages_are_scanned_than_asked_for() -> None:
    async with rig("adf=3", watch=False) as bench:
        assert len(await read(await bench.scan(Source.FEEDER, pages=2))) == 2
        assert bench.scanner.state.sheets == 1
        assert bench.scanner.state.path is None
        [(page, _)] = await read(await bench.scan(Source.FEEDER_DUPLEX, pages=1))
        assert not page.back
        assert not bench.scanner.scanning


async def test_a_jam_stops_and_then_fails_the_scan_and_is_remembered_until_the_cover_was_open() -> None:
    async with rig("adf=3,jam@2") as bench:
        with pytest.raises(ScanFailed, match="paper jam"):
            await read(await bench.scan(Source.FEEDER))
        await bench.until(lambda s: any(job.phase is Phase.FAILED for job in s.jobs))
        assert bench.phases()[-2:] == [(Phase.STOPPED, 1), (Phase.FAILED, 1)]
        still = await bench.until(lambda s: not s.jobs and s.troubles == {JAM})
        assert still.readiness is Readiness.STOPPED
        assert still.explanation == "paper jam in the document feeder"
        told = len(bench.seen)
        bench.live.stimulate(Cover(open=True))
        await bench.until(lambda s: s.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}, told)
        bench.live.stimulate(Cover(open=False))
        await bench.until(lambda s: s.readiness is Readiness.IDLE, told)


async def test_a_scan_after_a_jam_was_cleared_works_and_the_jam_is_forgotten() -> None:
    async with rig("adf=2,jam@1") as bench:
        with pytest.raises(ScanFailed):
            await read(await bench.scan(Source.FEEDER))
        bench.live.stimulate(Clear(), LoadPaper(1))
        told = len(bench.seen)
        assert len(await read(await bench.scan(Source.FEEDER))) == 2
        await bench.until(lambda s: s.readiness is Readiness.IDLE and not s.troubles, told)


async def test_two_sheets_at_once_are_told_by_scan_and_sensor() -> None:
    async with rig("adf=3,doublefeed@2") as bench:
        with pytest.raises(ScanFailed, match="two sheets at once in the document feeder"):
            await read(await bench.scan(Source.FEEDER))
        double = Trouble(TroubleKind.DOUBLE_FEED, Unit.FEEDER)
        still = await bench.until(lambda s: not s.jobs and s.troubles == {double})
        assert still.readiness is Readiness.STOPPED
        told = len(bench.seen)
        bench.live.stimulate(Clear())
        await bench.until(lambda s: s.readiness is Readiness.IDLE, told)


async def test_an_open_cover_fails_the_feeder_and_not_the_platen() -> None:
    async with rig("adf=1") as bench:
        bench.live.stimulate(Cover(open=True))
        opened = await bench.until(lambda s: s.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)})
        assert opened.explanation == "cover open in the document feeder"
        assert opened.readiness is Readiness.STOPPED
        with pytest.raises(ScanFailed, match="cover is open"):
            await read(await bench.scan(Source.FEEDER))
        assert len(await read(await bench.scan())) == 1


@pytest.mark.parametrize("source", [Source.FEEDER, Source.FEEDER_DUPLEX])
async def test_cancel_by_us_stops_the_hardware_within_a_moment(source: Source) -> None:
    async with rig("speed=100,adf=2") as bench:  # the sheets would take 12 s
        document = await bench.scan(source)
        await bench.until(lambda s: any((job.percent or 0) > 10 for job in s.jobs))
        began = time.monotonic()
        document.cancel()
        with pytest.raises(ScanCanceled):
            await read(document)
        assert time.monotonic() - began < 5
        assert not bench.scanner.scanning
        assert bench.scanner.state.path is None
        ended = await bench.until(lambda s: any(job.phase is Phase.CANCELED for job in s.jobs))
        assert not ended.jobs[0].at_panel
        assert len(await read(await bench.scan(Source.FEEDER, region=Region(0, 0, 4000, 500)))) == 1


async def test_unplugged_in_the_middle_of_a_page_and_back_again() -> None:
    async with rig("unplug@1") as bench:
        with pytest.raises(DeviceGone):
            await read(await bench.scan())
        ended = await bench.until(lambda s: any(job.phase is Phase.FAILED for job in s.jobs))
        assert ended.readiness is Readiness.GONE
        told = len(bench.seen)
        bench.live.stimulate(Plug())
        await bench.until(lambda s: s.readiness is Readiness.IDLE, told)
        assert len(await read(await bench.scan())) == 1


async def test_a_warming_lamp_is_waited_for_and_told() -> None:
    async with rig("warmup=60") as bench:
        document = await bench.scan()
        await bench.until(lambda s: any(job.phase is Phase.WARMING for job in s.jobs))
        bench.later(60)
        assert len(await read(document)) == 1
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        warming = next(s for s in bench.seen for job in s.jobs if job.phase is Phase.WARMING)
        assert warming.readiness is Readiness.WARMING


async def test_looking_lets_the_scanner_sleep_and_a_scan_wakes_it() -> None:
    async with rig("sleep=60") as bench:
        bench.later(60)
        for _ in range(30):
            await bench.device.observers[0].poll()
        assert bench.scanner.state.asleep
        await bench.until(lambda s: s.readiness is Readiness.ASLEEP)
        assert len(await read(await bench.scan())) == 1


async def test_a_press_is_told_once_and_the_next_one_too() -> None:
    async with rig() as bench:
        bench.live.stimulate(Press())
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [(p.button, p.serial) for p in pressed.presses] == [("scan", 1)]
        told = len(bench.seen)
        bench.live.stimulate(Press(2))
        pressed = await bench.until(lambda s: bool(s.presses), told)
        assert [(p.button, p.serial) for p in pressed.presses] == [("send", 2)]
        await asyncio.sleep(5 * usb_rig.PACE)
        assert sum(len(s.presses) for s in bench.seen) == 2


async def test_a_press_during_a_scan_is_told_at_the_page_end() -> None:
    async with rig("adf=2,press 3@1") as bench:
        await read(await bench.scan(Source.FEEDER))
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [p.button for p in pressed.presses] == ["scan-long"]
        assert pressed.jobs[0].pages == 1


async def test_a_second_scan_at_once_is_refused_and_the_first_goes_on() -> None:
    async with rig("speed=4000") as bench:
        document = await bench.scan()
        with pytest.raises(DeviceBusy):
            await bench.scan()
        assert len(await read(document)) == 1


async def test_a_slow_reader_slows_the_scanner_and_loses_nothing() -> None:
    async with rig("adf=1", replace(FI_6230, memory=256 * 1024), watch=False) as bench:
        document = await bench.scan(Source.FEEDER_DUPLEX, Mode.RGB24, resolution=(200, 200))

        def slowly() -> list[bytes]:
            data = []
            for page in document:
                assert isinstance(page, Raster)
                rows = []
                for chunk in page.chunks:
                    rows.append(chunk)
                    time.sleep(0.005)
                data.append(b"".join(rows))
            return data

        data = await asyncio.to_thread(slowly)
        size = (826, 1166)
        assert data[0] == shown(1, Source.FEEDER, Mode.RGB24, size, 200)
        assert data[1] == shown(1, Source.FEEDER, Mode.RGB24, size, 200, back=True)


async def test_a_fatal_error_ends_the_scan_and_says_what() -> None:
    async with rig("fatal@1") as bench:
        with pytest.raises(ScanFailed, match="mechanical error"):
            await read(await bench.scan())
        bench.live.stimulate(Clear(), DoubleFeed())
        await bench.until(lambda s: Trouble(TroubleKind.DOUBLE_FEED, Unit.FEEDER) in s.troubles)
