"""The table of formats: what a client can ask for, what each can hold, whether it streams.

Spec: WS-Scan FormatValue. A new format is a row here and an Encoder.
"""

from bridge.imaging import dib, jpeg, png, tiff
from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Delivery, Format
from drivers.contract.capabilities import Mode

_ALL = (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
_EIGHT_BITS = (Mode.RGB24, Mode.GRAY8)

# In the order in which they are worth offering.
TABLE: dict[str, Format] = {
    row.name: row
    for row in (
        Format(
            "jfif",
            "image/jpeg",
            _EIGHT_BITS,
            Delivery.STREAMED,
            compressed=True,
            encode=jpeg.encode_jfif,
            longest_side=jpeg.LONGEST_SIDE,
        ),
        Format(
            "exif",
            "image/jpeg",
            _EIGHT_BITS,
            Delivery.STREAMED,
            compressed=True,
            encode=jpeg.encode_exif,
            longest_side=jpeg.LONGEST_SIDE,
        ),
        Format("png", "image/png", _ALL, Delivery.STREAMED, compressed=True, encode=png.encode),
        Format(
            "tiff-single-uncompressed",
            "image/tiff",
            _ALL,
            Delivery.STREAMED,
            compressed=False,
            encode=tiff.encode_uncompressed,
            bounded=True,
        ),
        Format(
            "tiff-single-g4",
            "image/tiff",
            (Mode.LINEART,),
            Delivery.SPOOLED,
            compressed=True,
            encode=tiff.encode_g4,
            bounded=True,
        ),
        Format(
            "dib",
            "image/bmp",
            (Mode.RGB24, Mode.GRAY8, Mode.LINEART),
            Delivery.SPOOLED,
            compressed=False,
            encode=dib.encode,
            row_multiple=4,
            bounded=True,
        ),
    )
}


def of(name: str) -> Format:
    """The format of that name. Raises ImagingError for one that is not in the table."""
    if name not in TABLE:
        raise ImagingError(f"no image format is called {name[:40]!r}; there are {', '.join(TABLE)}")
    return TABLE[name]
