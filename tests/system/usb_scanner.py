"""A simulated scanner on a UNIX socket where QEMU plugs it in, served by a thread of this process.

One thread serves all of them: a process for each would take a second to start, and there are fifty.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import TypeVar

from hil import script, serving

T = TypeVar("T")

SECONDS = 30.0


class Scanner:
    """`socket` speaks usbredir, `url` USB/IP (bus id `busid`); `ids` are "vvvv:pppp"."""

    def __init__(self, family: str, said: str, socket_path: Path) -> None:
        self.socket = socket_path
        self._stack = AsyncExitStack()
        self._rig = _there(self._serve(family, said))
        self.url, self.busid, self.ids = self._rig.url, self._rig.busid, self._rig.ids

    def say(self, event: str) -> None:
        """Something happens to it, as typed at `wsd-scan-hil serve`: "jam", "unplug", "press 2" … Raises
        ScriptError."""
        _there(self._happen(event))

    def close(self) -> None:
        """End it."""
        _there(self._stack.aclose())

    async def _serve(self, family: str, said: str) -> serving.Rig:
        rig = await self._stack.enter_async_context(serving.scanner(family, said))
        await self._stack.enter_async_context(serving.usbredir(rig, self.socket))
        return rig

    async def _happen(self, event: str) -> None:
        self._rig.stimulate(script.stimulus(event))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _there(work: Coroutine[object, object, T]) -> T:
    """Done by the thread that serves."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(SECONDS)
