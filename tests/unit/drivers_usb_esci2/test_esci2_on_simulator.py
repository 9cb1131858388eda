"""The ESC/I-2 driver against the simulated scanner over USB/IP: pyusb, link, actor and decoders as they ship."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Encoded, Raster, Region
from drivers.contract.errors import DeviceBusy, DeviceGone, ScanFailed
from drivers.contract.observation import Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.esci2.open import open_device
from hil import chart, script
from hil.devices.esci2.product import DS_530, DS_1630, WF_8590, Product
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import esci2_usb
from hil.devices.stimuli import Clear, Cover, Fatal, InUse, LoadPaper, Plug, Press, Slow, Unplug
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, whole

SMALL = Region(0, 0, 4000, 3000)
QUICK = "warmup=0,speed=0,feed=0"


@asynccontextmanager
async def rig(text: str = QUICK, product: Product = WF_8590, *, watch: bool = True) -> AsyncIterator[Rig[Esci2Scanner]]:
    scanner = Esci2Scanner(script.read(text), SystemClock().monotonic(), product)
    async with usb_rig.plugged(scanner, esci2_usb(scanner), open_device, watch=watch, region=SMALL) as bench:
        yield bench


def shown(
    page: int, source: Source, mode: Mode, box: tuple[int, int, int, int], ppi: int = 100, *, back: bool = False
) -> bytes:
    """What lies on the glass, by the chart's own painter."""
    return chart.encode(chart.image(page, source, (ppi, ppi), chart.Box(*box), back=back), mode)


# The simulated feeder of 11.7 inch centres an A4 sheet of 8.268: it lies 1.716 inch from the left. A region of
# 4 inch is taken for paper of that width, which lies 3.85 inch from the left: 2.13 inch within the sheet.
def fed(page: int, mode: Mode = Mode.GRAY8, *, back: bool = False) -> bytes:
    return shown(page, Source.FEEDER, mode, (385 - 171, 0, 400, 300), back=back)


async def test_the_scanner_is_found_and_says_what_it_can_do() -> None:
    async with rig(watch=False) as bench:
        identity = bench.device.identity
        assert (bench.device.driver, identity.vendor_id, identity.product_id) == ("esci2", 0x04B8, 0x08BC)
        assert (identity.manufacturer, identity.model) == ("EPSON", "WF-8590 Series")
        can = bench.device.capabilities
        assert can.platen is not None
        assert (can.platen.maximum.width, can.platen.maximum.height) == (11700, 17000)
        assert can.platen.resolutions == (75, 100, 150, 200, 300, 600, 1200)
        assert can.platen.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
        assert can.feeder is not None
        assert can.feeder.resolutions[-1] == 600
        assert can.feeder_back is not None
        assert can.buttons == ("1", "2", "3")


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART])
async def test_a_platen_page_shows_exactly_what_lies_on_the_glass(mode: Mode) -> None:
    async with rig(f"{QUICK},original=7", watch=False) as bench:
        [(page, data)] = await whole(await bench.scan(mode=mode))
        assert isinstance(page, Raster)
        assert (page.width, page.height, page.mode, page.back) == (400, 300, mode, False)
        assert data == shown(7, Source.PLATEN, mode, (0, 0, 400, 300))
        assert not bench.scanner.session


async def test_a_width_that_is_no_multiple_of_eight_is_delivered_as_asked() -> None:
    async with rig() as bench:
        [(page, data)] = await whole(await bench.scan(mode=Mode.RGB24, region=Region(500, 250, 4130, 1000)))
        assert isinstance(page, Raster)
        assert (page.width, page.height) == (413, 100)
        assert data == shown(1, Source.PLATEN, Mode.RGB24, (50, 25, 413, 100))


async def test_rows_that_are_filled_up_lose_what_fills_them() -> None:
    async with rig(product=replace(WF_8590, align=64)) as bench:
        [(_, data)] = await whole(await bench.scan(mode=Mode.RGB24))
        assert data == shown(1, Source.PLATEN, Mode.RGB24, (0, 0, 400, 300))


async def test_three_sheets_are_three_pages_and_the_end_of_paper_is_a_normal_end() -> None:
    async with rig(f"{QUICK},adf=3") as bench:
        found = await whole(await bench.scan(Source.FEEDER))
        assert [data for _, data in found] == [fed(1), fed(2), fed(3)]
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        scanning = [(Phase.SCANNING, pages) for pages in range(4)]
        assert bench.phases() == [*scanning, (Phase.DONE, 3)]
        await bench.until(lambda s: s.feeder is Feeder.EMPTY and not s.jobs)


