"""Which Genesys scanners are simulated.

Source: tables_model.cpp and update_hardware_sensors in SANE's genesys backend.

A button is a bit of the panel that is 0 while it is down; `pressed` of the HP 2300C are the numbers its encoder shows.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One product."""

    vendor_id: int
    product_id: int
    model: str
    newer: bool  # the generation of its requests
    status: int  # address of the status register; the one before it tells of movement
    panel: int | None  # address of the button lines; None: GPIO requests
    idle: int  # what the panel reads while nothing is touched
    pressed: tuple[int, ...]  # what it reads while button 1, 2, … is down
    page: tuple[int, int] | None = None  # the bits of the panel that tell of a sheet, and their value then


LIDE_200 = Product(0x04A9, 0x1905, "CanoScan LiDE 200", True, 0x41, 0x6D, 0x0F, (0x0E, 0x0D, 0x0B, 0x07))
LIDE_210 = Product(0x04A9, 0x190A, "CanoScan LiDE 210", True, 0x101, 0x31, 0x1F, (0x1D, 0x0F, 0x17, 0x1B, 0x1E))
LIDE_35 = Product(0x04A9, 0x2213, "CanoScan LiDE 35", False, 0x41, 0x6D, 0x0F, (0x0E, 0x0D, 0x0B, 0x07))
HP_2300C = Product(0x03F0, 0x0901, "ScanJet 2300C", False, 0x41, None, 0x7C, (0x6C, 0x5C))
HP_2400C = Product(0x03F0, 0x0A01, "ScanJet 2400C", False, 0x41, None, 0x78, (0x58, 0x70, 0x68))
STROBE_XP300 = Product(0x04A7, 0x0474, "Strobe XP300", False, 0x41, 0x6D, 0x03, (0x01,), page=(0x01, 0x00))
STROBE_XP200 = Product(0x04A7, 0x0426, "Strobe XP200", False, 0x41, None, 0x00, (0x02,), page=(0x04, 0x04))
