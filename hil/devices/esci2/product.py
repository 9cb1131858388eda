"""Which scanner is simulated: the constants its INFO and CAPA report, after what utsushi has on record of real ones.

`WF_8590` stands for the family: glass, a feeder that takes both sides at once, rows or JPEG. Its interrupt endpoint is
borrowed from the DS scanners (Epson Scan 2), since what is on record of it tells of no button. The other two are what a
driver must cope with besides: sheet-fed with JPEG only, and a second pass for backs that come upside down.
"""

from dataclasses import dataclass, replace

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Product:
    """Areas are in 1/100 inch."""

    vendor_id: int
    product_id: int
    name: str  # as lsusb prints it
    model: str  # as INFO tells it
    version: str
    feeder: Size
    feeder_optical: int
    resolutions: tuple[int, ...]
    colors: tuple[str, ...]
    formats: tuple[str, ...]
    glass: Size | None = None
    glass_optical: int = 0
    centered: bool = True  # the feeder's guides
    passes: int = 1  # of a sheet for both sides; the back of a second one is upside down
    double_feed: bool = False  # it senses that two sheets came
    truncates: bool = False  # pages end where the paper does (dummyless)
    interrupts: bool = True  # buttons are told on an endpoint of their own; else by STAT
    align: int = 1  # rows are filled up to a multiple of so many bytes
    serial: str = ""

    def area(self, *, feeder: bool) -> Size:
        """The largest area of one source; (0, 0) where there is no such source."""
        return self.feeder if feeder else self.glass or (0, 0)

    def optical(self, *, feeder: bool) -> int:
        """The most that the source resolves."""
        return self.feeder_optical if feeder else self.glass_optical

    def reaching(self, inches: float) -> "Product":
        """The same with a feeder that scans sheets of that length."""
        return replace(self, feeder=(self.feeder[0], round(inches * 100)))


WF_8590 = Product(
    vendor_id=0x04B8,
    product_id=0x08BC,
    name="WF-8590 Series",
    model="PID 08BC",
    version="FB      SPECF   ",
    glass=(1170, 1700),
    glass_optical=1200,
    feeder=(1170, 1700),
    feeder_optical=600,
    resolutions=(75, 100, 150, 200, 300, 600, 1200),
    colors=("C024", "M001", "M008"),
    formats=("RAW ", "JPG "),
    double_feed=True,
)
DS_530 = Product(
    vendor_id=0x04B8,
    product_id=0x0155,
    name="EPSON DS-530",
    model="DS-530",
    version="ADF     SPECF   ",
    feeder=(850, 1550),
    feeder_optical=600,
    resolutions=(50, 75, 100, 150, 200, 240, 300, 360, 400, 600),
    colors=("C024", "M008", "R008", "G008", "B008"),
    formats=("JPG ",),
    double_feed=True,
    serial="X2HC000001",
)
DS_1630 = Product(
    vendor_id=0x04B8,
    product_id=0x015C,
    name="EPSON DS-1630",
    model="DS-1630",
    version="FB      SPECB   ",
    glass=(850, 1170),
    glass_optical=1200,
    feeder=(850, 1550),
    feeder_optical=600,
    resolutions=(50, 75, 100, 150, 200, 240, 300, 360, 400, 600, 1200),
    colors=("C024", "M008", "R008", "G008", "B008"),
    formats=("RAW ", "JPG "),
    passes=2,
    serial="X2HC000002",
)
