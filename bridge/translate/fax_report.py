"""A fax job of an MFP, which tells of it as of any other job, in the words of a fax line.

Pure. The table is the fax dossier's section 4.1 (Job Monitoring MIB). An MFP does not say what its line is doing:
a job that is processed is sending or receiving, and its pages are taken for confirmed when it counts them. A fax whose
end nobody saw is no longer told of: that it was sent would be a guess (docs/decisions/0076-faxes-of-an-mfp.md).
"""

from types import MappingProxyType
from typing import Final

from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport
from drivers.contract.observation import JobKind, JobReport, Phase

DIRECTIONS: Final = MappingProxyType({JobKind.FAX_IN: Direction.INCOMING, JobKind.FAX_OUT: Direction.OUTGOING})
ON_THE_LINE: Final = MappingProxyType(
    {Direction.INCOMING: FaxPhase.RECEIVING, Direction.OUTGOING: FaxPhase.TRANSMITTING}
)
PHASES: Final = MappingProxyType(
    {
        Phase.ARRIVING: FaxPhase.QUEUED,
        Phase.QUEUED: FaxPhase.QUEUED,
        Phase.HELD: FaxPhase.HELD,
        Phase.STOPPED: FaxPhase.STOPPED,
        Phase.CANCELLING: FaxPhase.CANCELLING,
        Phase.ABORTING: FaxPhase.STOPPED,  # it will fail, and nobody canceled it
        Phase.DONE: FaxPhase.DONE,
        Phase.CANCELED: FaxPhase.CANCELED,
        Phase.FAILED: FaxPhase.FAILED,
    }
)
WITH_ERRORS: Final = "jobCompletedWithErrors"  # RFC 2707 §3.3.9.1
END_NOT_SEEN: Final = "endNotSeen"  # docs/decisions/0058-jobs-of-the-job-monitoring-mib.md


def fax(job: JobReport) -> FaxReport | None:
    """The same job as a fax; None for one that is none, or of which nobody knows how it ended."""
    direction = DIRECTIONS.get(job.kind)
    if direction is None or END_NOT_SEEN in job.reasons:
        return None
    phase = PHASES.get(job.phase, ON_THE_LINE[direction])
    partly = direction is Direction.INCOMING and phase is FaxPhase.DONE and WITH_ERRORS in job.reasons
    return FaxReport(
        job.native_id,
        direction,
        phase,
        cause=Cause.PARTIALLY_RECEIVED if partly else job.cause,
        detail=job.message if phase in (FaxPhase.FAILED, FaxPhase.STOPPED) else None,
        pages=job.pages_expected,
        pages_done=job.pages,
        began=job.started,
        ended=job.ended,
    )
