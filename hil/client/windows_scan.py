"""What Windows does with the scan service once it has found one: subscribe, ask, check a ticket, scan, give back.

Spec: WS-Scan V1.0; docs/windows.md for what Windows sends.
"""

from datetime import timedelta
from typing import Final

from bridge.errors import BridgeError
from bridge.net.asking import Refused
from bridge.wsscan.events import EventName, ScanAvailableEvent
from bridge.wsscan.faults import Subcode
from bridge.wsscan.job import JobState
from bridge.wsscan.operations import (
    CreateScanJobRequest,
    CreateScanJobResponse,
    Operation,
    RetrieveImageRequest,
)
from bridge.wsscan.settings import AskedCount, AskedInputSource
from bridge.wsscan.ticket import DocumentDescription, ScanTicket
from bridge.wsscan.values import Format, InputSource
from bridge.wsscan.year import DEFAULT
from hil.client import windows_leases, windows_sections
from hil.client.report import Report
from hil.client.retrieve import retrieve
from hil.client.run import EXTENSIONS
from hil.client.timeline import Timeline, TooLate
from hil.client.windows_leases import EVENTS, Held, destinations
from hil.client.windows_sections import Service, Wanted

DOCUMENT: Final = "Scanned image file for the WSD Scan Driver"
_END: Final = 15.0  # seconds from the last image to JobEndStateEvent


async def use(service: Service, wanted: Wanted, notify_to: str, timeline: Timeline) -> None:
    """All of it, in Windows' order."""
    held: list[Held] = []
    try:
        await _subscribe(service, wanted, notify_to, held)
        ticket = await windows_sections.ask(service, wanted)
        await _press(service, wanted, held, ticket, timeline)
        if wanted.scan and ticket is not None:
            await _scan(service, wanted, "scan", CreateScanJobRequest(scan_ticket=ticket), timeline)
        elif not wanted.press:
            service.report.skipped("CreateScanJob", "nothing moves without --scan or --press")
        _echoed(service.report, held, timeline)
    finally:
        await _give_back(service, held)


async def _subscribe(service: Service, wanted: Wanted, notify_to: str, held: list[Held]) -> None:
    """`held` grows as they are granted."""
    for event in EVENTS:
        offered = destinations(wanted.host, wanted.contexts) if event is EventName.SCAN_AVAILABLE else ()
        work = windows_leases.subscribe(service.wsdapi, service.url, notify_to, event, offered=offered)
        one = await service.tried(f"Subscribe {event}", work)
        if one is None:
            continue
        held.append(one)
        known = bool(one.manager.reference_parameters or one.manager.reference_properties)
        service.report.check(
            known, f"Subscribe {event}", f"for {one.expires}", "the manager has no identifier: whose is a Renew?"
        )
        if offered:
            absent = [context for context in wanted.contexts if not one.tokens.get(context)]
            service.report.check(
                not absent, "DestinationResponses", " ".join(one.tokens), f"no token for {', '.join(absent)}"
            )


async def _press(
    service: Service, wanted: Wanted, held: list[Held], ticket: ScanTicket | None, timeline: Timeline
) -> None:
    """The button, and the job that it asks for."""
    if not wanted.press:
        service.report.skipped("ScanAvailableEvent", "nobody waits for the button without --press")
        return
    try:
        arrived = await timeline.wait_for(lambda each: each.name == EventName.SCAN_AVAILABLE, wanted.press)
    except TooLate:
        service.report.missing("ScanAvailableEvent", f"not within {wanted.press:g} s")
        return
    event = arrived.event
    if not isinstance(event, ScanAvailableEvent) or ticket is None:
        service.report.missing("ScanAvailableEvent", arrived.flaw or "there is no ticket to go with it")
        return
    token = next((each.tokens.get(event.client_context) for each in held if each.tokens), None)
    service.report.check(
        token, "ScanAvailableEvent", f"{event.client_context} from {event.input_source}", "no token for its context"
    )
    request = CreateScanJobRequest(
        scan_identifier=event.scan_identifier,
        destination_token=token,
        scan_ticket=_from(ticket, event.input_source),
    )
    await _scan(service, wanted, "press", request, timeline)


def _from(ticket: ScanTicket, source: str | None) -> ScanTicket:
    """The ticket with the source that the event names, all that lies there."""
    asked = ticket.document_parameters
    if source is None or asked is None:
        return ticket
    every = 0 if source != InputSource.PLATEN else 1
    changes = {"input_source": AskedInputSource(value=source), "images_to_transfer": AskedCount(value=every)}
    return ticket.model_copy(update={"document_parameters": asked.model_copy(update=changes)})


