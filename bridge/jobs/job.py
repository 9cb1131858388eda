"""A job as the bridge remembers it, and what can be seen of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bridge.wsscan.job import JobState, JobStateReason
from drivers.contract.observation import Phase


class Why(StrEnum):
    """Who or what ended a job."""

    CLIENT = "client"  # CancelJob
    PANEL = "panel"  # cancel at the device
    TIMEOUT = "timeout"  # no RetrieveImage in time
    TRANSFER = "transfer"  # the client's connection broke in an image
    COMPRESSION = "compression"  # the image could not be coded
    TICKET = "ticket"
    FORMAT = "format"
    DEVICE = "device"  # jam, cover, unplugged, fatal error
    NO_PAPER = "no-paper"  # not one sheet in the feeder
    RESTART = "restart"  # the bridge itself ended in the middle


@dataclass(frozen=True, slots=True)
class JobSeen:
    """What was newly seen of one job: by a device, in a client's request, or by a timer. None: nothing new on this."""

    phase: Phase | None = None
    pages: int | None = None  # images scanned so far
    percent: int | None = None  # 0…100 of the page being scanned
    sending: bool | None = None  # whether an image is on its way to a client
    why: Why | None = None


class Kind(StrEnum):
    """Where a job came from."""

    WSD = "wsd"  # CreateScanJob
    PANEL = "panel"  # started at the device; nobody holds a token for it


@dataclass(frozen=True, slots=True)
class Job:
    """One job, from the first time it is heard of to its place in the history."""

    id: int
    kind: Kind
    name: str
    user: str
    created: datetime
    state: JobState | None = None  # None: nothing was told of it yet
    reason: JobStateReason | None = None
    scans_completed: int = 0
    percent: int | None = None
    completed: datetime | None = None
    # What was last seen, from which the above was made.
    phase: Phase | None = None
    sending: bool = False
    why: Why | None = None
    percent_told: datetime | None = None  # when percent last moved an event
    told_by: tuple[str, ...] = ()  # who says what, and since when; of a job that several sources tell of

    def to_json(self) -> dict[str, Any]:
        """What must be known of it after a crash, as plain data."""
        return {
            "id": self.id,
            "kind": str(self.kind),
            "name": self.name,
            "user": self.user,
            "created": self.created.isoformat(),
            "state": str(self.state or ""),
            "scans_completed": self.scans_completed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError, KeyError or TypeError for what to_json() cannot have written."""
        created = datetime.fromisoformat(data["created"])
        state = JobState(data["state"])
        numbers, texts = (data["id"], data["scans_completed"]), (data["name"], data["user"])
        if not all(type(each) is int for each in numbers) or not all(type(each) is str for each in texts):
            raise TypeError("a stored job holds a value of the wrong type")
        return cls(numbers[0], Kind(data["kind"]), *texts, created, state, scans_completed=numbers[1])
