"""The data of the commands, with their checksums. Pure.

Source: SANE pixma_imageclass.c, pixma_mp730.c (`select_source`, `send_scan_param`, `activate`).
"""

from drivers.contract.capabilities import Mode, Source
from drivers.usb.pixma import answers, area
from drivers.usb.pixma.area import Area, Edges
from drivers.usb.pixma.imageclass.model import Model

GLASS, FEEDER, BOTH_SIDES = 1, 2, 3
_RESOLUTION = 0x1000


def page(model: Model, source: Source, mode: Mode, ppi: int, promised: Edges) -> Area:
    wanted = area.within(promised, model.pixels(source, ppi))
    step = model.step(mode)
    sent = -(-wanted.width // step) * step
    return Area(source, mode, ppi, wanted.left, wanted.top, sent, wanted.height)


def select_source(model: Model, source: Source) -> bytes:
    """DD20."""
    data = bytearray(10)
    data[0] = GLASS if source is Source.PLATEN else FEEDER
    data[5] = {Source.FEEDER: model.one_side, Source.FEEDER_DUPLEX: BOTH_SIDES}.get(source, 0)
    return _checked(data, model)


def parameters(model: Model, wanted: Area) -> bytes:
    """DE20."""
    data = bytearray(0x2E)
    data[0x04:0x1A] = wanted.packed(_RESOLUTION)
    data[0x1F], data[0x20], data[0x23] = 0x7F, 0xFF, 0x81
    return _checked(data, model)


def activate(model: Model, step: int) -> bytes:
    """CF60, before generation 2. Where its checksum is the last byte but one, the last is its opposite."""
    data = bytearray(10)
    data[0], data[3] = 1, step
    checked = _checked(data, model)
    return checked[:-1] + answers.missing(checked[-2:-1]).to_bytes() if model.tail else checked


def _checked(data: bytearray, model: Model) -> bytes:
    data[-2 if model.tail else -1] = answers.missing(bytes(data))
    return bytes(data)
