"""One actor per device owns its link, on a thread of its own.

Looking and scanning both go through it (decisions: one actor per device). While a scan runs the scan
supplies the snapshots: page ends, troubles and presses wait in line until they were told one by one, of
progress only the latest is kept. A family with an interrupt endpoint adds its reader beside this thread and
hands what it reads to `tell`.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from drivers.contract.clock import Clock
from drivers.contract.document import Document, ScanRequest
from drivers.contract.errors import CanceledAtDevice, DeviceBusy, DeviceGone, DriverError, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot
from drivers.usb.family import Family
from drivers.usb.link import Link

_T = TypeVar("_T")

IDLE_PACE = 0.5  # seconds between looks: felt as immediate, and nothing to the device
SHARED_PACE = 2.0  # when each look must open and claim the device


class Actor:
    """Observer and acquirer of one USB device. Made inside a running event loop."""

    def __init__(
        self,
        name: str,
        family: Family,
        open_link: Callable[[], Link],
        clock: Clock,
        *,
        link: Link | None = None,
        pace: float | None = None,
        share: bool = False,
    ) -> None:
        """`open_link` blocks and raises DriverError; `share`: the link is given back after every look and scan."""
        self._name = name
        self._family = family
        self._open_link = open_link
        self._clock = clock
        self._link = link
        self._share = share
        self._pace = pace if pace is not None else (SHARED_PACE if share else IDLE_PACE)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()  # there is news, or a scan began or ended
        self._lock = threading.Lock()
        self._news: deque[tuple[Snapshot, bool]] = deque()
        self._handover: Handover | None = None  # the scan that runs
        self._current: Snapshot | None = None  # what that scan told last
        self._closed = False

    # drivers.contract.driver.Observer

    async def poll(self) -> Snapshot:
        while True:
            with self._lock:
                if self._news:
                    snapshot, _ = self._news.popleft()
                    if not self._news:
                        self._event.clear()
                    return snapshot
                scanning, current = self._handover is not None, self._current
                self._event.clear()
            if scanning and current is not None:
                return replace(current, presses=())
            if scanning:
                await self._event.wait()
                continue
            await self._run(self._look)

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002  # the pace of USB is the same whatever was seen
        if self._news:
            return
        waits: list[Awaitable[object]] = [self._event.wait(), self._clock.sleep(self._pace)]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    # drivers.contract.driver.Acquirer

    async def scan(self, request: ScanRequest) -> Document:
        if self._handover is not None:
            raise DeviceBusy(f"{self._name} is scanning already")
        handover = Handover()
        with self._lock:
            self._handover, self._current = handover, None
        try:
            link = await self._run(self._free_link)
        except BaseException:
            self._ended(handover)
            raise
        self._thread.submit(self._scan, link, request, handover)
        return handover

    async def close(self) -> None:
        """End a running scan and give the link back; may be called twice."""
        if self._closed:
            return
        self._closed = True
        if (handover := self._handover) is not None:
            handover.cancel()
        await asyncio.wrap_future(self._thread.submit(self._unlink))
        self._thread.shutdown(wait=False)

    async def _run(self, step: Callable[[], _T]) -> _T:
        if self._closed:
            raise DeviceGone(f"{self._name} was closed")
        return await asyncio.wrap_future(self._thread.submit(step))

    # On the device's thread.

    def _linked(self) -> Link:
        if self._link is None:
            self._link = self._open_link()
            if not self._share:
                self._family.reopened()
        return self._link

    def _free_link(self) -> Link:
        """The link to a device that nobody else uses through another plug. Raises DeviceBusy when somebody does."""
        try:
            link = self._linked()
            snapshot = self._family.observe(link)
        except DriverError as err:
            if self._share or isinstance(err, DeviceGone):
                self._unlink()
            raise
        if snapshot.presses:
            self._tell(snapshot, lasting=True)
        if snapshot.readiness is Readiness.BUSY:
            if self._share:
                self._unlink()
            raise DeviceBusy(f"{self._name} is in use over another interface")
        return link

    def _unlink(self) -> None:
        if self._link is not None:
            link, self._link = self._link, None
            link.close()

    def _look(self) -> None:
        try:
            snapshot = self._family.observe(self._linked())
        except DeviceGone:
            self._unlink()
            raise
        finally:
            if self._share:
                self._unlink()
        # In line like all else, so that no press is lost with a poll that was canceled meanwhile.
        self._tell(snapshot, lasting=bool(snapshot.presses))

    def _scan(self, link: Link, request: ScanRequest, handover: Handover) -> None:
        error: Exception | None = None
        try:
            self._family.scan(link, request, handover, self._tell)
        except DriverError as err:
            error = err
            if isinstance(err, DeviceGone):
                self._unlink()
        except Exception as err:  # noqa: BLE001  # our own bug must end the document too, or its reader hangs
            error = ScanFailed(f"{self._name}: internal error {err!r}")
            error.__cause__ = err
        if self._share:
            self._unlink()
        self._tell(self._last(request, error), lasting=True)
        self._ended(handover)
        if error is None or isinstance(error, ScanCanceled):
            handover.finish()
        else:
            handover.fail(error)

    def _last(self, request: ScanRequest, error: Exception | None) -> Snapshot:
        """The scan's last snapshot: what it told last, with the way it ended."""
        before = self._current or Snapshot("usb", Readiness.BUSY)
        job = before.jobs[0] if before.jobs else JobReport(request.native_id, Phase.SCANNING)
        match error:
            case None:
                phase = Phase.DONE
            case ScanCanceled() | CanceledAtDevice():
                phase = Phase.CANCELED
            case _:
                phase = Phase.FAILED
        job = replace(job, phase=phase, percent=None, at_panel=isinstance(error, CanceledAtDevice))
        if isinstance(error, DeviceGone):
            readiness = Readiness.GONE
        elif error is not None and before.explanation:
            readiness = Readiness.STOPPED
        else:
            readiness = Readiness.IDLE
        explanation = before.explanation
        if error is not None and not isinstance(error, FeederEmpty | ScanCanceled | CanceledAtDevice):
            explanation = str(error)
        return replace(before, readiness=readiness, jobs=(job,), presses=(), explanation=explanation)

    def _ended(self, handover: Handover) -> None:
        with self._lock:
            if self._handover is handover:
                self._handover, self._current = None, None
        self._wake()

    def _tell(self, snapshot: Snapshot, *, lasting: bool = False) -> None:
        with self._lock:
            if self._handover is not None:
                self._current = snapshot
            if self._news and not self._news[-1][1]:
                self._news.pop()
            self._news.append((snapshot, lasting))
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)
