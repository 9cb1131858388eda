"""The APP1 segment that makes a JPEG an Exif file.

Spec: Exif 2.3 (CIPA DC-008) tables 4, 7 and 8: what is mandatory for a compressed image is here, plus what
a scanner knows. An Exif file has no JFIF APP0; its APP1 comes right after SOI (section 4.5.4).
"""

from bridge.imaging import tags
from bridge.imaging.markers import APP1, Segment
from bridge.imaging.tags import Entry, Kind
from bridge.imaging.target import Target
from drivers.contract.capabilities import Mode

SOFTWARE = "wsd-scan-bridge"

_EXIF_IFD = 0x8769
_INCH = 2
_CENTRED = 1  # libjpeg takes each colour sample from the middle of its pixels
_SRGB = 1
_REFLECTION_SCANNER = 2
_TIME = "%Y:%m:%d %H:%M:%S"


def application(target: Target) -> Segment:
    """APP1 for the image of `target`."""
    colour = target.mode is Mode.RGB24
    exif = [
        Entry(0x9000, Kind.UNDEFINED, b"0230"),  # ExifVersion
        Entry(0x9101, Kind.UNDEFINED, b"\1\2\3\0" if colour else b"\1\0\0\0"),  # ComponentsConfiguration: Y Cb Cr
        Entry(0xA000, Kind.UNDEFINED, b"0100"),  # FlashpixVersion
        Entry(0xA001, Kind.SHORT, [_SRGB]),  # ColorSpace
        Entry(0xA002, Kind.LONG, [target.width]),  # PixelXDimension
        Entry(0xA003, Kind.LONG, [target.height]),  # PixelYDimension
        Entry(0xA300, Kind.UNDEFINED, bytes([_REFLECTION_SCANNER])),  # FileSource
    ]
    first = [*described(target), Entry(0x0112, Kind.SHORT, [1])]  # Orientation: as one reads it
    if colour:
        first.append(Entry(0x0213, Kind.SHORT, [_CENTRED]))  # YCbCrPositioning
    if target.origin.taken is not None:
        taken = tags.text(target.origin.taken.strftime(_TIME))
        first.append(Entry(0x0132, Kind.ASCII, taken))  # DateTime
        exif.append(Entry(0x9004, Kind.ASCII, taken))  # DateTimeDigitized
    # The pointer's value does not change the size of its directory.
    size = len(tags.directory([*first, Entry(_EXIF_IFD, Kind.LONG, [0])], 8))
    first.append(Entry(_EXIF_IFD, Kind.LONG, [8 + size]))
    body = tags.header() + tags.directory(first, 8) + tags.directory(exif, 8 + size)
    return Segment(APP1, b"Exif\0\0" + body)


def described(target: Target) -> list[Entry]:
    """The fields that TIFF and Exif share: resolution, software and, where known, make and model."""
    entries = [
        Entry(0x011A, Kind.RATIONAL, [target.resolution[0]]),  # XResolution
        Entry(0x011B, Kind.RATIONAL, [target.resolution[1]]),  # YResolution
        Entry(0x0128, Kind.SHORT, [_INCH]),  # ResolutionUnit
        Entry(0x0131, Kind.ASCII, tags.text(SOFTWARE)),  # Software
    ]
    if target.origin.make:
        entries.append(Entry(0x010F, Kind.ASCII, tags.text(target.origin.make)))
    if target.origin.model:
        entries.append(Entry(0x0110, Kind.ASCII, tags.text(target.origin.model)))
    return entries
