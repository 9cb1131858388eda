"""The Fujitsu driver on ScanSnap iX models: what they want before a scan, and what they tell beyond the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers import quirks
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region
from drivers.contract.errors import FeederEmpty, ScanFailed
from drivers.contract.observation import Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.usb.fujitsu import model, window, wire
from drivers.usb.fujitsu import open as fujitsu
from drivers.usb.fujitsu.hardware import hardware
from drivers.usb.fujitsu.tables import quantisation
from drivers.usb.fujitsu.window import Window
from hil import chart, script
from hil.devices.fujitsu import replies
from hil.devices.fujitsu.product import FI_6230, IX100, IX500, IX1300, Product
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.usb import FujitsuUsb
from hil.devices.stimuli import Cover, LoadPaper, Press, RemovePaper
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

SMALL = Region(0, 0, 4000, 2000)


@asynccontextmanager
async def rig(text: str = "", product: Product = IX500, *, watch: bool = False) -> AsyncIterator[Rig[FujitsuScanner]]:
    scanner = FujitsuScanner(script.read(usb_rig.quick(text)), SystemClock().monotonic(), product)
    usb = FujitsuUsb(scanner)
    async with usb_rig.plugged(scanner, usb, fujitsu.open_device, watch=watch, region=SMALL) as bench:
        yield bench


def shown(page: int, mode: Mode, size: tuple[int, int], ppi: int = 100, *, back: bool = False) -> bytes:
    picture = chart.image(page, Source.FEEDER, (ppi, ppi), chart.Box(0, 0, *size), back=back)
    return chart.encode(picture, mode)


def test_the_tables_are_those_of_the_standard_at_three_tenths() -> None:
    told = quantisation()
    assert told[:10].hex(" ") == "00 00 00 00 00 40 00 40 00 00"
    # By hand from T.81, K.1 and K.2 and figure A.6: 16 11 12 14 12 10 16 14 … 103 99; 17 18 18 24 21 24 47 26 26 47 99
    assert told[10:18].hex(" ") == "04 03 03 04 03 03 04 04"
    assert told[72:74].hex(" ") == "1e 1d"
    assert told[74:85].hex(" ") == "05 05 05 07 06 07 0e 07 07 0e 1d"
    assert set(told[90:]) == {0x1D}
    assert len(told) == 138


def test_what_it_is_told_before_all_else_has_resolution_paper_and_composition() -> None:
    told = window.pre_read(Window(Mode.RGB24, (600, 300), 0, 0, 800, 400, paper=(9923, 14033)))
    assert told == b"SET PRE READMODE" + bytes.fromhex("0258 012c 000026c3 000036d1 05 000000")
    assert wire.send_diagnostic(told)[0].hex(" ") == "1d 00 00 00 20 00"
    assert wire.send(wire.Table.QUANTISATION, bytes(138))[0].hex(" ") == "2a 00 88 00 00 00 00 00 8a 00"


def test_a_long_status_tells_of_the_wireless_switch_and_the_battery() -> None:
    told = bytearray(20)
    assert hardware(bytes(told)).more == (("wireless switch", "off"),)
    told[0x10:0x13] = 0x80, 0x80, 80
    assert hardware(bytes(told)).more == (("wireless switch", "on"), ("battery", "80"))
    told[0x11] = 0xC0
    assert hardware(bytes(told)).more[1] == ("battery", "80, charging")
    assert hardware(bytes(told[:12])).more == ()


@pytest.mark.parametrize(("byte", "size"), [(0, 12), (8, 12), (13, 12), (19, 19), (255, 32)])
def test_as_long_a_status_is_asked_for_as_the_scanner_says_that_it_has(byte: int, size: int) -> None:
    page = bytearray(replies.vital(IX500))
    page[0x71] = byte
    assert model.vital(bytes(page)).hardware_status == size
    page[4] = 0x5F  # a shorter page: what is behind it means nothing
    assert model.vital(bytes(page)).hardware_status == 12


def test_of_a_scanner_with_a_second_way_in_it_is_known() -> None:
    page = bytearray(replies.vital(IX500))
    assert not model.vital(bytes(page)).card_slot
    page[0x7C] = 0x80
    assert model.vital(bytes(page)).card_slot
    page[4] = 0x5F
    assert not model.vital(bytes(page)).card_slot


@pytest.mark.parametrize(
    ("name", "tables", "colour_only"),
    [
        ("ScanSnap iX500", True, True),
        ("ScanSnap iX500EE", True, True),
        ("ScanSnap iX100", True, False),
        ("ScanSnap iX1500", False, False),
        ("ScanSnap iX1600", False, False),
        ("ScanSnap S1500", False, False),
    ],
)
def test_only_those_that_want_it_are_prepared(name: str, tables: bool, colour_only: bool) -> None:
    found = quirks.of(0x04C5, 0, name)
    assert (found.coding_tables, found.pre_read, not found.ready_after_load) == (tables, tables, tables)
    assert found.colour_only == colour_only


def test_all_of_them_are_known() -> None:
    known = fujitsu.models()
    ids = ("132b", "13f3", "13f4", "159f", "162c", "1630", "1632")
    assert [known[f"04c5:{each}"] for each in ids] == [
        [f"ScanSnap iX{each}"] for each in ("500", "500EE", "100", "1500", "1300", "1400", "1600")
    ]


async def test_an_ix500_offers_both_sides_in_colour_and_nothing_else() -> None:
    async with rig() as bench:
        can = bench.device.capabilities
        assert bench.device.identity.name == "Fujitsu ScanSnap iX500"
        assert can.platen is None
        assert can.feeder is not None
        assert can.feeder.modes == (Mode.RGB24,)
        assert can.feeder_back is can.feeder
    async with rig(product=IX100) as bench:
        can = bench.device.capabilities
        assert can.feeder is not None
        assert can.feeder.modes == (Mode.RGB24, Mode.GRAY8, Mode.LINEART)
        assert can.feeder_back is None


@pytest.mark.parametrize("speed", [0, 20000])
async def test_both_sides_come_to_the_pixel_however_fast_the_paper_passes(speed: int) -> None:
    async with rig(f"adf=2,speed={speed}") as bench:
        found = await read(await bench.scan(Source.FEEDER_DUPLEX, Mode.RGB24))
        assert [page.back for page, _ in found] == [False, True, False, True]
        for at, (_, data) in enumerate(found):
            assert data == shown(at // 2 + 1, Mode.RGB24, (400, 200), back=at % 2 == 1)
        assert bench.scanner.state.path is None


@pytest.mark.parametrize("ppi", [300, 600])
async def test_a_fine_page_comes_too(ppi: int) -> None:
    async with rig("adf=1") as bench:
        small = Region(0, 0, 1000, 500)
        [(page, data)] = await read(await bench.scan(Source.FEEDER, Mode.RGB24, resolution=(ppi, ppi), region=small))
        assert (page.width, page.height) == (ppi, ppi // 2)
        assert data == shown(1, Mode.RGB24, (ppi, ppi // 2), ppi)


async def test_an_odd_width_is_delivered_as_asked() -> None:
    async with rig("adf=1") as bench:
        odd = Region(0, 0, 4130, 2000)
        [(page, data)] = await read(await bench.scan(Source.FEEDER, Mode.RGB24, region=odd))
        assert page.width == 413
        assert data == shown(1, Mode.RGB24, (413, 200))


@pytest.mark.parametrize("mode", [Mode.RGB24, Mode.GRAY8, Mode.LINEART])
async def test_an_ix100_scans_in_every_mode(mode: Mode) -> None:
    async with rig("adf=1", IX100) as bench:
        [(_, data)] = await read(await bench.scan(Source.FEEDER, mode))
        assert data == shown(1, mode, (400, 200))


async def test_an_ix1300_is_told_that_the_sheet_is_not_in_its_card_slot() -> None:
    async with rig("adf=1", IX1300) as bench:
        [(_, data)] = await read(await bench.scan(Source.FEEDER, Mode.GRAY8))
        assert data == shown(1, Mode.GRAY8, (400, 200))


async def test_an_empty_feeder_is_none_of_its_errors() -> None:
    async with rig(watch=True) as bench:
        with pytest.raises(FeederEmpty):
            await read(await bench.scan(Source.FEEDER, Mode.RGB24))
        bench.live.stimulate(LoadPaper(1))
        await bench.until(lambda seen: seen.feeder is Feeder.LOADED)
        assert len(await read(await bench.scan(Source.FEEDER, Mode.RGB24))) == 1


async def test_paper_that_is_taken_out_while_the_lamp_warms_is_an_empty_feeder() -> None:
    async with rig("adf=1,warmup=0.4", watch=True) as bench:
        document = await bench.scan(Source.FEEDER, Mode.RGB24)
        await bench.until(lambda seen: seen.readiness is Readiness.WARMING)
        bench.live.stimulate(RemovePaper())
        with pytest.raises(FeederEmpty):
            await read(document)


async def test_its_button_cover_and_switch_are_told() -> None:
    async with rig("adf=1", IX100, watch=True) as bench:
        bench.live.stimulate(Press())
        assert [each.button for each in (await bench.until(lambda seen: seen.presses)).presses] == ["scan"]
        bench.live.stimulate(Cover(open=True))
        opened = await bench.until(lambda seen: seen.troubles)
        assert opened.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}
        assert dict(opened.facts)["wireless switch"] == "on"
        assert dict(opened.facts)["battery"] == "80"


@pytest.mark.parametrize(("event", "words"), [("jam@1", "paper jam"), ("doublefeed@1", "two sheets at once")])
async def test_what_happens_to_its_paper_ends_the_scan(event: str, words: str) -> None:
    async with rig(f"adf=2,{event}") as bench:
        with pytest.raises(ScanFailed, match=words):
            await read(await bench.scan(Source.FEEDER_DUPLEX, Mode.RGB24))


async def test_the_others_are_told_nothing_of_it() -> None:
    async with rig("adf=1", FI_6230) as bench:
        assert len(await read(await bench.scan(Source.FEEDER, Mode.RGB24))) == 1
        assert bench.scanner.state.path is None
