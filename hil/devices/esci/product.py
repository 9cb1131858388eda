"""Which scanner is simulated: the constants its identity commands report.

An Epson GT-2500: A4 flatbed with a duplex page feeder, 04b8:012b, in the lists of SANE's epson2. It is taken rather
than a Perfection 1650 (04b8:0110) because that one has no feeder, and SANE ignores the panel's cancel bit on it.
And a Perfection 4990 (GT-X800, 04b8:012a) with a film unit in its lid. How large its film is and that it takes the
FS commands is our choice; it tells no second film area (SANE's TPU8x10).
"""

from dataclasses import dataclass, replace

from drivers.contract.capabilities import Source


@dataclass(frozen=True, slots=True)
class Product:
    """Areas are in pixels of the `optical` resolution."""

    vendor_id: int
    product_id: int
    model: str  # at most 16 characters
    level: str  # command level, two characters
    rom: str  # four characters
    optical: int
    lowest: int
    platen: tuple[int, int]
    feeder: tuple[int, int]  # (0, 0): there is none
    resolutions: tuple[int, ...]
    depths: tuple[int, ...]
    film: tuple[int, int] = (0, 0)  # instead of a feeder: a scanner has one option unit
    focus: bool = False  # it can be focused above the glass

    def reaching(self, inches: float) -> "Product":
        """The same with a feeder that scans sheets of that length."""
        width, _ = self.feeder
        return replace(self, feeder=(width, round(inches * self.optical)))

    def source(self, option: int) -> Source:
        """What `ESC e` selects: the glass, or the unit there is."""
        if not option:
            return Source.PLATEN
        return Source.FILM if all(self.film) else Source.FEEDER

    def area(self, source: Source) -> tuple[int, int]:
        """The largest area of one source."""
        return {Source.PLATEN: self.platen, Source.FILM: self.film}.get(source, self.feeder)


GT_2500 = Product(
    vendor_id=0x04B8,
    product_id=0x012B,
    model="GT-2500",
    level="B8",
    rom="1.00",
    optical=1200,
    lowest=50,
    platen=(10200, 14040),  # 8.5 x 11.7 inch
    feeder=(10200, 16800),  # 8.5 x 14 inch
    resolutions=(
        *(50, 60, 72, 75, 80, 90, 100, 120, 133, 144, 150, 160, 175, 180, 200, 216, 240, 266, 300),
        *(320, 350, 360, 400, 480, 600, 720, 800, 900, 1200),
    ),
    depths=(1, 8, 16),
)

GT_X800 = Product(
    vendor_id=0x04B8,
    product_id=0x012A,
    model="GT-X800",
    level="B8",
    rom="1.00",
    optical=4800,
    lowest=50,
    platen=(40800, 56160),  # 8.5 x 11.7 inch
    feeder=(0, 0),
    resolutions=(50, 75, 100, 150, 200, 240, 300, 400, 600, 800, 1200, 1600, 2400, 3200),
    depths=(1, 8, 16),
    film=(28800, 47040),  # 6 x 9.8 inch
    focus=True,
)
