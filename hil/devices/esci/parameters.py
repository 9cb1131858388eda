"""Scan parameters as the scanner remembers them, set one by one (`ESC x`) or all at once (`FS W`).

Source: SANE epson2 (`epson2-ops.c`, `epson2-commands.c`). Multi-byte values are little-endian, areas are pixels of the
resolution set. `valid` is the scanner's own judgement: NAK to a block whose scan it could not do.
"""

import struct
from dataclasses import dataclass, replace

from drivers.contract.capabilities import Mode
from hil.devices.esci.product import Product

COLOR_MONO, COLOR_LINES, COLOR_PIXELS = 0x0, 0x2, 0x3
DROPOUT_RED, DROPOUT_GREEN, DROPOUT_BLUE = 0x10, 0x20, 0x30
COLORS = (0x00, 0x10, 0x20, 0x30, 0x02, 0x12, 0x03, 0x13)  # 0x1n with lines or pixels: in the order RGB, else GRB
HALFTONE_NONE = 0x01
HALFTONES = (0x00, 0x01, 0x03, 0x10, 0x20, 0x80, 0x90, 0xA0, 0xB0)
GAMMAS = (0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x20)
GAMMA_USER = 0x03
OPTION_OFF, OPTION_ON, OPTION_DUPLEX = 0, 1, 2
FILM_POSITIVE, FILM_NEGATIVE = 0, 1

BLOCK = struct.Struct("<6I15B25x")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The 64 bytes of `FS W` and `FS S`, field by field in their order."""

    main_resolution: int = 100
    sub_resolution: int = 100
    left: int = 0
    top: int = 0
    width: int = 848
    height: int = 1170
    color: int = 0
    depth: int = 8
    option: int = OPTION_OFF
    speed: int = 0
    block_lines: int = 0
    gamma: int = 0x02
    brightness: int = 0  # signed, in one byte
    correction: int = 0
    halftone: int = HALFTONE_NONE
    threshold: int = 128
    segmentation: int = 0
    sharpness: int = 0  # signed, in one byte
    mirror: int = 0
    film: int = 0
    lamp: int = 0

    @classmethod
    def unpack(cls, block: bytes) -> "Parameters":
        """From the 64 bytes of `FS W`."""
        return cls(*BLOCK.unpack(block))

    def pack(self) -> bytes:
        """The 64 bytes of `FS S`."""
        return BLOCK.pack(
            self.main_resolution,
            self.sub_resolution,
            self.left,
            self.top,
            self.width,
            self.height,
            self.color,
            self.depth,
            self.option,
            self.speed,
            self.block_lines,
            self.gamma,
            self.brightness,
            self.correction,
            self.halftone,
            self.threshold,
            self.segmentation,
            self.sharpness,
            self.mirror,
            self.film,
            self.lamp,
        )

    @property
    def colored(self) -> bool:
        """Three channels."""
        return self.color & 0x0F in (COLOR_LINES, COLOR_PIXELS)

    @property
    def mode(self) -> Mode:
        """What one pixel holds."""
        if self.colored:
            return Mode.RGB48 if self.depth == 16 else Mode.RGB24
        return {1: Mode.LINEART, 8: Mode.GRAY8, 16: Mode.GRAY16}[self.depth]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, all its channels counted."""
        return self.mode.row_bytes(self.width)

    def valid(self, product: Product) -> bool:
        """Whether this scanner can scan so."""
        return self.area_fits(product) and self.known(product) and not (self.colored and self.depth == 1)

    def known(self, product: Product) -> bool:
        """Whether each value alone is one the scanner knows."""
        return (
            self.color in COLORS
            and self.depth in product.depths
            and self.option
            in ((OPTION_OFF, OPTION_ON) if all(product.film) else (OPTION_OFF, OPTION_ON, OPTION_DUPLEX))
            and self.speed in (0, 1)
            and self.gamma in GAMMAS
            and _signed(self.brightness) in range(-4, 4)
            and self.halftone in HALFTONES
            and _signed(self.sharpness) in range(-2, 3)
            and self.mirror in (0, 1)
            and self.film in (FILM_POSITIVE, FILM_NEGATIVE)
        )

    def area_fits(self, product: Product) -> bool:
        """Whether resolution and area are within the selected source; widths are multiples of 8 pixels."""
        across, down = self.main_resolution, self.sub_resolution
        if not (product.lowest <= across <= product.optical and product.lowest <= down <= product.optical):
            return False
        width, height = product.area(product.source(self.option))
        return (
            self.width > 0
            and self.height > 0
            and self.width % 8 == 0
            and self.left + self.width <= width * across // product.optical
            and self.top + self.height <= height * down // product.optical
        )


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


# `ESC x`: the letter, how many parameter bytes follow, the field it sets. Letters with more than a byte are below.
LETTERS: dict[bytes, str] = {
    b"C": "color",
    b"D": "depth",
    b"L": "brightness",
    b"Z": "gamma",
    b"B": "halftone",
    b"M": "correction",
    b"g": "speed",
    b"d": "block_lines",
    b"K": "mirror",
    b"Q": "sharpness",
    b"t": "threshold",
    b"s": "segmentation",
    b"N": "film",
    b"e": "option",
}


def set_letter(letter: bytes, value: bytes, old: Parameters, product: Product) -> Parameters | None:
    """Apply one `ESC x` command; None means NAK. Sizes of the area are checked by `A` and again at the start."""
    match letter:
        case b"R":
            across, down = struct.unpack("<2H", value)
            new = replace(old, main_resolution=across, sub_resolution=down)
            fits = all(product.lowest <= each <= product.optical for each in (across, down))
            return new if fits else None
        case b"A":
            left, top, width, height = struct.unpack("<4H", value)
            new = replace(old, left=left, top=top, width=width, height=height)
            return new if new.area_fits(product) else None
        case b"H":  # zoom in percent; only 1:1 is simulated
            return old if value == bytes((100, 100)) else None
        case _:
            changed = {LETTERS[letter]: value[0]}
            # judged alone, so that the order of letters does not matter: a colour may meet depth 1 for a moment
            return replace(old, **changed) if replace(Parameters(), **changed).known(product) else None
