"""What the simulated MFP is at one moment, in plain values; `model` changes it, its faces show it.

Spec: HP-LASERJET-COMMON-MIB scan-upload, scan-upload-error; error numbers as HPLIP has them.
"""

from dataclasses import dataclass
from enum import IntEnum

from hil.devices.mfp.alerts import NO_ALERTS, Alerts
from hil.devices.mfp.fax import Fax
from hil.devices.mfp.jobs import Job


class Upload(IntEnum):
    """scan-upload."""

    IDLE = 1
    START = 2
    ACTIVE = 3
    ABORTED = 4
    DONE = 5
    NEWPAGE = 6


class UploadError(IntEnum):
    """scan-upload-error."""

    NONE = 0
    JAM = 207
    STOP_KEY = 210
    NO_DOCUMENT = 211
    COVER_OPEN = 213
    BUSY = 216


RUNNING = frozenset({Upload.START, Upload.ACTIVE, Upload.NEWPAGE})


@dataclass(frozen=True, slots=True)
class State:
    """Everything a test (or a person standing next to the MFP) can see. Counters count over its life."""

    upload: Upload = Upload.IDLE
    error: UploadError = UploadError.NONE
    sheets: int = 0  # waiting in the feeder, without the one in the path
    from_feeder: bool = False
    page: int = 0  # of the running scan, from 1; 0 before its first
    original: int = 1  # number printed on what lies on the glass
    cover_open: bool = False
    jammed: bool = False
    doublefed: bool = False
    fatal: bool = False
    offline: bool = False
    in_use: bool = False
    button: bool = False  # the scan key is lit until the scan it started is over
    plugged: bool = True
    slow: float = 1.0
    adf_pages: int = 320
    flatbed_pages: int = 150
    jams: int = 2
    jobs: tuple[Job, ...] = ()  # oldest first, the running one last
    faxes: tuple[Fax, ...] = ()  # by number, which they share with the jobs
    alerts: Alerts = NO_ALERTS

    @property
    def running(self) -> Job | None:
        """The job that has the scanner."""
        return self.jobs[-1] if self.jobs and not self.jobs[-1].over else None
