"""How long the driver waits, on a clock that the link turns: nothing here sleeps but the driver's short pauses."""

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout
from drivers.contract.handover import Handover, ScanCanceled
from drivers.usb.pixma.mp150.model import table
from drivers.usb.pixma.mp150.scanner import PixmaScanner as Driver
from drivers.usb.pixma.open import models, speaking
from hil.devices.pixma.product import D420, MF220, MP730, MX850, Product
from hil.devices.stimuli import InUse
from hil.faults.plan import Fault
from tests.unit.drivers_usb_pixma.turning import TurningLink

PART = Region(0, 0, 8000, 11000)


SETS = pytest.mark.parametrize("product", [MX850, MP730, D420, MF220], ids=lambda product: product.model)


def scan(link: TurningLink, handover: Handover) -> None:
    request = ScanRequest("job-1", Source.PLATEN, Mode.RGB24, (75, 75), PART)
    model = models()[f"04a9:{link.scanner.product.product_id:04x}"]
    speaking(model, link.monotonic).scan(link, request, handover, lambda *_, **__: None)


@SETS
@pytest.mark.parametrize("after", [0.05, 1.0, 2.5, 3.33])
def test_the_abort_is_sent_within_250_ms_of_a_cancel(after: float, product: Product) -> None:
    link = TurningLink("warmup=0,speed=10,feed=0", product)
    handover = Handover()
    link.at = (after, handover.cancel)
    with pytest.raises(ScanCanceled):
        scan(link, handover)
    assert link.aborted_at() - after <= 0.26  # the link's slice of time, and one step of this clock


@SETS
def test_a_scanner_that_falls_silent_is_given_up(product: Product) -> None:
    link = TurningLink("warmup=0,speed=10,feed=0", product)

    def fall_silent() -> None:
        link.deaf = True

    link.at = (1.0, fall_silent)
    with pytest.raises(DeviceTimeout):
        scan(link, Handover())
    assert 60 < link.now < 75


def test_a_scanner_that_stays_busy_is_told_so() -> None:
    link = TurningLink("warmup=0,speed=0,feed=0")
    link.usb.update(0.0, (InUse(taken=True),))
    turned = iter(range(0, 100_000, 4))  # the clock of this test alone: each look is 4 s later
    family = Driver(table()["04a9:172c"], lambda: float(next(turned)))
    request = ScanRequest("job-1", Source.PLATEN, Mode.RGB24, (75, 75), PART)
    with pytest.raises(DeviceBusy):
        family.scan(link, request, Handover(), lambda *_, **__: None)


def test_after_a_broken_frame_the_next_command_is_answered() -> None:
    link = TurningLink("warmup=0,speed=0,feed=0")
    family = Driver(table()["04a9:172c"], link.monotonic)
    link.scanner.write(bytes.fromhex("db20" + "00" * 14), link.now)  # an answer that nobody has read
    assert family.observe(link).facts
    link.scanner.write(bytes.fromhex("f320" + "00" * 12 + "0010"), link.now)
    link.scanner.take(5)
    with pytest.raises(DeviceGarbled):
        family.observe(link)
    family.resynchronise(link)
    assert family.observe(link).facts


@SETS
@pytest.mark.parametrize("fault", [Fault.LOSS, Fault.GARBLE, Fault.SHORT])
def test_what_fails_after_the_last_page_costs_nobody_anything(fault: Fault, product: Product) -> None:
    good = TurningLink("warmup=0,speed=0,feed=0", product)
    scan(good, Handover())
    link = TurningLink("warmup=0,speed=0,feed=0", product)
    link.bad = (good.count, fault)  # the answer to the abort
    scan(link, Handover())
    assert not link.scanner.scanning
    scan(link, Handover())
