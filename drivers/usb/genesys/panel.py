"""Which lines of a Genesys chip the buttons and the page sensor of a model are wired to. Pure.

Source: SANE genesys, update_hardware_sensors of gl646, gl841, gl843, gl847 and gl124. Most lines are low while a button
is down; the GL646 models with a keyboard encoder show a number instead. Nothing is latched: a button that is let go
between two looks was not seen.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Line:
    """On, while these bits have this value."""

    name: str
    mask: int
    value: int = 0

    def on(self, reading: int) -> bool:
        return reading & self.mask == self.value


@dataclass(frozen=True, slots=True)
class Wiring:
    """Of one group of models."""

    buttons: tuple[Line, ...]
    page: Line | None = None  # a sheet lies before the rollers

    def down(self, reading: int) -> frozenset[str]:
        """The buttons that are down. All of several at once is no hand, but lines that nobody has set up: none."""
        down = frozenset(line.name for line in self.buttons if line.on(reading))
        return frozenset() if len(down) == len(self.buttons) > 1 else down


class Panel(StrEnum):
    """The groups, as models.toml names them."""

    HP2300 = "hp2300"
    HP2400 = "hp2400"
    MD5345 = "md5345"
    XP200 = "xp200"
    LIDE = "lide"
    LIDE700 = "lide700"
    LIDE110 = "lide110"
    LIDE210 = "lide210"
    G4050 = "g4050"
    KVSS080 = "kvss080"
    SHEET = "sheet"


WIRING: Final = {
    Panel.HP2300: Wiring((Line("scan", 0xFF, 0x6C), Line("copy", 0xFF, 0x5C))),
    Panel.HP2400: Wiring((Line("scan", 0x20), Line("email", 0x08), Line("copy", 0x10))),
    Panel.MD5345: Wiring(
        (
            Line("scan", 0xFF, 0x16),
            Line("email", 0xFF, 0x12),
            Line("copy", 0xFF, 0x11),
            Line("ocr", 0xFF, 0x13),
            Line("power", 0xFF, 0x14),
        )
    ),
    Panel.XP200: Wiring((Line("scan", 0x02, 0x02),), page=Line("page", 0x04, 0x04)),
    Panel.LIDE: Wiring((Line("scan", 0x01), Line("file", 0x02), Line("email", 0x04), Line("copy", 0x08))),
    Panel.LIDE700: Wiring((Line("scan", 0x04), Line("file", 0x02), Line("email", 0x01), Line("copy", 0x08))),
    Panel.LIDE110: Wiring((Line("scan", 0x01), Line("file", 0x08), Line("email", 0x04), Line("copy", 0x02))),
    Panel.LIDE210: Wiring(
        (Line("scan", 0x02), Line("file", 0x10), Line("email", 0x08), Line("copy", 0x04), Line("extra", 0x01))
    ),
    Panel.G4050: Wiring((Line("scan", 0x01), Line("file", 0x02), Line("copy", 0x08))),
    Panel.KVSS080: Wiring((Line("scan", 0x04),)),
    Panel.SHEET: Wiring((Line("scan", 0x02),), page=Line("page", 0x01)),
}
