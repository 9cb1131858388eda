"""Tasks of one owner: kept until they end, told when they break, ended with him."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bridge.errors import OperationRefused

_T = TypeVar("_T")


class Tasks:
    """All that are under way."""

    def __init__(self, log: logging.Logger, broken: str) -> None:
        """`broken`: what is said of one that raised. An OperationRefused is for whoever awaits it."""
        self._log, self._broken = log, broken
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, _T]) -> "asyncio.Task[_T]":
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def whole(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What it returns or raises. It goes on to its end when who awaits it is canceled."""
        return await asyncio.shield(self.start(work))

    async def wait(self) -> None:
        """Until those have ended that are under way now."""
        if self._running:
            await asyncio.wait(self._running)

    async def cancel(self) -> None:
        """All, and wait for them."""
        for task in self._running:
            task.cancel()
        await self.wait()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            err = task.exception()
            if err is not None and not isinstance(err, OperationRefused):
                self._log.error(self._broken, exc_info=err)
