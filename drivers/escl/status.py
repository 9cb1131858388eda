"""ScannerStatus → what is seen of a scanner and its jobs. Pure.

Words that nobody has written down are no error: such a state is not known, and an unknown AdfState is told as a fact.
Spec: eSCL as Mopria publishes it; AdfState also as sane-airscan met it on devices; PWG 5108.02 for JobState.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lxml import etree

from drivers.contract.observation import Feeder, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.escl import words

MOST_JOBS: Final = 64


class ScannerState(StrEnum):
    """pwg:State."""

    IDLE = "Idle"
    PROCESSING = "Processing"
    TESTING = "Testing"
    STOPPED = "Stopped"
    DOWN = "Down"


class AdfState(StrEnum):
    """scan:AdfState."""

    PROCESSING = "ScannerAdfProcessing"
    EMPTY = "ScannerAdfEmpty"
    JAM = "ScannerAdfJam"
    LOADED = "ScannerAdfLoaded"
    MISPICK = "ScannerAdfMispick"
    HATCH_OPEN = "ScannerAdfHatchOpen"
    DOOR_OPEN = "ScannerAdfDoorOpen"  # in no specification, on devices
    TOO_SHORT = "ScannerAdfDuplexPageTooShort"
    TOO_LONG = "ScannerAdfDuplexPageTooLong"
    MULTIPICK = "ScannerAdfMultipickDetected"
    TRAY_FAILED = "ScannerAdfInputTrayFailed"
    TRAY_OVERLOADED = "ScannerAdfInputTrayOverloaded"


# What a feeder's state means to whoever must act: the trouble, and one line for people.
TROUBLES: Final = {
    AdfState.JAM: (TroubleKind.JAM, "paper is jammed in the document feeder"),
    AdfState.MISPICK: (TroubleKind.JAM, "the document feeder could not pick up the sheet"),
    AdfState.HATCH_OPEN: (TroubleKind.COVER_OPEN, "the document feeder's cover is open"),
    AdfState.DOOR_OPEN: (TroubleKind.COVER_OPEN, "the document feeder's cover is open"),
    AdfState.TOO_SHORT: (TroubleKind.ATTENTION, "the sheet is too short to be scanned on both sides"),
    AdfState.TOO_LONG: (TroubleKind.ATTENTION, "the sheet is too long to be scanned on both sides"),
    AdfState.MULTIPICK: (TroubleKind.DOUBLE_FEED, "the document feeder took several sheets at once"),
    AdfState.TRAY_FAILED: (TroubleKind.ATTENTION, "the document feeder's tray failed"),
    AdfState.TRAY_OVERLOADED: (TroubleKind.ATTENTION, "the document feeder's tray holds too many sheets"),
}

_READINESS: Final = {
    ScannerState.IDLE: Readiness.IDLE,
    ScannerState.PROCESSING: Readiness.BUSY,
    ScannerState.TESTING: Readiness.WARMING,
    ScannerState.STOPPED: Readiness.STOPPED,
    ScannerState.DOWN: Readiness.STOPPED,
}
_FEEDER: Final = {
    AdfState.LOADED: Feeder.LOADED,
    AdfState.PROCESSING: Feeder.LOADED,
    AdfState.TRAY_OVERLOADED: Feeder.LOADED,
    AdfState.EMPTY: Feeder.EMPTY,
}
_PHASES: Final = {
    "Pending": Phase.QUEUED,
    "PendingHeld": Phase.HELD,
    "Processing": Phase.SCANNING,
    "ProcessingStopped": Phase.STOPPED,
    "Completed": Phase.DONE,
    "Canceled": Phase.CANCELED,
    "Cancelled": Phase.CANCELED,
    "Aborted": Phase.FAILED,
}
# Reasons that say more than the state they come with.
_TRANSFER: Final = frozenset({"JobTransferring", "JobTransfering"})
_STOPPING: Final = frozenset({"ProcessingToStopPoint"})
_AT_PANEL: Final = frozenset({"JobCanceledAtDevice", "JobCanceledByOperator"})
ENDED: Final = frozenset({Phase.DONE, Phase.CANCELED, Phase.FAILED})


@dataclass(frozen=True, slots=True)
class Job:
    """One JobInfo."""

    name: str  # the last part of JobUri: how requests name it
    uuid: str
    phase: Phase
    pages: int | None
    at_panel: bool  # canceled there

    @property
    def over(self) -> bool:
        """It will not change any more."""
        return self.phase in ENDED


@dataclass(frozen=True, slots=True)
class Status:
    """One answer."""

    readiness: Readiness
    feeder: Feeder
    trouble: tuple[TroubleKind, str] | None  # of the feeder, and what it is
    jobs: tuple[Job, ...]
    down: str = ""  # the scanner itself is stopped: its word for that
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What keeps it from scanning."""
        if self.trouble is not None:
            return frozenset({Trouble(self.trouble[0], Unit.FEEDER)})
        return frozenset({Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)}) if self.down else frozenset()

    @property
    def explanation(self) -> str:
        """The same for people."""
        if self.trouble is not None:
            return self.trouble[1]
        return f"the scanner says that it is {self.down}" if self.down else ""


def read(data: bytes, where: str) -> Status:
    """A ScannerStatus document. Raises DeviceGarbled."""
    root = words.read(data, "ScannerStatus", where)
    said, adf_said = words.text(root, "State"), words.text(root, "AdfState")
    state = ScannerState(said) if said in frozenset(ScannerState) else None
    adf = AdfState(adf_said) if adf_said in frozenset(AdfState) else None
    trouble = TROUBLES.get(adf) if adf is not None else None
    readiness = _READINESS.get(state, Readiness.IDLE) if state is not None else Readiness.IDLE
    if trouble is not None and readiness is not Readiness.BUSY:
        readiness = Readiness.STOPPED
    facts = [("adf", adf_said)] if adf_said and adf is None else []
    if said and state is None:
        facts.append(("state", said))
    infos = list(words.descendants(root, "JobInfo"))[:MOST_JOBS]
    return Status(
        readiness=readiness,
        feeder=_FEEDER.get(adf, Feeder.UNKNOWN) if adf is not None else Feeder.UNKNOWN,
        trouble=trouble,
        jobs=tuple(job for job in map(_job, infos) if job is not None),
        down=said.lower() if state in (ScannerState.STOPPED, ScannerState.DOWN) else "",
        facts=tuple(facts),
    )


def job_name(uri: str) -> str:
    """What a job's URI ends with; scheme, host and path may differ from answer to answer."""
    return uri.rstrip("/").rpartition("/")[2]


def _job(info: etree._Element) -> Job | None:
    """None where it has no name or its state is not known."""
    name, uuid = job_name(words.text(info, "JobUri")), words.text(info, "JobUuid")
    phase = _PHASES.get(words.text(info, "JobState"))
    if phase is None or not (name or uuid):
        return None
    reasons = _reasons(info)
    if phase is Phase.SCANNING and reasons and reasons <= _TRANSFER:
        phase = Phase.SENDING
    elif phase is Phase.SCANNING and reasons & _STOPPING:
        phase = Phase.CANCELLING
    return Job(name or uuid, uuid, phase, words.number(info, "ImagesCompleted"), bool(_AT_PANEL & reasons))


def _reasons(info: etree._Element) -> frozenset[str]:
    found: Iterable[etree._Element] = words.descendants(info, "JobStateReason")
    return frozenset(words.text(each) for each in found)
