"""The one place that knows what time it is.

Everything else takes `now` or a `Clock`, so a test or a scenario can turn the hands itself.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Three readings of time; the caller chooses by what the number is for."""

    def now(self) -> datetime:
        """Aware date and time (UTC), for what goes on the wire. May jump."""

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines. Stands still while the machine sleeps."""

    def boottime(self) -> float:
        """Seconds since boot that also count sleep, for leases held by others (subscriptions)."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of `monotonic`."""


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
