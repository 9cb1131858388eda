"""The clients of a scenario: each subscribes before it begins, then does what it does and says what became of it.

As Windows and sane-airscan: one request at a time for each job, again after a temporary error, on with the next image
until the scanner says that there are no more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bridge.errors import BridgeError
from bridge.net.asking import NoAnswer, Refused
from bridge.net.finding import find, local_address_for
from bridge.net.sink import Arrived, Sink
from bridge.wsscan.destinations import ScanDestination
from bridge.wsscan.events import ScanAvailableEvent
from bridge.wsscan.faults import Subcode
from bridge.wsscan.operations import CreateScanJobResponse
from bridge.wsscan.ticket import Dimensions, ScanTicket
from bridge.wsscan.values import ColorEntry, InputSource
from bridge.wsscan.year import DEFAULT
from drivers.contract.http import HttpClient
from hil.client import ticket
from hil.client.session import Session
from hil.client.ticket import Unable, Wish
from hil.client.timeline import Timeline
from hil.scenario.model import Client, When
from hil.scenario.moments import Moments
from hil.scenario.seen import Deed, Got, Sort, event

AGAIN: Final = 1.0  # seconds before asking again after a temporary error
SOURCES: Final = {"platen": InputSource.PLATEN, "adf": InputSource.ADF, "duplex": InputSource.ADF_DUPLEX}
COLORS: Final = {
    "bw1": ColorEntry.BLACK_AND_WHITE_1,
    "gray4": ColorEntry.GRAYSCALE_4,
    "gray8": ColorEntry.GRAYSCALE_8,
    "rgb24": ColorEntry.RGB_24,
}
_NO_MORE: Final = frozenset({Subcode.NO_IMAGES_AVAILABLE, Subcode.JOB_CANCELLED, Subcode.JOB_ID_NOT_FOUND})


@dataclass(slots=True)
class Actor:
    """One client, on its stage."""

    plan: Client
    session: Session
    sink: Sink | None  # its ears, where they are ours to close
    moments: Moments
    directory: Path
    did: Callable[[Deed], None]
    got: Got = field(default_factory=Got)

    async def ready(self) -> None:
        """Subscribe, before anything happens."""
        if self.plan.subscribe:
            name = self.plan.destination
            offer = [ScanDestination(client_display_name=name, client_context=f"ctx-{name}")] if name else []
            await self.session.subscribe(destinations=offer)

    async def act(self) -> None:
        """All that it does. What a scanner may answer is in `got`; BridgeErrors beyond that are trouble."""
        deaf = asyncio.create_task(self._go_deaf(self.plan.deaf)) if self.plan.deaf is not None else None
        try:
            work = asyncio.ensure_future(self._work())
            leaving = asyncio.create_task(self._vanish(self.plan.vanish)) if self.plan.vanish is not None else None
            waiting = {work, leaving} if leaving is not None else {work}
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
            finally:
                for each in waiting:
                    each.cancel()
                await asyncio.wait(waiting)
        except Refused as err:
            self._refused(err)
        except (BridgeError, Unable) as err:
            self.got = replace(self.got, trouble=f"{type(err).__name__}: {err}")
        finally:
            if deaf is not None:
                await deaf

    async def _work(self) -> None:
        plan = self.plan
        if plan.does == "watch":
            return
        identifier = token = None
        if plan.does == "invited":
            asked = await self._invitation()
            identifier, token = asked.scan_identifier, self.session.tokens.get(asked.client_context)
        wanted = await self._ticket()
        await self.moments.reached(plan.start)
        self._say("CreateScanJob")
        job = await self.session.create_job(wanted, scan_identifier=identifier, destination_token=token)
        self.got = replace(self.got, job=job.job_id)
        canceling = asyncio.create_task(self._cancel(plan.cancel, job)) if plan.cancel is not None else None
        try:
            if plan.retrieve:
                await self._images(job)
            elif plan.vanish is not None:
                await asyncio.Event().wait()
        finally:
            if canceling is not None and plan.vanish is None:
                await canceling

    async def _invitation(self) -> ScanAvailableEvent:
        context = f"ctx-{self.plan.destination}"
        while True:
            for each in self.session.timeline.arrived:
                if isinstance(each.event, ScanAvailableEvent) and each.event.client_context == context:
                    return each.event
            await self.moments.changed()

    async def _ticket(self) -> ScanTicket:
        plan = self.plan
        images = plan.pages if plan.pages is not None else int(plan.source == "platen")
        size = ticket.A4 if plan.height is None else Dimensions(width=ticket.A4.width, height=plan.height)
        said = SOURCES[plan.source], plan.format, COLORS[plan.color], plan.resolution, images, size
        wish = Wish(*said, name="scenario", user=plan.name)
        return ticket.make(wish, await self.session.configuration())

    async def _images(self, job: CreateScanJobResponse) -> None:
        wanted = 1 if self.plan.source == "platen" else self.plan.pages or 0
        while not wanted or len(self.got.pages) < wanted:
            path = self.directory / f"{self.plan.name}-{job.job_id}-{len(self.got.pages) + 1}"
            try:
                image = await self.session.retrieve(job, path)
            except Refused as err:
                self._refused(err)
                if err.subcode in _NO_MORE or self.session.timeline.ends(job.job_id):
                    return
                if err.subcode is not Subcode.TEMPORARY_ERROR:
                    raise
                await self.moments.clock.sleep(AGAIN)
            except NoAnswer:
                self._say(f"image {len(self.got.pages) + 1} broke off")
                await self.moments.clock.sleep(AGAIN)  # the event says why; a broken image is asked for once more
            else:
                self.got = replace(self.got, pages=(*self.got.pages, image.size))
                self._say(f"has image {len(self.got.pages)}")
                path.unlink()

    async def _cancel(self, when: When, job: CreateScanJobResponse) -> None:
        await self.moments.reached(when)
        self._say("CancelJob")
        try:
            await self.session.cancel(job.job_id)
        except Refused as err:
            self._refused(err)

    async def _vanish(self, when: When) -> None:
        await self.moments.reached(when)
        self._say("vanishes")

    async def _go_deaf(self, when: When) -> None:
        await self.moments.reached(when)
        self._say("hears no more")
        if self.sink is not None:
            await self.sink.__aexit__(None, None, None)

    def _refused(self, err: Refused) -> None:
        self.got = replace(self.got, refused=str(err.subcode or "fault"))
        self._say(f"refused: {err}")

    def _say(self, text: str) -> None:
        self.did(Deed(self.moments.now, Sort.CLIENT, self.plan.name, text))


@asynccontextmanager
async def on_stage(
    plan: Client, url: str, moments: Moments, directory: Path, did: Callable[[Deed], None]
) -> AsyncIterator[Actor]:
    """A client with its ears open, until the block ends. Raises BridgeError when the scanner is not to be reached."""
    timeline = Timeline()

    def heard(arrived: Arrived) -> None:
        timeline.heard(arrived)
        moments.heard(event(plan.name, arrived, moments.began))

    async with HttpClient(4) as http:
        found = await find(http, url)
        sink = Sink(await local_address_for(found.service), heard, moments.clock)
        async with sink:
            session = Session(http, found, sink.url, timeline, year=DEFAULT, clock=moments.clock)
            actor = Actor(plan, session, sink, moments, directory, did)
            await actor.ready()
            yield actor
            if plan.deaf is None and plan.vanish is None:
                for identifier in tuple(session.subscriptions):
                    with suppress(BridgeError):
                        await session.unsubscribe(identifier)
