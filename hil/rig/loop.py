"""An event loop on a hand-turned clock: time passes only when nobody has anything left to do, and then at once.

Everything that waits on the loop's time does so on ours: asyncio.sleep, asyncio.timeout, call_later. Connections
between parties of this loop run in memory (hil.rig.wire), threads take turns with it (hil.rig.turns).
"""

import asyncio
import selectors
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from hil.rig.threads import Executor
from hil.rig.turns import Turns
from hil.rig.wire import Wire

T = TypeVar("T")

# When every hand-turned clock begins.
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
UPTIME: Final = 1000.0  # seconds since boot, then: what counts them is not what counts from 0
MOST_TURNS: Final = 2_000_000  # at one moment; a party that is never done would stop the clock for ever


class Stuck(RuntimeError):
    """Everybody waits for something that will never come, or somebody never ends."""


class HandClock:
    """drivers.contract.clock.Clock over a loop's time."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self._turns.now)

    def monotonic(self) -> float:
        return self._turns.now

    def boottime(self) -> float:
        return UPTIME + self._turns.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Selector(selectors.DefaultSelector):
    """Instead of waiting it turns the clock."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns
        self._still = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        turns = self._turns
        self._still += 1
        if self._still > MOST_TURNS:
            raise Stuck(f"at {turns.now:.3f} s somebody is never done: {MOST_TURNS} turns and no end")
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0) or turns.give():
            return events
        moments = [turns.due(), None if timeout is None else turns.now + timeout]
        known = [moment for moment in moments if moment is not None]
        if not known:
            raise Stuck(f"at {turns.now:.3f} s everybody waits, and nothing is due any more")
        if min(known) > turns.now:
            self._still = 0
        turns.advance(min(known))
        return []


class HandTurnedLoop(asyncio.SelectorEventLoop):
    """See the module. `turns` has the time and the threads, `clock` is what the product is given."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.clock = HandClock(self.turns)
        self._wire = Wire(self)
        self._anybody = Executor(self.turns, thread_name_prefix="to_thread")
        super().__init__(_Selector(self.turns))

    def time(self) -> float:
        return self.turns.now

    def close(self) -> None:
        self.turns.close()
        super().close()

    def run_in_executor(  # type: ignore[override]  # the same for every kind of work
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        return super().run_in_executor(executor or self._anybody, func, *args)  # type: ignore[arg-type]  # ours is as good

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        return self._wire.listen(protocol_factory, host, port, more.get("sock"))

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self._wire.dial(sock, address)

    async def sock_accept(self, sock: socket.socket) -> tuple[socket.socket, Any]:
        return await self._wire.accept(sock)

    async def connect_accepted_socket(self, protocol_factory: Any, sock: socket.socket, **more: Any) -> Any:
        if more.get("ssl") is not None:
            raise OSError("in memory there is no TLS")
        return self._wire.accepted(protocol_factory, sock)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        return self._wire.connect(protocol_factory, host, port, more.get("sock"))


def run(main: Callable[[HandTurnedLoop], Coroutine[Any, Any, T]]) -> T:
    """Run it on a loop of its own, from 0 s. Raises Stuck, and whatever it raises."""
    loop = HandTurnedLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
