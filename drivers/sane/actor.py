"""One actor per SANE device owns its child, on a thread of its own.

While nobody scans it reads the device's sensors, where it has any; else it only sees to it that the device and the
child are there. While a scan runs, the scan supplies the snapshots: page ends and troubles wait in line, of progress
only the latest is kept. A child that hangs or dies costs what it was doing; the next use starts another.
With `share` the device is opened for each look and scan, and not looked at where it has no sensors.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeVar

from drivers.contract.clock import Clock
from drivers.contract.document import Document, ScanRequest
from drivers.contract.errors import CanceledAtDevice, DeviceBusy, DeviceGone, DriverError, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import ButtonPress, JobReport, Phase, Readiness, Snapshot
from drivers.sane.model import Model
from drivers.sane.opened import Opened
from drivers.sane.panel import SOURCE, Fingers
from drivers.sane.scan import Scan

_T = TypeVar("_T")

SENSING_PACE: Final = 1.0  # s between looks at sensors: each costs the backend some transfers
SHARED_PACE: Final = 5.0  # when each look must open the device
PRESENCE_PACE: Final = 5.0  # when there is nothing to be sensed
BELIEVED: Final = 60.0  # s for which a trouble is believed that SANE told once and no sensor can take back


class Actor:
    """Observer and acquirer of one SANE device. Made inside a running event loop."""

    def __init__(
        self,
        name: str,
        model: Model,
        open_device: Callable[[], Opened],
        present: Callable[[], bool],
        clock: Clock,
        *,
        opened: Opened | None = None,
        share: bool = False,
    ) -> None:
        """`open_device` blocks and raises DriverError; `present`: whether the device is plugged in, as far as known."""
        self._name, self._model, self._open_device, self._present = name, model, open_device, present
        self._clock, self._opened, self._share = clock, opened, share
        self._fingers = Fingers()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()  # there is news, or a scan began or ended
        self._lock = threading.Lock()
        self._news: deque[tuple[Snapshot, bool]] = deque()
        self._handover: Handover | None = None  # the scan that runs
        self._current: Snapshot | None = None  # what that scan told last
        self._trouble: tuple[Snapshot, float] | None = None  # how the last scan ended badly, and until when to say so
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process, while there is one."""
        opened = self._opened
        return None if opened is None else opened.child.pid

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
            elif self._model.panel.numbers:
                await self._run(self._look)
            else:  # no thread is woken for that
                self._check_presence()
                return self._idle(Snapshot(SOURCE, Readiness.IDLE))

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002  # the pace is the device's, whatever was seen
        if self._news:
            return
        waits: list[Awaitable[object]] = [self._event.wait(), self._clock.sleep(self._pace)]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    @property
    def _pace(self) -> float:
        if not self._model.panel.numbers:
            return PRESENCE_PACE
        return SHARED_PACE if self._share else SENSING_PACE

    # drivers.contract.driver.Acquirer

    async def scan(self, request: ScanRequest) -> Document:
        if self._handover is not None:
            raise DeviceBusy(f"{self._name} is scanning already")
        handover = Handover()
        with self._lock:
            self._handover, self._current = handover, None
        try:
            opened = await self._run(self._linked)
        except BaseException:
            self._ended(handover)
            raise
        self._thread.submit(self._scan, opened, request, handover)
        return handover

    async def close(self) -> None:
        """End a running scan and the child; may be called twice."""
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

    # On the device's thread, but for `_check_presence`, which only looks.

    def _check_presence(self) -> None:
        if not self._present():
            raise DeviceGone(f"{self._name} is not plugged in")

    def _linked(self) -> Opened:
        if self._opened is not None and not (self._opened.child.alive and self._present()):
            self._unlink()
        if self._opened is None:
            self._check_presence()
            self._opened = self._open_device()
            if not self._share:
                self._fingers.forget()
        return self._opened

    def _unlink(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.child.quit()

    def _look(self) -> None:
        try:
            opened, panel = self._linked(), self._model.panel
            values = opened.values(panel)
        except DriverError:
            self._unlink()
            raise
        if self._share:
            self._unlink()
        presses = []
        for button in self._fingers.went_down(panel, values):
            self._fingers.pressed += 1
            presses.append(ButtonPress(button, self._fingers.pressed))
        snapshot = replace(self._idle(panel.seen(values)), presses=tuple(presses))
        # In line like all else, so that no press is lost with a poll that was canceled meanwhile.
        self._tell(snapshot, lasting=bool(presses))

    def _idle(self, seen: Snapshot) -> Snapshot:
        """What is seen, and the trouble that ended the last scan as long as it is believed."""
        if self._trouble is None:
            return seen
        told, until = self._trouble
        if self._clock.monotonic() > until:
            self._trouble = None
            return seen
        return replace(
            seen,
            readiness=Readiness.STOPPED,
            troubles=seen.troubles | told.troubles,
            explanation=seen.explanation or told.explanation,
        )

    def _scan(self, opened: Opened, request: ScanRequest, handover: Handover) -> None:
        self._trouble = None
        error: Exception | None = None
        try:
            Scan(opened.child, opened.dials, self._model, request, handover=handover, tell=self._tell).run()
        except DriverError as err:
            error = err
        except Exception as err:  # noqa: BLE001  # our own bug must end the document too, or its reader hangs
            error = ScanFailed(f"{self._name}: internal error {err!r}")
            error.__cause__ = err
        if self._share or not opened.child.alive or isinstance(error, DeviceGone):
            self._unlink()
        last = self._last(request, error)
        if last.troubles and isinstance(error, ScanFailed) and not isinstance(error, FeederEmpty):
            self._trouble = (last, self._clock.monotonic() + BELIEVED)
        self._tell(last, lasting=True)
        self._ended(handover)
        if error is None or isinstance(error, ScanCanceled):
            handover.finish()
        else:
            handover.fail(error)

    def _last(self, request: ScanRequest, error: Exception | None) -> Snapshot:
        """The scan's last snapshot: what it told last, with the way it ended."""
        before = self._current or Snapshot(SOURCE, Readiness.BUSY)
        job = before.jobs[0] if before.jobs else JobReport(request.native_id, Phase.SCANNING)
        match error:
            case None:
                phase = Phase.DONE
            case ScanCanceled() | CanceledAtDevice():
                phase = Phase.CANCELED
            case _:
                phase = Phase.FAILED
        job = replace(job, phase=phase, percent=None, at_panel=isinstance(error, CanceledAtDevice))
        readiness = Readiness.STOPPED if error is not None and before.explanation else Readiness.IDLE
        explanation = before.explanation
        if error is not None and not isinstance(error, FeederEmpty | ScanCanceled | CanceledAtDevice):
            explanation = str(error)
        if error is not None and not self._present():
            readiness = Readiness.GONE
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
