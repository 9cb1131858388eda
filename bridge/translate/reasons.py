"""Why a job is in its state, in WS-Scan's words.

Spec: WS-Scan JobStateReason. Which reason goes with which state no source tells; the pairs here follow the
meanings (docs/decisions/0004-reasons.md). Spelling by the peer's namespace year is bridge.wsscan.year's business.
"""

from types import MappingProxyType
from typing import Final

from bridge.jobs.job import Why
from bridge.wsscan.job import JobState, JobStateReason
from drivers.contract.observation import Phase

# What ends a job: reasons of Terminating, Canceled and Aborted. There is no word for a client's cancel, for a
# device that failed (Processing/ScannerStopped told that before) and for an empty feeder.
ENDED: Final = MappingProxyType(
    {
        Why.CLIENT: None,
        Why.PANEL: JobStateReason.JOB_CANCELED_AT_DEVICE,
        Why.TIMEOUT: JobStateReason.JOB_TIMED_OUT,
        Why.TRANSFER: JobStateReason.IMAGE_TRANSFER_ERROR,
        Why.COMPRESSION: JobStateReason.COMPRESSION_ERROR,
        Why.TICKET: JobStateReason.INVALID_SCAN_TICKET,
        Why.FORMAT: JobStateReason.DOCUMENT_FORMAT_ERROR,
        Why.DEVICE: None,
        Why.NO_PAPER: None,
        Why.RESTART: None,
    }
)

# In which state such a reason may stand; the state is told without one where it may not.
_BELONGS: Final = MappingProxyType(
    {
        JobState.TERMINATING: frozenset({Why.PANEL, Why.TIMEOUT, Why.TRANSFER, Why.COMPRESSION}),
        JobState.CANCELED: frozenset({Why.PANEL}),
        JobState.ABORTED: frozenset({Why.TIMEOUT, Why.TRANSFER, Why.COMPRESSION, Why.TICKET, Why.FORMAT}),
    }
)


def reason(state: JobState, phase: Phase | None, sending: bool, why: Why | None) -> JobStateReason | None:
    """The one reason that goes with a state; None where there is nothing to add."""
    match state:
        case JobState.COMPLETED:
            return JobStateReason.JOB_COMPLETED_SUCCESSFULLY
        case JobState.TERMINATING | JobState.CANCELED | JobState.ABORTED:
            return ENDED[why] if why in _BELONGS[state] else None
        case JobState.PROCESSING:
            return _processing(phase, sending)
        case JobState.PENDING | JobState.PENDING_HELD if phase is Phase.STOPPED:
            return JobStateReason.SCANNER_STOPPED
        case _:
            return None


def _processing(phase: Phase | None, sending: bool) -> JobStateReason | None:
    match phase:
        case Phase.STOPPED:
            return JobStateReason.SCANNER_STOPPED
        case Phase.WARMING:
            return None
        case Phase.SENDING | Phase.DONE:
            return JobStateReason.JOB_TRANSFERING
        case _:
            return JobStateReason.JOB_SCANNING_AND_TRANSFERING if sending else JobStateReason.JOB_SCANNING
