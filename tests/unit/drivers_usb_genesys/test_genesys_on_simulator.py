"""The Genesys driver against simulated chips of all its generations, over USB/IP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers import catalog
from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import SystemClock
from drivers.contract.errors import DeviceGone
from drivers.contract.observation import Feeder, Readiness
from drivers.usb.genesys.open import open_device
from hil import script
from hil.devices.genesys.product import (
    HP_2300C,
    HP_2400C,
    LIDE_35,
    LIDE_200,
    LIDE_210,
    STROBE_XP200,
    STROBE_XP300,
    Product,
)
from hil.devices.genesys.scanner import GenesysScanner
from hil.devices.genesys.usb import GenesysUsb
from hil.devices.stimuli import LoadPaper, Plug, Press, RemovePaper, Unplug
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig

BUTTONS = {
    LIDE_200: ("scan", "file", "email", "copy"),
    LIDE_210: ("scan", "file", "email", "copy", "extra"),
    LIDE_35: ("scan", "file", "email", "copy"),
    HP_2300C: ("scan", "copy"),
    HP_2400C: ("scan", "email", "copy"),
    STROBE_XP300: ("scan",),
    STROBE_XP200: ("scan",),
}


HELD = 60.0  # s: long enough to be seen, however slow the test is


def name(product: Product) -> str:
    return product.model


@asynccontextmanager
async def rig(
    product: Product = LIDE_200, text: str = "", *, set_up: bool = True
) -> AsyncIterator[Rig[GenesysScanner]]:
    scanner = GenesysScanner(script.read(text), SystemClock().monotonic(), product, held=HELD)
    if set_up:
        scanner.write(0x06, 0x10)  # as SANE leaves it
    async with usb_rig.plugged(scanner, GenesysUsb(scanner), open_device) as bench:
        yield bench


async def let_go(bench: Rig[GenesysScanner]) -> None:
    """No button is down any more, and that was seen."""
    bench.later(HELD)
    assert not bench.scanner.down
    await bench.device.observers[0].poll()


async def test_it_only_looks_and_can_be_borrowed():
    async with rig() as bench:
        device = bench.device
        assert (device.identity.name, device.driver) == ("Canon CanoScan LiDE 200", "genesys")
        assert device.capabilities == Capabilities(buttons=("scan", "file", "email", "copy"))
        assert device.acquirer is None
        assert device.claim is not None
        await device.close()
        [finding] = await catalog.find(local=False, usbip=[bench.place])
        assert finding.driver == "genesys"


@pytest.mark.parametrize("product", BUTTONS, ids=name)
async def test_every_button_is_told_by_its_name_and_once(product: Product):
    async with rig(product) as bench:
        assert bench.device.capabilities.buttons == BUTTONS[product]
        for number, button in enumerate(BUTTONS[product], start=1):
            before = len(bench.seen)
            bench.live.stimulate(Press(number))
            await bench.until(lambda seen: seen.presses, before)
            assert bench.presses()[-1] == button
            await let_go(bench)
        assert bench.presses() == list(BUTTONS[product])


async def test_lines_that_nobody_has_set_up_are_no_presses():
    async with rig(set_up=False) as bench:
        seen = await bench.until(lambda seen: seen.readiness is Readiness.IDLE)
        assert dict(seen.facts)["set up"].startswith("no")
        bench.live.stimulate(Press())
        bench.scanner.write(0x06, 0x10)
        await bench.until(lambda seen: ("set up", "yes") in seen.facts)
        assert bench.presses() == []


@pytest.mark.parametrize("product", [STROBE_XP300, STROBE_XP200], ids=name)
async def test_a_sheet_before_the_rollers_is_a_loaded_feeder(product: Product):
    async with rig(product) as bench:
        assert bench.seen[0].feeder is Feeder.EMPTY
        bench.live.stimulate(LoadPaper(1))
        await bench.until(lambda seen: seen.feeder is Feeder.LOADED)
        before = len(bench.seen)
        bench.live.stimulate(RemovePaper())
        await bench.until(lambda seen: seen.feeder is Feeder.EMPTY, before)
        assert bench.presses() == []


@pytest.mark.parametrize("product", [LIDE_200, LIDE_210, LIDE_35], ids=name)
async def test_unplugged_it_is_gone_and_back_again_it_has_to_be_set_up(product: Product):
    async with rig(product) as bench:
        bench.live.stimulate(Unplug())
        with pytest.raises(DeviceGone):
            await bench.device.observers[0].poll()
        bench.live.stimulate(Plug())
        before = len(bench.seen)
        seen = await bench.until(lambda seen: seen.readiness is Readiness.IDLE, before)
        assert dict(seen.facts)["set up"].startswith("no")
        assert bench.presses() == []


async def test_a_button_that_is_still_down_when_sane_is_done_is_told_then():
    async with rig() as bench:
        claim = bench.device.claim
        assert claim is not None
        await asyncio.to_thread(claim.lend)
        link = await asyncio.to_thread(bench.claim)  # as SANE would
        bench.live.stimulate(Press(2))
        await asyncio.to_thread(link.close)
        claim.take_back()
        await bench.until(lambda seen: seen.presses)
        assert bench.presses() == ["file"]


async def test_a_button_that_was_down_before_somebody_listened_was_not_pressed_for_us():
    scanner = GenesysScanner(script.read("press"), SystemClock().monotonic())
    scanner.write(0x06, 0x10)
    async with usb_rig.plugged(scanner, GenesysUsb(scanner), open_device) as bench:
        assert scanner.down == 1
        await let_go(bench)
        assert bench.presses() == []


async def test_while_its_motor_runs_it_is_busy_and_the_sheet_leaves():
    async with rig(STROBE_XP300, "adf=1,feed=0.05") as bench:
        assert bench.seen[0].feeder is Feeder.LOADED
        bench.scanner.write(0x0F, 0x01)
        seen = await bench.until(lambda seen: seen.feeder is Feeder.EMPTY)
        assert seen.readiness is Readiness.BUSY
        bench.scanner.write(0x01, 0x00)
        await bench.until(lambda seen: seen.readiness is Readiness.IDLE, len(bench.seen))


async def test_looking_writes_no_register():
    async with rig(LIDE_35) as bench:
        before = bytes(bench.scanner.read(each) for each in range(0x100))
        bench.live.stimulate(Press())
        await bench.until(lambda seen: seen.presses)
        await let_go(bench)
        assert bytes(bench.scanner.read(each) for each in range(0x100)) == before
