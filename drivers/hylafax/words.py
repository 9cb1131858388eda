"""HylaFAX's numbers in the words of a fax line, as data: job states, events, status codes.

From hylafax's own pages: STATUS.txt (codes 000 to 602), hfaxd(8) (JOBFMT), and the trigger events of faxq. A code that
stands in no row is told with HylaFAX's own text, as something that only it knows.
"""

from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from drivers.contract.fax import Cause, FaxPhase, Operation


class JobState(StrEnum):
    """JOBFMT %a."""

    UNDEFINED = "?"
    SUSPENDED = "T"
    PENDING = "P"
    SLEEPING = "S"
    BLOCKED = "B"
    READY = "W"
    ACTIVE = "R"
    DONE = "D"
    FAILED = "F"


PHASES: Final = MappingProxyType(
    {
        JobState.SUSPENDED: FaxPhase.HELD,
        JobState.PENDING: FaxPhase.QUEUED,
        JobState.SLEEPING: FaxPhase.QUEUED,
        JobState.BLOCKED: FaxPhase.NO_LINE,
        JobState.READY: FaxPhase.NO_LINE,
        JobState.ACTIVE: FaxPhase.INITIALIZING,
        JobState.DONE: FaxPhase.DONE,
        JobState.FAILED: FaxPhase.FAILED,
    }
)
"""Of a job that was never tried; an undefined state says nothing."""

TRIED: Final = MappingProxyType({JobState.SUSPENDED: FaxPhase.WAITING_HELD, JobState.SLEEPING: FaxPhase.WAITING})
"""What is otherwise when a call was made before."""


class Event(IntEnum):
    """What faxq tells those who have set a trigger; on the wire 100 more."""

    JOB_CREATE = 0
    JOB_SUSPEND = 1
    JOB_READY = 2
    JOB_SLEEP = 3
    JOB_DEAD = 4
    JOB_PROCESS = 5
    JOB_REAP = 6
    JOB_ACTIVE = 7
    JOB_REJECT = 8
    JOB_KILL = 9
    JOB_BLOCKED = 10
    JOB_DELAYED = 11
    JOB_ALTERED = 12
    JOB_TIMEDOUT = 13
    JOB_PREP_BEGIN = 14
    JOB_PREP_END = 15
    SEND_BEGIN = 16
    SEND_CALL = 17
    SEND_CONNECTED = 18
    SEND_PAGE = 19
    SEND_DOC = 20
    SEND_POLLRCVD = 21
    SEND_POLLDONE = 22
    SEND_END = 23
    SEND_REFORMAT = 24
    SEND_REQUEUE = 25
    SEND_DONE = 26
    RECV_BEGIN = 32
    RECV_START = 33
    RECV_PAGE = 34
    RECV_DOC = 35
    RECV_END = 36
    MODEM_ASSIGN = 48
    MODEM_RELEASE = 49
    MODEM_DOWN = 50
    MODEM_READY = 51
    MODEM_BUSY = 52
    MODEM_WEDGED = 53
    MODEM_INUSE = 54
    MODEM_DATA_BEGIN = 55
    MODEM_DATA_END = 56
    MODEM_VOICE_BEGIN = 57
    MODEM_VOICE_END = 58
    MODEM_CID = 59


CALLING: Final = MappingProxyType(
    {
        Event.SEND_BEGIN: FaxPhase.INITIALIZING,
        Event.SEND_CALL: FaxPhase.DIALING,
        Event.SEND_CONNECTED: FaxPhase.ANSWERED,
        Event.SEND_PAGE: FaxPhase.TRANSMITTING,
        Event.SEND_DOC: FaxPhase.TRANSMITTING,
    }
)
"""Where an attempt stands after an event. HylaFAX does not tell when a page begins, only when it is confirmed."""

LISTED_ANEW: Final = frozenset(
    {
        *(event for event in Event if event < Event.SEND_BEGIN),
        Event.SEND_BEGIN,
        Event.SEND_END,
        Event.SEND_REQUEUE,
        Event.SEND_DONE,
        Event.RECV_DOC,
        Event.RECV_END,
        Event.MODEM_READY,
    }
)
"""After these a listing has something else."""

