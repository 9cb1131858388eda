"""Pages into TIFF files: one page behind its directory, or pages each before theirs.

A file of one page begins with its directory, which readers like best: uncompressed every size is known before the
first row, coded ones wait in the spool. In a file of several pages a directory says where the next one stands, which
is known when the next page's size is: so each directory comes behind its pixels and is held back until the next page
is there, or none. Uncompressed pages stream that way; coded ones wait one by one in the spool.

Spec: TIFF 6.0 section 2 (directories may stand anywhere, on even offsets).
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bridge.imaging import tags, tiff
from bridge.imaging.errors import ImagingError
from bridge.imaging.spool import Spool
from bridge.imaging.target import DocumentEncoder, Encoder, Ready, Strips, Target
from bridge.imaging.tiff import Coding

# Offsets are 32 bits wide; a directory is far below the rest.
LIMIT: Final = 2**32 - 2**20


def single(coding: Coding) -> Encoder:
    """One page, its directory first."""

    def encode(strips: Strips, target: Target, spool: Spool) -> Iterator[bytes]:
        sizes, data = _coded(coding, strips, target, spool)
        # The head leaves together with the first rows.
        head = tags.header() + tiff.directory(target, coding, sizes, 8)
        for chunk in data:
            yield head + chunk
            head = b""

    return encode


def multiple(coding: Coding) -> DocumentEncoder:
    """All pages there are, at least one."""

    def encode(pages: Iterator[Ready], target: Target, spool: Spool) -> Iterator[bytes]:
        held, at = b"", 0  # the directory before this page, and where it stands
        describe = partial(tiff.directory, target, coding)
        sizes: list[int] = []
        data_at = 8
        for page in pages:
            if at:
                held = describe(sizes, at, data_at=data_at)
                last_sizes, last_data_at = sizes, data_at
                data_at = at + len(held)
            if coding is tiff.UNCOMPRESSED:
                _check_room(data_at + sum(tiff.raw_sizes(target)))
            sizes, data = _coded(coding, page.strips, target, spool)
            _check_room(data_at + sum(sizes))
            next_at = data_at + sum(sizes) + sum(sizes) % 2
            head = describe(last_sizes, at, data_at=last_data_at, following=next_at) if at else tags.header(next_at)
            for chunk in data:
                yield head + chunk
                head = b""
            if sum(sizes) % 2:
                yield b"\0"
            at = next_at
            spool.close()
        if not at:
            raise ImagingError("there is no page to make a file of")
        yield describe(sizes, at, data_at=data_at)

    return encode


def _coded(coding: Coding, strips: Strips, target: Target, spool: Spool) -> tuple[list[int], Iterator[bytes]]:
    """The sizes of the page's strips, and their bytes."""
    if coding is tiff.UNCOMPRESSED:
        return tiff.raw_sizes(target), coding.coded(strips, target)
    sizes = []
    for strip in coding.coded(strips, target):
        spool.append(strip)
        sizes.append(len(strip))
    return sizes, _read_back(spool)


def _read_back(spool: Spool) -> Iterator[bytes]:
    for at in range(0, spool.size, tiff.STRIP_BYTES):
        yield spool.read(at, min(tiff.STRIP_BYTES, spool.size - at))


def _check_room(end: int) -> None:
    if end > LIMIT:
        raise ImagingError("the pages are more than a TIFF of 4 GiB can hold; scan fewer pages into one file")
