"""From a press of the scanner's button to the page: one destination is invited, and its invitation redeemed once."""

from pathlib import Path

from bridge.wsscan.values import InputSource
from drivers.contract.observation import ButtonPress, Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.wire.http_rig import Rig, Subscriber, running, ticket

W = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
FIVE = ("Scan", "ScanToPrint", "ScanToEmail", "ScanToFax", "ScanToOCR")


def destinations(host: str) -> str:
    offered = "".join(
        f"<w:ScanDestination><w:ClientDisplayName>{each} to {host}</w:ClientDisplayName>"
        f"<w:ClientContext>{each}</w:ClientContext></w:ScanDestination>"
        for each in FIVE
    )
    return f'<w:ScanDestinations xmlns:w="{W}">{offered}</w:ScanDestinations>'
