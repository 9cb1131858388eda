"""The tables of formats: what a client can ask for, what each can hold, whether it streams.

Spec: WS-Scan FormatValue. A new format is a row here and one of bridge.imaging.coders. Which are left out, and why:
docs/decisions/0023-formats-of-several-pages.md.
"""

from typing import Final

from bridge.imaging.errors import ImagingError
from bridge.imaging.target import Delivery, Format
from drivers.contract.capabilities import Mode

_JPEG_SIDE: Final = 65500  # pixels; libjpeg's limit, below the 65535 of the standard
_ALL = (Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16)
_EIGHT_BITS = (Mode.RGB24, Mode.GRAY8)

# One image to a file, in the order in which they are worth offering. The first is everybody's default: Windows' own
# driver knows exif and not jfif.
TABLE: dict[str, Format] = {
    row.name: row
    for row in (
        Format(
            "exif",
            "image/jpeg",
            _EIGHT_BITS,
            Delivery.STREAMED,
            compressed=True,
            longest_side=_JPEG_SIDE,
            lossy=True,
        ),
        Format(
            "jfif",
            "image/jpeg",
            _EIGHT_BITS,
            Delivery.STREAMED,
            compressed=True,
            longest_side=_JPEG_SIDE,
            lossy=True,
        ),
        Format("png", "image/png", _ALL, Delivery.STREAMED, compressed=True),
        Format(
            "tiff-single-uncompressed",
            "image/tiff",
            _ALL,
            Delivery.STREAMED,
            compressed=False,
            bounded=True,
        ),
        Format(
            "tiff-single-g4",
            "image/tiff",
            (Mode.LINEART,),
            Delivery.SPOOLED,
            compressed=True,
            bounded=True,
        ),
        Format(
            "tiff-single-g3mh",
            "image/tiff",
            (Mode.LINEART,),
            Delivery.SPOOLED,
            compressed=True,
            bounded=True,
        ),
        Format(
            "tiff-single-jpeg-tn2",
            "image/tiff",
            _EIGHT_BITS,
            Delivery.SPOOLED,
            compressed=True,
            longest_side=_JPEG_SIDE,
            bounded=True,
            lossy=True,
        ),
        Format(
            "dib",
            "image/bmp",
            (Mode.RGB24, Mode.GRAY8, Mode.LINEART),
            Delivery.SPOOLED,
            compressed=False,
            row_multiple=4,
            bounded=True,
        ),
    )
}


def _tiff(name: str, modes: tuple[Mode, ...], delivery: Delivery, *, lossy: bool = False) -> Format:
    compressed = delivery is Delivery.SPOOLED
    return Format(
        name,
        "image/tiff",
        modes,
        delivery,
        compressed,
        longest_side=_JPEG_SIDE,
        bounded=True,
        lossy=lossy,
        multi_page=True,
    )


# All images of a job in one file, in the order in which they are worth offering; after those of TABLE.
DOCUMENTS: dict[str, Format] = {
    row.name: row
    for row in (
        Format(
            "pdf-a",
            "application/pdf",
            (*_EIGHT_BITS, Mode.LINEART),
            Delivery.STREAMED,
            compressed=True,
            longest_side=_JPEG_SIDE,
            lossy=True,
            multi_page=True,
        ),
        _tiff("tiff-multi-uncompressed", _ALL, Delivery.STREAMED),
        _tiff("tiff-multi-g4", (Mode.LINEART,), Delivery.SPOOLED),
        _tiff("tiff-multi-g3mh", (Mode.LINEART,), Delivery.SPOOLED),
        _tiff("tiff-multi-jpeg-tn2", _EIGHT_BITS, Delivery.SPOOLED, lossy=True),
    )
}


def of(name: str) -> Format:
    """The format of that name. Raises ImagingError for one that is in neither table."""
    known = TABLE | DOCUMENTS
    if name not in known:
        raise ImagingError(f"no image format is called {name[:40]!r}; there are {', '.join(known)}")
    return known[name]
