"""Which scanner is simulated: the constants its INQUIRY pages report, and what is odd about it.

A Fujitsu fi-6230, 04c5:1150: duplex page feeder and flatbed in one. It is taken because SANE's fujitsu backend corrects
so little of what it says (the flatbed's size, which its vital data leave out, and longer paper at 200 ppi and below),
and because the models with fewer corrections have no flatbed or speak USB 1.1 only.

A ScanSnap iX500, 04c5:132b, and an iX100, 04c5:13f4: sheet-fed, with ways of their own (`hil.devices.fujitsu.ways`);
and an iX1300, 04c5:162c, without them, and with a card slot.
Of the iX500 the INQUIRY data and the beginning and size of page F0 are as owners have captured and published them.
"""

from dataclasses import dataclass, replace

DOT, LINE = (1, 0), (0, 0)  # orders of colour in SET WINDOW: RGB of each pixel together, or of each row one by one


@dataclass(frozen=True, slots=True)
class Product:
    """Areas are in pixels of the `optical` resolution."""

    vendor_id: int
    product_id: int
    model: str  # at most 16 characters
    revision: str  # four characters
    optical: int
    lowest: int
    feeder: tuple[int, int]
    platen: tuple[int, int] | None
    duplex: bool
    memory: int  # bytes that may wait for the host
    order: tuple[int, int]  # of colour; it knows no other
    ends_with_paper: bool = False  # whether it was asked to detect the length or not
    ways: bool = False  # those of an iX500
    colour_only: bool = False  # page F0 tells more modes than there are
    battery: int | None = None  # its power
    card_slot: bool = False  # a second way in, from which it takes its sheets unless it is told otherwise

    @property
    def long_page(self) -> bool:
        """Its page F0 is a long one."""
        return self.ways or self.card_slot

    def reaching(self, inches: float) -> "Product":
        """The same with a feeder that scans sheets of that length."""
        width, _ = self.feeder
        return replace(self, feeder=(width, round(inches * self.optical)))

    def area(self, *, flatbed: bool) -> tuple[int, int]:
        """The largest area of one source, in 1/1200 inch."""
        width, height = self.platen if flatbed and self.platen is not None else self.feeder
        return width * 1200 // self.optical, height * 1200 // self.optical


FI_6230 = Product(
    vendor_id=0x04C5,
    product_id=0x1150,
    model="fi-6230dj",
    revision="1.00",
    optical=600,
    lowest=50,
    feeder=(5184, 8400),  # 8.64 x 14 inch
    platen=(5382, 7016),  # 8.97 x 11.69 inch
    duplex=True,
    memory=4 * 1024 * 1024,
    order=DOT,
)

IX500 = Product(
    vendor_id=0x04C5,
    product_id=0x132B,
    model="ScanSnap iX500",
    revision="0M00",
    optical=600,
    lowest=50,
    feeder=(5184, 20692),  # 8.64 x 34.49 inch
    platen=None,
    duplex=True,
    memory=4 * 1024 * 1024,
    order=DOT,
    ways=True,
    colour_only=True,
)
IX100 = replace(
    IX500, product_id=0x13F4, model="ScanSnap iX100", revision="0F00", duplex=False, colour_only=False, battery=80
)
IX1300 = replace(
    IX500, product_id=0x162C, model="ScanSnap iX1300", revision="0A00", ways=False, colour_only=False, card_slot=True
)
