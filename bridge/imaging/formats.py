"""The tables of formats: what a client can ask for, what each can hold, whether it streams.

Spec: WS-Scan FormatValue. A new format is a row here and an Encoder. Which are left out, and why:
docs/decisions/0023-formats-of-several-pages.md.
"""

from collections.abc import Callable, Iterator

from bridge.imaging import dib, jpeg, pdf, png, tiff
from bridge.imaging.errors import ImagingError
from bridge.imaging.spool import Spool
from bridge.imaging.target import Delivery, DocumentEncoder, Format, Ready, Strips, Target
from bridge.imaging.tiff_files import multiple, single
from drivers.contract.capabilities import Mode

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
            encode=jpeg.encode_exif,
            longest_side=jpeg.LONGEST_SIDE,
            lossy=True,
        ),
        Format(
            "jfif",
            "image/jpeg",
            _EIGHT_BITS,
            Delivery.STREAMED,
            compressed=True,
            encode=jpeg.encode_jfif,
            longest_side=jpeg.LONGEST_SIDE,
            lossy=True,
        ),
        Format("png", "image/png", _ALL, Delivery.STREAMED, compressed=True, encode=png.encode),
        Format(
            "tiff-single-uncompressed",
            "image/tiff",
            _ALL,
            Delivery.STREAMED,
            compressed=False,
            encode=single(tiff.UNCOMPRESSED),
            bounded=True,
        ),
        Format(
            "tiff-single-g4",
            "image/tiff",
            (Mode.LINEART,),
            Delivery.SPOOLED,
            compressed=True,
            encode=single(tiff.G4),
            bounded=True,
        ),
        Format(
            "tiff-single-g3mh",
            "image/tiff",
            (Mode.LINEART,),
            Delivery.SPOOLED,
            compressed=True,
            encode=single(tiff.G3_MH),
            bounded=True,
        ),
        Format(
            "tiff-single-jpeg-tn2",
            "image/tiff",
            _EIGHT_BITS,
            Delivery.SPOOLED,
            compressed=True,
            encode=single(tiff.JPEG),
            longest_side=jpeg.LONGEST_SIDE,
            bounded=True,
            lossy=True,
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


def _alone(encode: DocumentEncoder) -> Callable[[Strips, Target, Spool], Iterator[bytes]]:
    """A file of one page in a format of several."""

    def one(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:
        return encode(iter([Ready(strips)]), target, spool)

    return one


def _tiff(name: str, modes: tuple[Mode, ...], coding: tiff.Coding) -> Format:
    pages = multiple(coding)
    raw = coding is tiff.UNCOMPRESSED
    return Format(
        name,
        "image/tiff",
        modes,
        Delivery.STREAMED if raw else Delivery.SPOOLED,
        compressed=not raw,
        encode=_alone(pages),
        longest_side=jpeg.LONGEST_SIDE,
        bounded=True,
        lossy=coding is tiff.JPEG,
        encode_pages=pages,
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
            encode=_alone(pdf.encode_pages),
            longest_side=jpeg.LONGEST_SIDE,
            lossy=True,
            encode_pages=pdf.encode_pages,
        ),
        _tiff("tiff-multi-uncompressed", _ALL, tiff.UNCOMPRESSED),
        _tiff("tiff-multi-g4", (Mode.LINEART,), tiff.G4),
        _tiff("tiff-multi-g3mh", (Mode.LINEART,), tiff.G3_MH),
        _tiff("tiff-multi-jpeg-tn2", _EIGHT_BITS, tiff.JPEG),
    )
}


def of(name: str) -> Format:
    """The format of that name. Raises ImagingError for one that is in neither table."""
    known = TABLE | DOCUMENTS
    if name not in known:
        raise ImagingError(f"no image format is called {name[:40]!r}; there are {', '.join(known)}")
    return known[name]
