"""The ESC/I driver against the simulated scanner, over USB/IP on TCP: pyusb, link, actor and decoders as they ship."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers import catalog
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGone, DriverError, ScanFailed
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci.open import open_device
from hil import chart, script
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.stimuli import CancelAtPanel, Clear, Cover, LoadPaper, Plug, Press, Slow, Unplug
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

A6 = Region(0, 0, 4130, 5830)


@asynccontextmanager
async def rig(text: str = "warmup=0,speed=0,feed=0", *, watch: bool = True) -> AsyncIterator[Rig[EsciScanner]]:
    scanner = EsciScanner(script.read(text), SystemClock().monotonic())
    async with usb_rig.plugged(scanner, esci_usb(scanner), open_device, watch=watch) as bench:
        yield bench


def shown(page: int, source: Source, mode: Mode, size: tuple[int, int], ppi: int = 100) -> bytes:
    """What lies on the glass, by the chart's own painter."""
    return chart.encode(chart.image(page, source, (ppi, ppi), chart.Box(0, 0, *size)), mode)


async def test_the_scanner_is_found_and_says_what_it_can_do() -> None:
    async with rig(watch=False) as bench:
        identity = bench.device.identity
        assert identity.key.startswith("usb-04b8-012b@usbip-127.0.0.1:")
        assert identity.key.endswith("-1-1")
        assert (identity.manufacturer, identity.vendor_id, identity.product_id) == ("EPSON", 0x04B8, 0x012B)
        can = bench.device.capabilities
        assert can.platen is not None
        assert (can.platen.maximum.width, can.platen.maximum.height) == (8500, 11700)
        assert can.platen.optical == (1200, 1200)
        assert can.platen.resolutions[0] == 50
        assert can.platen.resolutions[-1] == 1200
        assert can.platen.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
        assert can.feeder is not None
        assert can.feeder.maximum.height == 14000
        assert can.feeder_back is not None
        assert can.buttons == ("1",)


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16])
async def test_a_platen_page_shows_exactly_what_lies_on_the_glass(mode: Mode) -> None:
    async with rig() as bench:
        [(page, data)] = await read(await bench.scan(mode=mode, region=Region(0, 0, 4000, 3000)))
        assert (page.width, page.height, page.mode, page.back) == (400, 300, mode, False)
        assert data == shown(1, Source.PLATEN, mode, (400, 300))


async def test_a_width_that_is_no_multiple_of_eight_is_delivered_as_asked() -> None:
    async with rig() as bench:
        [(page, data)] = await read(await bench.scan(mode=Mode.RGB24, region=Region(0, 0, 4130, 1000)))
        assert (page.width, page.height) == (413, 100)
        assert data == shown(1, Source.PLATEN, Mode.RGB24, (413, 100))


async def test_three_sheets_are_three_pages_and_the_end_of_paper_is_a_normal_end() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=3") as bench:
        found = await read(await bench.scan(Source.FEEDER))
        assert [data == shown(n, Source.FEEDER, Mode.GRAY8, (413, 583)) for n, (_, data) in enumerate(found, 1)] == [
            True
        ] * 3
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        steps = bench.phases()
        assert steps == [
            (Phase.SCANNING, 0),
            (Phase.SCANNING, 1),
            (Phase.SCANNING, 2),
            (Phase.SCANNING, 3),
            (Phase.DONE, 3),
        ]
        await bench.until(lambda s: s.feeder is Feeder.EMPTY and not s.jobs)


async def test_a_duplex_scan_gives_fronts_and_backs() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=2") as bench:
        found = await read(await bench.scan(Source.FEEDER_DUPLEX))
        assert [page.back for page, _ in found] == [False, True, False, True]
        assert len({data for _, data in found}) == 4


async def test_a_jam_on_the_second_page_stops_and_then_fails_the_scan() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=3,jam@2") as bench:
        document = await bench.scan(Source.FEEDER)
        with pytest.raises(ScanFailed, match="jam"):
            await read(document)
        jam = Trouble(TroubleKind.JAM, Unit.FEEDER)
        await bench.until(lambda s: any(job.phase is Phase.FAILED for job in s.jobs))
        assert bench.phases()[-3:] == [(Phase.SCANNING, 1), (Phase.STOPPED, 1), (Phase.FAILED, 1)]
        still = await bench.until(lambda s: not s.jobs and s.troubles == {jam})
        assert still.readiness is Readiness.STOPPED
        assert still.explanation == "paper jam in the document feeder"
        told = len(bench.seen)
        bench.live.stimulate(Clear())
        await bench.until(lambda s: s.readiness is Readiness.IDLE, told)


async def test_an_unnamed_error_of_a_feeder_that_senses_it_is_a_double_feed() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=3,doublefeed@2") as bench:
        with pytest.raises(ScanFailed, match="two sheets at once in the document feeder"):
            await read(await bench.scan(Source.FEEDER))
        double = Trouble(TroubleKind.DOUBLE_FEED, Unit.FEEDER)
        still = await bench.until(lambda s: not s.jobs and s.troubles == {double})
        assert still.readiness is Readiness.STOPPED


async def test_a_scan_after_a_jam_was_cleared_works() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=2,jam@1") as bench:
        with pytest.raises(ScanFailed):
            await read(await bench.scan(Source.FEEDER))
        bench.live.stimulate(Clear(), LoadPaper(1))
        assert len(await read(await bench.scan(Source.FEEDER))) == 2


