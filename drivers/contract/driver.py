"""What a driver offers: something to look with, something to scan with, or both."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.contract.capabilities import Capabilities
from drivers.contract.document import Document, ScanRequest
from drivers.contract.identity import Identity
from drivers.contract.observation import Snapshot


class Observer(Protocol):
    """One sense organ on one device."""

    async def poll(self) -> Snapshot:
        """Look once. Never wakes a sleeping device.

        While a scan of ours runs on the same link the scan itself tells: page ends, troubles and presses are
        queued and come back one by one and at once, progress is latest-wins. Raises DeviceGone, DeviceBusy,
        DeviceTimeout, DeviceGarbled, DeviceRefused; the next call may succeed.
        """

    async def rest(self, seen: Snapshot) -> None:
        """Return when it is worth looking again: soon while something moves, late while nothing does,
        at once when a scan of ours begins or has news."""


class Acquirer(Protocol):
    """What can bring pages."""

    async def scan(self, request: ScanRequest) -> Document:
        """Start scanning and return at once; the pages come through the document. One scan at a time.

        Raises DeviceBusy, DeviceGone, DeviceRefused before anything moved; everything later comes out of the document.
        """


class Claim(Protocol):
    """What lends a device that it owns to another owner in the same process. Both block; not for the event loop."""

    def lend(self) -> None:
        """Give the device up and leave it alone until `take_back`; may be lent more than once. Raises DeviceBusy."""

    def take_back(self) -> None:
        """One of those to whom it was lent is done with it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One opened device: the sum of its observers and, where it can scan for us, an acquirer."""

    identity: Identity
    driver: str  # the family's name, as in `devices` and `--simulate`
    capabilities: Capabilities
    observers: tuple[Observer, ...]
    acquirer: Acquirer | None
    close: Callable[[], Awaitable[None]]  # ends a running scan, gives the link back; may be called twice
    claim: Claim | None = None  # of one that only looks: what gives it up for whoever scans with it
    # Snapshot.source of those observers that look on from elsewhere than where the acquirer's pages come from.
    onlookers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """A device that is there, opened or not."""

    key: str  # Identity.key as far as it is known without opening
    driver: str | None  # None: no driver of ours knows it
    description: str  # one line for people
    open: Callable[[], Awaitable[Device]]  # raises DeviceBusy, DeviceGone, DeviceRefused, DeviceTimeout, DeviceGarbled
    shared: Callable[[], Awaitable[Device]] | None = None  # the same, but it is claimed only while it is used
