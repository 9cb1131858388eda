"""The marker segments in front of a JPEG's coded pixels: read, changed, written.

Spec: ITU-T T.81 annex B; JFIF 1.02; Exif 2.3 section 4.7.
"""

import struct
from dataclasses import dataclass, replace

from bridge.imaging.errors import ImagingError

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"
APP0 = 0xE0
APP1 = 0xE1
APP14 = 0xEE
COM = 0xFE
DQT = 0xDB
DHT = 0xC4
DRI = 0xDD
SOS = 0xDA
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
# Every start of frame; C4, C8 and CC are other things.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Profiles and thumbnails of honest devices are far below this.
HEAD_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker and what follows its length field."""

    marker: int
    body: bytes

    def coded(self) -> bytes:
        return struct.pack(">BBH", 0xFF, self.marker, len(self.body) + 2) + self.body


@dataclass(frozen=True, slots=True)
class Head:
    """Everything from SOI to the end of the first SOS segment."""

    segments: tuple[Segment, ...]
    size: int  # bytes it took

    @property
    def frame(self) -> Segment:
        return next(segment for segment in self.segments if segment.marker in FRAMES)

    @property
    def precision(self) -> int:
        return self.frame.body[0]

    @property
    def height(self) -> int:
        return int.from_bytes(self.frame.body[1:3], "big")

    @property
    def width(self) -> int:
        return int.from_bytes(self.frame.body[3:5], "big")

    @property
    def components(self) -> int:
        return self.frame.body[5]

    @property
    def adobe_transform(self) -> int | None:
        """How Adobe's APP14 says the colours are coded: 0 as they are, 1 YCbCr, 2 YCCK; None without one."""
        for segment in self.segments:
            if segment.marker == APP14 and segment.body.startswith(b"Adobe") and len(segment.body) >= 12:
                return segment.body[11]
        return None

    def with_height(self, height: int) -> "Head":
        body = self.frame.body
        frame = Segment(self.frame.marker, body[:1] + struct.pack(">H", height) + body[3:])
        return replace(self, segments=tuple(frame if old.marker in FRAMES else old for old in self.segments))

    def with_application(self, application: Segment) -> "Head":
        """`application` as the first segment, in the place of any JFIF, Exif or other APP0 and APP1."""
        rest = tuple(segment for segment in self.segments if segment.marker not in (APP0, APP1))
        return replace(self, segments=(application, *rest))

    def with_restarts(self, interval: int) -> "Head":
        """A restart every `interval` MCUs."""
        rest = [segment for segment in self.segments if segment.marker != DRI]
        return replace(self, segments=(*rest[:-1], Segment(DRI, struct.pack(">H", interval)), rest[-1]))

    def coded(self) -> bytes:
        return SOI + b"".join(segment.coded() for segment in self.segments)


def read(data: bytes) -> Head | None:
    """The head at the start of `data`; None while it is not all there. Raises ImagingError where there is none."""
    if not SOI.startswith(data[:2]):
        raise ImagingError(f"this is no JPEG: it begins with {data[:8].hex(' ')}")
    at = 2
    segments: list[Segment] = []
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ImagingError(f"damaged JPEG: no marker at byte {at}")
        if data[at + 1] == 0xFF:  # fill
            at += 1
            continue
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9 or size < 2:
            raise ImagingError(f"damaged JPEG: marker {marker:02x} at byte {at}")
        if at + 2 + size > len(data):
            break
        body = data[at + 4 : at + 2 + size]
        if marker in FRAMES and (len(body) < 6 or any(old.marker in FRAMES for old in segments)):
            raise ImagingError(f"damaged JPEG: start of frame at byte {at}")
        segments.append(Segment(marker, body))
        at += 2 + size
        if marker == SOS:
            if not any(segment.marker in FRAMES for segment in segments):
                raise ImagingError("damaged JPEG: a scan without a frame")
            return Head(tuple(segments), at)
    if len(data) > HEAD_LIMIT:
        raise ImagingError(f"damaged JPEG: no pixels in its first {HEAD_LIMIT} bytes")
    return None


def jfif(resolution: tuple[int, int]) -> Segment:
    """APP0 of JFIF 1.02 with the density in ppi and no thumbnail."""
    return Segment(APP0, b"JFIF\0" + struct.pack(">BBBHHBB", 1, 2, 1, *resolution, 0, 0))
