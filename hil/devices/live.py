"""A simulated device on a real clock: it is called when something is due, and its faces hear of it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from drivers.contract.clock import Clock
from hil.devices.stimuli import Stimulus


class Timed(Protocol):
    """What can be wound up: every simulated device, whatever its plug."""

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when to call again."""


class Live:
    """Runs one device in the current event loop until `close`. Not for use from other threads."""

    def __init__(self, device: Timed, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._told = False
        self._listeners: set[Callable[[], None]] = set()
        self._closed = False
        self.touch()

    def now(self) -> float:
        """Monotonic seconds, the time to hand to the device."""
        return self._clock.monotonic()

    def stimulate(self, *stimuli: Stimulus) -> None:
        """Something happens to the device, at once."""
        self._device.update(self.now(), stimuli)
        self.touch()

    def touch(self) -> None:
        """A face has used the device: wind it up anew and let all faces look."""
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.now()
        wake = self._device.update(now)
        if wake is not None:
            self._timer = self._loop.call_later(max(0.0, wake - now), self.touch)
        if not self._told:
            self._told = True
            self._loop.call_soon(self._tell)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the device may have changed."""
        self._listeners.add(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Stop calling it."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Let go of the clock."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._listeners.clear()

    def _tell(self) -> None:
        self._told = False
        for listener in tuple(self._listeners):
            listener()
