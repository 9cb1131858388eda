"""A device that something else opens and scans with, observed by its SNMP agent too.

The agent need not answer for the device to be served: it is opened when it is first looked at, and again later while
it cannot be. A source that fails several looks in a row is GONE, whatever it failed by, and never stops the scanner.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DriverError
from drivers.contract.observation import Readiness, Snapshot
from drivers.snmp.seen import SOURCE

STALE_AFTER: Final = 3  # looks in a row without an answer
RETRY: Final = 0.5  # seconds after the first of them
PAUSES: Final = (2.0, 5.0, 10.0, 30.0)  # between looks at an agent that is gone; the last repeats

Open = Callable[[], Awaitable[Device]]


class AgentBeside:
    """`drivers.contract.driver.Observer` of an agent that may not answer."""

    def __init__(self, open_agent: Open, clock: Clock) -> None:
        self._open_agent, self._clock = open_agent, clock
        self._device: Device | None = None
        self._last = Snapshot(SOURCE, Readiness.GONE, explanation="was not asked yet")
        self._misses = 0

    async def poll(self) -> Snapshot:
        """Look once. Raises nothing: what fails is a source that is gone, or what it showed last."""
        try:
            if self._device is None:
                self._device = await self._open_agent()
            seen = await self._device.observers[0].poll()
        except DriverError as err:
            self._misses += 1
            if self._misses >= STALE_AFTER or self._last.readiness is Readiness.GONE:
                self._last = Snapshot(SOURCE, Readiness.GONE, explanation=f"the SNMP agent does not tell: {err}")
            return self._last
        self._misses = 0
        self._last = replace(seen, presses=())
        return seen

    async def rest(self, seen: Snapshot) -> None:
        """As the agent's observer does while it answers, then longer each time."""
        if self._device is not None and not self._misses:
            await self._device.observers[0].rest(seen)
        elif seen.readiness is not Readiness.GONE:
            await self._clock.sleep(RETRY)
        else:
            await self._clock.sleep(PAUSES[min(max(self._misses - STALE_AFTER, 0), len(PAUSES) - 1)])

    async def close(self) -> None:
        """Let go of the agent."""
        if self._device is not None:
            await self._device.close()


async def open_observed(open_device: Open, open_agent: Open, clock: Clock) -> Device:
    """The device with the agent among its observers. Raises what `open_device` raises."""
    device = await open_device()
    agent = AgentBeside(open_agent, clock)

    async def close() -> None:
        try:
            await agent.close()
        finally:
            await device.close()

    return replace(
        device,
        driver=f"{device.driver}+{SOURCE}",
        observers=(*device.observers, agent),
        onlookers=frozenset({SOURCE}) if device.acquirer is not None else frozenset(),
        close=close,
    )
