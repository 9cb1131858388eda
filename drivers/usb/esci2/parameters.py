"""What one scan is, written for the scanner: the parameter block of PARA. Pure.

Positions and lengths are pixels at the scan's resolution. The order is Epson Scan 2's; gamma and JPEG quality are what
SANE epsonds and utsushi set too. Everything is set that the last host may have left otherwise: what PARA does not name
keeps its value.
"""

from dataclasses import dataclass

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import ScanRequest
from drivers.contract.errors import ScanFailed
from drivers.usb.esci.parameters import fit, pixels
from drivers.usb.esci2.model import MODES, Model
from drivers.usb.esci2.tokens import number

# Bytes of one answer: at least so many answers to a page, for progress and for a cancel that is quick on a small one.
MOST_CHUNK, LEAST_CHUNK = 128 * 1024, 4096
ANSWERS = 40
JPEG_QUALITY, JPEG_FACTOR = 90, 10  # how much smaller a JPEG is, roughly
IDENTITY = bytes(range(256))
_WORDS = {mode: word.encode() for word, mode in MODES.items()}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The pages of one scan: the first `wanted` pixels of each row of `width` are delivered."""

    mode: Mode
    resolution: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    wanted: int
    coded: bool  # as JPEG
    feeder: bool
    duplex: bool
    images: int  # to be scanned; 0: all that there are
    tables: tuple[str, ...]  # gamma tables that the scanner has
    matrix: bool  # it has a colour matrix

    @property
    def chunk(self) -> int:
        """Bytes of one answer."""
        total = self.mode.row_bytes(self.width) * self.height // (JPEG_FACTOR if self.coded else 1)
        return max(LEAST_CHUNK, min(MOST_CHUNK, total // ANSWERS))

    def block(self) -> bytes:
        """What PARA takes."""
        parts = [b"#ADF" if self.feeder else b"#FB "]
        if self.duplex:
            parts.append(b"DPLX")
        across, down = self.resolution
        parts += [b"#RSM", number(across), b"#RSS", number(down), b"#COL", _WORDS[self.mode]]
        if self.coded:
            parts += [b"#FMTJPG #JPG", number(JPEG_QUALITY)]
        elif self.mode is not Mode.LINEART:  # of which rows come whatever is said, and some scanners know no RAW
            parts.append(b"#FMTRAW ")
        parts.append(b"#GMMUG10" if self.mode is Mode.LINEART else b"#GMMUG18")
        parts += [b"#GMT%sh100" % name.encode() + IDENTITY for name in self.tables]
        if self.matrix:
            parts.append(b"#CMXUNIT")
        parts += [b"#PAG", number(self.images)]
        area = (self.left, self.top, self.width, self.height)
        parts.append(b"#ACQ" + b"".join(b"i%07d" % value for value in area))
        parts.append(b"#BSZi%07d" % self.chunk)
        return b"".join(parts)


def of(request: ScanRequest, model: Model) -> Parameters:
    """What to ask for. Raises ScanFailed where there is nothing to scan."""
    path = model.path(request.source)
    left, top, wanted, height = pixels(request.region, request.resolution)
    across = path.width * request.resolution[0] // 100 if path else 0
    down = path.height * request.resolution[1] // 100 if path else 0
    if path is None or left >= across or top >= down:
        raise ScanFailed("the region lies outside the scan area")
    wanted, height = min(wanted, across - left), min(height, down - top)
    # The region is counted from the paper's edge, and the paper is taken to be as wide as the region reaches.
    room = across - left - wanted
    left += {"CNTR": room // 2, "RIGT": room}.get(path.alignment, 0)
    coded = not model.raw and request.mode in {Mode.RGB24, Mode.GRAY8}
    feeder = request.source is not Source.PLATEN
    duplex = request.source is Source.FEEDER_DUPLEX
    images = request.pages + request.pages % 2 if duplex else request.pages
    return Parameters(
        mode=request.mode,
        resolution=request.resolution,
        left=left,
        top=top,
        width=fit(wanted, left, across) if request.mode is Mode.LINEART else wanted,
        height=height,
        wanted=wanted,
        coded=coded,
        feeder=feeder,
        duplex=duplex,
        images=images if feeder else 0,
        tables=model.tables,
        matrix=model.matrix,
    )
