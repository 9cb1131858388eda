"""The device's rows through everything a ticket wants done to them, in one order.

Fitted to the announced scan first; then descreened, turned (when the page grows: before it is large), scaled, exposed,
sharpened, made black and white, turned (else: when it is small). What the ticket leaves alone is no step at all.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil

from PIL import Image, ImageFilter

from bridge.imaging.adjust import Content, scaled_size, turned
from bridge.imaging.bilevel import bilevel
from bridge.imaging.exposure import exposed, toned
from bridge.imaging.neighbours import filtered
from bridge.imaging.rotate import rotated
from bridge.imaging.rows import fitted
from bridge.imaging.scale import scaled
from bridge.imaging.sharpness import sharpened
from bridge.imaging.spool import Spool
from bridge.imaging.target import Strips, Target
from drivers.contract.capabilities import Mode
from drivers.contract.document import Raster

# The screens of print have 100 to 150 lines an inch: what is finer than half of such a line is smoothed away.
_SCREEN = 1 / 300  # inch


@dataclass(slots=True)
class _Rows:
    """Where the page is on its way."""

    strips: Strips
    mode: Mode
    size: tuple[int, int]


def prepared(page: Raster, target: Target, spool: Spool, held: ExitStack) -> Strips:
    """The cutter of the page as promised. What waits on the way is in spools beside `spool`, which `held` closes.

    Raises ImagingError at once for a page that cannot become this.
    """
    adjust = target.adjust
    if adjust.keeps_values and not adjust.rotation and not _by_content(page, target):
        # JPEG's coder, that of what is lossy, only reads them.
        return fitted(page, target.mode, target.width, target.height, views=target.format.lossy)

    def beside() -> Spool:
        return held.enter_context(spool.beside())

    scan = target.scanned_size
    from_grey = target.mode is Mode.LINEART and (_by_content(page, target) or not adjust.keeps_values)
    mode = Mode.GRAY8 if from_grey else target.mode
    rows = _Rows(fitted(page, mode, *scan), mode, scan)
    if target.content is Content.HALFTONE and mode in (Mode.GRAY8, Mode.RGB24):
        rows.strips = _descreened(rows, min(target.resolution))
    scaling = adjust.scaling
    turns_first = scaling[0] * scaling[1] > 100 * 100
    if turns_first:
        _turn(rows, adjust.rotation, beside())
        scaling = turned(scaling, adjust.rotation)
    size = scaled_size(rows.size, scaling)
    rows.strips, rows.size = scaled(rows.strips, mode, rows.size, size), size
    if adjust.auto_exposure:
        rows.strips = exposed(rows.strips, mode, size[0], beside())
    elif adjust.brightness or adjust.contrast:
        rows.strips = toned(rows.strips, mode.row_bytes(size[0]), adjust.brightness, adjust.contrast)
    if adjust.sharpness:
        rows.strips = sharpened(rows.strips, mode, size, adjust.sharpness)
    if from_grey:
        rows.strips, rows.mode = bilevel(rows.strips, size, target.resolution, target.content), Mode.LINEART
    if not turns_first:
        _turn(rows, adjust.rotation, beside())
    return rows.strips


def _by_content(page: Raster, target: Target) -> bool:
    """Whether what lies on the glass changes how this page is made."""
    match target.mode:
        case Mode.LINEART:
            return page.mode is not Mode.LINEART and target.content is not Content.AUTO
        case Mode.GRAY8 | Mode.RGB24:
            return target.content is Content.HALFTONE
        case _:
            return False


def _turn(rows: _Rows, rotation: int, spool: Spool) -> None:
    rows.strips = rotated(rows.strips, rows.mode, rows.size, rotation, spool)
    rows.size = turned(rows.size, rotation)


def _descreened(rows: _Rows, resolution: int) -> Strips:
    radius = resolution * _SCREEN / 2
    blur = ImageFilter.BoxBlur(radius)

    def smooth(image: Image.Image) -> Image.Image:
        return image.filter(blur)

    return filtered(rows.strips, rows.mode, rows.size, ceil(radius) + 1, smooth)
