"""Words that were recognized in a page, over its picture in the PDF: to be found and copied, never to be seen.

The font has widths and a meaning for each code, and no shapes: text in rendering mode 3 shows none, and PDF/A asks for
no font program where all text of a font is shown so. A code is a UTF-16 unit.

Spec: ISO 32000-1 9.3.6 (mode 3), 9.7 (composite fonts), 9.10.3 (ToUnicode); ISO 19005-1 6.3.4.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

NAME: Final = "/T"
OBJECTS: Final = 4  # font, descendant, descriptor, ToUnicode
_WIDTH: Final = 0.5  # of every character, in parts of the font's size
_MOST_RANGES: Final = 100  # in one block of a CMap
# A box goes from the top of the tallest letter to the bottom of the lowest; the line that letters stand on is above it.
_BASELINE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Word:
    """One word and its box, in pixels from the upper left corner."""

    text: str
    left: int
    top: int
    width: int
    height: int


class File(Protocol):
    """What objects are put into."""

    def add(self, number: int, value: str) -> None:
        """An object of its own."""

    def add_stream(self, number: int, entries: str, data: bytes) -> None:
        """A stream with those entries in its dictionary."""


def add_font(file: File, number: int) -> None:
    """The font, as the objects from `number` on."""
    file.add(
        number,
        "<< /Type /Font /Subtype /Type0 /BaseFont /NoShapes /Encoding /Identity-H "
        f"/DescendantFonts [{number + 1} 0 R] /ToUnicode {number + 3} 0 R >>",
    )
    file.add(
        number + 1,
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /NoShapes /CIDToGIDMap /Identity "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/DW {1000 * _WIDTH:.0f} /FontDescriptor {number + 2} 0 R >>",
    )
    file.add(
        number + 2,
        "<< /Type /FontDescriptor /FontName /NoShapes /Flags 4 /FontBBox [0 -200 500 800] /ItalicAngle 0 "
        "/Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 >>",
    )
    file.add_stream(number + 3, "/Filter /FlateDecode", zlib.compress("".join(_to_unicode()).encode()))


def _to_unicode() -> Iterator[str]:
    yield (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
    )
    # The first byte of a range's codes must be one and the same.
    for start in range(0, 256, _MOST_RANGES):
        rows = range(start, min(start + _MOST_RANGES, 256))
        yield f"{len(rows)} beginbfrange\n"
        yield from (f"<{row:02X}00> <{row:02X}FF> <{row:02X}00>\n" for row in rows)
        yield "endbfrange\n"
    yield "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"


def shown(words: Sequence[Word], scale: tuple[float, float], height: float) -> bytes:
    """The operators that lay each word over its box. `scale`: units of the page for a pixel; `height`: of the page."""
    lines = [f"BT 3 Tr {NAME} 1 Tf"]
    for word in words:
        text = "".join(
            char if "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" else "\ufffd" for char in word.text
        )
        if not text or word.width <= 0 or word.height <= 0:
            continue
        x, y = word.left * scale[0], height - (word.top + word.height * (1 - _BASELINE)) * scale[1]
        across, up = word.width * scale[0] / (_WIDTH * len(text)), word.height * scale[1]
        # A space behind each word, for readers that would join them.
        lines.append(f"{across:.3f} 0 0 {up:.3f} {x:.3f} {y:.3f} Tm <{text.encode('utf-16-be').hex()}0020> Tj")
    return "\n".join([*lines, "ET"]).encode()
