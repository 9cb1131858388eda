"""Pages for the imaging tests: made by hand, handed over in chunks of whole rows."""

import random
from collections.abc import Callable, Iterator

import pytest

from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster


def rows(mode: Mode, width: int, height: int, seed: int = 1) -> bytes:
    """Noise: whatever a codec gets wrong shows."""
    return random.Random(seed).randbytes(mode.row_bytes(width) * height)


def chunked(data: bytes, mode: Mode, width: int, per_chunk: int = 5) -> Iterator[bytes]:
    step = mode.row_bytes(width) * per_chunk
    for start in range(0, len(data), step):
        yield data[start : start + step]


def page(data: bytes, mode: Mode, width: int, height: int | None = None) -> Raster:
    return Raster(width, height, mode, (300, 300), chunked(data, mode, width))


@pytest.fixture
def noise() -> Callable[..., bytes]:
    return rows


@pytest.fixture
def raster() -> Callable[..., Raster]:
    return page
