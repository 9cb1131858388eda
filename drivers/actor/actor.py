"""One actor per device owns what was opened, on a thread of its own.

Looking and scanning both go through it (docs/decisions/0006-one-actor-per-device.md). While a scan runs the scan
supplies the snapshots. What the device says by itself is heard between two looks, and within a scan wherever that
tells something. It can be lent: then another owner has the device, and nobody looks until it is given back.
"""

import asyncio
import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Final, Generic, TypeVar

from drivers.actor.ending import last
from drivers.actor.news import News
from drivers.actor.work import T, Work
from drivers.contract.clock import Clock
from drivers.contract.document import Document, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceTimeout, DriverError, ScanFailed
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.observation import Readiness, Snapshot

_log = logging.getLogger(__name__)

_R = TypeVar("_R")

LEND_SECONDS: Final = 10.0  # for a look that is under way to end


class Actor(Generic[T]):
    """Observer and acquirer of one device; also what lends it (drivers.contract.driver). Made in a running loop."""

    def __init__(
        self,
        name: str,
        work: Work[T],
        clock: Clock,
        *,
        opened: T | None = None,
        share: bool = False,
        keep: float = math.inf,
    ) -> None:
        """`opened`: it is opened already; `share`: it is given back after every look and scan; `keep`: seconds after
        which it is given back where a glance is enough to observe it."""
        self._name, self._work, self._clock, self._share, self._keep = name, work, clock, share, keep
        self._opened = opened
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._news = News()
        self._lock = threading.Lock()
        self._unheard: deque[Callable[[], Snapshot | None]] = deque()
        self._handover: Handover | None = None  # the scan that runs
        self._current: Snapshot | None = None  # what that scan told last
        self._seen: Snapshot | None = None  # the last that was told
        self._changed_at = clock.monotonic()
        self._lent = 0  # how many have it instead of us
        self._returning = False  # the next opening is after a lending, so what is latched in the device is news
        self._out_of_step = False
        self._closed = False
        if opened is not None:
            work.taken(opened, self.interject)

    @property
    def opened(self) -> T | None:
        """What is open just now."""
        return self._opened

    # drivers.contract.driver.Observer

    async def poll(self) -> Snapshot:
        while True:
            with self._lock:
                if (snapshot := self._news.take()) is not None:
                    return self._noted(snapshot)
                scanning, current = self._handover is not None, self._current
            if scanning and current is not None:
                return replace(current, presses=())
            if scanning or self._lent:
                await self._news.wait()
                continue
            if (glanced := self._work.glance()) is not None:
                if self._opened is not None and self._quiet() > self._keep:
                    await self._run(self._unneeded)
                return self._noted(glanced)
            looked = await self._run(self._look)
            if looked is not None and not self._news:
                return self._noted(looked)

    async def rest(self, seen: Snapshot) -> None:  # noqa: ARG002  # what counts is how long it has been so
        await self._news.rest(self._work.pace(self._quiet()), self._clock)

    def _quiet(self) -> float:
        return self._clock.monotonic() - self._changed_at

    def _noted(self, snapshot: Snapshot) -> Snapshot:
        if snapshot != self._seen:
            self._seen, self._changed_at = snapshot, self._clock.monotonic()
        return snapshot

    # drivers.contract.driver.Acquirer

    async def scan(self, request: ScanRequest) -> Document:
        if self._handover is not None:
            raise DeviceBusy(f"{self._name} is scanning already")
        handover = Handover()
        with self._lock:
            self._handover, self._current = handover, None
        try:
            opened = await self._run(self._free)
        except BaseException:
            self._ended(handover)
            raise
        self._thread.submit(self._scan, opened, request, handover)
        return handover

    async def close(self) -> None:
        """End a running scan and give the device back; may be called twice."""
        if self._closed:
            return
        self._closed = True
        if (handover := self._handover) is not None:
            handover.cancel()
        await asyncio.wrap_future(self._thread.submit(self._give_back))
        self._thread.shutdown(wait=False)

    async def _run(self, step: Callable[[], _R]) -> _R:
        if self._closed:
            raise DeviceGone(f"{self._name} was closed")
        return await asyncio.wrap_future(self._thread.submit(step))

    # drivers.contract.driver.Claim, from any thread but the event loop's and the device's own.

    def lend(self) -> None:
        with self._lock:
            if self._handover is not None:
                raise DeviceBusy(f"{self._name} is scanning")
            self._lent += 1
        try:
            self._thread.submit(self._set_aside).result(LEND_SECONDS)
        except TimeoutError as err:
            self.take_back()
            raise DeviceBusy(f"{self._name} is being looked at and does not answer") from err
        except RuntimeError:
            pass  # closed: it is nobody's

    def take_back(self) -> None:
        with self._lock:
            self._lent -= 1
        self._news.wake()

    # From any thread.

    def interject(self, step: Callable[[], Snapshot | None]) -> None:
        """Do this on the device's thread soon, while a scan runs too, and tell for certain what it returns."""
        self._unheard.append(step)
        with suppress(RuntimeError):  # closed meanwhile
            self._thread.submit(self._hear)

    # On the device's thread.

    def _ours(self) -> T:
        if self._opened is not None and not self._work.usable(self._opened):
            self._give_back()
        if self._opened is None:
            returning, self._returning = self._returning, False
            self._opened = self._work.open()
            if not self._share and not returning:
                self._work.reopened()
            self._work.taken(self._opened, self.interject)
        if self._out_of_step:
            self._work.resynchronise(self._opened)
            self._out_of_step = False
        return self._opened

    def _give_back(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            self._work.close(opened)

    def _unneeded(self) -> None:
        if self._handover is None:
            self._give_back()

    def _set_aside(self) -> None:
        self._returning = self._returning or self._opened is not None
        self._give_back()

    def _failed(self, error: DriverError) -> None:
        """What an error means for what is open."""
        gone = isinstance(error, DeviceGone)
        self._out_of_step = not gone and (self._out_of_step or isinstance(error, DeviceGarbled | DeviceTimeout))
        self._seen = None
        if gone or self._share or (self._opened is not None and not self._work.usable(self._opened)):
            self._give_back()

    def _free(self) -> T:
        """What is open of a device that nobody else uses. Raises DeviceBusy when somebody does."""
        if self._lent:
            raise DeviceBusy(f"{self._name} is in use otherwise just now")
        try:
            opened = self._ours()
            seen = self._work.before(opened)
            if seen is not None and seen.presses:
                self._news.put(seen, lasting=True)
            if seen is not None and seen.readiness is Readiness.BUSY:
                raise DeviceBusy(f"{self._name} is in use over another interface")
        except DriverError as err:
            self._failed(err)
            raise
        return opened

    def _look(self) -> Snapshot | None:
        if self._lent:
            return None
        try:
            snapshot = self._work.look(self._ours())
        except DriverError as err:
            self._failed(err)
            raise
        if self._share:
            self._give_back()
        if not snapshot.presses:
            return snapshot
        self._news.put(snapshot, lasting=True)  # so that none is lost with a poll that was canceled meanwhile
        return None

    def _scan(self, opened: T, request: ScanRequest, handover: Handover) -> None:
        error: Exception | None = None
        try:
            self._work.scan(opened, request, handover, self._tell)
        except DriverError as err:
            error = err
            self._failed(err)
        except Exception as err:  # noqa: BLE001  # our own bug must end the document too, or its reader hangs
            error = ScanFailed(f"{self._name}: internal error {err!r}")
            error.__cause__ = err
        if self._share:
            self._give_back()
        before = self._current or Snapshot(self._work.source, Readiness.BUSY)
        self._tell(last(before, request.native_id, error), lasting=True)
        self._ended(handover)
        if error is None or isinstance(error, ScanCanceled):
            handover.finish()
        else:
            handover.fail(error)

    def _tell(self, snapshot: Snapshot, *, lasting: bool = False) -> None:
        with self._lock:
            self._current = snapshot
            self._news.put(snapshot, lasting=lasting)
        self._hear()

    def _hear(self) -> None:
        """What the device said by itself. Of a scan it tells nothing but presses."""
        while self._unheard:
            try:
                said = self._unheard.popleft()()
            except DeviceGone as err:
                if self._handover is None:  # a scan finds out by itself
                    self._failed(err)
                    self._news.wake()  # look at once
                continue
            except DriverError as err:
                _log.info("device=%s: said something of no meaning: %s", self._name, err)
                continue
            if said is not None and self._current is not None:
                said = replace(self._current, presses=said.presses) if said.presses else None
            if said is not None:
                self._news.put(said, lasting=True)

    def _ended(self, handover: Handover) -> None:
        with self._lock:
            if self._handover is handover:
                self._handover, self._current = None, None
        self._news.wake()
