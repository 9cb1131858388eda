"""The generated test chart: what lies on a simulated scanner's glass and in its feeder.

A pure function of page number, source, resolution, mode and area, exact to the pixel, painted in strips on demand:
no page is ever whole in memory. Everything is drawn for the resolution asked, so text stays text at 600 ppi.
Wrong orientation shows in the corner marks (all four differ), wrong colour order in the named patches, truncation and
offsets in the frame and the rulers, a wrong page in the number and in the eight squares that spell it in binary.
All positions are 1/1000 inch; a position is at pixel `position * ppi // 1000`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from drivers.contract.capabilities import Mode, Source

SHEET = (8268, 11693)  # A4
LID = (232, 232, 228)  # what the scanner sees beside the sheet
STRIP_BYTES = 512 * 1024  # a strip stays in the processor's cache
THRESHOLD = 128  # LINEART: this grey and above is white

BLACK, WHITE, GREY = (0, 0, 0), (255, 255, 255), (128, 128, 128)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CYAN, MAGENTA, YELLOW = (0, 255, 255), (255, 0, 255), (255, 255, 0)

Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the scan area in pixels of the resolution it is scanned with."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Patch:
    """A filled rectangle."""

    left: int
    top: int
    right: int
    bottom: int
    color: Color


@dataclass(frozen=True, slots=True)
class Ramp:
    """A rectangle that runs from one colour to another, left to right."""

    left: int
    top: int
    right: int
    bottom: int
    start: Color
    end: Color


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text, `size` high."""

    left: int
    top: int
    size: int
    text: str
    color: Color = BLACK


Item = Patch | Ramp | Text


def rows(
    page: int, source: Source, mode: Mode, resolution: tuple[int, int], area: Box, *, back: bool = False
) -> Iterator[bytes]:
    """The rows of `area`, top to bottom, coded as `Mode` says; `page` counts from 1."""
    for strip in strips(page, source, resolution, area, back=back):
        coded = encode(strip, mode)
        step = mode.row_bytes(area.width)
        for start in range(0, len(coded), step):
            yield coded[start : start + step]


def image(page: int, source: Source, resolution: tuple[int, int], area: Box, *, back: bool = False) -> Image.Image:
    """The whole area as one RGB picture, for tests and small sizes."""
    whole = Image.new("RGB", (area.width, area.height))
    y = 0
    for strip in strips(page, source, resolution, area, back=back):
        whole.paste(strip, (0, y))
        y += strip.height
    return whole


