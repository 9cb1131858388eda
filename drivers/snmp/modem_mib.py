"""Why a modem's last call failed: RFC 1696 (Modem MIB), mdmCCConnectionFailReason, one row for each modem.

It tells of a modem and not of a job, so it is asked only when a fax has just ended badly, and taken for that fax's only
where nothing speaks against it: docs/decisions/0077-numbers-without-a-use.md.
"""

from collections.abc import Iterable
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from drivers.contract.errors import DriverError
from drivers.contract.fax import Cause
from drivers.snmp.reading import Link

CONNECTION_FAIL_REASON: Final = "1.3.6.1.2.1.38.1.1.7.1.6"  # .mdmIndex
MOST_MODEMS: Final = 16
PATIENCE: Final = 2.0  # seconds; no look at a scanner waits longer for this


class FailReason(IntEnum):
    """mdmCCConnectionFailReason."""

    UNKNOWN = 1
    OTHER = 2
    MANAGEMENT_COMMAND = 3
    INACTIVITY_TIMEOUT = 4
    MNP_INCOMPATIBILITY = 5
    PROTOCOL_ERROR = 6
    POWER_LOSS = 10
    EQUIPMENT_FAILURE = 11
    DTR_DROP = 20
    NO_DIAL_TONE = 30
    LINE_BUSY = 31
    NO_ANSWER = 32
    VOICE_DETECTED = 33
    CARRIER_LOST = 40
    TRAINING_FAILED = 41
    FAX_DETECTED = 42


CAUSES: Final = MappingProxyType(
    {
        FailReason.MANAGEMENT_COMMAND: Cause.CALL_ABORTED,
        FailReason.PROTOCOL_ERROR: Cause.FATAL_ERROR,
        FailReason.NO_DIAL_TONE: Cause.NO_DIAL_TONE,
        FailReason.LINE_BUSY: Cause.BUSY,
        FailReason.NO_ANSWER: Cause.NO_ANSWER,
        FailReason.VOICE_DETECTED: Cause.NOT_FAX_CALL,
        FailReason.CARRIER_LOST: Cause.DISCONNECTED,
        FailReason.TRAINING_FAILED: Cause.FATAL_ERROR,
    }
)
"""What the fax interfaces have a word for. The other reasons are a data modem's, or say nothing of the call."""

DIALLED: Final = frozenset({FailReason.NO_DIAL_TONE, FailReason.LINE_BUSY, FailReason.NO_ANSWER})
"""Only who calls meets these."""


async def last_failure(link: Link) -> FailReason | None:
    """The reason that all modems agree on; None where there is no such table, no answer in time, or no agreement."""
    try:
        walked = await link.walk(CONNECTION_FAIL_REASON, rows=MOST_MODEMS, seconds=PATIENCE)
    except DriverError:
        return None  # the end of the fax is told in any case
    return agreed(walked.values())


def agreed(told: Iterable[object]) -> FailReason | None:
    """A modem that never failed says `unknown` and has no say; nobody knows which of the others had the fax."""
    known = {each for each in told if each != FailReason.UNKNOWN}
    reason = known.pop() if len(known) == 1 else None
    return FailReason(reason) if isinstance(reason, int) and reason in set(FailReason) else None


def cause(reason: FailReason, *, incoming: bool) -> Cause | None:
    """What it is to a fax; None where the reason must be another call's."""
    return None if incoming and reason in DIALLED else CAUSES.get(reason)
