"""What a device shows when it is looked at, in a device's own words.

Nothing here knows WSD: `bridge/translate` is the only dictionary from these words to WS-Scan's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from drivers.contract.fax import Cause


class Phase(StrEnum):
    """What a job is doing, as far as anybody can see it."""

    ARRIVING = "arriving"  # being submitted, cannot be scheduled yet
    QUEUED = "queued"  # waits for its turn
    HELD = "held"  # waits for an operator
    WARMING = "warming"  # its turn has come, the lamp or the calibration has not
    SCANNING = "scanning"  # digitising
    SENDING = "sending"  # everything is digitised, images are still on their way
    STOPPED = "stopped"  # interrupted by a trouble that a person must clear
    CANCELLING = "cancelling"  # somebody canceled, the hardware is still stopping
    ABORTING = "aborting"  # it failed, the hardware is still stopping
    DONE = "done"
    CANCELED = "canceled"
    FAILED = "failed"


class Unit(StrEnum):
    """The part of a scanner that a trouble is in."""

    PLATEN = "platen"
    FEEDER = "feeder"
    FILM = "film"
    MEDIA_PATH = "media-path"


class TroubleKind(StrEnum):
    """What keeps a scanner from scanning, or will soon."""

    COVER_OPEN = "cover-open"
    INTERLOCK_OPEN = "interlock-open"
    JAM = "jam"
    DOUBLE_FEED = "double-feed"
    FEEDER_EMPTY = "feeder-empty"  # only while a scan waits for paper; an idle empty feeder is no trouble
    LAMP_WARMING = "lamp-warming"
    LAMP_FAILED = "lamp-failed"
    CALIBRATING = "calibrating"
    STORAGE_FULL = "storage-full"
    PAUSED = "paused"
    ATTENTION = "attention"  # the device asks for help and does not say why


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """One trouble in one place."""

    kind: TroubleKind
    unit: Unit


class Readiness(StrEnum):
    """What the device as a whole is up to."""

    IDLE = "idle"
    ASLEEP = "asleep"  # idle, and looking at it must not wake it
    WARMING = "warming"
    BUSY = "busy"  # scanning, for us or for somebody else
    STOPPED = "stopped"  # a trouble keeps it from scanning
    GONE = "gone"  # unplugged or unreachable


class Feeder(StrEnum):
    """What the paper sensor of the document feeder says."""

    LOADED = "loaded"
    EMPTY = "empty"
    UNKNOWN = "unknown"  # no feeder, or none that can be sensed


class JobKind(StrEnum):
    """What a job is for. Only scans are offered as WS-Scan jobs."""

    SCAN = "scan"
    FAX_IN = "fax_in"
    FAX_OUT = "fax_out"


@dataclass(frozen=True, slots=True)
class JobReport:
    """What one look told about one job on the device. `None` means: not known from here."""

    native_id: str  # the device's own name for the job, unique within its source
    phase: Phase
    pages: int | None = None  # images scanned so far; both sides of a sheet count
    percent: int | None = None  # 0…100 of the page being scanned
    source: Unit | None = None  # where its pages come from
    at_panel: bool = False  # a CANCELED that was asked for at the device's own panel
    user: str | None = None
    kind: JobKind = JobKind.SCAN
    name: str | None = None  # what its owner calls it
    reasons: tuple[str, ...] = ()  # why it is in this phase, in the words of the source's own specification
    message: str | None = None  # what the device says of it, one line for people
    pages_expected: int | None = None
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    cause: Cause | None = None  # of a fax that ended badly: why its call did


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """One press of a button; told once, never lost, never repeated."""

    button: str  # the driver's name for it: "scan", "copy", "1"
    serial: int  # counts presses of this device since the driver was opened


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one look at a device showed. Equal snapshots mean that nothing changed."""

    source: str  # which observer looked: "usb", "snmp", …
    readiness: Readiness
    troubles: frozenset[Trouble] = frozenset()
    feeder: Feeder = Feeder.UNKNOWN
    jobs: tuple[JobReport, ...] = ()
    presses: tuple[ButtonPress, ...] = ()
    explanation: str = ""  # why it is STOPPED or GONE, one line for people
    facts: tuple[tuple[str, str], ...] = field(default=())  # further readings for `devices`, name and value