async def test_backs_come_behind_their_fronts_although_both_are_scanned_at_once() -> None:
    async with rig(f"{QUICK},adf=2") as bench:
        found = await whole(await bench.scan(Source.FEEDER_DUPLEX, Mode.RGB24))
        assert [page.back for page, _ in found] == [False, True, False, True]
        assert [data for _, data in found] == [
            fed(sheet, Mode.RGB24, back=back) for sheet in (1, 2) for back in (False, True)
        ]
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        assert bench.phases()[-2:] == [(Phase.SCANNING, 4), (Phase.DONE, 4)]


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8])
async def test_backs_of_a_second_pass_are_turned_upright(mode: Mode) -> None:
    async with rig(f"{QUICK},adf=1", DS_1630) as bench:
        region = Region(0, 0, 8500, 3000)
        [_, (page, data)] = await whole(await bench.scan(Source.FEEDER_DUPLEX, mode, region=region))
        assert page.back
        assert data == shown(1, Source.FEEDER, mode, (-11, 0, 850, 300), back=True)  # 0.116 inch of lid at the left


async def test_of_five_sheets_two_are_fed_when_two_are_wanted() -> None:
    async with rig(f"{QUICK},adf=5") as bench:
        found = await whole(await bench.scan(Source.FEEDER, pages=2))
        assert [data for _, data in found] == [fed(1), fed(2)]
        assert bench.scanner.state.sheets == 3


async def test_of_a_sheet_scanned_on_both_sides_only_the_front_is_delivered_when_one_page_is_wanted() -> None:
    async with rig(f"{QUICK},adf=2") as bench:
        [(page, data)] = await whole(await bench.scan(Source.FEEDER_DUPLEX, pages=1))
        assert (page.back, data) == (False, fed(1))
        assert bench.scanner.state.sheets == 1


async def test_a_scanner_that_has_jpeg_only_is_handed_on_as_jpeg() -> None:
    async with rig(f"{QUICK},adf=1", DS_530) as bench:
        assert bench.device.identity.serial == "X2HC000001"
        [(page, data)] = await whole(await bench.scan(Source.FEEDER, Mode.RGB24, region=Region(0, 0, 8500, 3000)))
        assert page == Encoded("jpeg", page.chunks, back=False)
        picture = Image.open(BytesIO(data))
        assert (picture.size, picture.mode) == ((850, 300), "RGB")
        want = Image.frombytes("RGB", (850, 300), shown(1, Source.FEEDER, Mode.RGB24, (-11, 0, 850, 300)))
        blocks = [image.resize((17, 6), Image.Resampling.BOX).tobytes() for image in (picture, want)]
        assert max(abs(a - b) for a, b in zip(*blocks, strict=True)) < 8


async def test_a_jpeg_that_ends_with_its_paper_says_its_true_height() -> None:
    async with rig(f"{QUICK},adf=1", replace(DS_530, truncates=True)) as bench:
        region = Region(0, 10_000, 8500, 5000)  # A4 ends at 11.693 inch
        [(_, data)] = await whole(await bench.scan(Source.FEEDER_DUPLEX, region=region, pages=1))
        picture = Image.open(BytesIO(data))
        picture.load()
        assert picture.size == (850, 169)


async def test_a_page_that_ends_with_its_paper_is_filled_up_with_white() -> None:
    async with rig(f"{QUICK},adf=1", replace(WF_8590, truncates=True)) as bench:
        [(page, data)] = await whole(await bench.scan(Source.FEEDER, region=Region(0, 10_000, 4000, 5000)))
        assert isinstance(page, Raster)
        assert page.height == 500
        assert data == shown(1, Source.FEEDER, Mode.GRAY8, (214, 1000, 400, 169)) + b"\xff" * 331 * 400


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("jam", TroubleKind.JAM),
        ("doublefeed", TroubleKind.DOUBLE_FEED),
        ("cover open", TroubleKind.COVER_OPEN),
        ("fatal", TroubleKind.ATTENTION),
    ],
)
async def test_a_trouble_on_the_second_page_is_told_and_ends_the_scan(event: str, kind: TroubleKind) -> None:
    async with rig(f"{QUICK},adf=3,{event}@2:50%") as bench:
        with pytest.raises(ScanFailed):
            await whole(await bench.scan(Source.FEEDER))
        stopped = await bench.until(lambda s: any(job.phase is Phase.STOPPED for job in s.jobs))
        assert Trouble(kind, Unit.FEEDER) in stopped.troubles
        assert stopped.readiness is Readiness.STOPPED
        assert stopped.jobs[0].pages == 1
        bench.live.stimulate(Clear(), LoadPaper(1))
        await bench.until(lambda s: s.readiness is Readiness.IDLE and not s.jobs, after=len(bench.seen))
        assert await whole(await bench.scan(Source.FEEDER))


