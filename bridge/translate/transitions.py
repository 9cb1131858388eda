"""The law: which states a job passes through when a phase is seen. One total table, and nothing else decides.

A cell is a path, because `Started` is transient: a job seen scanning on an idle scanner passes
`Started, Processing`, and each state of the path is an event. An empty path means that the state stays.

In plain words: a job never leaves a final state; what was seen late (a poller that slept through a job) still
passes every state in between; cancel and abort go through Terminating only while hardware is stopping; a job
that is Terminating can only end, never complete. States and edges: WS-Scan JobState and its figure of the job's
life (spec section 4.5.1.2 of Scan Service Definition 1.0).
"""

from types import MappingProxyType
from typing import Final

from bridge.errors import TransitionError
from bridge.wsscan.job import JobState
from drivers.contract.observation import Phase

_CREATING: Final = (JobState.CREATING,)
_PENDING: Final = (JobState.PENDING,)
_HELD: Final = (JobState.PENDING_HELD,)
_BEGUN: Final = (JobState.STARTED, JobState.PROCESSING)
_PROCESSING: Final = (JobState.PROCESSING,)
_TERMINATING: Final = (JobState.TERMINATING,)
_COMPLETED: Final = (JobState.COMPLETED,)
_CANCELED: Final = (JobState.CANCELED,)
_ABORTED: Final = (JobState.ABORTED,)
_STAYS: Final[tuple[JobState, ...]] = ()

_Row = dict[Phase, tuple[JobState, ...]]

NEW: Final[_Row] = {
    Phase.ARRIVING: _CREATING,
    Phase.QUEUED: _PENDING,
    Phase.HELD: _PENDING + _HELD,
    Phase.WARMING: _BEGUN,
    Phase.SCANNING: _BEGUN,
    Phase.SENDING: _BEGUN,
    Phase.STOPPED: _BEGUN,
    Phase.CANCELLING: _PENDING + _TERMINATING,
    Phase.ABORTING: _PENDING + _TERMINATING,
    Phase.DONE: _BEGUN + _COMPLETED,
    Phase.CANCELED: _PENDING + _CANCELED,
    Phase.FAILED: _PENDING + _ABORTED,
}

CREATING: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _PENDING,
    Phase.HELD: _PENDING + _HELD,
    Phase.WARMING: _BEGUN,
    Phase.SCANNING: _BEGUN,
    Phase.SENDING: _BEGUN,
    Phase.STOPPED: _BEGUN,
    Phase.CANCELLING: _TERMINATING,
    Phase.ABORTING: _TERMINATING,
    Phase.DONE: _BEGUN + _COMPLETED,
    Phase.CANCELED: _TERMINATING + _CANCELED,
    Phase.FAILED: _ABORTED,
}

PENDING: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _STAYS,
    Phase.HELD: _HELD,
    Phase.WARMING: _BEGUN,
    Phase.SCANNING: _BEGUN,
    Phase.SENDING: _BEGUN,
    Phase.STOPPED: _STAYS,
    Phase.CANCELLING: _TERMINATING,
    Phase.ABORTING: _TERMINATING,
    Phase.DONE: _BEGUN + _COMPLETED,
    Phase.CANCELED: _CANCELED,
    Phase.FAILED: _ABORTED,
}

PENDING_HELD: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _PENDING,
    Phase.HELD: _STAYS,
    Phase.WARMING: _PROCESSING,
    Phase.SCANNING: _PROCESSING,
    Phase.SENDING: _PROCESSING,
    Phase.STOPPED: _STAYS,
    Phase.CANCELLING: _TERMINATING,
    Phase.ABORTING: _TERMINATING,
    Phase.DONE: _PROCESSING + _COMPLETED,
    Phase.CANCELED: _CANCELED,
    Phase.FAILED: _ABORTED,
}

# Only a path ends here, never a step: Started is passed through at once.
STARTED: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _PENDING,
    Phase.HELD: _PENDING + _HELD,
    Phase.WARMING: _PROCESSING,
    Phase.SCANNING: _PROCESSING,
    Phase.SENDING: _PROCESSING,
    Phase.STOPPED: _PROCESSING,
    Phase.CANCELLING: _TERMINATING,
    Phase.ABORTING: _TERMINATING,
    Phase.DONE: _PROCESSING + _COMPLETED,
    Phase.CANCELED: _CANCELED,
    Phase.FAILED: _ABORTED,
}

PROCESSING: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _PENDING,  # after a stop the device may put it back in the queue
    Phase.HELD: _PENDING + _HELD,
    Phase.WARMING: _STAYS,
    Phase.SCANNING: _STAYS,
    Phase.SENDING: _STAYS,
    Phase.STOPPED: _STAYS,  # told by its reason ScannerStopped; ProcessingStopped is in no value list
    Phase.CANCELLING: _TERMINATING,
    Phase.ABORTING: _TERMINATING,
    Phase.DONE: _COMPLETED,
    Phase.CANCELED: _CANCELED,
    Phase.FAILED: _ABORTED,
}

TERMINATING: Final[_Row] = {
    Phase.ARRIVING: _STAYS,
    Phase.QUEUED: _STAYS,
    Phase.HELD: _STAYS,
    Phase.WARMING: _STAYS,
    Phase.SCANNING: _STAYS,
    Phase.SENDING: _STAYS,
    Phase.STOPPED: _STAYS,
    Phase.CANCELLING: _STAYS,
    Phase.ABORTING: _STAYS,
    Phase.DONE: _CANCELED,  # the scan outran the cancel; the client was promised that it ends canceled
    Phase.CANCELED: _CANCELED,
    Phase.FAILED: _ABORTED,
}

FINAL: Final[_Row] = dict.fromkeys(Phase, _STAYS)

TABLE: Final = MappingProxyType(
    {
        None: NEW,
        JobState.CREATING: CREATING,
        JobState.PENDING: PENDING,
        JobState.PENDING_HELD: PENDING_HELD,
        JobState.STARTED: STARTED,
        JobState.PROCESSING: PROCESSING,
        JobState.TERMINATING: TERMINATING,
        JobState.COMPLETED: FINAL,
        JobState.CANCELED: FINAL,
        JobState.ABORTED: FINAL,
    }
)


def path(state: JobState | None, phase: Phase) -> tuple[JobState, ...]:
    """The states that a job in `state` (None: not known before) passes when it is seen in `phase`."""
    try:
        return TABLE[state][phase]
    except KeyError as err:
        raise TransitionError(f"the law has no cell for {phase} in {state}") from err