async def test_unplugged_in_the_middle_of_a_page_and_back_again() -> None:
    async with rig("warmup=0,speed=0,feed=0,unplug@1") as bench:
        with pytest.raises(DeviceGone):
            await read(await bench.scan())
        ended = await bench.until(lambda s: any(job.phase is Phase.FAILED for job in s.jobs))
        assert ended.readiness is Readiness.GONE
        await bench.until(lambda s: s.readiness is Readiness.GONE and not s.jobs)
        with pytest.raises(DeviceGone):
            await bench.scan()
        assert await catalog.find(local=False, usbip=[bench.place]) == []
        told = len(bench.seen)
        bench.live.stimulate(Plug())
        await bench.until(lambda s: s.readiness is Readiness.IDLE, told)
        assert len(await read(await bench.scan())) == 1


async def test_a_warming_lamp_is_waited_for_and_told() -> None:
    async with rig("warmup=60,speed=0,feed=0") as bench:
        document = await bench.scan()
        await bench.until(lambda s: any(job.phase is Phase.WARMING for job in s.jobs))
        bench.later(60)
        assert len(await read(document)) == 1
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        assert bench.phases() == [(Phase.WARMING, 0), (Phase.SCANNING, 0), (Phase.SCANNING, 1), (Phase.DONE, 1)]
        warming = next(s for s in bench.seen if s.jobs)
        assert warming.readiness is Readiness.WARMING
        assert warming.troubles == {Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN)}


async def test_a_lamp_that_fell_asleep_warms_up_within_the_scan() -> None:
    async with rig("warmup=0.2,sleep=60,speed=0,feed=0") as bench:
        bench.later(60)
        assert bench.scanner.state.asleep
        assert len(await read(await bench.scan())) == 1


async def test_looking_lets_the_scanner_sleep() -> None:
    async with rig("warmup=0,sleep=60") as bench:
        bench.later(60)
        for _ in range(30):
            await bench.device.observers[0].poll()
        assert bench.scanner.state.asleep


async def test_a_press_is_told_once() -> None:
    async with rig() as bench:
        bench.live.stimulate(Press())
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [(p.button, p.serial) for p in pressed.presses] == [("1", 1)]
        await asyncio.sleep(5 * usb_rig.PACE)
        assert sum(len(s.presses) for s in bench.seen) == 1


async def test_a_press_during_a_scan_is_told_at_the_page_end() -> None:
    async with rig("warmup=0,speed=0,feed=0,adf=2,press 3@1") as bench:
        await read(await bench.scan(Source.FEEDER))
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [p.button for p in pressed.presses] == ["3"]
        assert pressed.jobs[0].pages == 1


async def test_an_open_cover_is_a_trouble_and_paper_is_seen() -> None:
    async with rig() as bench:
        bench.live.stimulate(LoadPaper(2))
        await bench.until(lambda s: s.feeder is Feeder.LOADED)
        bench.live.stimulate(Cover(open=True))
        opened = await bench.until(lambda s: s.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)})
        assert opened.explanation == "cover open in the document feeder"
        assert len(await read(await bench.scan())) == 1  # the platen does not mind


async def test_a_second_scan_at_once_is_refused_and_the_first_goes_on() -> None:
    async with rig("warmup=0,speed=4000,feed=0") as bench:
        document = await bench.scan()
        with pytest.raises(DeviceBusy):
            await bench.scan()
        assert len(await read(document)) == 1


async def test_closing_ends_a_running_scan_and_frees_the_device() -> None:
    async with rig("warmup=0,speed=200,feed=0") as bench:
        document = await bench.scan()
        await bench.until(lambda s: bool(s.jobs))
        await bench.device.close()
        await bench.device.close()
        with pytest.raises(ScanCanceled):
            await read(document)
        [finding] = await catalog.find(local=False, usbip=[bench.place])
        again = await finding.open()
        await again.close()


async def test_a_slow_reader_slows_the_scanner_and_loses_nothing() -> None:
    async with rig() as bench:
        document = await bench.scan(mode=Mode.RGB24, resolution=(300, 300))

        def slowly() -> bytes:
            data = b""
            for page in document:
                for chunk in page.chunks:
                    data += chunk
                    time.sleep(0.01)
            return data

        data = await asyncio.to_thread(slowly)
        assert data == shown(1, Source.PLATEN, Mode.RGB24, (1239, 1749), 300)


async def test_a_shared_device_is_free_between_looks() -> None:
    async with rig(watch=False) as bench:
        await bench.device.close()
        [found] = await catalog.find(local=False, usbip=[bench.place])
        assert found.shared is not None
        first = await found.shared()
        second = await found.shared()
        try:
            for device in (first, second, first):
                assert (await device.observers[0].poll()).readiness is Readiness.IDLE
            assert first.acquirer is not None
            document = await first.acquirer.scan(ScanRequest("a", Source.PLATEN, Mode.GRAY8, (50, 50), A6))
            assert len(await read(document)) == 1
        finally:
            await first.close()
            await second.close()


async def test_a_device_somebody_else_holds_is_busy() -> None:
    async with rig(watch=False) as bench:
        with pytest.raises(DeviceBusy):
            await asyncio.to_thread(bench.claim)


async def test_a_fatal_error_ends_the_scan_and_says_where() -> None:
    async with rig("warmup=0,speed=0,feed=0,fatal@1") as bench:
        with pytest.raises(DriverError) as caught:
            await read(await bench.scan())
        assert str(caught.value) == "unnamed error in the scanner"
        bench.live.stimulate(Clear(), Slow(1), CancelAtPanel(), Unplug())
        await bench.until(lambda s: s.readiness is Readiness.GONE)
