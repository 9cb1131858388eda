"""Blocking work of a filter, in a thread of its own that nobody need wait for.

What a filter does is safe to be cut off at any moment, so a stop of the bridge does not wait for a server's time-out:
the threads are daemons, as those of an executor are not.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def apart(work: Callable[[], _T]) -> _T:
    """What `work` returns or raises; MemoryError when there can be no thread. When the wait is canceled the thread goes
    on to its end, unheard."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # None only where that is what work returns

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as err:  # noqa: BLE001 - it is raised where it is waited for
            error = err
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            loop.call_soon_threadsafe(settle, result, error)

    try:
        threading.Thread(target=run, name="filter", daemon=True).start()
    except RuntimeError as err:  # the system has no memory for its stack, or no thread left
        raise MemoryError(str(err)) from err
    return await done
