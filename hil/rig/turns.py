"""Threads that take turns: one runs at a time, and hands over only where it waits.

The event loop is one party, every worker thread another. Whoever has the turn runs until it has nothing to do; who is
next is a matter of order, never of the kernel's scheduler, so a run is the same each time. Time stands still while
anybody can go on; `advance` is for the loop alone, once nobody can.
What workers wait with is in hil.rig.threads.
"""

import heapq
import threading
from _thread import LockType, allocate_lock
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

_STACK_WAIT: Final = 10.0  # real seconds for a worker to unwind at the end


class Ended(BaseException):
    """Raised in a worker that still waits when everything ends."""


def _locked() -> LockType:
    lock = allocate_lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class Worker:
    """One thread that takes turns."""

    name: str
    go: LockType = field(default_factory=_locked)
    waits: int = 0  # counts its waits, so that an old alarm rings for nobody
    parked: bool = False
    rung: bool = False  # woken by time, not by anybody
    thread: threading.Thread | None = None


class Turns:
    """Who runs now, who could, who sleeps until when."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._back = _locked()  # released when a worker hands the turn back to the loop
        self._ready: deque[Worker] = deque()
        self._alarms: list[tuple[float, int, Worker, int]] = []
        self._order = count()
        self._here = threading.local()
        self._workers: set[Worker] = set()
        self._ending = False

    # The loop's side.

    def start(self, run: Callable[[], None], name: str) -> None:
        """A new worker; its first turn comes when the loop gives it."""
        worker = Worker(name)

        def body() -> None:
            worker.go.acquire()
            self._here.worker = worker
            try:
                if not self._ending:
                    run()
            except Ended:
                pass
            finally:
                self._workers.discard(worker)
                self._back.release()

        worker.thread = threading.Thread(target=body, name=name, daemon=True)
        self._workers.add(worker)
        self._ready.append(worker)
        worker.thread.start()

    def give(self) -> bool:
        """Let the next worker run until it waits; False: none can."""
        if not self._ready:
            return False
        worker = self._ready.popleft()
        worker.go.release()
        self._back.acquire()
        return True

    def due(self) -> float | None:
        """When the next sleeper wakes by itself."""
        while self._alarms and self._alarms[0][3] != self._alarms[0][2].waits:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def advance(self, now: float) -> None:
        """It is `now`; who has slept long enough can go on."""
        self.now = max(self.now, now)
        while (due := self.due()) is not None and due <= self.now:
            _, _, worker, _ = heapq.heappop(self._alarms)
            worker.rung = True
            self._wake(worker)

    def close(self) -> None:
        """End every worker where it waits."""
        self._ending = True
        while self._workers:
            worker = next(iter(self._workers))
            if worker not in self._ready:
                self._wake(worker)
            while worker in self._workers and self.give():
                pass
            if worker.thread is not None:
                worker.thread.join(_STACK_WAIT)

    # A worker's side.

    def park(self, until: float | None = None) -> bool:
        """Wait until somebody wakes this worker (True), or it is `until` (False)."""
        worker = self.worker
        worker.parked, worker.rung = True, False
        if until is not None:
            heapq.heappush(self._alarms, (until, next(self._order), worker, worker.waits))
        self._back.release()
        worker.go.acquire()
        if self._ending:
            raise Ended
        return not worker.rung

    def sleep(self, seconds: float) -> None:
        """As time.sleep; nobody wakes it early."""
        self.park(self.now + max(0.0, seconds))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the workers that have not ended."""
        return tuple(sorted(each.name for each in self._workers))

    @property
    def worker(self) -> Worker:
        """The worker that runs now. Raises RuntimeError in the event loop, which must never wait like this."""
        worker: Worker | None = getattr(self._here, "worker", None)
        if worker is None:
            raise RuntimeError("only a worker may wait: the event loop would stand still")
        return worker

    def wake(self, worker: Worker) -> None:
        """It need not wait any longer."""
        if worker.parked:
            self._wake(worker)

    def _wake(self, worker: Worker) -> None:
        worker.parked = False
        worker.waits += 1
        self._ready.append(worker)
