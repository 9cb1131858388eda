"""One scan on an eSCL device, from its first NextDocument to its last.

NextDocument says 200 with a page, 404 when there is no more, 503 while none is ready; what 409 and 410 mean, and why a
page broke off, only ScannerStatus tells. A page is JPEG and handed on as it comes.
Facts: spec dossier on device protocols (g); sane-airscan (which answers devices really give).
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Final, NoReturn, Protocol

from drivers.contract.capabilities import Source
from drivers.contract.clock import Clock
from drivers.contract.document import Encoded, ScanRequest
from drivers.contract.errors import (
    CanceledAtDevice,
    DeviceBusy,
    DeviceGarbled,
    DeviceGone,
    DeviceRefused,
    DeviceTimeout,
    DriverError,
    FeederEmpty,
    ScanFailed,
)
from drivers.contract.handover import Handover, ScanCanceled
from drivers.contract.http_exchange import Incoming
from drivers.contract.observation import Feeder, Phase, Trouble, TroubleKind, Unit
from drivers.escl.link import ASK_SECONDS, EsclLink
from drivers.escl.status import Job, Status
from drivers.quirks import Quirk

HEAD_SECONDS: Final = 120.0  # until a page begins: a cold lamp, a calibration
SILENCE: Final = 60.0  # within a page
NOT_READY_SECONDS: Final = 90.0  # of 503 in a row
RETRY_SECONDS: Final = 0.5
SETTLE_SECONDS: Final = 1.5  # for the device to say why a page broke off
STOP_SECONDS: Final = 10.0  # for the hardware to stand still after a cancel
MOST_PAGE: Final = 512 * 1024 * 1024  # bytes; A3 at 1200 ppi in colour has about 100 MB
PIECE: Final = 64 * 1024
END_OF_IMAGE: Final = b"\xff\xd9"
TAIL: Final = 1024  # bytes in which that must be: devices pad

_AWAY: Final = (DeviceGone, DeviceTimeout, DeviceGarbled, DeviceBusy, DeviceRefused)


class Tell(Protocol):
    """Where the scan reports."""

    def __call__(
        self, phase: Phase, pages: int, *, lasting: bool = False, troubles: frozenset[Trouble] = ..., why: str = ""
    ) -> None:
        """`lasting`: told for certain; others only until the next one comes."""


class Scan:
    """The pages of one job that was created on the device."""

    def __init__(
        self,
        link: EsclLink,
        job: str,
        request: ScanRequest,
        handover: Handover,
        *,
        look: Callable[[], Awaitable[Status]],
        tell: Tell,
        clock: Clock,
        thread: Executor,
        quirk: Quirk,
    ) -> None:
        """`job`: as requests name it; `thread`: where a full handover may be waited for."""
        self._link, self._job, self._request, self._handover = link, job, request, handover
        self._look, self._tell, self._clock, self._thread, self._quirk = look, tell, clock, thread, quirk
        self._feeder = request.source is not Source.PLATEN
        self._pages = 0
        self._seconds = 0.0  # that the last page took

    async def run(self, canceled: asyncio.Event) -> None:
        """Bring all pages, then return. Raises ScanCanceled once the hardware stands still, and the other
        DriverErrors of a Document."""
        pages = asyncio.ensure_future(self._all())
        stop = asyncio.ensure_future(canceled.wait())
        try:
            await asyncio.wait({pages, stop}, return_when=asyncio.FIRST_COMPLETED)
            with suppress(ScanCanceled):  # the hand-over may know of a cancel before we do
                if not canceled.is_set():
                    return await pages
            await self._delete()
        finally:
            for task in (pages, stop):
                task.cancel()
            await asyncio.gather(pages, stop, return_exceptions=True)
        await self._stand_still()
        raise ScanCanceled

    async def _all(self) -> None:
        self._tell(Phase.SCANNING, 0)
        wanted = self._request.pages or (1 << 30 if self._feeder else 1)
        while self._pages < wanted:
            if self._pages and self._quirk.escl_page_pause:
                await self._clock.sleep(min(self._quirk.escl_page_pause, self._seconds / 2))
            if not await self._next():
                return
        await self._tidy()

    async def _next(self) -> bool:
        """One page; False when there is no more."""
        patience = self._clock.monotonic() + NOT_READY_SECONDS
        while True:
            began = self._clock.monotonic()
            try:
                async with self._link.page(self._job, HEAD_SECONDS, SILENCE) as incoming:
                    status = incoming.status
                    if status == 200 and await self._bring(incoming):
                        self._seconds = self._clock.monotonic() - began
                        return True
            except (DeviceGone, DeviceTimeout) as err:
                await self._broke_off(err)
            again = (
                status == 503
                or (status == 404 and self._quirk.escl_retry_404)
                or (status == 410 and self._quirk.escl_retry_410)
            )
            if not again or self._clock.monotonic() > patience:
                return await self._no_page(status)
            await self._not_ready()

    async def _bring(self, incoming: Incoming) -> bool:
        """Hand one page on; False where there is nothing in it."""
        begun, size, held, tail = False, 0, bytearray(), b""
        async for chunk in incoming.chunks:
            held += chunk
            size, tail = size + len(chunk), (tail + chunk)[-TAIL:]
            if size > MOST_PAGE:
                raise ScanFailed(f"the device sends a page of more than {MOST_PAGE // 2**20} MB")
            if not begun and size >= 2:
                _check(incoming.headers.get("content-type", ""), bytes(held[:4]))
                back = self._request.source is Source.FEEDER_DUPLEX and self._pages % 2 == 1
                self._handover.page(Encoded("jpeg", iter(()), back))
                begun = True
            if begun and len(held) >= PIECE:
                await self._put(bytes(held))
                held.clear()
        if not begun:
            return False
        await self._put(bytes(held))
        if END_OF_IMAGE not in tail:  # some end a page that they cannot finish as if it were whole
            with suppress(*_AWAY):
                self._blame(await self._look())
        self._handover.end_page()
        self._pages += 1
        self._tell(Phase.SCANNING, self._pages, lasting=True)
        return True

    async def _put(self, data: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._handover.put, data)

    # What a missing page means.

    async def _not_ready(self) -> None:
        with suppress(*_AWAY):
            status = await self._look()
            self._blame(status)
        await self._clock.sleep(RETRY_SECONDS)

    async def _broke_off(self, error: DriverError) -> NoReturn:
        """The connection broke, perhaps in the middle of a page: the device has a reason, or is gone."""
        status = None
        until = self._clock.monotonic() + SETTLE_SECONDS
        while status is None or self._clock.monotonic() < until:
            try:
                status = await self._look()
            except (DeviceGone, DeviceTimeout) as err:
                raise DeviceGone(str(err)) from error
            except _AWAY:
                break
            self._blame(status)
            await self._clock.sleep(RETRY_SECONDS / 2)
        raise ScanFailed("the device broke off the page and does not say why") from error

    async def _no_page(self, answer: int) -> bool:
        """There is no page behind `answer`; False when that is the scan's proper end."""
        try:
            status = await self._look()
        except _AWAY:
            if self._pages and answer in (200, 404):
                return False
            raise
        self._blame(status)
        job = self._listed(status)
        proper = answer in (200, 404) or (job is not None and job.phase is Phase.DONE)
        if self._pages and (proper or (self._feeder and status.feeder is Feeder.EMPTY)):
            return False
        if self._feeder and not self._pages and status.feeder is Feeder.EMPTY:
            self._empty()
        raise ScanFailed(f"the device brought no page and does not say why (HTTP {answer})")

    def refused(self, answer: int, status: Status) -> NoReturn:
        """The device did not even take the job."""
        self._blame(status)
        if self._feeder and status.feeder is Feeder.EMPTY:
            self._empty()
        raise ScanFailed(f"the device takes no job and does not say why (HTTP {answer})")

    def _empty(self) -> NoReturn:
        empty = frozenset({Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)})
        self._tell(Phase.SCANNING, 0, troubles=empty)
        raise FeederEmpty("the document feeder is empty")

    def _blame(self, status: Status) -> None:
        """End the scan by what the device says is the matter, if it says anything. Raises ScanFailed."""
        job = self._listed(status)
        if job is not None and job.phase is Phase.CANCELED:
            raise CanceledAtDevice("the scan was canceled at the device")
        in_the_way = status.troubles if self._feeder or status.trouble is None else frozenset()
        if in_the_way:
            self._tell(Phase.STOPPED, self._pages, lasting=True, troubles=in_the_way, why=status.explanation)
            raise ScanFailed(status.explanation)
        if job is not None and job.phase is Phase.FAILED:
            raise ScanFailed("the device aborted the scan and does not say why")

    def _listed(self, status: Status) -> Job | None:
        return next((job for job in status.jobs if self._job and self._job in (job.name, job.uuid)), None)

    # The end.

    async def _tidy(self) -> None:
        """All that was asked for is there: the device need not keep the job open."""
        if self._quirk.escl_no_delete:
            return
        with suppress(*_AWAY):
            job = self._listed(await self._look())
            if job is None or not job.over:
                await self._delete()

    async def _delete(self) -> None:
        with suppress(*_AWAY):
            await self._link.ask("DELETE", f"ScanJobs/{self._job}", seconds=ASK_SECONDS)

    async def _stand_still(self) -> None:
        until = self._clock.monotonic() + STOP_SECONDS
        with suppress(*_AWAY):
            while self._clock.monotonic() < until:
                job = self._listed(await self._look())
                if job is None or job.over:
                    return
                await self._clock.sleep(RETRY_SECONDS / 2)


def _check(content_type: str, begins: bytes) -> None:
    """Raises ScanFailed where the page is not what was asked for."""
    kind = content_type.partition(";")[0].strip().lower()
    if not begins.startswith(b"\xff\xd8"):
        raise ScanFailed(f"the device sends {kind[:60] or 'something unnamed'} where JPEG was asked for")
