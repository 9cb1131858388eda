"""Binary PNM pictures, as scanimage writes them."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """P5 (grey) or P6 (RGB), samples row by row."""

    kind: str
    width: int
    height: int
    samples: bytes


def read(source: Path | bytes) -> Picture:
    """Read it and see that it is whole."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    head = re.match(rb"(P[56])\n(?:#[^\n]*\n)*(\d+) (\d+)\n255\n", data)
    assert head is not None, data[:60]
    picture = Picture(head[1].decode(), int(head[2]), int(head[3]), data[head.end() :])
    assert len(picture.samples) == picture.width * picture.height * (3 if picture.kind == "P6" else 1)
    return picture
