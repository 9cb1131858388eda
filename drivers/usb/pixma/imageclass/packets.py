"""What an interrupt packet says: which button was pressed. That something has changed the next look shows. Pure.

Source: SANE pixma_imageclass.c, pixma_mp730.c, `handle_interrupt`, which has not been seen to
work for the two buttons.
"""

from enum import StrEnum

from drivers.contract.errors import DeviceGarbled


class Packets(StrEnum):
    """Layouts."""

    ONE = "one"
    TWO = "two"
    SHORT = "short"


BUTTONS = {Packets.ONE: ("scan",), Packets.TWO: ("color", "mono"), Packets.SHORT: ("scan",)}
_BYTES = {Packets.ONE: 16, Packets.TWO: 16, Packets.SHORT: 8}


def pressed(packet: bytes, layout: Packets) -> tuple[str, ...]:
    """The buttons, by name. Raises DeviceGarbled."""
    if len(packet) != _BYTES[layout]:
        raise DeviceGarbled(f"an interrupt packet of {len(packet)} bytes: {packet[:32].hex(' ')}")
    match layout:
        case Packets.ONE:
            return BUTTONS[layout] if packet[15] & 0x01 else ()
        case Packets.TWO:
            return tuple(name for name, bit in zip(BUTTONS[layout], (0x02, 0x01), strict=True) if packet[15] & bit)
        case Packets.SHORT:
            return BUTTONS[layout] if packet[7] & 0x10 else ()
