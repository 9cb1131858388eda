"""What a press of a button asks for that scans by itself: the operator's words as a ticket.

Pure. Pages are coded one by one, so that each is safe as soon as it is scanned; a PDF is made of them afterwards.
"""

from typing import Protocol

from bridge.wsscan.settings import AskedColor, AskedFormat, AskedInputSource
from bridge.wsscan.ticket import DocumentParameters, JobDescription, MediaSide, MediaSides, Resolution, ScanTicket
from bridge.wsscan.values import ColorEntry, Format, InputSource
from drivers.contract.capabilities import Capabilities

_COLORS = {
    "color": ColorEntry.RGB_24,
    "gray": ColorEntry.GRAYSCALE_8,
    "bw": ColorEntry.BLACK_AND_WHITE_1,
}


class Said(Protocol):
    """How to scan, in the operator's words (bridge.config.Button)."""

    @property
    def source(self) -> str:
        """auto, glass or feeder."""

    @property
    def duplex(self) -> bool:
        """Both sides, where the feeder can."""

    @property
    def resolution(self) -> int:
        """Pixels per inch."""

    @property
    def mode(self) -> str:
        """color, gray or bw."""

    @property
    def format(self) -> str:
        """pdf, jpeg, png or tiff."""


def button_ticket(said: Said, capabilities: Capabilities, job: JobDescription, *, loaded: bool) -> ScanTicket:
    """`loaded`: there is paper in the feeder, as far as it can be sensed."""
    side = MediaSide(
        color_processing=AskedColor(value=_COLORS[said.mode]),
        resolution=Resolution(width=said.resolution, height=said.resolution),
    )
    return ScanTicket(
        job_description=job,
        document_parameters=DocumentParameters(
            format=AskedFormat(value=_format(said)),
            input_source=AskedInputSource(value=_source(said, capabilities, loaded=loaded)),
            media_sides=MediaSides(media_front=side),
        ),
    )


def _format(said: Said) -> Format:
    bilevel = said.mode == "bw"
    match said.format:
        case "png":
            return Format.PNG
        case "tiff":
            return Format.TIFF_SINGLE_G4 if bilevel else Format.TIFF_SINGLE_UNCOMPRESSED
        case _:
            return Format.TIFF_SINGLE_G4 if bilevel else Format.JFIF


def _source(said: Said, capabilities: Capabilities, *, loaded: bool) -> InputSource:
    wants_feeder = said.source == "feeder" or (said.source == "auto" and loaded)
    if capabilities.feeder is None or (capabilities.platen is not None and not wants_feeder):
        return InputSource.PLATEN
    both = said.duplex and capabilities.feeder_back is not None
    return InputSource.ADF_DUPLEX if both else InputSource.ADF
