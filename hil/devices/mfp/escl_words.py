"""The XML of the simulated MFP's eSCL face.

Spec: eSCL as Mopria publishes it (version 2.63), with HP's namespace and PWG 5108.02's; sizes are in 1/300 inch.
Which elements there are follows recordings of HP and Kyocera MFPs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from drivers.contract.capabilities import Mode
from drivers.contract.xml import XmlRefused, parse, serialize
from hil import chart
from hil.devices.mfp.jobs import Job
from hil.devices.mfp.state import RUNNING, State

PWG: Final = "http://www.pwg.org/schemas/2010/12/sm"
SCAN: Final = "http://schemas.hp.com/imaging/escl/2011/05/03"
VERSION: Final = "2.63"
MODEL: Final = "HP LaserJet MFP Simulated"
SERIAL: Final = "SIM0000001"
UUID: Final = "01c80000-fe7f-11de-8a39-000000000001"

MODES: Final = {"RGB24": Mode.RGB24, "Grayscale8": Mode.GRAY8}
GLASS: Final = (2550, 3508)
SHEET: Final = (2550, 4200)
LEAST: Final = 16
GLASS_PPI: Final = (75, 100, 150, 200, 300, 600)
FEEDER_PPI: Final = (75, 100, 150, 200, 300)

Node = tuple[str, "str | int | Sequence[Node]"]


class BadSettings(Exception):
    """ScanSettings that this device does not take."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client asks for."""

    feeder: bool
    duplex: bool
    mode: Mode
    ppi: int
    area: chart.Box  # pixels


def capabilities() -> bytes:
    """ScannerCapabilities."""
    return _document(
        "s:ScannerCapabilities",
        [
            ("p:Version", VERSION),
            ("p:MakeAndModel", MODEL),
            ("p:SerialNumber", SERIAL),
            ("s:Manufacturer", "HP"),
            ("s:UUID", UUID),
            ("s:Platen", [("s:PlatenInputCaps", _source(GLASS, GLASS_PPI))]),
            (
                "s:Adf",
                [
                    ("s:AdfSimplexInputCaps", _source(SHEET, FEEDER_PPI)),
                    ("s:AdfDuplexInputCaps", _source(SHEET, FEEDER_PPI)),
                    ("s:FeederCapacity", 50),
                    ("s:AdfOptions", [("s:AdfOption", "DetectPaperLoaded"), ("s:AdfOption", "Duplex")]),
                ],
            ),
        ],
    )


def _source(most: tuple[int, int], resolutions: tuple[int, ...]) -> list[Node]:
    pairs: list[Node] = [
        ("s:DiscreteResolution", [("s:XResolution", ppi), ("s:YResolution", ppi)]) for ppi in resolutions
    ]
    profile: list[Node] = [
        ("s:ColorModes", [("s:ColorMode", word) for word in MODES]),
        ("s:DocumentFormats", [("p:DocumentFormat", "image/jpeg"), ("s:DocumentFormatExt", "image/jpeg")]),
        ("s:SupportedResolutions", [("s:DiscreteResolutions", pairs)]),
    ]
    return [
        ("s:MinWidth", LEAST),
        ("s:MaxWidth", most[0]),
        ("s:MinHeight", LEAST),
        ("s:MaxHeight", most[1]),
        ("s:MaxScanRegions", 1),
        ("s:SettingProfiles", [("s:SettingProfile", profile)]),
        ("s:MaxOpticalXResolution", resolutions[-1]),
        ("s:MaxOpticalYResolution", resolutions[-1]),
    ]


def status(state: State, now: float) -> bytes:
    """ScannerStatus."""
    nodes: list[Node] = [("p:Version", VERSION), ("p:State", _state(state)), ("s:AdfState", _adf(state))]
    if state.jobs:
        nodes.append(("s:Jobs", [("s:JobInfo", _job(job, now)) for job in reversed(state.jobs)]))
    return _document("s:ScannerStatus", nodes)


