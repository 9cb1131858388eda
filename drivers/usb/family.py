"""What a protocol family gives to the actor that owns its device."""

from typing import Protocol

from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Snapshot
from drivers.usb.link import Link


class Tell(Protocol):
    """Where a running scan reports; may be called from the device's thread only."""

    def __call__(self, snapshot: Snapshot, *, lasting: bool = False) -> None:
        """A lasting snapshot (page end, trouble, press) is told for certain; others only until the next one comes."""


class Family(Protocol):
    """One device's protocol. All calls come from the device's own thread, one at a time."""

    def observe(self, link: Link) -> Snapshot:
        """Look once without waking the device. Raises DriverError."""

    def scan(self, link: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        """Bring all pages, then return; look at `handover.canceled` at least every 250 ms.

        Raises ScanCanceled once the hardware has stopped, CanceledAtDevice, FeederEmpty, ScanFailed and the
        other DriverErrors; the actor makes the scan's last snapshot from how this ends.
        """

    def reopened(self) -> None:
        """The link is a new one: what was on its way is lost, the device may have been switched off meanwhile."""
