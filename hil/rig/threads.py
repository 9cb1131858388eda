"""What threads wait with, for workers of one `Turns`: the standard library's of the same names.

Locks are not needed where one runs at a time, so entering a `Condition` does nothing.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from hil.rig.turns import Turns, Worker

P = ParamSpec("P")
T = TypeVar("T")


class Condition:
    """threading.Condition."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waiters: deque[Worker] = deque()

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
        with suppress(ValueError):  # it was notified too, when its time was over already
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


class Promise(Future[T]):
    """concurrent.futures.Future: a worker that waits for it hands the turn on."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._changed = Condition(turns)
        self.add_done_callback(lambda _: self._changed.notify_all())

    def result(self, timeout: float | None = None) -> T:
        """Raises TimeoutError, and what the work raised."""
        if not self._changed.wait_for(self.done, timeout):
            raise TimeoutError
        return super().result(0)


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
        future: Future[T] = Promise(self._turns)
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
