"""What an interrupt packet says: buttons with what the panel is set to, and that something has changed. Pure.

Source: spec dossier on device protocols (c); SANE pixma_mp150.c, `handle_interrupt`.
"""

from dataclasses import dataclass

from drivers.contract.errors import DeviceGarbled
from drivers.usb.pixma.mp150.model import Packets

UNIT_BYTES = 16  # packets are whole multiples of it

_FORMATS = {1: "jpeg", 2: "tiff", 3: "pdf", 4: "compact-pdf"}
_SIZES = {1: "a4", 2: "letter", 8: "10x15", 9: "13x18", 0x0B: "auto"}
_DPI = {1: "75", 2: "150", 3: "300", 4: "600"}
_DOCUMENTS = {1: "document", 2: "photo", 3: "auto"}
_ORIENTATIONS = {1: "portrait", 2: "landscape"}
_LIDE = {1: "copy", 2: "auto", 3: "send", 5: "pdf", 6: "pdf-end"}
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Packet:
    """`buttons` by name, in the order of their numbers; `settings`: what the panel is set to, name and value."""

    buttons: tuple[str, ...] = ()
    settings: Facts = ()
    changed: bool = False  # the host should look
    feeder: bool | None = None  # whether the feeder holds paper, where the packet says so


def read(data: bytes, layout: Packets) -> Packet:
    """Raises DeviceGarbled."""
    if not data or len(data) % UNIT_BYTES:
        raise DeviceGarbled(f"an interrupt packet of {len(data)} bytes: {data[:32].hex(' ')}")
    match layout:
        case Packets.OLD:
            return _old(data)
        case Packets.NEW:
            return _new(data)
        case Packets.LIDE:
            return _lide(data)


def _old(data: bytes) -> Packet:
    buttons = _pressed(data[0])
    # The numbers of target and original differ from model to model, so they stay numbers.
    settings = (("target", str(data[1] & 0x0F)), ("original", str(data[0] >> 4))) if buttons else ()
    return Packet(buttons, settings, changed=bool(data[9] & 0x02))


def _new(data: bytes) -> Packet:
    buttons = _pressed(data[7])
    if not buttons:
        return Packet()
    orientation = data[16] & 0x0F if len(data) > UNIT_BYTES else 0
    words = (
        ("format", _FORMATS, data[11] & 0x0F),
        ("size", _SIZES, data[10] & 0x0F),
        ("dpi", _DPI, data[12] & 0x0F),
        ("document", _DOCUMENTS, data[6] & 0x0F),
        ("orientation", _ORIENTATIONS, orientation),
    )
    settings = tuple((name, known.get(number, str(number))) for name, known, number in words if number)
    return Packet(buttons, settings, feeder={1: False, 2: True}.get(data[8] & 0x0F))


def _lide(data: bytes) -> Packet:
    if len(data) <= 0x13 or not data[0x13]:
        return Packet()
    return Packet((_LIDE.get(data[0x13], str(data[0x13])),))


def _pressed(bits: int) -> tuple[str, ...]:
    return tuple(name for bit, name in ((0x01, "color"), (0x02, "mono")) if bits & bit)
