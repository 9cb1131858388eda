"""Which scanner is simulated: the constants by which SANE's pixma backend knows it (pixma_mp150.c,
pixma_imageclass.c).

`pixma` is served as a PIXMA MX850 (04a9:172c, generation 3): of the models with a duplex feeder it needs the least
that nobody has written down. Generations 4 and 5 wrap the commands in XML of which only the host's part is published,
and say nothing of their feeder before it. Generations 1 and 2 have no duplex, and every page of theirs is a session of
its own. Of the imageCLASS `imageclass` is an MF220, of generation 2, and `imageclass-old` a D420, the one of generation
1 that differs most from it. The others here are for tests of what else differs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """How the commands of one imageCLASS look."""

    read: int  # the command
    joined: bool  # a block's first bytes come with its header, and colours pixel by pixel unless there are `planes`
    tail: bool = False  # the checksum is the last byte of a command but one
    one_side: int = 0  # how one side of a sheet is asked for
    planes: bool = False
    gray_step: int = 32  # pixels to a multiple of which a line of grey is padded
    calibrates: bool = False  # wants to be told to before each session
    buttons: int = 1
    short_packets: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """Areas are in 1/75 inch, as SANE counts them."""

    product_id: int
    model: str
    generation: int  # 1 to 5; of its own set 0 to 2
    optical: int  # ppi
    width: int
    platen: int
    feeder: int  # 0: none
    duplex: bool
    interleave: int = 0  # above this many ppi a line comes as that many times fewer pixels, several times; 0: never
    new_packets: bool = False  # interrupt packets say button, size, format and dpi in bytes of their own
    jpeg: bool = False  # the feeder gives nothing but JPEG
    imageclass: Shape | None = None  # speaks that command set

    @property
    def status_bytes(self) -> int:
        """Data of the answer to F320, its checksum included."""
        return 12 if self.generation == 1 else 16

    @property
    def enveloped(self) -> bool:
        """Takes commands only after an XML dialogue."""
        return self.generation >= 4

    @property
    def planes(self) -> bool:
        """A line of colour comes as three of one colour each."""
        return self.imageclass is not None and (self.imageclass.planes or not self.imageclass.joined)

    def step(self, *, colored: bool) -> int:
        """Lines are padded to a multiple of so many pixels."""
        if self.generation > 1 or (self.imageclass is not None and self.generation == 1):
            return 32
        if colored:
            return 4
        return 12 if self.imageclass is None else self.imageclass.gray_step

    @property
    def least_block(self) -> int:
        """A host could not tell how long a shorter one is; 0: it can."""
        return 504 if self.imageclass is not None and self.imageclass.joined and self.generation > 0 else 0

    @property
    def room(self) -> int:
        """The headers in front of a block."""
        return 16 if self.imageclass is None else 6


MX850 = Product(0x172C, "MX850", 3, 2400, 638, 877, 1050, duplex=True, interleave=600)
MP530 = Product(0x1712, "MP530", 1, 1200, 638, 877, 877, duplex=False)
MP160 = Product(0x1714, "MP160", 2, 600, 638, 877, 0, duplex=False)
MX870 = Product(0x1743, "MX870", 4, 2400, 638, 877, 1050, duplex=True, interleave=600)
MX920 = Product(0x176B, "MX920", 5, 2400, 638, 877, 1050, duplex=True, new_packets=True)

MB5100 = Product(0x1790, "MB5100", 5, 1200, 638, 877, 1050, duplex=True, jpeg=True)
MF220 = Product(0x27A8, "MF220", 2, 600, 637, 877, 1050, duplex=True, imageclass=Shape(0xD460, joined=True))
MF6100 = Product(
    0x278E, "MF6100", 2, 600, 640, 877, 1050, duplex=True, imageclass=Shape(0xD420, joined=True, one_side=1)
)
MF8300 = Product(
    0x2708, "MF8300", 2, 600, 640, 877, 1050, duplex=False, imageclass=Shape(0xD460, joined=True, tail=True)
)
MF4690 = Product(
    0x26B0, "MF4690", 1, 600, 640, 877, 877, duplex=False, imageclass=Shape(0xD420, joined=True, tail=True)
)
MF4320 = Product(0x26EE, "MF4320", 1, 600, 640, 877, 877, duplex=False, imageclass=Shape(0xD420, joined=False))
D420 = Product(0x26EF, "D420", 1, 600, 640, 877, 877, duplex=True, imageclass=Shape(0xD420, joined=False, tail=True))
MP730 = Product(
    0x262F,
    "MP730",
    0,
    1200,
    637,
    868,
    868,
    duplex=False,
    imageclass=Shape(0xD420, joined=True, planes=True, gray_step=4, short_packets=True),
)
MF5730 = Product(
    0x265D,
    "MF5730",
    0,
    1200,
    636,
    868,
    868,
    duplex=False,
    imageclass=Shape(0xD420, joined=True, gray_step=12, calibrates=True, buttons=2),
)
IR1020 = Product(
    0x26E6, "iR1020", 0, 600, 636, 868, 868, duplex=True, imageclass=Shape(0xD420, joined=True, gray_step=4, buttons=2)
)
