"""One client of one scan service, as Windows is one: it subscribes, asks, scans and gives everything back.

    async with session.opened("http://127.0.0.1:5380/…", SystemClock()) as client:
        await client.subscribe()
        job = await client.create_job(ticket)
        image = await client.retrieve(job, Path("page-1.jpg"))
        end = await client.timeline.job_end(job.job_id, timeout=10)

Every operation raises NoAnswer (not reached), Refused (a fault; `.subcode`, `.status`) or WireError (not understood).
Spec: clients of WS-Scan as recorded; WS-Scan V1.0; WS-Eventing 2004/08.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from lxml import etree

from bridge.errors import BridgeError, WireError
from bridge.net import subscribing
from bridge.net.asking import operate
from bridge.net.finding import Found, find, local_address_for
from bridge.net.sink import Sink
from bridge.net.subscribing import Held
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.destinations import DestinationResponses, ScanDestination, ScanDestinations
from bridge.wsscan.events import EventName
from bridge.wsscan.job import JobSummary
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.operations import (
    CancelJobRequest,
    CancelJobResponse,
    CreateScanJobRequest,
    CreateScanJobResponse,
    GetActiveJobsRequest,
    GetActiveJobsResponse,
    GetJobElementsRequest,
    GetJobElementsResponse,
    GetJobHistoryRequest,
    GetJobHistoryResponse,
    GetScannerElementsRequest,
    GetScannerElementsResponse,
    Operation,
    RetrieveImageRequest,
    ValidateScanTicketRequest,
    ValidateScanTicketResponse,
)
from bridge.wsscan.scanner import ScannerStatus
from bridge.wsscan.sections import (
    JobElementData,
    JobSection,
    RequestedElements,
    ScannerElementData,
    ScannerSection,
)
from bridge.wsscan.ticket import DocumentDescription, ScanTicket, ValidationInfo
from bridge.wsscan.year import DEFAULT, Year, action, normalise, respell
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient
from hil.client.retrieve import MAX_IMAGE, Image, retrieve
from hil.client.timeline import Timeline

LEASE: Final = timedelta(hours=1)
_CONNECTIONS: Final = 4  # CancelJob must pass a RetrieveImage that waits

Response = TypeVar("Response", bound=ScanElement)


class Session:
    """Made by `opened`; `timeline` holds all that arrived."""

    def __init__(self, http: HttpClient, found: Found, sink_url: str, timeline: Timeline, *, year: Year, clock: Clock):
        self.http, self.found, self.timeline, self.year = http, found, timeline, year
        self.subscriptions: dict[str, Held] = {}  # by the wse:Identifier that their events must echo
        self.tokens: dict[str, str] = {}  # DestinationToken by ClientContext
        self._sink_url, self._clock = sink_url, clock

    async def subscribe(
        self,
        events: Sequence[EventName] = tuple(EventName),
        *,
        one_each: bool = False,
        expires: timedelta = LEASE,
        destinations: Sequence[ScanDestination] = (),
    ) -> tuple[str, ...]:
        """Subscribe to these events at once, or in one subscription each as Windows does; their identifiers.

        `destinations` go with the subscription that has ScanAvailableEvent in it.
        """
        groups = [(event,) for event in events] if one_each else [tuple(events)]
        made: list[str] = []
        for group in groups:
            extensions: tuple[etree._Element, ...] = ()
            if destinations and EventName.SCAN_AVAILABLE in group:
                offer = ScanDestinations(scan_destination=tuple(destinations))
                extensions = (respell(offer.to_xml(), self.year),)
            identifier = f"urn:uuid:{uuid.uuid4()}"
            notify_to = EndpointReference(self._sink_url, reference_parameters=(identifier_block(identifier),))
            actions = tuple(action(event, self.year) for event in group)
            held = await subscribing.subscribe(
                self.http,
                self.found.service,
                notify_to,
                actions,
                expires=expires,
                clock=self._clock,
                extensions=extensions,
            )
            self._keep_tokens(held)
            self.subscriptions[identifier] = held
            made.append(identifier)
        return tuple(made)

    async def renew(self, identifier: str, expires: timedelta = LEASE) -> timedelta:
        """Prolong one; the length granted."""
        held = await subscribing.renew(self.http, self.subscriptions[identifier], expires, self._clock)
        self.subscriptions[identifier] = held
        return held.length

    async def lease(self, identifier: str) -> timedelta:
        """What is left of one, as the device says (GetStatus)."""
        return await subscribing.status(self.http, self.subscriptions[identifier], self._clock)

    async def unsubscribe(self, *identifiers: str) -> None:
        """Give these back, all where none is named."""
        for identifier in identifiers or tuple(self.subscriptions):
            await subscribing.unsubscribe(self.http, self.subscriptions.pop(identifier))

    async def scanner_elements(self, *sections: ScannerSection) -> tuple[ScannerElementData, ...]:
        """These sections in one request; Windows asks for one at a time."""
        request = GetScannerElementsRequest(requested_elements=RequestedElements(name=sections))
        answer = await self._operate(Operation.GET_SCANNER_ELEMENTS, request, GetScannerElementsResponse)
        return answer.scanner_elements.element_data

    async def configuration(self) -> ScannerConfiguration:
        """What the scanner can do."""
        for data in await self.scanner_elements(ScannerSection.CONFIGURATION):
            if data.scanner_configuration is not None:
                return data.scanner_configuration
        raise WireError("ScannerConfiguration", "is missing")

    async def status(self) -> ScannerStatus:
        """How the scanner is."""
        for data in await self.scanner_elements(ScannerSection.STATUS):
            if data.scanner_status is not None:
                return data.scanner_status
        raise WireError("ScannerStatus", "is missing")

    async def validate(self, ticket: ScanTicket) -> ValidationInfo:
        """Whether the ticket can be carried out."""
        request = ValidateScanTicketRequest(scan_ticket=ticket)
        answer = await self._operate(Operation.VALIDATE_SCAN_TICKET, request, ValidateScanTicketResponse)
        return answer.validation_info

    async def create_job(
        self, ticket: ScanTicket, *, scan_identifier: str | None = None, destination_token: str | None = None
    ) -> CreateScanJobResponse:
        """Start a job; identifier and token where a button asked for it."""
        request = CreateScanJobRequest(
            scan_identifier=scan_identifier, destination_token=destination_token, scan_ticket=ticket
        )
        return await self._operate(Operation.CREATE_SCAN_JOB, request, CreateScanJobResponse, timeout=30.0)

    async def retrieve(
        self,
        job: CreateScanJobResponse,
        path: Path,
        *,
        max_bytes: int = MAX_IMAGE,
        progress: Callable[[int], None] = lambda _size: None,
    ) -> Image:
        """Receive the job's next image as `path`; where it does not come whole there is no file."""
        request = RetrieveImageRequest(
            job_id=job.job_id,
            job_token=job.job_token,
            document_description=DocumentDescription(document_name=path.name),
        )
        return await retrieve(
            self.http, self.found.service, request, path, year=self.year, max_bytes=max_bytes, progress=progress
        )

    async def cancel(self, job_id: int) -> None:
        """Cancel a job, also while one of its images is on its way."""
        await self._operate(Operation.CANCEL_JOB, CancelJobRequest(job_id=job_id), CancelJobResponse)

    async def job_elements(self, job_id: int, *sections: JobSection) -> tuple[JobElementData, ...]:
        """These sections of a job."""
        request = GetJobElementsRequest(job_id=job_id, requested_elements=RequestedElements(name=sections))
        answer = await self._operate(Operation.GET_JOB_ELEMENTS, request, GetJobElementsResponse)
        return answer.job_elements.element_data

    async def active_jobs(self) -> tuple[JobSummary, ...]:
        """The jobs that have not ended."""
        answer = await self._operate(Operation.GET_ACTIVE_JOBS, GetActiveJobsRequest(), GetActiveJobsResponse)
        return answer.active_jobs.job_summary

    async def job_history(self) -> tuple[JobSummary, ...]:
        """The jobs that ended of late."""
        answer = await self._operate(Operation.GET_JOB_HISTORY, GetJobHistoryRequest(), GetJobHistoryResponse)
        return answer.job_history.job_summary

    async def _operate(
        self, operation: Operation, request: ScanElement, response: type[Response], timeout: float = 20.0
    ) -> Response:
        service = self.found.service
        answer = await operate(self.http, service, operation, request, spoken=self.year, timeout=timeout)
        assert isinstance(answer, response)  # operate() reads by the operation's own model
        return answer

    def _keep_tokens(self, held: Held) -> None:
        for extension in held.extensions:
            normalise(extension)
            if extension.tag == qname("DestinationResponses"):
                for each in DestinationResponses.from_xml(extension).destination_response:
                    self.tokens[each.client_context] = each.destination_token


@asynccontextmanager
async def opened(
    where: str | Found, clock: Clock, *, year: Year = DEFAULT, listen: str | None = None
) -> AsyncIterator[Session]:
    """A session with the scan service behind a URL (host, device or service) or one found already.

    `listen`: our address for events, by default the one on the way to the service. What is still subscribed at the
    end is given back as far as the device answers. Raises ConfigError, NoAnswer, Refused, WireError, NoScanner.
    """
    timeline = Timeline()
    async with HttpClient(_CONNECTIONS) as http:
        found = await find(http, where) if isinstance(where, str) else where
        address = listen or await local_address_for(found.service)
        async with Sink(address, timeline.heard, clock) as sink:
            session = Session(http, found, sink.url, timeline, year=year, clock=clock)
            try:
                yield session
            finally:
                for identifier in tuple(session.subscriptions):
                    with suppress(BridgeError):
                        await session.unsubscribe(identifier)
