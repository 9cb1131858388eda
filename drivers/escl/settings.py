"""A request of the contract → eSCL's ScanSettings. Pure.

The elements and their order are those of sane-airscan's requests, which devices of many makers are known to take.
Spec: eSCL as Mopria publishes it; regions are in 1/300 inch.
"""

from drivers.contract.capabilities import Source
from drivers.contract.document import Region, ScanRequest
from drivers.escl import words
from drivers.escl.capabilities import JPEG, MODES, Model
from drivers.escl.words import Node

VERSION = "2.0"  # of the request; later ones add nothing that is asked for here


def write(request: ScanRequest, model: Model) -> bytes:
    """The body of the POST that starts the scan."""
    region = _region(request.region)
    nodes: list[Node] = [
        ("pwg:Version", VERSION),
        (
            "pwg:ScanRegions",
            [
                (
                    "pwg:ScanRegion",
                    [
                        ("pwg:ContentRegionUnits", "escl:ThreeHundredthsOfInches"),
                        ("pwg:XOffset", region.x),
                        ("pwg:YOffset", region.y),
                        ("pwg:Width", region.width),
                        ("pwg:Height", region.height),
                    ],
                )
            ],
        ),
        ("pwg:InputSource", "Platen" if request.source is Source.PLATEN else "Feeder"),
        ("scan:ColorMode", next(word for word, mode in MODES.items() if mode is request.mode)),
        ("pwg:DocumentFormat", JPEG),
    ]
    if model.extended_formats:
        nodes.append(("scan:DocumentFormatExt", JPEG))
    nodes += [("scan:XResolution", request.resolution[0]), ("scan:YResolution", request.resolution[1])]
    if request.source is not Source.PLATEN:
        nodes.append(("scan:Duplex", "true" if request.source is Source.FEEDER_DUPLEX else "false"))
    return words.write("scan:ScanSettings", nodes)


def _region(region: Region) -> Region:
    """1/1000 inch in 1/300, nearest."""
    left, top = _nearest(region.x), _nearest(region.y)
    right, bottom = _nearest(region.x + region.width), _nearest(region.y + region.height)
    return Region(left, top, max(1, right - left), max(1, bottom - top))


def _nearest(thousandths: int) -> int:
    return (thousandths * 300 + 500) // 1000
