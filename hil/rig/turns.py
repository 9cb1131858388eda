"""Threads that take turns: one runs at a time, and hands over only where it waits.

The event loop is one party, every worker thread another. Whoever has the turn runs until it has nothing to do; who is
next is a matter of order, never of the kernel's scheduler, so a run is the same each time. Time stands still while
anybody can go on; `advance` is for the loop alone, once nobody can.

`Condition`, `Event` and `Executor` are what the standard library's of the same names are, for workers of one `Turns`.
Locks are not needed where one runs at a time, so entering a `Condition` does nothing.
"""

import heapq
import threading
from _thread import LockType, allocate_lock
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_STACK_WAIT: Final = 10.0  # real seconds for a worker to unwind at the end


class Ended(BaseException):
    """Raised in a worker that still waits when everything ends."""


def _locked() -> LockType:
    lock = allocate_lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class _Worker:
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
        self._ready: deque[_Worker] = deque()
        self._alarms: list[tuple[float, int, _Worker, int]] = []
        self._order = count()
        self._here = threading.local()
        self._workers: set[_Worker] = set()
        self._ending = False

    # The loop's side.

    def start(self, run: Callable[[], None], name: str) -> None:
        """A new worker; its first turn comes when the loop gives it."""
        worker = _Worker(name)

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
    def worker(self) -> _Worker:
        """The worker that runs now. Raises RuntimeError in the event loop, which must never wait like this."""
        worker: _Worker | None = getattr(self._here, "worker", None)
        if worker is None:
            raise RuntimeError("only a worker may wait: the event loop would stand still")
        return worker

    def wake(self, worker: _Worker) -> None:
        """It need not wait any longer."""
        if worker.parked:
            self._wake(worker)

    def _wake(self, worker: _Worker) -> None:
        worker.parked = False
        worker.waits += 1
        self._ready.append(worker)


class Condition:
    """threading.Condition."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waiters: deque[_Worker] = deque()

    def __enter__(self) -> bool:
        return True

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def wait(self, timeout: float | None = None) -> bool:
        """True: notified; False: the time was over."""
        worker = self._turns.worker
        self._waiters.append(worker)
        if self._turns.park(None if timeout is None else self._turns.now + timeout):
            return True
        self._waiters.remove(worker)
        return False

    def wait_for(self, holds: Callable[[], T], timeout: float | None = None) -> T:
        """Until it holds, or the time is over; what it was last."""
        until = None if timeout is None else self._turns.now + timeout
        while not (result := holds()):
            if until is None:
                self.wait()
            elif self._turns.now >= until or not self.wait(until - self._turns.now):
                return holds()
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the first `n`."""
        for _ in range(min(n, len(self._waiters))):
            self._turns.wake(self._waiters.popleft())

    def notify_all(self) -> None:
        """Wake all."""
        self.notify(len(self._waiters))


class Event:
    """threading.Event."""

    def __init__(self, turns: Turns) -> None:
        self._changed = Condition(turns)
        self._set = False

    def is_set(self) -> bool:
        """Whether it is."""
        return self._set

    def set(self) -> None:
        """From now on nobody waits."""
        self._set = True
        self._changed.notify_all()

    def clear(self) -> None:
        """From now on they wait again."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set; False: the time was over."""
        return self._changed.wait_for(lambda: self._set, timeout)


class Executor:
    """concurrent.futures.ThreadPoolExecutor."""

    def __init__(self, turns: Turns, max_workers: int = 8, thread_name_prefix: str = "worker") -> None:
        self._turns = turns
        self._most, self._name = max_workers, thread_name_prefix
        self._tasks: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._changed = Condition(turns)
        self._workers = self._idle = 0
        self._over = False

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have it done when its turn comes."""
        if self._over:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        self._tasks.append((future, lambda: work(*args, **kwargs)))
        if self._idle:
            self._idle -= 1
            self._changed.notify()
        elif self._workers < self._most:
            self._workers += 1
            self._turns.start(self._run, f"{self._name}_{self._workers - 1}")
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more tasks. It does not wait: what was submitted is done in its turn."""
        del wait
        self._over = True
        if cancel_futures:
            while self._tasks:
                self._tasks.popleft()[0].cancel()
        self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def _run(self) -> None:
        while True:
            while self._tasks:
                future, work = self._tasks.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    result = work()
                except Exception as err:  # noqa: BLE001 - it is the future's
                    future.set_exception(err)
                else:
                    future.set_result(result)
                del future, work
            if self._over:
                return
            self._idle += 1
            self._changed.wait()


class AtOnce:
    """An executor without threads: the work is done when it is handed over, and `done` is true from the start."""

    def __init__(self, max_workers: int = 1, thread_name_prefix: str = "") -> None:
        pass

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it."""
        future: Future[T] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as err:  # noqa: BLE001 - it is the future's
            future.set_exception(err)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
