"""A job as WS-Scan tells of it: its state, its reasons, its count of images, its end.

An event is the difference of two `JobStatus`, so these are plain values that compare. The reasons are spelt as
the schema spells them (JobTransfering); `bridge.wsscan.year` gives each peer the spelling of its year.
Spec: WS-Scan V1.0, JobStatus, JobSummary, JobEndState.
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, PlainValidator

from bridge.soap.element import Attribute, Text
from bridge.wsscan.names import PROGRESS, ScanElement
from bridge.wsscan.values import Count, Identifier, LongText, Quality, XsDateTime, open_list


class JobState(StrEnum):
    """Where a job stands. The last three are final."""

    CREATING = "Creating"
    PENDING = "Pending"
    PENDING_HELD = "Pending-Held"
    STARTED = "Started"
    PROCESSING = "Processing"
    TERMINATING = "Terminating"
    ABORTED = "Aborted"
    CANCELED = "Canceled"
    COMPLETED = "Completed"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("Pending-Held") if value == "Held" else None  # the documents' word


FINAL_STATES: Final = frozenset({JobState.ABORTED, JobState.CANCELED, JobState.COMPLETED})


class JobStateReason(StrEnum):
    """Why a job stands where it stands. Both years' words; only ImageTransferError has none in the schema."""

    INVALID_SCAN_TICKET = "InvalidScanTicket"
    DOCUMENT_FORMAT_ERROR = "DocumentFormatError"
    COMPRESSION_ERROR = "CompressionError"
    IMAGE_TRANSFER_ERROR = "ImageTransferError"
    JOB_CANCELED_AT_DEVICE = "JobCanceledAtDevice"
    JOB_COMPLETED_SUCCESSFULLY = "JobCompletedSuccessfully"
    JOB_COMPLETED_WITH_ERRORS = "JobCompletedWithErrors"
    JOB_COMPLETED_WITH_WARNINGS = "JobCompletedWithWarnings"
    JOB_SCANNING = "JobScanning"
    JOB_SCANNING_AND_TRANSFERING = "JobScanningAndTransfering"
    JOB_TRANSFERING = "JobTransfering"
    JOB_TIMED_OUT = "JobTimedOut"
    SCANNER_STOPPED = "ScannerStopped"
    NONE = "None"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        text = str(value)
        return cls(text.replace("Transferring", "Transfering")) if text.endswith("Transferring") else None


JobStateWord = Annotated[JobState | str, PlainValidator(open_list(JobState))]
JobStateReasonWord = Annotated[JobStateReason | str, PlainValidator(open_list(JobStateReason))]


class ScansCompleted(ScanElement):
    """Images scanned so far; a sheet scanned on both sides counts two.

    `percent` is ours (decisions 15): how far the image being scanned has come, 0 to 100. So is `told_by` (decisions
    102): who says what, and since when, where several sources tell of one job.
    """

    count: Annotated[Count, Text(), Field(alias="count")]
    percent: Annotated[Quality | None, Attribute(), Field(alias=f"{{{PROGRESS}}}Percent")] = None
    told_by: Annotated[str | None, Attribute(), Field(alias=f"{{{PROGRESS}}}ToldBy", max_length=1000)] = None


class JobStateReasons(ScanElement):
    job_state_reason: tuple[JobStateReasonWord, ...] = ()

    @classmethod
    def of(cls, *reasons: JobStateReason | str) -> Self:
        return cls(job_state_reason=reasons)


def _none_if_empty(reasons: JobStateReasons | None) -> JobStateReasons | None:
    """The schema wants a reason in the list, and allows no list."""
    return reasons if reasons is not None and reasons.job_state_reason else None


def _never_empty(reasons: JobStateReasons) -> JobStateReasons:
    return reasons if reasons.job_state_reason else JobStateReasons.of(JobStateReason.NONE)


OptionalReasons = Annotated[JobStateReasons | None, AfterValidator(_none_if_empty)]
RequiredReasons = Annotated[JobStateReasons, AfterValidator(_never_empty)]


class JobStatus(ScanElement):
    job_id: Identifier
    job_state: JobStateWord
    job_state_reasons: OptionalReasons = None
    scans_completed: ScansCompleted
    job_created_time: XsDateTime | None = None
    job_completed_time: XsDateTime | None = None


class JobSummary(ScanElement):
    """One line of ActiveJobs or JobHistory."""

    job_id: Identifier
    job_name: LongText
    job_originating_user_name: LongText
    job_state: JobStateWord
    job_state_reasons: OptionalReasons = None
    scans_completed: ScansCompleted


class JobEndState(ScanElement):
    """What became of a job. Unlike in JobStatus the reasons are required; there is no time of creation."""

    job_id: Identifier
    job_completed_state: JobStateWord
    job_completed_state_reasons: RequiredReasons
    job_name: LongText
    job_originating_user_name: LongText
    scans_completed: ScansCompleted
    job_completed_time: XsDateTime | None = None
