"""What holds of a scan whatever the family: each driver against its simulated scanners, over USB/IP on TCP."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Region
from drivers.contract.driver import Device
from drivers.contract.errors import CanceledAtDevice, DeviceBusy, FeederEmpty
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import Phase, Trouble, TroubleKind, Unit
from drivers.usb.esci.open import open_device as esci
from drivers.usb.esci2.open import open_device as esci2
from drivers.usb.fujitsu.open import open_device as fujitsu
from drivers.usb.pixma.open import open_device as pixma
from hil import script
from hil.devices.esci.scanner import EsciScanner
from hil.devices.esci.usb import esci_usb
from hil.devices.esci2.scanner import Esci2Scanner
from hil.devices.esci2.usb import esci2_usb
from hil.devices.fujitsu.scanner import FujitsuScanner
from hil.devices.fujitsu.usb import FujitsuUsb
from hil.devices.pixma.product import D420, MF220, MP530, MP730, MX850, MX870, MX920
from hil.devices.pixma.scanner import PixmaScanner
from hil.devices.pixma.usb import pixma_usb
from hil.devices.stimuli import InUse, LoadPaper, Slow
from hil.devices.usb.device import SimulatedUsbDevice
from tests.unit import usb_rig
from tests.unit.usb_rig import Rig, read

Plugged = Callable[[str], AbstractAsyncContextManager[Rig[Any]]]
LETTER = Region(0, 0, 8000, 11000)


@asynccontextmanager
async def plugged(
    scanner: Callable[[script.Script, float], Any],
    usb: Callable[[Any], SimulatedUsbDevice],
    opener: Callable[..., Awaitable[Device]],
    text: str,
) -> AsyncIterator[Rig[Any]]:
    made = scanner(script.read(usb_rig.quick(text)), SystemClock().monotonic())
    async with usb_rig.plugged(made, usb(made), opener, region=Region(0, 0, 2000, 1500), ppi=75) as bench:
        yield bench


EVERY: dict[str, Plugged] = {
    "ESC/I": partial(plugged, EsciScanner, esci_usb, esci),
    "ESC/I-2": partial(plugged, Esci2Scanner, esci2_usb, esci2),
    "Fujitsu": partial(plugged, FujitsuScanner, FujitsuUsb, fujitsu),
} | {
    each.model: partial(plugged, partial(PixmaScanner, product=each), pixma_usb, pixma)
    for each in (MP530, MX850, MX870, MX920, MP730, D420, MF220)
}
every = pytest.mark.parametrize("scanner", EVERY.values(), ids=EVERY)


@every
async def test_no_more_pages_are_scanned_than_asked_for(scanner: Plugged) -> None:
    async with scanner("adf=3") as bench:
        assert len(await read(await bench.scan(Source.FEEDER, pages=2))) == 2
        assert bench.scanner.state.sheets == 1
        assert bench.scanner.state.path is None
        assert len(await read(await bench.scan(Source.FEEDER))) == 1


@every
async def test_an_empty_feeder_is_told_before_any_page_and_the_next_scan_works(scanner: Plugged) -> None:
    async with scanner("") as bench:
        with pytest.raises(FeederEmpty):
            await read(await bench.scan(Source.FEEDER))
        ended = await bench.until(lambda s: any(job.phase is Phase.FAILED for job in s.jobs))
        assert ended.troubles == {Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)}
        assert [(job.phase, job.pages) for job in ended.jobs] == [(Phase.FAILED, 0)]
        bench.live.stimulate(LoadPaper(1))
        assert len(await read(await bench.scan(Source.FEEDER))) == 1


# Those that are spoken to in XML are asked for 10 s before that is said.
@pytest.mark.parametrize("scanner", [one for name, one in EVERY.items() if name not in {MX870.model, MX920.model}])
async def test_a_scanner_that_another_host_has_is_busy_before_anything_moves(scanner: Plugged) -> None:
    async with scanner("") as bench:
        bench.live.stimulate(InUse(taken=True))
        with pytest.raises(DeviceBusy, match=r"in use|busy"):
            await bench.scan()
        assert not bench.scanner.scanning
        bench.live.stimulate(InUse(taken=False))
        assert len(await read(await bench.scan())) == 1


@every
async def test_progress_is_told_while_a_page_is_scanned(scanner: Plugged) -> None:
    async with scanner("speed=2000") as bench:
        await read(await bench.scan(mode=Mode.RGB24, region=LETTER))
        await bench.until(lambda s: any(job.phase is Phase.DONE for job in s.jobs))
        told = [job.percent for snapshot in bench.seen for job in snapshot.jobs if job.percent is not None]
        assert told == sorted(told)
        assert len(set(told)) > 5
        assert told[-1] <= 100


@every
async def test_cancel_at_the_scanner_is_told_as_such_and_the_next_scan_works(scanner: Plugged) -> None:
    async with scanner("cancel@1:20%") as bench:
        with pytest.raises(CanceledAtDevice):
            await read(await bench.scan(mode=Mode.RGB24, region=LETTER))
        ended = await bench.until(lambda s: any(job.phase is Phase.CANCELED for job in s.jobs))
        assert ended.jobs[0].at_panel
        assert len(await read(await bench.scan())) == 1


@every
async def test_a_cancel_takes_effect_at_once_and_the_next_scan_works(scanner: Plugged) -> None:
    async with scanner("speed=40") as bench:  # the page would take 20 s
        document = await bench.scan(mode=Mode.RGB24, region=LETTER)
        await bench.until(lambda s: any(job.percent for job in s.jobs))
        began = time.monotonic()
        document.cancel()
        with pytest.raises(ScanCanceled):
            await read(document)
        assert time.monotonic() - began < 8
        assert not bench.scanner.scanning
        ended = await bench.until(lambda s: any(job.phase is Phase.CANCELED for job in s.jobs))
        assert not ended.jobs[0].at_panel
        bench.live.stimulate(Slow(0.01))
        assert len(await read(await bench.scan())) == 1
