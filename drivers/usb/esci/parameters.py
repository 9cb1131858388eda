"""What one scan is, written for the scanner: as the 64 bytes of `FS W` or as a row of letter commands.

Facts: spec dossier on device protocols (a), SANE epson2. Positions and lengths are pixels at the scan's resolution.
"""

import struct
from dataclasses import dataclass

from drivers.contract.capabilities import Mode
from drivers.contract.document import Region
from drivers.usb.esci.level import Level

MONOCHROME = 0x00
LINE_SEQUENCE = 0x02  # each line as a green, a red and a blue block
PIXEL_SEQUENCE = 0x13  # red, green, blue of each pixel
HALFTONE_NONE = 0x01  # a threshold instead of a dither pattern
THRESHOLD = 0x80
GAMMA_BILEVEL, GAMMA_DISPLAY, GAMMA_D = 0x01, 0x02, 0x04
OPTION_OFF, OPTION_ON, OPTION_DUPLEX = 0, 1, 2
FILM_POSITIVE, FILM_NEGATIVE = 0, 1
FOCUS_GLASS, FOCUS_FILM = 64, 89  # film lies 2.5 mm above the glass, in its holder

BLOCK_BYTES = 128 * 1024
MAX_BLOCK_LINES = 255
MAX_FILM_LINES = 32  # of a block; SANE asks a film unit for no more
BLOCKS_OF_A_PAGE = 40  # wanted at least, for progress and for a cancel that is quick on a small page


@dataclass(frozen=True, slots=True)
class Parameters:
    """One page to scan."""

    mode: Mode
    resolution: tuple[int, int]
    left: int
    top: int
    width: int  # always a multiple of 8
    lines: int
    option: int
    block_lines: int
    film: int = FILM_POSITIVE

    @property
    def row_bytes(self) -> int:
        return self.mode.row_bytes(self.width)

    @property
    def depth(self) -> int:
        """Bits of one sample."""
        return {Mode.LINEART: 1, Mode.GRAY16: 16, Mode.RGB48: 16}.get(self.mode, 8)

    @property
    def colour(self) -> bool:
        return self.mode in {Mode.RGB24, Mode.RGB48}


def pixels(region: Region, resolution: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of a region in pixels: both edges rounded, so neighbours neither gap nor overlap."""
    x, y = resolution
    left, right = (round(mil * x / 1000) for mil in (region.x, region.x + region.width))
    top, bottom = (round(mil * y / 1000) for mil in (region.y, region.y + region.height))
    return left, top, max(1, right - left), max(1, bottom - top)


def fit(width: int, left: int, limit: int) -> int:
    """The width to ask for: the next multiple of 8, or the last one before the edge of the area."""
    wider = -(-width // 8) * 8
    return wider if left + wider <= limit else max(8, (limit - left) // 8 * 8)


def block_lines(
    level: Level, row_bytes: int, lines: int, mode: Mode, least: int = 1, *, most: int = MAX_BLOCK_LINES
) -> int:
    """How many lines to ask for in one block."""
    if not level.block_lines or (mode in {Mode.RGB24, Mode.RGB48} and not level.pixel_sequence):
        return 1
    count = min(BLOCK_BYTES // row_bytes, most, -(-lines // BLOCKS_OF_A_PAGE))
    count = max(count, least, 1)
    if level.name.startswith("D") and count > 1:
        count -= count % 2  # this level takes only even numbers for black and white
    return count


def colour_byte(parameters: Parameters, level: Level) -> int:
    if not parameters.colour:
        return MONOCHROME
    return PIXEL_SEQUENCE if level.pixel_sequence else LINE_SEQUENCE


def gamma_byte(parameters: Parameters, level: Level) -> int:
    if level.name.startswith("D"):
        return GAMMA_D
    return GAMMA_BILEVEL if parameters.mode is Mode.LINEART else GAMMA_DISPLAY


def fs_block(parameters: Parameters, level: Level) -> bytes:
    """The 64 bytes of `FS W`."""
    lineart = parameters.mode is Mode.LINEART
    return struct.pack(
        "<6I15B25x",
        *parameters.resolution,
        parameters.left,
        parameters.top,
        parameters.width,
        parameters.lines,
        colour_byte(parameters, level),
        parameters.depth,
        parameters.option,
        0,  # scanning mode: normal speed
        parameters.block_lines,
        gamma_byte(parameters, level),
        0,  # brightness
        0,  # colour correction: none
        HALFTONE_NONE if lineart else 0,
        THRESHOLD if lineart else 0,
        0,  # automatic area segmentation
        0,  # sharpness
        0,  # mirroring
        parameters.film,
        0,  # lamp
    )


def letters(parameters: Parameters, level: Level, *, option: bool, film: bool = False) -> list[tuple[bytes, bytes]]:
    """The same as commands and their parameters, in the order SANE sends them; what the scanner lacks is left out.

    `option`: it has an option unit; `film`: film is to be scanned.
    """
    p = parameters
    lineart = p.mode is Mode.LINEART
    commands = [
        (level.option and option, b"e", bytes([p.option])),
        (level.colour, b"C", bytes([colour_byte(p, level)])),
        (level.depth, b"D", bytes([p.depth])),
        (level.halftone and lineart, b"B", bytes([HALFTONE_NONE])),
        (level.film and film, b"N", bytes([p.film])),
        (level.gamma, b"Z", bytes([gamma_byte(p, level)])),
        (level.threshold and lineart, b"t", bytes([THRESHOLD])),
        (level.speed, b"g", bytes([0])),
        (True, b"R", struct.pack("<HH", *p.resolution)),
        (True, b"A", struct.pack("<HHHH", p.left, p.top, p.width, p.lines)),
        (level.block_lines, b"d", bytes([p.block_lines])),
    ]
    return [(b"\x1b" + letter, value) for wanted, letter, value in commands if wanted]
