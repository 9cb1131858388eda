"""Pages into one PDF/A-1b while they arrive: each page is one picture, JPEG or G4.

A stream's length is an object that follows it, and the table of objects comes last: nothing waits for a page's end.
sRGB is the output intent, for grey pages as well. No document information: what there is to say is in the XMP packet,
once. Text that was recognized lies over the picture, invisible, in a font that has no shapes (pdf_text.py).

Spec: ISO 32000-1 7.3 to 7.5, 8.9; PDF Reference 1.4; ISO 19005-1 6.1, 6.2.2, 6.7; XMP specification part 1.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bridge.imaging import icc, pdf_text
from bridge.imaging.errors import ImagingError
from bridge.imaging.exif import SOFTWARE
from bridge.imaging.fax import joined_g4
from bridge.imaging.jpeg import encode_jfif
from bridge.imaging.pdf_text import Word
from bridge.imaging.spool import Spool
from bridge.imaging.target import Ready, Target
from drivers.contract.capabilities import Mode

# What readers of PDF 1.4 are bound to.
LONGEST_SIDE: Final = 14400  # 1/72 inch
_SHORTEST_SIDE: Final = 3

# The second line tells programs that guess that the file is not text.
_BEGIN: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
_CATALOG, _PAGES, _METADATA, _INTENT, _PROFILE, _NEXT = 1, 2, 3, 4, 5, 6
_OBJECTS_A_PAGE: Final = 4

_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
   <pdfaid:part>1</pdfaid:part>
   <pdfaid:conformance>B</pdfaid:conformance>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <xmp:CreatorTool>{tool}</xmp:CreatorTool>{taken}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its picture, and the words that were recognized in it."""

    picture: Ready
    target: Target
    words: tuple[Word, ...] = ()


def encode_pages(pages: Iterator[Ready], target: Target, spool: Spool) -> Iterator[bytes]:
    """All pages there are, at least one, all of one size. Nothing leaves before the first page's first rows."""
    return encode_sheets((Sheet(page, target) for page in pages), target.origin.taken, spool)


def encode_sheets(
    sheets: Iterator[Sheet], taken: datetime | None, spool: Spool, *, searchable: bool = False
) -> Iterator[bytes]:
    """All there are, at least one; each is read to its end before the next is asked for. `searchable`: some may have
    words."""
    file = _File()
    kids: list[int] = []
    for sheet in sheets:
        if not kids:
            _begin(file, taken)
            if searchable:
                pdf_text.add_font(file, _NEXT)
        first = _NEXT + searchable * pdf_text.OBJECTS + _OBJECTS_A_PAGE * len(kids)
        for chunk in _picture(file, sheet.picture, sheet.target, spool, first):
            file.put(chunk)
            yield file.taken()
        _page(file, sheet, first)
        kids.append(first + _OBJECTS_A_PAGE - 1)
    if not kids:
        raise ImagingError("there is no page to make a file of")
    references = " ".join(f"{kid} 0 R" for kid in kids)
    file.add(_PAGES, f"<< /Type /Pages /Count {len(kids)} /Kids [{references}] >>")
    file.end()
    yield file.taken()


def _begin(file: "_File", taken: datetime | None) -> None:
    """What does not depend on the pages."""
    file.put(_BEGIN)
    intent = f"/OutputIntents [{_INTENT} 0 R]"
    file.add(_CATALOG, f"<< /Type /Catalog /Pages {_PAGES} 0 R /Metadata {_METADATA} 0 R {intent} >>")
    # A time without a zone is none (XMP 8.2.1.1), and is left out.
    at = taken if taken and taken.tzinfo else None
    said = f"\n   <xmp:CreateDate>{at.isoformat(timespec='seconds')}</xmp:CreateDate>" if at else ""
    packet = _XMP.format(tool=SOFTWARE, taken=said).encode()
    file.add_stream(_METADATA, "/Type /Metadata /Subtype /XML", packet)
    file.add(
        _INTENT,
        "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) /Info (sRGB IEC61966-2.1) "
        f"/DestOutputProfile {_PROFILE} 0 R >>",
    )
    file.add_stream(_PROFILE, "/N 3 /Filter /FlateDecode", zlib.compress(icc.srgb()))


