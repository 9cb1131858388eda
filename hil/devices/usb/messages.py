"""The plug of a scanner that takes bytes and answers in messages, over the bulk pair of its first interface.

A host gets one message per read, or the part of it that fits; a packet that does not fit is lost, as on the bus.
Endpoints of further interfaces are there and do nothing. There are no control requests of its own.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from hil.devices.mechanism import State
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Transfer
from hil.devices.usb.device import Refusal, Setup

MAX_PACKET = 512
_IN = 0x80


class Speaking(Protocol):
    """What is behind the plug."""

    @property
    def state(self) -> State:
        """The body, as of the last call."""

    @property
    def answer(self) -> int:
        """Bytes left of the message that can be read now; 0: none."""

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes of that message."""

    def write(self, data: bytes, now: float) -> None:
        """The host's bytes, in pieces of any size."""

    def detach(self, now: float) -> None:
        """The host went away or reset the bus."""

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when something is due next."""


def pair(into: int, out: int) -> tuple[Endpoint, Endpoint]:
    """A bulk endpoint each way, of high speed."""
    return Endpoint(into, Transfer.BULK, MAX_PACKET), Endpoint(out, Transfer.BULK, MAX_PACKET)


class MessagePlug:
    """`SimulatedUsbDevice` over such a scanner; `spoken` is what it has to say by itself, on its interrupt endpoint."""

    def __init__(
        self, scanner: Speaking, description: Description, spoken: Callable[[], bytes | None] = lambda: None
    ) -> None:
        self._scanner, self._description, self._spoken = scanner, description, spoken
        ends = {(end.transfer, end.address & _IN): end.address for end in description.interfaces[0].endpoints}
        self._in, self._out = ends[Transfer.BULK, _IN], ends[Transfer.BULK, 0]
        self._interrupt = ends.get((Transfer.INTERRUPT, _IN))

    @property
    def description(self) -> Description:
        """What enumeration shows."""
        return self._description

    @property
    def plugged(self) -> bool:
        """The cable is in."""
        return self._scanner.state.plugged

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen."""
        return self._scanner.update(now, stimuli)

    def reset(self, now: float) -> None:
        """A new host."""
        self._scanner.detach(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """None is known."""
        del setup, data, now
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """The host's bytes."""
        if endpoint == self._out:
            self._scanner.write(data, now)
        return None if self._description.endpoint(endpoint) is not None else Refusal.STALL

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """A message or a part of one, or one packet."""
        self._scanner.update(now)
        if endpoint == self._interrupt:
            packet = self._spoken() or b""
            return Refusal.OVERFLOW if len(packet) > limit else packet or None
        if endpoint != self._in:
            return None if self._description.endpoint(endpoint) is not None else Refusal.STALL
        size = self._scanner.answer
        if not size:
            return None
        if size > limit and limit % MAX_PACKET:
            self._scanner.take(min(size, limit + MAX_PACKET - limit % MAX_PACKET))
            return Refusal.OVERFLOW
        return self._scanner.take(limit)