CALL_SUCCESSFUL: Final = 0
KILLED: Final = frozenset({344, 345})  # interrupted, aborted by user

_CALL_FAILURES: Final = {
    1: Cause.BUSY,
    2: Cause.NO_ANSWER,  # no carrier
    3: Cause.NO_ANSWER,
    4: Cause.NO_DIAL_TONE,
    5: Cause.BAD_ADDRESS,
    7: Cause.FATAL_ERROR,
    8: Cause.NOT_FAX_CALL,
    9: Cause.LINE_UNAVAILABLE,  # glare: somebody rang
    10: Cause.CALL_BLACKLISTED,
    11: Cause.NO_ANSWER,
    12: Cause.LINE_UNAVAILABLE,  # a ring, and no handshake
    51: Cause.CALL_ABORTED,
}
_PROTOCOL_FAILURES: Final = dict.fromkeys(range(100, 300), Cause.FATAL_ERROR)
_EXCEPTIONS: Final = {
    103: Cause.DISCONNECTED,
    128: Cause.DISCONNECTED,
    129: Cause.CALL_ABORTED,
    213: Cause.CALL_ABORTED,
    344: Cause.CALL_ABORTED,
    345: Cause.CALL_ABORTED,
}
CAUSES: Final = MappingProxyType(
    {CALL_SUCCESSFUL: Cause.COMPLETED, **_CALL_FAILURES, **_PROTOCOL_FAILURES, **_EXCEPTIONS}
)

SPENT: Final = frozenset({333, 334})  # too many attempts: "TEXT OF THE LAST CALL; too many attempts to dial"
CALL_FAILURES: Final = MappingProxyType(
    {
        "Busy signal detected": 1,
        "No carrier detected": 2,
        "No answer from remote": 3,
        "No local dialtone": 4,
        "Invalid dialing command": 5,
        "Carrier established, but Phase A failure": 7,
        "Data connection established (wanted fax)": 8,
        "Glare - RING detected": 9,
        "Blacklisted by modem": 10,
        "Ringback detected, no answer without CED": 11,
        "Ring detected without successful handshake": 12,
    }
)
"""STATUS.txt, 000 to 049: what is left of a code once the tries are spent."""


ABORTS: Final = MappingProxyType(
    {"Job interrupted by user": 344, "Job aborted by request": 345, "Call aborted by user": 345}
)
"""What is left of a code in the log of calls and in a finished job, where somebody removed it."""


def logged(reason: str) -> int | None:
    """The code of a call by the text that the log has of it; None where the text is another."""
    return ABORTS.get(reason, CALL_FAILURES.get(reason)) if reason else CALL_SUCCESSFUL


def cause(code: int | None, status: str) -> Cause | None:
    """Why the last call ended as it did; None where only HylaFAX knows."""
    if code in SPENT:
        code = CALL_FAILURES.get(status.rpartition(";")[0].strip())
    return None if code is None else CAUSES.get(code)


OPERATIONS: Final = MappingProxyType(
    {
        JobState.SUSPENDED: frozenset({Operation.VIEW, Operation.RESUME, Operation.DELETE}),
        JobState.PENDING: frozenset({Operation.VIEW, Operation.PAUSE, Operation.DELETE}),
        JobState.SLEEPING: frozenset({Operation.VIEW, Operation.PAUSE, Operation.DELETE}),
        JobState.BLOCKED: frozenset({Operation.VIEW, Operation.PAUSE, Operation.DELETE}),
        JobState.READY: frozenset({Operation.VIEW, Operation.PAUSE, Operation.DELETE}),
        JobState.ACTIVE: frozenset({Operation.VIEW, Operation.DELETE}),
        JobState.DONE: frozenset({Operation.VIEW, Operation.DELETE}),
        JobState.FAILED: frozenset({Operation.VIEW, Operation.RESTART, Operation.DELETE}),
    }
)
"""JSUSP, JSUBM, JKILL and JDELE by state; a failed job may be submitted again; documents lie in docq as long."""