async def test_an_open_cover_hinders_the_feeder_and_not_the_glass() -> None:
    async with rig(f"{QUICK},adf=1") as bench:
        bench.live.stimulate(Cover(open=True))
        seen = await bench.until(lambda s: s.readiness is Readiness.STOPPED)
        assert seen.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}
        assert seen.explanation == "cover open in the document feeder"
        with pytest.raises(ScanFailed, match="cover open"):
            await whole(await bench.scan(Source.FEEDER))
        assert len(await whole(await bench.scan())) == 1


async def test_a_failed_scanner_says_so_at_both_its_units() -> None:
    async with rig() as bench:
        bench.live.stimulate(Fatal())
        seen = await bench.until(lambda s: s.readiness is Readiness.STOPPED)
        assert {trouble.unit for trouble in seen.troubles} == {Unit.FEEDER, Unit.PLATEN}


async def test_a_lamp_that_warms_is_waited_for_and_told() -> None:
    async with rig("warmup=60,speed=0,feed=0") as bench:
        document = await bench.scan()
        warming = await bench.until(lambda s: any(job.phase is Phase.WARMING for job in s.jobs))
        assert Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN) in warming.troubles
        bench.later(60)
        assert len(await whole(document)) == 1


async def test_a_press_is_told_once_by_the_interrupt_endpoint() -> None:
    async with rig() as bench:
        bench.live.stimulate(Press(2))
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [press.button for press in pressed.presses] == ["2"]
        bench.live.stimulate(Press(2))
        await bench.until(lambda s: bool(s.presses) and s.presses[0].serial == 2)
        await bench.device.observers[0].poll()
        assert sum(len(snapshot.presses) for snapshot in bench.seen) == 2


async def test_a_press_is_told_once_by_the_status_where_there_is_no_such_endpoint() -> None:
    async with rig(product=replace(WF_8590, interrupts=False)) as bench:
        bench.live.stimulate(Press(3))
        pressed = await bench.until(lambda s: bool(s.presses))
        assert [press.button for press in pressed.presses] == ["3"]
        await bench.device.observers[0].poll()
        assert sum(len(snapshot.presses) for snapshot in bench.seen) == 1


async def test_a_scanner_that_another_host_has_is_busy() -> None:
    async with rig() as bench:
        bench.live.stimulate(InUse(taken=True))
        await bench.until(lambda s: s.readiness is Readiness.BUSY)
        with pytest.raises(DeviceBusy):
            await bench.scan()
        bench.live.stimulate(InUse(taken=False))
        await bench.until(lambda s: s.readiness is Readiness.IDLE, after=len(bench.seen))
        assert len(await whole(await bench.scan())) == 1


async def test_looking_neither_wakes_the_scanner_nor_keeps_it() -> None:
    async with rig("warmup=0,sleep=60", watch=False) as bench:
        bench.later(60)
        for _ in range(3):
            assert (await bench.device.observers[0].poll()).readiness is Readiness.IDLE
            assert not bench.scanner.session
        assert bench.scanner.state.asleep


async def test_a_cable_pulled_in_mid_page_ends_the_scan_and_the_next_one_works() -> None:
    async with rig(f"{QUICK},unplug@1:50%") as bench:
        with pytest.raises((DeviceGone, ScanFailed)):
            await whole(await bench.scan(mode=Mode.RGB24, resolution=(200, 200)))
        bench.live.stimulate(Plug())
        await bench.until(lambda s: s.readiness is Readiness.IDLE and not s.jobs, after=len(bench.seen))
        assert len(await whole(await bench.scan())) == 1


async def test_a_slow_motor_is_waited_for() -> None:
    async with rig("warmup=0,speed=6000,feed=0") as bench:
        bench.live.stimulate(Slow(4))
        [(_, data)] = await whole(await bench.scan())
        assert data == shown(1, Source.PLATEN, Mode.GRAY8, (0, 0, 400, 300))
        bench.live.stimulate(Unplug())


async def test_a_session_that_somebody_left_open_is_ended() -> None:
    async with rig(watch=False) as bench:
        bench.scanner.write(b"\x1cX", bench.live.now())  # as a host that died in the middle of setting parameters
        bench.scanner.write(b"PARAx0000040#ADF", bench.live.now())
        assert len(await whole(await bench.scan())) == 1
