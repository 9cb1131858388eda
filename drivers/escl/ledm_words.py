"""The documents of HP's LEDM, which scanners have that are older than eSCL → what is seen of them. Pure.

No specification is public: this is what recordings of an Officejet 6500, a Deskjet 3520 and a Smart Tank show, with
words that HP's clients know beside. What none of them shows is not known, and no error.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from drivers.contract.observation import Feeder, Phase, Readiness
from drivers.escl import words
from drivers.escl.status import Job, Status

_READINESS: Final = {"Idle": Readiness.IDLE, "Processing": Readiness.BUSY, "BusyWithScanJob": Readiness.BUSY}
_FEEDER: Final = {"Loaded": Feeder.LOADED, "Empty": Feeder.EMPTY}
_PHASES: Final = {
    "Pending": Phase.QUEUED,
    "Processing": Phase.SCANNING,
    "Blocked": Phase.STOPPED,
    "Completed": Phase.DONE,
    "Canceled": Phase.CANCELED,
    "Aborted": Phase.FAILED,
}
_SCANNED: Final = frozenset({"ReadyToUpload", "UploadCompleted"})  # PageState of a page that is whole
MOST_EVENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the event table; the same event again has another stamp."""

    category: str
    stamp: str
    resource: str  # path of what it is about


def status(data: bytes, where: str) -> Status:
    """A ScanStatus document, which knows no jobs. Raises DeviceGarbled."""
    root = words.read(data, "ScanStatus", where)
    state, adf = words.text(root, "ScannerState"), words.text(root, "AdfState")
    facts = tuple(
        (name, said)
        for name, said, known in (("state", state, _READINESS), ("adf", adf, _FEEDER))
        if said and said not in known
    )
    # Whatever it calls that, it is not idle.
    readiness = _READINESS.get(state, Readiness.BUSY if state else Readiness.IDLE)
    return Status(readiness, _FEEDER.get(adf, Feeder.UNKNOWN), None, (), facts=facts)


def events(data: bytes, where: str) -> tuple[Event, ...]:
    """An EventTable document. Raises DeviceGarbled."""
    root = words.read(data, "EventTable", where)
    return tuple(
        Event(
            words.text(each, "UnqualifiedEventCategory"),
            words.text(each, "AgingStamp"),
            path(words.text(words.child(each, "Payload"), "ResourceURI")),
        )
        for each in list(words.children(root, "Event"))[:MOST_EVENTS]
    )


def path(uri: str) -> str:
    """The path of a URI, whatever machine it names; "" where that is none to ask for."""
    found = "/" + uri.partition("://")[2].partition("/")[2] if "://" in uri else uri
    return found if found.startswith("/") and found.isprintable() and not set(found) & set(" ?#\\") else ""


def job(data: bytes, number: int, where: str) -> Job | None:
    """One document of the job list; None where it is no scan or its state is not known. Raises DeviceGarbled."""
    root = words.read(data, "Job", where)
    phase = _PHASES.get(words.text(root, "JobState"))
    if words.text(root, "JobCategory") != "Scan" or phase is None:
        return None
    scan = words.child(root, "ScanJob")
    pages = [] if scan is None else list(words.children(scan, "PreScanPage", "PostScanPage"))
    return Job(str(number), "", phase, max((_scanned(page) for page in pages), default=None), at_panel=False)


def _scanned(page: etree._Element) -> int:
    """How many pages are scanned when that one is in its state."""
    number = words.number(page, "PageNumber") or 1
    return number if words.text(page, "PageState") in _SCANNED else number - 1


def destination(data: bytes, where: str) -> tuple[str, str]:
    """For which computer somebody chose to scan at the panel, and what it shall do with it. Raises DeviceGarbled."""
    root = words.read(data, "", where)
    host = next((words.text(each) for each in words.descendants(root, "Hostname")), "")
    return host, next((words.text(each) for each in words.descendants(root, "Shortcut")), "")


def walkup_event(data: bytes, where: str) -> str:
    """What somebody does at the panel just now: HostSelected, ScanRequested, … Raises DeviceGarbled."""
    return words.text(words.read(data, "WalkupScanToCompEvent", where), "WalkupScanToCompEventType")
