"""What a fax system shows of its jobs, in a fax line's own words; the counterpart of `observation` for fax.

Nothing here knows IFaxJobStatus: `bridge/translate` is the only dictionary. `None` always means: not known from here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Direction(StrEnum):
    """Who called."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class FaxPhase(StrEnum):
    """Where a fax job stands."""

    QUEUED = "queued"
    HELD = "held"  # suspended by a person
    NO_LINE = "no-line"  # could go, and no line is free
    WAITING = "waiting"  # tried in vain, will be tried again
    WAITING_HELD = "waiting-held"
    INITIALIZING = "initializing"
    DIALING = "dialing"
    ANSWERED = "answered"
    TRANSMITTING = "transmitting"
    RECEIVING = "receiving"
    STOPPED = "stopped"  # its turn has come, and the device does not go on
    CANCELLING = "cancelling"  # canceled, the line is still busy with it
    ROUTING = "routing"  # received, and on its way to whom it is for
    DONE = "done"
    CANCELED = "canceled"
    FAILED = "failed"
    GIVEN_UP = "given-up"  # every try failed


class Cause(StrEnum):
    """Why the last call ended as it did."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    BAD_ADDRESS = "bad-address"
    NO_DIAL_TONE = "no-dial-tone"
    DISCONNECTED = "disconnected"
    FATAL_ERROR = "fatal-error"
    CALL_DELAYED = "call-delayed"
    CALL_BLACKLISTED = "call-blacklisted"
    NOT_FAX_CALL = "not-fax-call"
    LINE_UNAVAILABLE = "line-unavailable"
    CALL_ABORTED = "call-aborted"
    PARTIALLY_RECEIVED = "partially-received"


class Operation(StrEnum):
    """What may be done with a job now."""

    VIEW = "view"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class FaxReport:
    """What one look, or one event, told about one fax job."""

    native_id: str  # the system's own name for the job, unique within its source and direction
    direction: Direction
    phase: FaxPhase
    cause: Cause | None = None
    detail: str | None = None  # the system's own words for it
    pages: int | None = None  # of the whole document; what has come so far where nobody knows how many there will be
    pages_done: int | None = None  # confirmed by the other side; a page that is sent again counts once
    size: int | None = None  # bytes
    line: str | None = None  # the modem or port that handles it
    remote_id: str | None = None  # what the other machine says it is
    local_id: str | None = None  # what ours says it is
    caller_id: str | None = None  # from the telephone exchange
    retries: int | None = None  # tries after the first that failed
    routing: str | None = None  # where an incoming fax goes
    scheduled: datetime | None = None  # aware, as the two below
    began: datetime | None = None  # the other side answered
    ended: datetime | None = None
    can: frozenset[Operation] | None = None


@dataclass(frozen=True, slots=True)
class FaxLine:
    """One modem or port."""

    name: str
    sending: bool = False
    receiving: bool = False
    ringing: bool = False
    powered_off: bool = False


@dataclass(frozen=True, slots=True)
class FaxCall:
    """A call that came in; told once."""

    line: str
    number: str  # of the caller; "" where the exchange does not say
    serial: int  # counts the calls since the source was opened


@dataclass(frozen=True, slots=True)
class FaxArchived:
    """A document that entered or left the archive; told once."""

    message_id: str
    direction: Direction
    removed: bool = False


@dataclass(frozen=True, slots=True)
class FaxSnapshot:
    """Everything one look at a fax system showed. A job that is no longer in `jobs` is no longer there."""

    source: str  # "hylafax", "snmp", …
    jobs: tuple[FaxReport, ...] = ()
    lines: tuple[FaxLine, ...] = ()
    calls: tuple[FaxCall, ...] = ()
    archived: tuple[FaxArchived, ...] = ()
    outgoing_blocked: bool | None = None  # nothing may be submitted
    outgoing_paused: bool | None = None  # nothing is sent
    incoming_blocked: bool | None = None


class FaxObserver(Protocol):
    """One fax system that is followed."""

    async def poll(self) -> FaxSnapshot:
        """Look once; what happened between two looks comes back one by one and at once, none of it is lost.

        Raises DeviceGone, DeviceBusy, DeviceTimeout, DeviceGarbled, DeviceRefused; the next call may succeed.
        """

    async def rest(self, seen: FaxSnapshot) -> None:
        """Return when it is worth looking again: at once when there is news."""
