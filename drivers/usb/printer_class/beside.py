"""What an MFP's printer tells, among the readings of whatever observes and scans with its scanner.

It has no voice of its own: a printer that is well must not hide a scanner that is gone (docs/decisions/0096).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from drivers.contract.clock import Clock
from drivers.contract.document import Document, ScanRequest
from drivers.contract.driver import Acquirer, Device, Observer
from drivers.contract.errors import DriverError
from drivers.contract.observation import Snapshot
from drivers.usb.printer_class.look import look
from drivers.usb.zero import Zero

PACE: Final = 60.0  # s between looks: nobody acts on it


class Printer:
    """The printer of one device. Never looked at while a scan is being begun, which may want the same interface."""

    def __init__(self, open_zero: Callable[[], Zero], clock: Clock) -> None:
        self.scanning = asyncio.Lock()
        self._open_zero, self._clock = open_zero, clock
        self._facts: tuple[tuple[str, str], ...] = ()
        self._due = clock.monotonic()

    async def facts(self) -> tuple[tuple[str, str], ...]:
        """Of the last look, which was not long ago. What cannot be looked at is as it was."""
        if self._clock.monotonic() >= self._due and not self.scanning.locked():
            async with self.scanning:
                self._due = self._clock.monotonic() + PACE
                with suppress(DriverError):  # whoever scans with it tells what is wrong
                    self._facts = await asyncio.to_thread(self._look)
        return self._facts

    def _look(self) -> tuple[tuple[str, str], ...]:
        zero = self._open_zero()
        try:
            return look(zero)
        finally:
            zero.close()


class Observing:
    """`Observer`: the scanner's, with the printer's readings."""

    def __init__(self, scanner: Observer, printer: Printer) -> None:
        self._scanner, self._printer = scanner, printer

    async def poll(self) -> Snapshot:
        facts = await self._printer.facts()
        seen = await self._scanner.poll()
        return replace(seen, facts=seen.facts + facts)

    async def rest(self, seen: Snapshot) -> None:
        await self._scanner.rest(seen)


class Scanning:
    """`Acquirer`: the scanner's."""

    def __init__(self, scanner: Acquirer, printer: Printer) -> None:
        self._scanner, self._printer = scanner, printer

    async def scan(self, request: ScanRequest) -> Document:
        async with self._printer.scanning:
            return await self._scanner.scan(request)


async def open_beside(
    opener: Callable[..., Awaitable[Device]], open_zero: Callable[[], Zero], clock: Clock, **more: Any
) -> Device:
    """The device that `opener` opens, with the readings of its printer. Raises what that does."""
    device = await opener(**more)
    printer = Printer(open_zero, clock)
    first, *others = device.observers
    acquirer = Scanning(device.acquirer, printer) if device.acquirer is not None else None
    return replace(device, observers=(Observing(first, printer), *others), acquirer=acquirer)
