"""The data of DE20 (generations 1 and 2) and of D820 (3 and later). Source: SANE pixma_mp150.c, `send_scan_param`."""

from hil.devices.pixma.parameters import BYTES, DUPLEX, FEEDER, Parameters, read
from hil.devices.pixma.product import Product

MARK = 0x8000
OLD, OLD_BYTES = 0x04, 0x30
NEW, NEW_BYTES = 0x08, 0x38
JPEG = 0x83


def old(data: bytes, source: bytes, product: Product) -> Parameters | None:
    """DE20, after DD20 with `source`; None: not such a scan."""
    if len(data) != OLD_BYTES or not source:
        return None
    return read(data[OLD : OLD + BYTES], MARK, feeder=source[0] == FEEDER, duplex=False, product=product)


def new(data: bytes, product: Product) -> Parameters | None:
    """D820; None: not such a scan."""
    if len(data) != NEW_BYTES:
        return None
    coded = (data[0x03], data[0x21]) == (1, JPEG)
    if coded != (product.jpeg and data[0] == FEEDER):
        return None
    return read(data[NEW : NEW + BYTES], MARK, feeder=data[0] == FEEDER, duplex=data[2] == DUPLEX, product=product)
