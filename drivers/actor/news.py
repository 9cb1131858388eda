"""Snapshots on their way from the device's thread to the event loop, which waits for them.

Lasting ones (page ends, troubles, presses) wait in line until they were taken one by one; of the others only the
latest is kept.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable

from drivers.contract.clock import Clock
from drivers.contract.observation import Snapshot


class News:
    """One line of snapshots. Made inside a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()  # there may be something to do
        self._lock = threading.Lock()
        self._line: deque[tuple[Snapshot, bool]] = deque()

    def __bool__(self) -> bool:
        return bool(self._line)

    # From any thread.

    def put(self, snapshot: Snapshot, *, lasting: bool) -> None:
        """Add one, in the place of the last one where that need not last."""
        with self._lock:
            if self._line and not self._line[-1][1]:
                self._line.pop()
            self._line.append((snapshot, lasting))
        self.wake()

    def wake(self) -> None:
        """Whoever waits shall look what there is to do."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    # From the event loop.

    def take(self) -> Snapshot | None:
        """The first in line; None when there is none, and from then on `wait` waits."""
        with self._lock:
            snapshot = self._line.popleft()[0] if self._line else None
            if not self._line:
                self._event.clear()
            return snapshot

    async def wait(self) -> None:
        """Until something was put, or `wake` called, since there was nothing to take."""
        await self._event.wait()

    async def rest(self, seconds: float, clock: Clock) -> None:
        """The same, but for so long at most."""
        if self._line:
            return
        waits: list[Awaitable[object]] = [self._event.wait(), clock.sleep(seconds)]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
