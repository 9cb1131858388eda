"""A post-scan job as it is told: its state, the state of each filter, its end.

Order and cardinality: [MS-BDSRR] JobStatusType, JobSummaryType, FilterStatusType; all current values are in each
event, not only what changed. The words are open lists, as in WS-Scan.
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, PlainValidator

from bridge.dsm.names import DspElement
from bridge.soap import names
from bridge.wsscan.job import JobState, JobStateWord
from bridge.wsscan.values import Count, FormatWord, Identifier, LongText, XsDateTime, open_list

MAX_FILTERS: Final = 32


class JobStateReason(StrEnum):
    """Why a post-scan job stands where it stands. Of these words only None is in WS-Scan too."""

    NONE = "None"
    TIMED_OUT = "PostScanJobTimedOut"  # no EndPostScanJob within ten minutes
    NO_VALID_INSTRUCTIONS = "NoValidPostScanInstructionsFound"
    CREATE_FAILED = "CreatePostScanJobFailed"
    SEND_IMAGE_FAILED = "SendImageFailed"
    CANCELED = "PostScanJobCanceled"
    PROCESSING_FAILED = "PostScanJobProcessingFailed"
    COMPLETED_SUCCESSFULLY = "PostScanJobCompletedSuccessfully"
    COMPLETED_WITH_ERRORS = "PostScanJobCompletedWithErrors"
    COMPLETED_WITH_WARNINGS = "PostScanJobCompletedWithWarnings"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("SendImageFailed") if value == "SendImangeFailed" else None  # as [MS-BDSRR]'s appendix spells it


REASONS: Final[dict[JobState, frozenset[JobStateReason]]] = {
    JobState.CREATING: frozenset({JobStateReason.NONE}),
    JobState.STARTED: frozenset({JobStateReason.NONE}),
    JobState.PENDING: frozenset({JobStateReason.NONE}),
    JobState.PENDING_HELD: frozenset({JobStateReason.NONE}),
    JobState.PROCESSING: frozenset({JobStateReason.NONE}),
    JobState.TERMINATING: frozenset({JobStateReason.NONE}),
    JobState.COMPLETED: frozenset(
        {
            JobStateReason.COMPLETED_SUCCESSFULLY,
            JobStateReason.COMPLETED_WITH_ERRORS,
            JobStateReason.COMPLETED_WITH_WARNINGS,
        }
    ),
    JobState.CANCELED: frozenset({JobStateReason.CANCELED}),
    JobState.ABORTED: frozenset(
        {
            JobStateReason.TIMED_OUT,
            JobStateReason.NO_VALID_INSTRUCTIONS,
            JobStateReason.CREATE_FAILED,
            JobStateReason.SEND_IMAGE_FAILED,
            JobStateReason.PROCESSING_FAILED,
        }
    ),
}
"""Which reason goes with which state."""


class FilterState(StrEnum):
    """Where one filter of a job stands. The last four are final."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    CANCELED = "Canceled"
    COMPLETED_SUCCESSFULLY = "CompletedSuccessfully"
    COMPLETED_WITH_ERRORS = "CompletedWithErrors"
    COMPLETED_WITH_WARNINGS = "CompletedWithWarnings"


class FilterStateReason(StrEnum):
    """Why a filter did not do its work."""

    INVALID_ARGS = "InvalidArgs"
    OUT_OF_DISK_SPACE = "OutOfDiskSpace"
    SERVER_OUT_OF_MEMORY = "ServerOutOfMemory"
    UNKNOWN_ERROR = "UnknownError"
    FILE_SHARE_ACCESS_DENIED = "FileShareAccessDenied"
    FILE_SHARE_OUT_OF_DISK_SPACE = "FileShareOutOfDiskSpace"
    SHARE_POINT_ACCESS_DENIED = "SharePointAccessDenied"
    SHARE_POINT_OUT_OF_DISK_SPACE = "SharePointOutOfDiskSpace"
    INVALID_SMTP_SERVER = "InvalidSMTPServer"
    UNABLE_TO_SEND_EMAIL = "UnableToSendEmail"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        text = str(value)  # the withdrawn pages write Sharepoint
        return cls(text.replace("Sharepoint", "SharePoint")) if text.startswith("Sharepoint") else None


JobStateReasonWord = Annotated[JobStateReason | str, PlainValidator(open_list(JobStateReason))]
FilterStateWord = Annotated[FilterState | str, PlainValidator(open_list(FilterState))]
FilterStateReasonWord = Annotated[FilterStateReason | str, PlainValidator(open_list(FilterStateReason))]
Uri = Annotated[LongText, Field(max_length=names.MAX_URI)]


class JobStateReasons(DspElement):
    job_state_reason: tuple[JobStateReasonWord, ...] = ()

    @classmethod
    def of(cls, *reasons: JobStateReason | str) -> Self:
        return cls(job_state_reason=reasons)


class FilterStateReasons(DspElement):
    filter_state_reason: tuple[FilterStateReasonWord, ...] = ()

    @classmethod
    def of(cls, *reasons: FilterStateReason | str) -> Self | None:
        """None where there is no reason: the schema has no empty list."""
        return cls(filter_state_reason=reasons) if reasons else None


def _none_if_empty(reasons: JobStateReasons | None) -> JobStateReasons | None:
    return reasons if reasons is not None and reasons.job_state_reason else None


def _never_empty(reasons: JobStateReasons) -> JobStateReasons:
    return reasons if reasons.job_state_reason else JobStateReasons.of(JobStateReason.NONE)


OptionalReasons = Annotated[JobStateReasons | None, AfterValidator(_none_if_empty)]
RequiredReasons = Annotated[JobStateReasons, AfterValidator(_never_empty)]


class FilterStatus(DspElement):
    dialect: Uri
    filter_state: FilterStateWord
    filter_state_reasons: FilterStateReasons | None = None


class FilterStatuses(DspElement):
    filter_status: Annotated[tuple[FilterStatus, ...], Field(min_length=1, max_length=MAX_FILTERS)]


class JobStatus(DspElement):
    """What PostScanJobStatusEvent carries."""

    job_token: LongText
    job_state: JobStateWord
    job_state_reasons: OptionalReasons = None
    filter_statuses: FilterStatuses
    images_received: Count
    job_created_time: XsDateTime | None = None
    job_completed_time: XsDateTime | None = None


class PostScanJobEndState(DspElement):
    """What became of a post-scan job."""

    job_token: LongText
    psp_identifier: Annotated[LongText, Field(alias="PSP_Identifier")]
    psp_display_name: Annotated[LongText, Field(alias="PSP_DisplayName")]
    job_originating_user_name: LongText
    job_completed_state: JobStateWord
    job_completed_state_reasons: RequiredReasons
    filter_completed_statuses: FilterStatuses
    images_received: Count
    job_completed_time: XsDateTime | None = None


class JobDescription(DspElement):
    """Whose job it is and which scan process made it."""

    psp_identifier: Annotated[LongText, Field(alias="PSP_Identifier")]
    psp_display_name: Annotated[LongText, Field(alias="PSP_DisplayName")]
    job_originating_user_name: LongText


class DocumentDescription(DspElement):
    document_id: Identifier
    format: FormatWord


class Document(DspElement):
    document_description: DocumentDescription


class Documents(DspElement):
    document: tuple[Document, ...] = ()
