"""A small scan of each generation with a fault at each of its transfers: it ends, and the next scan is whole.

The actor's part is played here: a new link after a cut, resynchronising after other errors.
"""

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Raster, Region, ScanRequest
from drivers.contract.errors import DeviceGone, DriverError
from drivers.contract.handover import Handover
from drivers.usb.pixma.open import Scanner, models, speaking
from hil import chart
from hil.devices.pixma.product import D420, MF220, MP160, MP530, MP730, MX850, MX870, MX920, Product
from hil.faults.plan import Fault
from tests.unit.drivers_usb_pixma.turning import TurningLink

PRODUCTS = (MP530, MP160, MX850, MX870, MX920, MP730, D420, MF220)
QUICK = "warmup=0,speed=0,feed=0"
REGION = Region(0, 0, 1000, 500)
WANT = chart.encode(chart.image(1, Source.PLATEN, (75, 75), chart.Box(0, 0, 75, 38)), Mode.GRAY8)


def scanned(family: Scanner, link: TurningLink) -> bytes:
    """The page. Raises DriverError."""
    handover = Handover()
    request = ScanRequest("job-1", Source.PLATEN, Mode.GRAY8, (75, 75), REGION)
    family.scan(link, request, handover, lambda *_, **__: None)
    handover.finish()
    [page] = [b"".join(page.chunks) for page in handover if isinstance(page, Raster)]
    return page


def again(family: Scanner, link: TurningLink) -> None:
    """What the actor does before the next look, until that succeeds."""
    for _ in range(4):
        try:
            family.resynchronise(link)
            family.observe(link)
        except DeviceGone:
            link.gone = False
            link.usb.reset(link.now)
            family.reopened()
        except DriverError:
            continue
        else:
            return
    raise AssertionError("it does not come back")


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.LOSS, Fault.GARBLE, Fault.SHORT, Fault.DELAY])
@pytest.mark.parametrize(
    "product", [MP530, MP160, MX850, MX870, MX920, MP730, D420, MF220], ids=lambda product: product.model
)
def test_a_fault_at_any_transfer_spoils_that_scan_alone(product: Product, fault: Fault) -> None:
    model = models()[f"04a9:{product.product_id:04x}"]
    good = TurningLink(QUICK, product)
    assert scanned(speaking(model, good.monotonic), good) == WANT
    assert 15 < good.count < 40
    for number in range(1, good.count + 1):
        link = TurningLink(QUICK, product)
        link.bad = (number, fault)
        family = speaking(model, link.monotonic)
        try:
            page = scanned(family, link)
        except DriverError:
            again(family, link)
        else:
            # a flipped bit in the image or in a gamma table without effect is nobody's to notice
            assert page == WANT or fault is Fault.GARBLE, (number, fault)
        assert scanned(family, link) == WANT, (number, fault)