def strips(
    page: int, source: Source, resolution: tuple[int, int], area: Box, *, back: bool = False
) -> Iterator[Image.Image]:
    """RGB strips of `area`, top to bottom, each a few dozen rows high."""
    items = layout(page, source, back=back)
    height = max(1, STRIP_BYTES // (3 * area.width))
    for y in range(0, area.height, height):
        part = Box(area.x, area.y + y, area.width, min(height, area.height - y))
        yield _paint(items, resolution, part)


def encode(strip: Image.Image, mode: Mode) -> bytes:
    """The rows of an RGB picture in that mode, one behind the other.

    Grey is Pillow's integer luma (ITU-R 601). 16-bit samples have the inverted 8-bit value as their low byte, so
    that swapped bytes show.
    """
    match mode:
        case Mode.RGB24:
            return strip.tobytes()
        case Mode.GRAY8:
            return strip.convert("L").tobytes()
        case Mode.LINEART:
            return strip.convert("L").point(_BILEVEL, "1").tobytes()
        case Mode.RGB48:
            return widen(strip.tobytes())
        case Mode.GRAY16:
            return widen(strip.convert("L").tobytes())


def widen(samples: bytes) -> bytes:
    """8-bit samples as big-endian 16-bit ones: the value, then its inverse."""
    wide = bytearray(2 * len(samples))
    wide[0::2] = samples
    wide[1::2] = samples.translate(_INVERSE)
    return bytes(wide)


_BILEVEL = [255 if value >= THRESHOLD else 0 for value in range(256)]
_INVERSE = bytes(255 - value for value in range(256))


@lru_cache(maxsize=8)
def layout(page: int, source: Source, *, back: bool = False) -> tuple[Item, ...]:
    """Everything on one side of one sheet, in painting order."""
    width, height = SHEET
    side = "back" if back else "front"
    where = source.value if source in (Source.PLATEN, Source.FILM) else f"feeder, {side}"
    names = ("red", "green", "blue", "cyan", "magenta", "yellow", "black", "white", "grey")
    colors = (RED, GREEN, BLUE, CYAN, MAGENTA, YELLOW, BLACK, WHITE, GREY)
    items: list[Item] = [Patch(0, 0, width, height, WHITE), *_frame(), *_corners(), *_rulers()]
    items.append(Text(1000, 900, 900, f"Page {page}"))
    items.append(Text(1000, 1900, 300, where))
    items += _binary(page, 5200, 1150)
    for index, (name, color) in enumerate(zip(names, colors, strict=True)):
        left = 1000 + 700 * index
        items.append(Patch(left, 2500, left + 620, 3120, BLACK))
        items.append(Patch(left + 20, 2520, left + 600, 3100, color))
        items.append(Text(left, 3150, 120, name))
    for index, end in enumerate((WHITE, RED, GREEN, BLUE)):
        top = 3600 + 450 * index
        items.append(Ramp(1000, top, width - 1000, top + 380, BLACK, end))
    items += _steps(5500)
    items += _paragraph(6400)
    items += _line_pairs(10100)
    return tuple(items)


def _frame() -> Iterator[Item]:
    """A line along each edge of the sheet, each edge in its own colour."""
    width, height = SHEET
    yield Patch(0, 0, width, 20, BLUE)
    yield Patch(width - 20, 0, width, height, GREEN)
    yield Patch(0, height - 20, width, height, RED)
    yield Patch(0, 0, 20, height, BLACK)


def _corners() -> Iterator[Item]:
    """Top left a square, top right a ring, bottom left two bars, bottom right an L."""
    width, height = SHEET
    right, bottom = width - 600, height - 600
    yield Patch(200, 200, 600, 600, BLACK)
    yield Patch(right, 200, right + 400, 600, BLACK)
    yield Patch(right + 120, 320, right + 280, 480, WHITE)
    yield Patch(200, bottom, 300, bottom + 400, BLACK)
    yield Patch(500, bottom, 600, bottom + 400, BLACK)
    yield Patch(right, bottom, right + 400, bottom + 100, BLACK)
    yield Patch(right + 300, bottom, right + 400, bottom + 400, BLACK)


def _rulers() -> Iterator[Item]:
    """Ticks every 1/10 inch along the top and the left edge, longer ones every inch."""
    width, height = SHEET
    for tick in range(800, width - 700, 100):
        yield Patch(tick, 20, tick + 10, 180 if tick % 1000 == 0 else 80, BLACK)
    for tick in range(800, height - 700, 100):
        yield Patch(20, tick, 180 if tick % 1000 == 0 else 80, tick + 10, BLACK)


def _binary(page: int, left: int, top: int) -> Iterator[Item]:
    """The page number modulo 256 as eight squares, most significant first, black = 1."""
    yield Patch(left - 40, top - 40, left + 8 * 240 + 40, top + 240, GREY)
    for bit in range(8):
        one = page >> (7 - bit) & 1
        yield Patch(left + 240 * bit, top, left + 240 * bit + 200, top + 200, BLACK if one else WHITE)


def _steps(top: int) -> Iterator[Item]:
    """Sixteen even steps of grey: what should stay distinct after any coding."""
    for step in range(16):
        left = 1000 + 390 * step
        yield Patch(left, top, left + 390, top + 600, (step * 17, step * 17, step * 17))


def _paragraph(top: int) -> Iterator[Item]:
    words = (
        "The quick brown fox jumps over the lazy dog. 0123456789",
        "Sphinx of black quartz, judge my vow. (a) {b} [c] <d> /e/",
        "What was scanned first must arrive first, and nothing twice.",
    )
    for size in (220, 160, 110, 80):
        for line, text in enumerate(words):
            yield Text(1000, top, size, text, (BLACK, (160, 0, 0), (0, 0, 160))[line])
            top += size * 3 // 2
        top += 100


def _line_pairs(top: int) -> Iterator[Item]:
    """Black lines that get finer: 40, 20 and 10 thousandths of an inch."""
    left = 1000
    for pitch in (40, 20, 10):
        for line in range(24):
            yield Patch(left + 2 * pitch * line, top, left + 2 * pitch * line + pitch, top + 500, BLACK)
        left += 2 * pitch * 24 + 200


def _paint(items: tuple[Item, ...], resolution: tuple[int, int], part: Box) -> Image.Image:
    """Paint what of `items` falls into `part`."""
    across, down = resolution
    strip = Image.new("RGB", (part.width, part.height), LID)
    for item in items:
        top = item.top * down // 1000 - part.y
        if top >= part.height:
            continue
        left = item.left * across // 1000 - part.x
        if isinstance(item, Text):
            if top + 2 * item.size * down // 1000 + 2 <= 0:
                continue
            mask = _glyphs(item.text, item.size, across, down)
            strip.paste(item.color, (left, top), mask)
            continue
        bottom = item.bottom * down // 1000 - part.y
        right = item.right * across // 1000 - part.x
        if bottom <= 0 or right <= left or bottom <= top:
            continue
        top, bottom = max(top, 0), min(bottom, part.height)
        if isinstance(item, Ramp):
            ramp = _ramp(item.start, item.end, right - left)
            strip.paste(ramp.resize((right - left, bottom - top), Image.Resampling.NEAREST), (left, top))
        else:
            strip.paste(item.color, (left, top, right, bottom))
    return strip


@lru_cache(maxsize=128)
def _glyphs(text: str, size: int, across: int, down: int) -> Image.Image:
    """A line of text as a mask, drawn at the coarser of the two resolutions and stretched to both."""
    base = min(across, down)
    font = ImageFont.load_default(max(4, size * base // 1000))
    right, bottom = font.getbbox(text)[2:]
    box = (int(right) + 1, int(bottom) + 1)
    mask = Image.new("L", box, 0)
    ImageDraw.Draw(mask).text((0, 0), text, fill=255, font=font)
    if across == down:
        return mask
    return mask.resize((box[0] * across // base, box[1] * down // base), Image.Resampling.NEAREST)


@lru_cache(maxsize=32)
def _ramp(start: Color, end: Color, width: int) -> Image.Image:
    """One row of a ramp."""
    span = max(1, width - 1)
    row = bytearray(3 * width)
    for channel, (a, b) in enumerate(zip(start, end, strict=True)):
        row[channel::3] = bytes(a + (b - a) * x // span for x in range(width))
    return Image.frombytes("RGB", (width, 1), bytes(row))
