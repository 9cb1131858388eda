"""How a scan is told to have ended. Pure."""

from dataclasses import replace

from drivers.contract.errors import CanceledAtDevice, DeviceGone, FeederEmpty
from drivers.contract.handover import ScanCanceled
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot


def last(before: Snapshot, native_id: str, error: Exception | None) -> Snapshot:
    """The scan's last snapshot: what it told `before`, with the way it ended; `error` None: it brought all pages."""
    job = before.jobs[0] if before.jobs else JobReport(native_id, Phase.SCANNING)
    match error:
        case None:
            phase = Phase.DONE
        case ScanCanceled() | CanceledAtDevice():
            phase = Phase.CANCELED
        case _:
            phase = Phase.FAILED
    job = replace(job, phase=phase, percent=None, at_panel=isinstance(error, CanceledAtDevice))
    if isinstance(error, DeviceGone):
        readiness = Readiness.GONE
    elif error is not None and before.explanation:
        readiness = Readiness.STOPPED
    else:
        readiness = Readiness.IDLE
    explanation = before.explanation
    if error is not None and not isinstance(error, FeederEmpty | ScanCanceled | CanceledAtDevice):
        explanation = str(error)
    return replace(before, readiness=readiness, jobs=(job,), presses=(), explanation=explanation)
