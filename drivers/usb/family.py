"""What a protocol family gives to the actor that owns its device.

`Family` is all that is needed. A family that has more also has the members of `Listener`, `Paced`, `Fleeting` or
`Resynchronising`.
"""

from typing import Protocol, runtime_checkable

from drivers.actor.work import Tell
from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Snapshot
from drivers.usb.link import Link

__all__ = ["Family", "Fleeting", "Listener", "Paced", "Resynchronising", "Tell"]


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


@runtime_checkable
class Listener(Protocol):
    """A family whose device speaks by itself, on an interrupt endpoint; its link's is read all the time."""

    def heed(self, packet: bytes, now: float) -> Snapshot | None:
        """What a packet of 1…64 bytes means; None when nothing. Told for certain. `now`: when it came, monotonic.

        On the device's thread: between two looks or, while a scan runs, from within its `tell`, so it must not use the
        link. Of what it returns during a scan only the presses are told, with what the scan said last. Raises
        DeviceGarbled.
        """


@runtime_checkable
class Paced(Protocol):
    """A family that says itself how often its device is looked at."""

    @property
    def pace(self) -> float:
        """Seconds between two looks while no scan runs."""


@runtime_checkable
class Fleeting(Protocol):
    """A family whose device shows a press only while the button is down: it is looked at as often at any time."""

    @property
    def fleeting(self) -> bool:
        """Whether it is so."""


@runtime_checkable
class Resynchronising(Protocol):
    """A family that can bring a device back which waits in the middle of a command."""

    def resynchronise(self, link: Link) -> None:
        """An answer was late or garbled. Called before the next look or scan, as often as that fails; of a family
        without it, what is still on its way is thrown away. Raises DriverError."""
