"""How a scan ends, in whichever of Canon's command sets: whatever happened, the next one can begin."""

import logging
from collections.abc import Callable
from contextlib import suppress

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled

FAILURES = (DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed)  # all but that the device is gone

log = logging.getLogger(__name__)


def whole(pages: Callable[[], None], finish: Callable[[], None], handover: Handover) -> None:
    """Bring the pages, then finish. Raises what the pages raise; ScanCanceled for a wait that a cancel cut short."""
    try:
        pages()
    except FAILURES as err:
        with suppress(*FAILURES):
            finish()
        if isinstance(err, DeviceTimeout) and handover.canceled:
            raise ScanCanceled from err
        raise
    try:
        finish()
    except FAILURES as err:  # nobody who has his pages is to lose them by it
        log.warning("the scan's end: %s; once more", err)
        with suppress(*FAILURES):
            finish()
