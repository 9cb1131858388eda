"""The scan jobs an MFP knows of, whoever started them; both of its network faces tell the same ones.

State names are those of the PWG's semantic model, as eSCL writes them. Plain values: `model` decides what becomes
of one.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

REMEMBERED = 8  # jobs, the running one included


class JobState(StrEnum):
    """PWG 5105.1 JobState."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    CANCELED = "Canceled"
    ABORTED = "Aborted"


class Reason(StrEnum):
    """The JobStateReason that goes with it."""

    STARTING = "JobInitializing"
    SCANNING = "JobScanning"
    TRANSFERRING = "JobTransferring"
    DONE = "JobCompletedSuccessfully"
    BY_CLIENT = "JobCanceledByUser"
    AT_DEVICE = "JobCanceledAtDevice"
    BY_DEVICE = "AbortedBySystem"
    TIMED_OUT = "JobTimedOut"


FINAL = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})


@dataclass(frozen=True, slots=True)
class Image:
    """One side of one sheet, on its way or scanned."""

    page: int  # number printed on it
    back: bool
    began: float
    ended: float | None = None
    broken: bool = False  # it will never be whole


@dataclass(frozen=True, slots=True)
class Job:
    """One scan job; times are monotonic seconds."""

    number: int
    at_panel: bool
    from_feeder: bool
    duplex: bool
    began: float
    state: JobState = JobState.PROCESSING
    reason: Reason = Reason.STARTING
    images: tuple[Image, ...] = ()
    fetched: int = 0  # images handed over whole
    scanned_all: bool = False
    ended: float | None = None

    @property
    def completed(self) -> int:
        """Images scanned whole."""
        return sum(image.ended is not None and not image.broken for image in self.images)

    @property
    def over(self) -> bool:
        """It will not change any more."""
        return self.state in FINAL

    def page_under_way(self, number: int, now: float) -> "Job":
        """A sheet, or the glass, is being scanned: its sides begin."""
        sides = (False, True) if self.duplex else (False,)
        images = (*self.images, *(Image(number, back, now) for back in sides))
        return replace(self, images=images, reason=Reason.SCANNING)

    def page_through(self, now: float) -> "Job":
        """What was under way is scanned."""
        return replace(
            self, images=tuple(replace(each, ended=now) if each.ended is None else each for each in self.images)
        )

    def end(self, state: JobState, reason: Reason, now: float) -> "Job":
        """It is over; a page under way is lost."""
        images = tuple(replace(each, ended=now, broken=True) if each.ended is None else each for each in self.images)
        return replace(self, images=images, state=state, reason=reason, ended=now)


def kept(jobs: tuple[Job, ...], job: Job) -> tuple[Job, ...]:
    """The jobs with that one in its place, the oldest forgotten."""
    others = (each for each in jobs if each.number != job.number)
    return tuple(sorted((*others, job), key=lambda each: each.number))[-REMEMBERED:]
