"""Send and receive whole messages over a Link, within deadlines made of short transfers."""

import time
from collections.abc import Callable

from drivers.contract.errors import DeviceTimeout
from drivers.usb.link import SLICE, Link

ANSWER_SECONDS = 3.0
DRAIN_SECONDS = 0.03
DRAIN_LIMIT = 1024 * 1024

# Seconds; or what says them anew after each short transfer, so that patience can end with a cancel.
Patience = float | Callable[[], float]


class Exchange:
    """One conversation over one link."""

    def __init__(self, link: Link, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self._monotonic = monotonic

    def send(self, data: bytes) -> None:
        self.link.write(data)

    def some(self, limit: int, seconds: Patience = ANSWER_SECONDS) -> bytes:
        """1…limit bytes. Raises DeviceTimeout when none came for that long."""
        began = self._monotonic()
        while True:
            patience = seconds() if callable(seconds) else seconds
            remaining = began + patience - self._monotonic()
            if data := self.link.read(limit, max(0.001, min(SLICE, remaining))):
                return data
            if remaining <= 0:
                raise DeviceTimeout(f"no answer from the device in {patience:g} s")

    def exactly(self, size: int, seconds: Patience = ANSWER_SECONDS) -> bytes:
        """`size` bytes; `seconds` is how long the device may pause between two pieces."""
        pieces = []
        while size:
            piece = self.some(size, seconds)
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drain(self) -> int:
        """Throw away what is still on its way from an earlier exchange; returns how many bytes."""
        drained = 0
        while drained < DRAIN_LIMIT and (data := self.link.read(64 * 1024, DRAIN_SECONDS)):
            drained += len(data)
        return drained
