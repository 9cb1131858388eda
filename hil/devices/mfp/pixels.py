"""The chart as the simulated MFP scans it: one page as JPEG, in little compression so that pixels can be compared."""

from io import BytesIO

from drivers.contract.capabilities import Mode, Source
from hil import chart

QUALITY = 95


def jpeg(page: int, source: Source, mode: Mode, ppi: int, area: chart.Box, *, back: bool = False) -> bytes:
    """The area of one side, RGB24 or GRAY8."""
    picture = chart.image(page, source, (ppi, ppi), area, back=back)
    if mode is Mode.GRAY8:
        picture = picture.convert("L")
    file = BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, dpi=(ppi, ppi))
    return file.getvalue()
