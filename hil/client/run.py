"""One scan from finding the scanner to the last page on disk, told to a screen as it goes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bridge.errors import BridgeError
from bridge.net.asking import NoAnswer, Refused
from bridge.net.finding import Found, NoScanner, find, find_device
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.values import Format, InputSource
from bridge.wsscan.year import Year
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient
from hil.client import discover, ticket
from hil.client.retrieve import Image
from hil.client.screen import Screen
from hil.client.session import Session, opened
from hil.client.ticket import Wish
from hil.client.timeline import TooLate

# What the files of a format are called; the others by the format's own name.
EXTENSIONS: Final = {
    Format.JFIF: "jpg",
    Format.EXIF: "jpg",
    Format.DIB: "bmp",
    Format.JPEG2K: "jp2",
    Format.PDF_A: "pdf",
}
_END_TIMEOUT: Final = 30.0  # seconds from the last image to JobEndStateEvent
_BROKEN_TIMEOUT: Final = 5.0  # from an image that broke off to JobEndStateEvent
_LAST_TIMEOUT: Final = 2.0  # from JobEndStateEvent to the last JobStatusEvent, where they come in two subscriptions
_AGAIN: Final = 1.0  # seconds before asking again after a temporary error
_PATIENCE: Final = 600.0  # seconds that temporary errors are borne: a queue, or a person at a jam
_NO_MORE: Final = (Subcode.NO_IMAGES_AVAILABLE, Subcode.JOB_CANCELLED, Subcode.JOB_ID_NOT_FOUND)


class Outcome(StrEnum):
    COMPLETED = "Completed"
    FAILED = "Failed"  # refused, Aborted or Canceled


class NoEnd(BridgeError):
    """All images are here and the scanner never said that the job is over."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to scan, from where, to where. Without `url` the first scanner (or `device`) that answers a Probe."""

    wish: Wish
    url: str | None
    interface: str
    output: Path
    year: Year
    one_each: bool = False
    device: str | None = None


async def scan(plan: Plan, screen: Screen, clock: Clock, stop: asyncio.Event) -> Outcome:
    """Carry it out; `stop` cancels the job. Raises BridgeError (not reached, not understood) and Unable."""
    found = await _find(plan, clock)
    screen.found(found)
    async with opened(found, clock, year=plan.year) as session:
        session.timeline.listen(screen.arrived)
        await session.subscribe(one_each=plan.one_each)
        screen.subscribed(len(session.subscriptions))
        wanted = ticket.make(plan.wish, await session.configuration())
        if stop.is_set():
            return Outcome.FAILED
        try:
            job = await session.create_job(wanted)
        except Refused as err:
            screen.refused(err)
            return Outcome.FAILED
        screen.started(job, plan.wish.images)
        images = asyncio.create_task(_images(plan, session, job, screen, clock))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((images, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not images.done():
                screen.note("canceling")
                with suppress(Refused):  # it may have ended this moment
                    await session.cancel(job.job_id)
            pages = await images
        finally:
            images.cancel()
            stopping.cancel()
            await asyncio.wait((images, stopping))
        try:
            end = await session.timeline.job_end(job.job_id, _END_TIMEOUT)
        except TooLate as err:
            raise NoEnd(f"no JobEndStateEvent for job {job.job_id} within {_END_TIMEOUT:g} s") from err
        with suppress(TooLate):  # events of several subscriptions may overtake each other
            await session.timeline.job_final(job.job_id, _LAST_TIMEOUT)
        await session.unsubscribe()
        screen.ended(end, pages)
    return Outcome.COMPLETED if end.job_completed_state == JobState.COMPLETED else Outcome.FAILED


async def _find(plan: Plan, clock: Clock) -> Found:
    async with HttpClient() as http:
        if plan.url is not None:
            return await find(http, plan.url)
        targets = await discover.probe_all(plan.interface, clock, first=True, device=plan.device)
        if not targets:
            raise NoScanner(f"no scanner answered a Probe on {plan.interface} within {discover.MATCH_TIMEOUT:g} s")
        return await find_device(http, targets[0])


async def _images(
    plan: Plan, session: Session, job: CreateScanJobResponse, screen: Screen, clock: Clock
) -> tuple[Image, ...]:
    """All images of the job, or as many as came before it ended otherwise."""
    images: list[Image] = []
    extension = EXTENSIONS.get(Format(plan.wish.format), plan.wish.format.partition("-")[0])
    extension = "tif" if extension == "tiff" else extension
    wanted = 1 if plan.wish.source is InputSource.PLATEN or "multi" in plan.wish.format else plan.wish.images
    patience_ends = clock.monotonic() + _PATIENCE
    while not wanted or len(images) < wanted:
        path = plan.output / f"page-{len(images) + 1}.{extension}"
        try:
            images.append(await session.retrieve(job, path, progress=screen.bytes_so_far))
        except Refused as err:
            if err.subcode in _NO_MORE or session.timeline.ends(job.job_id):
                if not images or err.subcode is not Subcode.NO_IMAGES_AVAILABLE:
                    screen.refused(err)
                break
            if err.subcode is not Subcode.TEMPORARY_ERROR or clock.monotonic() > patience_ends:
                screen.refused(err)
                raise
            screen.refused(err)
            await clock.sleep(_AGAIN)
        except NoAnswer:
            # What cannot be finished is broken off (no last chunk, no closing boundary); the event says why.
            try:
                await session.timeline.job_end(job.job_id, _BROKEN_TIMEOUT)
            except TooLate:
                pass
            else:
                screen.note(f"page {len(images) + 1} broke off, it is not kept")
                break
            raise
        else:
            screen.saved(images[-1])
    return tuple(images)
