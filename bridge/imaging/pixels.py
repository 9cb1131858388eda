"""Rows as pictures that Pillow can work on, and back."""

from PIL import Image

from drivers.contract.capabilities import Mode

# The modes that are the same in the contract's rows and in Pillow.
PILLOW = {Mode.LINEART: "1", Mode.GRAY8: "L", Mode.RGB24: "RGB"}

# A deep page as two pages of bytes, one of the high and one of the low.
_HALVES = {Mode.GRAY16: Mode.GRAY8, Mode.RGB48: Mode.RGB24}


def pictures(rows: bytes, mode: Mode, width: int) -> list[Image.Image]:
    """One picture; two for 16 bits, the high bytes first. For moving pixels about, not for reckoning with them."""
    if mode in _HALVES:
        return [*pictures(rows[::2], _HALVES[mode], width), *pictures(rows[1::2], _HALVES[mode], width)]
    name = PILLOW[mode]
    return [Image.frombytes(name, (width, len(rows) // mode.row_bytes(width)), rows, "raw", name, 0, 1)]


def rows_of(images: list[Image.Image]) -> bytes:
    """What `pictures` was made of. The bits that fill up a row of lineart are white."""
    if len(images) == 2:
        out = bytearray(2 * len(high := images[0].tobytes()))
        out[::2], out[1::2] = high, images[1].tobytes()
        return bytes(out)
    (image,) = images
    data = image.tobytes()
    return whitened(data, image.width) if image.mode == "1" else data


def whitened(data: bytes, width: int) -> bytes:
    """Lineart rows whose bits beyond `width` are white."""
    if width % 8 == 0:
        return data
    row = (width + 7) // 8
    beyond = 0xFF >> (width % 8)
    out = bytearray(data)
    out[row - 1 :: row] = data[row - 1 :: row].translate(bytes(value | beyond for value in range(256)))
    return bytes(out)
