"""What a kind of device gives to the actor that owns one: how it is opened, looked at, scanned with and closed."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Snapshot

T = TypeVar("T")

Interject = Callable[[Callable[[], Snapshot | None]], None]


class Tell(Protocol):
    """Where a running scan reports; may be called from the device's thread only."""

    def __call__(self, snapshot: Snapshot, *, lasting: bool = False) -> None:
        """A lasting snapshot (page end, trouble, press) is told for certain; others only until the next one comes."""


class Work(Protocol[T]):
    """The work on one device, of which T is what an opening gives.

    All calls come from the device's own thread, one at a time, but those to `source`, `pace`, `glance` and the first
    to `taken`. Those that take a T, and `open`, may raise DriverError; `taken` and `close` do not.
    """

    @property
    def source(self) -> str:
        """Which observer its snapshots are of."""

    def pace(self, quiet: float) -> float:
        """Seconds until the next look, when nothing has changed for that many."""

    def glance(self) -> Snapshot | None:
        """What can be told of an idle device without touching it; None when it must be looked at."""

    def open(self) -> T:
        """Claim the device."""

    def reopened(self) -> None:
        """It was opened again after it was lost: the device may have been switched off meanwhile."""

    def taken(self, opened: T, interject: Interject) -> None:
        """From now until `close` it is in use. What comes in by itself is handed to `interject`, from any thread."""

    def usable(self, opened: T) -> bool:
        """Whether it can be worked with; it is opened anew where not."""

    def resynchronise(self, opened: T) -> None:
        """An answer was late or garbled: bring both ends back to where a command begins."""

    def look(self, opened: T) -> Snapshot:
        """Look once without waking the device."""

    def before(self, opened: T) -> Snapshot | None:
        """A look before a scan, if need be: BUSY keeps the scan from beginning."""

    def scan(self, opened: T, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        """Bring all pages, as drivers.usb.family.Family.scan."""

    def close(self, opened: T) -> None:
        """Give the device back, within half a second where it answers; may be called twice."""