async def _scan(service: Service, wanted: Wanted, name: str, request: CreateScanJobRequest, timeline: Timeline) -> None:
    """Create the job, fetch what it gives, hear its end."""
    answer = await service.tried(
        f"CreateScanJob ({name})", service.operate(Operation.CREATE_SCAN_JOB, request, CreateScanJobResponse)
    )
    if answer is None:
        return
    job = answer[0]
    final = job.document_final_parameters
    service.report.ok(f"CreateScanJob ({name})", f"job {job.job_id}, {final.format.value}, {final.input_source.value}")
    pages = await _images(service, wanted, name, job)
    service.report.check(pages, f"RetrieveImage ({name})", f"{pages} images", "no image")
    try:
        end = await timeline.job_end(job.job_id, _END)
        status = await timeline.job_final(job.job_id, _END)
    except TooLate:
        service.report.missing(f"JobEndStateEvent ({name})", f"not within {_END:g} s")
        return
    told = f"{' '.join(timeline.states(job.job_id))}, {status.scans_completed.count} scans"
    service.report.check(
        end.job_completed_state == JobState.COMPLETED, f"JobEndStateEvent ({name})", told, f"{end.job_completed_state}"
    )


async def _images(service: Service, wanted: Wanted, name: str, job: CreateScanJobResponse) -> int:
    """How many came whole. A feeder is asked until it has no more."""
    final = job.document_final_parameters
    format_ = final.format.value
    extension = EXTENSIONS.get(Format(format_), "tif" if format_.startswith("tiff") else format_.partition("-")[0])
    single = final.input_source.value == InputSource.PLATEN or "multi" in format_ or format_ == Format.PDF_A
    request = RetrieveImageRequest(
        job_id=job.job_id, job_token=job.job_token, document_description=DocumentDescription(document_name=DOCUMENT)
    )
    pages = 0
    while not single or not pages:
        path = wanted.output / f"{name}-{pages + 1}.{extension}"
        try:
            image = await retrieve(service.wsdapi.http, service.url, request, path, year=DEFAULT)
        except Refused as err:
            if err.subcode is not Subcode.NO_IMAGES_AVAILABLE:
                service.report.missing(f"RetrieveImage ({name})", str(err))
            break
        except BridgeError as err:
            service.report.missing(f"RetrieveImage ({name})", str(err))
            break
        pages += 1
        service.report.ok(f"RetrieveImage ({name})", f"{image.path} {image.content_type} {image.size} bytes")
    return pages


def _echoed(report: Report, held: list[Held], timeline: Timeline) -> None:
    """Every event says in its header to whose subscription it belongs."""
    asked = {one.identifier: one.event for one in held}
    if not timeline.arrived:
        report.skipped("wse:Identifier in events", "none arrived")
        return
    wrong = [each.name for each in timeline.arrived if asked.get(each.identifier or "") != each.name]
    flaws = [f"{each.name}: {each.flaw}" for each in timeline.arrived if each.flaw]
    report.check(not flaws, "events", f"{len(timeline)} arrived", "; ".join(flaws[:3]))
    report.check(
        not wrong, "wse:Identifier in events", "echoed", f"another subscription's or none: {', '.join(wrong[:5])}"
    )


async def _give_back(service: Service, held: list[Held]) -> None:
    """Renew, GetStatus, Unsubscribe; afterwards there is nothing to ask about."""
    for verb, work in (("Renew", windows_leases.renew), ("GetStatus", windows_leases.status)):
        left: list[timedelta] = []
        for one in held:
            granted = await service.tried(f"{verb} {one.event}", work(service.wsdapi, one))
            left += [] if granted is None else [granted]
        service.report.check(len(left) == len(held) and left, verb, f"{len(left)} times", "not for every one")
    gone = 0
    for one in held:
        await service.tried(f"Unsubscribe {one.event}", windows_leases.unsubscribe(service.wsdapi, one))
        try:
            await windows_leases.status(service.wsdapi, one)
        except Refused:
            gone += 1
        except BridgeError as err:
            service.report.missing(f"GetStatus {one.event}", str(err))
    service.report.check(gone == len(held), "Unsubscribe", f"{gone} times", "some are still there")
