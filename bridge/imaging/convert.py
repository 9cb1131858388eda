"""From the pixels a device has to the pixels a ticket asks for.

Rows stay rows: `data` is whole rows of `width` pixels in the contract's coding (LINEART 1 = white, 16 bits
big-endian). Colour never comes from grey nor depth from less depth, except as the same value said wider.
"""

from collections.abc import Callable

from PIL import Image

from bridge.imaging.errors import ImagingError
from drivers.contract.capabilities import Mode

# What is at least half way to white is white.
THRESHOLD = 128

_BLACK_OR_WHITE = bytes(255 if value >= THRESHOLD else 0 for value in range(256))


def convert(data: bytes, width: int, source: Mode, wanted: Mode) -> bytes:
    """The same rows in another mode. Raises ImagingError where `wanted` would pretend to more than `source` has."""
    for step in steps(source, wanted):
        data = step(data, width)
    return data


def steps(source: Mode, wanted: Mode) -> tuple["Step", ...]:
    """The way from one mode to another; empty when they are the same. Raises ImagingError where there is none."""
    if source is wanted:
        return ()
    if (source, wanted) not in _WAYS:
        raise ImagingError(f"{source} rows cannot become {wanted}")
    return _WAYS[source, wanted]


Step = Callable[[bytes, int], bytes]


def _image(mode: str, raw: str, data: bytes, width: int, row_bytes: int) -> Image.Image:
    return Image.frombytes(mode, (width, len(data) // row_bytes), data, "raw", raw, 0, 1)


def _colour_to_grey(data: bytes, width: int) -> bytes:
    return _image("RGB", "RGB", data, width, 3 * width).convert("L").tobytes()  # ITU-R 601 luma


def _grey_to_colour(data: bytes, width: int) -> bytes:  # noqa: ARG001  # a Step
    return _repeated(data, 1, 3)


def _deep_grey_to_deep_colour(data: bytes, width: int) -> bytes:  # noqa: ARG001  # a Step
    return _repeated(data, 2, 3)


def _repeated(data: bytes, size: int, times: int) -> bytes:
    out = bytearray(len(data) * times)
    for copy in range(times):
        for byte in range(size):
            out[copy * size + byte :: size * times] = data[byte::size]
    return bytes(out)


def _high_bytes(data: bytes, width: int) -> bytes:  # noqa: ARG001  # a Step
    return data[::2]


def _grey_to_lineart(data: bytes, width: int) -> bytes:
    # Any grey that is not 0 becomes 1 in Pillow's packing, so the threshold comes first.
    grey = _image("L", "L", data.translate(_BLACK_OR_WHITE), width, width)
    return grey.convert("1", dither=Image.Dither.NONE).tobytes("raw", "1")


def _lineart_to_grey(data: bytes, width: int) -> bytes:
    return _image("1", "1", data, width, (width + 7) // 8).convert("L").tobytes()


_WAYS: dict[tuple[Mode, Mode], tuple[Step, ...]] = {
    (Mode.LINEART, Mode.GRAY8): (_lineart_to_grey,),
    (Mode.LINEART, Mode.RGB24): (_lineart_to_grey, _grey_to_colour),
    (Mode.GRAY8, Mode.LINEART): (_grey_to_lineart,),
    (Mode.GRAY8, Mode.RGB24): (_grey_to_colour,),
    (Mode.GRAY16, Mode.LINEART): (_high_bytes, _grey_to_lineart),
    (Mode.GRAY16, Mode.GRAY8): (_high_bytes,),
    (Mode.GRAY16, Mode.RGB24): (_high_bytes, _grey_to_colour),
    (Mode.GRAY16, Mode.RGB48): (_deep_grey_to_deep_colour,),
    (Mode.RGB24, Mode.LINEART): (_colour_to_grey, _grey_to_lineart),
    (Mode.RGB24, Mode.GRAY8): (_colour_to_grey,),
    (Mode.RGB48, Mode.LINEART): (_high_bytes, _colour_to_grey, _grey_to_lineart),
    (Mode.RGB48, Mode.GRAY8): (_high_bytes, _colour_to_grey),
    (Mode.RGB48, Mode.RGB24): (_high_bytes,),
}


def reachable(source: Mode) -> frozenset[Mode]:
    """The modes that rows of `source` can be delivered in."""
    return frozenset({source} | {wanted for have, wanted in _WAYS if have is source})