def _picture(file: "_File", page: Ready, target: Target, spool: Spool, number: int) -> Iterator[bytes]:
    """The picture's object, all but the bytes that are yielded; then its length."""
    colours = "/DeviceRGB" if target.mode is Mode.RGB24 else "/DeviceGray"
    bits = 1 if target.mode is Mode.LINEART else 8
    size = f"/Width {target.width} /Height {target.height}"
    if target.mode is Mode.LINEART:
        data = joined_g4(page.strips, target)
        how = f"/CCITTFaxDecode /DecodeParms << /K -1 /Columns {target.width} /Rows {target.height} >>"
    else:
        data = page.coded or encode_jfif(page.strips, target, spool)
        how = "/DCTDecode"
    file.begin(number)
    picture = f"/Type /XObject /Subtype /Image {size} /ColorSpace {colours} /BitsPerComponent {bits}"
    file.put(f"<< {picture} /Filter {how} /Length {number + 1} 0 R >>\nstream\n".encode())
    start = file.size
    yield from data
    length = file.size - start
    file.put(b"\nendstream\nendobj\n")
    file.add(number + 1, str(length))


def _page(file: "_File", sheet: Sheet, first: int) -> None:
    """The page that shows the picture `first`, as large as it was scanned."""
    target = sheet.target
    inches = (target.width / target.resolution[0], target.height / target.resolution[1])
    # A page larger than readers can show keeps its pixels and is shown smaller.
    shown = min(1.0, LONGEST_SIDE / 72 / max(inches))
    size = [max(_SHORTEST_SIDE, 72 * inch * shown) for inch in inches]
    width, height = (f"{side:.4f}" for side in size)
    content = f"q {width} 0 0 {height} 0 0 cm /P Do Q".encode()
    resources = f"/XObject << /P {first} 0 R >>"
    if sheet.words:
        content += b"\n" + pdf_text.shown(sheet.words, (size[0] / target.width, size[1] / target.height), size[1])
        resources += f" /Font << {pdf_text.NAME} {_NEXT} 0 R >>"
    file.add_stream(first + 2, "", content)
    file.add(
        first + 3,
        f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width} {height}] "
        f"/Resources << {resources} >> /Contents {first + 2} 0 R >>",
    )


class _File:
    """The bytes that are ready to leave, and where each object begins."""

    def __init__(self) -> None:
        self.size = 0  # put so far
        self._ready = bytearray()
        self._places: dict[int, int] = {}
        self._digest = hashlib.blake2b(digest_size=16)

    def put(self, data: bytes) -> None:
        self._ready += data
        self._digest.update(data)
        self.size += len(data)

    def begin(self, number: int) -> None:
        self._places[number] = self.size
        self.put(f"{number} 0 obj\n".encode())

    def add(self, number: int, value: str) -> None:
        self.begin(number)
        self.put(f"{value}\nendobj\n".encode())

    def add_stream(self, number: int, entries: str, data: bytes) -> None:
        self.begin(number)
        self.put(f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream\nendobj\n")

    def end(self) -> None:
        """The table of objects, and the way to it."""
        table, count = self.size, len(self._places) + 1
        self.put(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for _, at in sorted(self._places.items()):
            self.put(f"{at:010} 00000 n \n".encode())
        name = self._digest.hexdigest()
        trailer = f"<< /Size {count} /Root {_CATALOG} 0 R /ID [<{name}> <{name}>] >>"
        self.put(f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode())

    def taken(self) -> bytes:
        data = bytes(self._ready)
        self._ready.clear()
        return data
