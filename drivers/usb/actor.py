"""The actor of a USB device: what there is to do with a link that is claimed.

A family whose device speaks by itself has a reader beside the device's thread (drivers.usb.listening).
"""

from collections.abc import Callable

from drivers.actor import actor
from drivers.actor.work import Interject
from drivers.contract.clock import Clock
from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Snapshot
from drivers.usb.exchange import Exchange
from drivers.usb.family import Family, Fleeting, Listener, Paced, Resynchronising, Tell
from drivers.usb.link import Link
from drivers.usb.listening import Listening

IDLE_PACE = 0.5  # seconds between looks: felt as immediate, and nothing to the device
SHARED_PACE = 2.0  # when each look must open and claim the device
LIVELY = 60.0  # seconds after the last change: until then somebody stands there
QUIET_PACE = 2.5  # from then on; docs/decisions/0046-idle-costs.md
HEARD_PACE = 5.0  # and where the device speaks by itself, whose presses wait for no look


class Claimed:
    """`drivers.actor.work.Work` on a link."""

    source = "usb"

    def __init__(self, family: Family, open_link: Callable[[], Link], clock: Clock, pace: float) -> None:
        self._family, self._open_link, self._clock, self._pace = family, open_link, clock, pace
        self._listening: Listening | None = None

    def pace(self, quiet: float) -> float:
        if quiet < LIVELY or (isinstance(self._family, Fleeting) and self._family.fleeting):
            return self._pace
        heard = self._listening is not None and self._listening.alive
        return max(self._pace, HEARD_PACE if heard else QUIET_PACE)

    def glance(self) -> None:
        return None

    def open(self) -> Link:
        return self._open_link()

    def reopened(self) -> None:
        self._family.reopened()

    def taken(self, opened: Link, interject: Interject) -> None:
        family = self._family
        if isinstance(family, Listener):
            self._listening = Listening(opened, family, self._clock, interject)

    def usable(self, opened: Link) -> bool:  # noqa: ARG002  # a link that is not says so when it is used
        return True

    def resynchronise(self, opened: Link) -> None:
        if isinstance(self._family, Resynchronising):
            self._family.resynchronise(opened)
        else:
            Exchange(opened, self._clock.monotonic).drain()

    def look(self, opened: Link) -> Snapshot:
        return self._family.observe(opened)

    before = look  # a device may be in use through another plug

    def scan(self, opened: Link, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        self._family.scan(opened, request, handover, tell)

    def close(self, opened: Link) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.stop()
        opened.close()
        if listening is not None:
            listening.wait()


class Actor(actor.Actor[Link]):
    """Observer and acquirer of one USB device. Made inside a running event loop."""

    def __init__(
        self,
        name: str,
        family: Family,
        open_link: Callable[[], Link],
        clock: Clock,
        *,
        link: Link | None = None,
        pace: float | None = None,
        share: bool = False,
    ) -> None:
        """`open_link` blocks and raises DriverError; `share`: the link is given back after every look and scan."""
        if pace is None:
            pace = family.pace if isinstance(family, Paced) else IDLE_PACE
            pace = max(pace, SHARED_PACE) if share else pace
        super().__init__(name, Claimed(family, open_link, clock, pace), clock, opened=link, share=share)
