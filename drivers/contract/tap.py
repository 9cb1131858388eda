"""What passes over the links and the network, told to whoever listens; silent, and next to free, while nobody does.

Reached by name like a logger (`TAP`), because links are made in many places and none of them should carry it about.
A tape is made of what is told here. The first records after a link was opened are kept, so that a tape begun later
still shows how the device introduced itself. Communities and passwords are never told. Callable from any thread.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.contract.clock import SystemClock

KEPT_RECORDS = 64  # of each device: an introduction takes about 40
KEPT_BYTES = 16 * 1024
KEPT_DEVICES = 32


@dataclass(frozen=True, slots=True)
class Passed:
    """One thing that passed: `facts` are plain JSON values, `data` the bytes themselves where it is about bytes."""

    time: float  # Clock.monotonic
    lane: str  # "usb", "snmp", "http"
    device: str  # whose link; empty for messages of our own service
    facts: Mapping[str, object]
    data: bytes = b""


Listener = Callable[[Passed], None]  # must return at once and not raise


@dataclass(slots=True)
class _Opening:
    """How one device introduced itself."""

    records: list[Passed] = field(default_factory=list)
    size: int = 0
    full: bool = False

    def keep(self, passed: Passed) -> None:
        self.size += len(passed.data)
        self.full = self.full or len(self.records) >= KEPT_RECORDS or self.size > KEPT_BYTES
        if not self.full:
            self.records.append(passed)


class Tap:
    """Where links tell and a recorder listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clock = SystemClock()
        self._listeners: tuple[Listener, ...] = ()
        self._openings: dict[str, _Opening] = {}

    def now(self) -> float:
        """The time to remember where a record is told later than it began."""
        return self._clock.monotonic()

    def wants(self, device: str = "") -> bool:
        """Whether telling is worth the copying."""
        opening = self._openings.get(device)
        return bool(self._listeners) or (opening is not None and not opening.full)

    def opened(self, lane: str, device: str, **facts: object) -> None:
        """A link was opened; `facts` say who is there."""
        with self._lock:
            self._openings.pop(device, None)
            while len(self._openings) >= KEPT_DEVICES:
                del self._openings[next(iter(self._openings))]
            self._openings[device] = _Opening()
        self.tell(lane, device, opened=facts)

    def tell(self, lane: str, device: str = "", data: bytes = b"", at: float | None = None, **facts: object) -> None:
        """Something passed, now or at the time `at`."""
        if not self.wants(device):
            return
        passed = Passed(self.now() if at is None else at, lane, device, facts, data)
        with self._lock:
            if device in self._openings:
                self._openings[device].keep(passed)
            listeners = self._listeners
        for listener in listeners:
            listener(passed)

    def listen(self, listener: Listener) -> tuple[Passed, ...]:
        """Call `listener` with all that passes from now on, from any thread; returns what was kept, oldest first."""
        with self._lock:
            kept = [passed for opening in self._openings.values() for passed in opening.records]
            self._listeners = (*self._listeners, listener)
        return tuple(sorted(kept, key=lambda passed: passed.time))

    def unlisten(self, listener: Listener) -> None:
        """Stop calling it."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each != listener)


TAP = Tap()
