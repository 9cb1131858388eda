"""The law of fax jobs: which status may follow which. One total table, and nothing else decides.

A cell is a path: a job that a late look finds completed was in progress before. An empty path means that the status
stays. In plain words: nothing follows a terminal status; a job that is being canceled only ends, and a fax that
outran its cancel is told as sent, because it was; what is being routed was received and is not received again.
Modifiers (PAUSED, NOLINE) are no statuses of their own and pass freely between PENDING and RETRYING.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bridge.errors import TransitionError
from bridge.fax.faxcomex import MODIFIERS, TERMINAL, JobStatus

_S = JobStatus
BASES: Final = tuple(status for status in JobStatus if not status & MODIFIERS)

_Row = dict[JobStatus, tuple[JobStatus, ...]]
_STAYS: Final[tuple[JobStatus, ...]] = ()

NEW: Final[_Row] = {
    _S.PENDING: (_S.PENDING,),
    _S.INPROGRESS: (_S.INPROGRESS,),
    _S.RETRYING: (_S.RETRYING,),
    _S.CANCELING: (_S.CANCELING,),
    _S.ROUTING: (_S.ROUTING,),
    _S.COMPLETED: (_S.COMPLETED,),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),
    _S.RETRIES_EXCEEDED: (_S.RETRIES_EXCEEDED,),
}

PENDING: Final[_Row] = {
    _S.PENDING: _STAYS,
    _S.INPROGRESS: (_S.INPROGRESS,),
    _S.RETRYING: (_S.INPROGRESS, _S.RETRYING),  # a retry was a try before
    _S.CANCELING: (_S.CANCELING,),
    _S.ROUTING: (_S.INPROGRESS, _S.ROUTING),
    _S.COMPLETED: (_S.INPROGRESS, _S.COMPLETED),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),  # refused before any call
    _S.RETRIES_EXCEEDED: (_S.INPROGRESS, _S.RETRIES_EXCEEDED),
}

INPROGRESS: Final[_Row] = {
    _S.PENDING: (_S.PENDING,),  # put back without having called
    _S.INPROGRESS: _STAYS,
    _S.RETRYING: (_S.RETRYING,),
    _S.CANCELING: (_S.CANCELING,),
    _S.ROUTING: (_S.ROUTING,),
    _S.COMPLETED: (_S.COMPLETED,),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),
    _S.RETRIES_EXCEEDED: (_S.RETRIES_EXCEEDED,),
}

RETRYING: Final[_Row] = {
    _S.PENDING: (_S.PENDING,),  # its time has come again
    _S.INPROGRESS: (_S.INPROGRESS,),
    _S.RETRYING: _STAYS,
    _S.CANCELING: (_S.CANCELING,),
    _S.ROUTING: _STAYS,  # what is sent is not routed
    _S.COMPLETED: (_S.INPROGRESS, _S.COMPLETED),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),
    _S.RETRIES_EXCEEDED: (_S.RETRIES_EXCEEDED,),
}

CANCELING: Final[_Row] = {
    _S.PENDING: _STAYS,
    _S.INPROGRESS: _STAYS,
    _S.RETRYING: _STAYS,
    _S.CANCELING: _STAYS,
    _S.ROUTING: _STAYS,
    _S.COMPLETED: (_S.COMPLETED,),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),
    _S.RETRIES_EXCEEDED: (_S.RETRIES_EXCEEDED,),
}

ROUTING: Final[_Row] = {
    _S.PENDING: _STAYS,
    _S.INPROGRESS: _STAYS,
    _S.RETRYING: _STAYS,
    _S.CANCELING: (_S.CANCELING,),
    _S.ROUTING: _STAYS,
    _S.COMPLETED: (_S.COMPLETED,),
    _S.CANCELED: (_S.CANCELED,),
    _S.FAILED: (_S.FAILED,),
    _S.RETRIES_EXCEEDED: (_S.RETRIES_EXCEEDED,),
}

_FINAL: Final[_Row] = dict.fromkeys(BASES, _STAYS)

TABLE: Final[Mapping[JobStatus | None, _Row]] = MappingProxyType(
    {
        None: NEW,
        _S.PENDING: PENDING,
        _S.INPROGRESS: INPROGRESS,
        _S.RETRYING: RETRYING,
        _S.CANCELING: CANCELING,
        _S.ROUTING: ROUTING,
        **dict.fromkeys(TERMINAL, _FINAL),
    }
)


def path(status: JobStatus | None, seen: JobStatus) -> tuple[JobStatus, ...]:
    """The statuses, without modifiers, that a job in `status` (None: not known before) passes when it is `seen`."""
    try:
        return TABLE[None if status is None else status & ~MODIFIERS][seen & ~MODIFIERS]
    except KeyError as err:
        raise TransitionError(f"the law of fax has no cell for {seen!r} in {status!r}") from err