def _state(state: State) -> str:
    if state.offline:
        return "Down"
    if state.running is not None or state.upload in RUNNING or state.in_use:
        return "Processing"
    return "Stopped" if state.fatal or state.jammed or state.cover_open else "Idle"


def _adf(state: State) -> str:
    if state.jammed:
        return "ScannerAdfMultipickDetected" if state.doublefed else "ScannerAdfJam"
    if state.cover_open:
        return "ScannerAdfHatchOpen"
    job = state.running
    if job is not None and job.from_feeder and not job.scanned_all:
        return "ScannerAdfProcessing"
    return "ScannerAdfLoaded" if state.sheets else "ScannerAdfEmpty"


def _job(job: Job, now: float) -> list[Node]:
    return [
        ("p:JobUri", uri(job)),
        ("p:JobUuid", f"sim-{job.number:04}"),
        ("s:Age", int(now - job.began)),
        ("p:ImagesCompleted", job.completed),
        ("p:ImagesToTransfer", 0 if job.at_panel else job.completed - job.fetched),
        ("p:JobState", job.state),
        ("p:JobStateReasons", [("p:JobStateReason", job.reason)]),
    ]


def uri(job: Job) -> str:
    """The job's path."""
    return f"/eSCL/ScanJobs/{job.number}"


def image_info(job: Job, settings: Settings) -> bytes:
    """ScanImageInfo of its last image."""
    return _document(
        "s:ScanImageInfo",
        [
            ("p:JobUri", uri(job)),
            ("p:JobUuid", f"sim-{job.number:04}"),
            ("s:ActualWidth", settings.area.width),
            ("s:ActualHeight", settings.area.height),
            ("s:ActualBytesPerLine", settings.mode.row_bytes(settings.area.width)),
        ],
    )


def settings(body: bytes) -> Settings:
    """ScanSettings as a client sent them; what it left out has a default. Raises BadSettings."""
    try:
        said = {str(etree.QName(each).localname): (each.text or "").strip() for each in parse(body).iter()}
        feeder = {"Platen": False, "Feeder": True}[said.get("InputSource", "Platen")]
        most = SHEET if feeder else GLASS
        ppi = int(said.get("XResolution", "300"))
        width, height = int(said.get("Width", most[0])), int(said.get("Height", most[1]))
        left, top = int(said.get("XOffset", "0")), int(said.get("YOffset", "0"))
        mode = MODES[said.get("ColorMode", "RGB24")]
        formats = {said.get("DocumentFormat", "image/jpeg"), said.get("DocumentFormatExt", "image/jpeg")}
    except (XmlRefused, KeyError, ValueError) as err:
        raise BadSettings(str(err)) from err
    known = ppi in (FEEDER_PPI if feeder else GLASS_PPI) and said.get("YResolution", str(ppi)) == str(ppi)
    inside = left >= 0 and top >= 0 and left + width <= most[0] and top + height <= most[1]
    if not (known and inside and width >= LEAST and height >= LEAST and formats == {"image/jpeg"}):
        raise BadSettings("outside of what the capabilities say")
    x, y, right, bottom = (each * ppi // 300 for each in (left, top, left + width, top + height))
    return Settings(feeder, feeder and said.get("Duplex") == "true", mode, ppi, chart.Box(x, y, right - x, bottom - y))


def _document(name: str, nodes: Sequence[Node]) -> bytes:
    root = etree.Element(_qualified(name), nsmap={"scan": SCAN, "pwg": PWG})
    _fill(root, nodes)
    return serialize(root)


def _fill(parent: etree._Element, nodes: Sequence[Node]) -> None:
    for name, content in nodes:
        element = etree.SubElement(parent, _qualified(name))
        if isinstance(content, str | int):
            element.text = str(content)
        else:
            _fill(element, content)


def _qualified(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{SCAN if prefix == 's' else PWG}}}{local}"
