"""Pages that the device coded as JPEG itself: handed on where that is what was announced, else decoded.

Handing on costs nothing and loses nothing: only the head is rewritten, for the density and the application
segment of the format. Decoding spools the coded page (bounded by the quota) and decodes it in one piece, the
one place where a page is whole in memory: Pillow knows no other way. PIXELS_LIMIT bounds that.
"""

import warnings
from collections.abc import Iterator

from PIL import Image

from bridge.imaging import exif, markers
from bridge.imaging.errors import ImagingError
from bridge.imaging.spool import Spool
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Encoded, Raster

# A4 at 600 ppi is 34.8 million pixels; four bytes each while it is decoded.
PIXELS_LIMIT = 40_000_000
# Rows handed on at a time.
BAND = 64

_APPLICATION = {"jfif": lambda target: markers.jfif(target.resolution), "exif": exif.application}


class DeviceJpeg:
    """One page whose head has been read."""

    def __init__(self, page: Encoded) -> None:
        """Reads the head. Raises ImagingError where there is none, and DriverErrors."""
        if page.format != "jpeg":
            raise ImagingError(f"the device coded its page as {page.format}, which nobody here can read")
        self._chunks = page.chunks
        begin = b""
        while (head := markers.read(begin)) is None:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise ImagingError("damaged JPEG: it ends before its pixels begin")
            begin += chunk
        self.head = head
        self._rest = begin[head.size :]

    def fits(self, target: Target) -> bool:
        """Whether the page is, as it is, what was announced."""
        head = self.head
        frames = {"jfif": (markers.BASELINE, markers.EXTENDED, markers.PROGRESSIVE), "exif": (markers.BASELINE,)}
        return (
            head.frame.marker in frames.get(target.format.name, ())
            and head.precision == 8
            and (head.width, head.height) == (target.width, target.height)
            and head.components == {Mode.GRAY8: 1, Mode.RGB24: 3}.get(target.mode)
            and head.adobe_transform in (None, 1)  # JFIF and Exif mean YCbCr
        )

    def handed_on(self, target: Target) -> Iterator[bytes]:
        """The page with the head that its format asks for."""
        head = self.head.with_application(_APPLICATION[target.format.name](target))
        yield head.coded() + self._rest
        yield from self._chunks

    def decoded(self, target: Target, spool: Spool) -> Raster:
        """The page as rows, none below the announced height. Raises ImagingError, SpoolFull and DriverErrors."""
        head = self.head
        # A device that does not know its page's height says 0, or 65535: what lies below is dropped anyway.
        height = min(head.height or target.height, target.height)
        if head.width * height > PIXELS_LIMIT:
            raise ImagingError(f"a JPEG of {head.width} by {height} pixels is too large to be decoded here")
        spool.append(head.with_height(height).coded() + self._rest)
        for chunk in self._chunks:
            spool.append(chunk)
        try:
            with warnings.catch_warnings():
                # Its own limit warns below ours.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(spool.file(), formats=("JPEG",))
            image.load()
        except (OSError, SyntaxError, ValueError) as err:
            raise ImagingError(f"damaged JPEG: {err}") from err
        spool.close()
        mode = Mode.GRAY8 if image.mode == "L" else Mode.RGB24
        return Raster(image.width, image.height, mode, target.resolution, _bands(image))


def _bands(image: Image.Image) -> Iterator[bytes]:
    for top in range(0, image.height, BAND):
        band = image.crop((0, top, image.width, min(top + BAND, image.height)))
        yield (band if image.mode in ("L", "RGB") else band.convert("RGB")).tobytes()
