"""Who makes a file of each format: the other half of bridge.imaging.formats, loaded with the first page.

Apart from it because all that codes, Pillow first, is 3 MB that a bridge nobody scans with can do without.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from bridge.imaging import dib, jpeg, pdf, png, tiff
from bridge.imaging.spool import Spool
from bridge.imaging.target import DocumentEncoder, Encoder, Ready, Strips, Target
from bridge.imaging.tiff_files import multiple, single


def _alone(encode: DocumentEncoder) -> Encoder:
    """A file of one page in a format of several."""

    def one(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:
        return encode(iter([Ready(strips)]), target, spool)

    return one


# All images of a job in one file. The keys are those of formats.DOCUMENTS.
DOCUMENTS: Final = MappingProxyType(
    {
        "pdf-a": pdf.encode_pages,
        "tiff-multi-uncompressed": multiple(tiff.UNCOMPRESSED),
        "tiff-multi-g4": multiple(tiff.G4),
        "tiff-multi-g3mh": multiple(tiff.G3_MH),
        "tiff-multi-jpeg-tn2": multiple(tiff.JPEG),
    }
)

# One image to a file. The keys are those of both tables there.
IMAGES: Final = MappingProxyType(
    {
        "exif": jpeg.encode_exif,
        "jfif": jpeg.encode_jfif,
        "png": png.encode,
        "tiff-single-uncompressed": single(tiff.UNCOMPRESSED),
        "tiff-single-g4": single(tiff.G4),
        "tiff-single-g3mh": single(tiff.G3_MH),
        "tiff-single-jpeg-tn2": single(tiff.JPEG),
        "dib": dib.encode,
        **{name: _alone(encode) for name, encode in DOCUMENTS.items()},
    }
)
