"""How a scan ends, in whichever of Canon's command sets: whatever happened, the next one can begin."""

import logging
from collections.abc import Callable
from contextlib import suppress

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceTimeout, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.usb.pixma.report import Report

FAILURES = (DeviceBusy, DeviceGarbled, DeviceTimeout, ScanFailed)  # all but that the device is gone

log = logging.getLogger(__name__)


def whole(pages: Callable[[], None], finish: Callable[[], None], handover: Handover, report: Report) -> None:
    """A scan: bring the pages, then finish.

    Raises what the pages raise; ScanCanceled for a wait that a cancel cut short; FeederEmpty where there was no page.
    """
    report.scanning()
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
    if report.pages == 0:
        report.feeder_empty()
        raise FeederEmpty("the document feeder is empty")
