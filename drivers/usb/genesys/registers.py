"""The registers of a Genesys chip, over vendor control requests.

Source: SANE genesys (scanner_interface_usb.cpp, low.cpp, gl646.cpp). Two generations: the older ones are given an
address and then asked for its value, the newer ones answer one request with the value and a mark of the link.
Only reading: whatever sets the chip up is SANE's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.contract.errors import DeviceGarbled
from drivers.usb.link import Link

OUT, IN = 0x40, 0xC0  # bmRequestType: vendor, device
REGISTER, BUFFER = 0x0C, 0x04  # bRequest
SET_ADDRESS, READ_VALUE, READ_GPIO, GET_REGISTER = 0x83, 0x84, 0x8A, 0x8E  # wValue
HIGH_PAGE = 0x100  # or'ed to GET_REGISTER for addresses above 0xFF
LINKED: Final = 0x55  # behind every value of a newer chip


class Chip(StrEnum):
    """Of which there are models in models.toml."""

    GL646 = "gl646"
    GL841 = "gl841"
    GL843 = "gl843"
    GL847 = "gl847"
    GL124 = "gl124"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a chip has what we look at; an address that is None: it has none."""

    newer: bool
    status: int
    motion: int | None  # movement, and from the GL843 on the sensors of a feeder
    sensors: bool
    panel: int | None  # None: the GPIO lines have a request of their own
    lines: int  # first of three bytes that count the lines of a scan, high byte first
    lines_mask: int


LAYOUT: Final = {
    Chip.GL646: Layout(False, 0x41, None, False, None, 0x4B, 0x3FFFF),
    Chip.GL841: Layout(False, 0x41, 0x40, False, 0x6D, 0x4B, 0xFFFFF),
    Chip.GL843: Layout(False, 0x41, 0x40, True, 0x6D, 0x4B, 0xFFFFF),
    Chip.GL847: Layout(True, 0x41, 0x40, True, 0x6D, 0x4B, 0xFFFFF),
    Chip.GL124: Layout(True, 0x101, 0x100, True, 0x31, 0x10B, 0xFFFFF),
}


class Registers:
    """Of one chip behind one link. Every call raises DeviceGone, DeviceTimeout, DeviceGarbled."""

    def __init__(self, link: Link, layout: Layout) -> None:
        self._link, self._layout = link, layout

    def read(self, address: int) -> int:
        """One register."""
        if not self._layout.newer:
            self._link.control(OUT, REGISTER, SET_ADDRESS, 0, bytes([address]))
            return self._told(self._link.control(IN, REGISTER, READ_VALUE, 0, 1), 1)
        value = GET_REGISTER | (HIGH_PAGE if address > 0xFF else 0)
        told = self._link.control(IN, BUFFER, value, 0x22 | (address & 0xFF) << 8, 2)
        return self._told(told, 2)

    def panel(self) -> int:
        """The lines of the buttons."""
        if self._layout.panel is not None:
            return self.read(self._layout.panel)
        return self._told(self._link.control(IN, REGISTER, READ_GPIO, 0, 1), 1)

    def lines(self) -> int:
        """How many lines of a running scan were digitised."""
        high, middle, low = (self.read(self._layout.lines + at) for at in range(3))
        return (high << 16 | middle << 8 | low) & self._layout.lines_mask

    @staticmethod
    def _told(answer: bytes, size: int) -> int:
        if len(answer) != size or (size == 2 and answer[1] != LINKED):
            raise DeviceGarbled(f"a register is answered with {answer.hex() or 'nothing'}")
        return answer[0]
