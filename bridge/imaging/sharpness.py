"""Sharper or softer: each pixel pushed away from, or drawn towards, the mean of its eight neighbours and itself.

out = v + k (v - smooth(v)), with k from -1 (only the smoothed page) at sharpness -100 to 3 at 100. Both parts are
one 3 by 3 kernel; the page's outermost pixels stay as they are, which is what Pillow's kernels do.
"""

from PIL import Image, ImageFilter

from bridge.imaging.neighbours import filtered
from bridge.imaging.target import Strips
from drivers.contract.capabilities import Mode

_STRONGEST = 3
# The mean that leans towards the middle: five parts the pixel, one part each neighbour.
_MIDDLE, _NEIGHBOURS = 5, 8


def sharpened(strips: Strips, mode: Mode, size: tuple[int, int], sharpness: int) -> Strips:
    """The page at that sharpness, -100…100."""
    whole = _MIDDLE + _NEIGHBOURS
    factor = sharpness / 100 * (_STRONGEST if sharpness > 0 else 1)
    middle = whole * (1 + factor) - _MIDDLE * factor
    kernel = [-factor] * 4 + [middle] + [-factor] * 4
    work = ImageFilter.Kernel((3, 3), kernel, scale=whole)

    def one(image: Image.Image) -> Image.Image:
        # Pillow cannot filter what is narrower than its kernel.
        return image if min(image.size) < 3 else image.filter(work)

    return filtered(strips, mode, size, 1, one)
