"""All triggers of one server: one for jobs and modems, one for what each modem receives.

A reception's events do not name their modem, so each modem has a trigger of its own, up to MODEMS_MAX; what others
receive shows itself in recvq. Each trigger costs the server one idle process.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from drivers.contract.errors import DeviceRefused, DeviceTimeout
from drivers.hylafax.control import Server
from drivers.hylafax.triggers import EVERYTHING_BUT_RECEPTION, Trigger, receptions

MODEMS_MAX: Final = 16
_ALL: Final = ""

_log = logging.getLogger(__name__)


class Ears:
    """What is heard is handed to `hear` (modem or "", line); `lost` is called when a trigger ends by itself."""

    def __init__(self, server: Server, hear: Callable[[str, str], None], lost: Callable[[], None]) -> None:
        self._server, self._hear, self._lost = server, hear, lost
        self._open: dict[str, asyncio.Task[None]] = {}
        self._said = False  # that there are no events

    @property
    def deaf(self) -> bool:
        """No events of jobs come."""
        return _ALL not in self._open

    async def listen(self, modems: set[str]) -> None:
        """Set what triggers are not set. Without events the server is looked at more often; the log says so once.

        Raises what a login raises.
        """
        wanted = [_ALL, *sorted(modems)[:MODEMS_MAX]]
        for name in wanted:
            if name in self._open:
                continue
            try:
                trigger = await Trigger.open(self._server, receptions(name) if name else EVERYTHING_BUT_RECEPTION)
            except (DeviceRefused, DeviceTimeout) as err:
                if not self._said:
                    _log.warning("no events, so it is looked at every few seconds: %s", err)
                self._said = True
                return
            self._open[name] = asyncio.create_task(self._follow(name, trigger))

    async def _follow(self, name: str, trigger: Trigger) -> None:
        try:
            await trigger.follow(lambda line: self._hear(name, line))
        finally:
            self._open.pop(name, None)
            await trigger.close()
        self._lost()

    async def close(self) -> None:
        tasks = tuple(self._open.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
