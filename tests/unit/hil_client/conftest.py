"""A ten-operation WSD scanner in the test's own process: what a client talks to, made of the messages alone."""

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import Self

import pytest
from aiohttp import web
from lxml import etree

from bridge.discovery import messages as discovery
from bridge.discovery.messages import ProbeMatches, Target
from bridge.dpws.metadata import Metadata, scanner_service
from bridge.errors import Fault, OperationRefused
from bridge.eventing import faults, messages
from bridge.eventing.messages import EndStatus, Lease, Subscribe, SubscribeResponse, SubscriptionEnd
from bridge.net.finding import DIRECTED_PATH
from bridge.soap import envelope, fault, mtom, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference, identifier_block
from bridge.soap.envelope import Message
from bridge.soap.xop import Include
from bridge.wsscan import faults as scan_faults
from bridge.wsscan.configuration import (
    ADF,
    ADFSide,
    Colors,
    CompressionQualityFactorSupported,
    ContentTypesSupported,
    DeviceSettings,
    FormatsSupported,
    Heights,
    OpticalResolution,
    Resolutions,
    RotationsSupported,
    ScalingRange,
    ScalingRangeSupported,
    ScannerConfiguration,
    Widths,
)
from bridge.wsscan.events import JobEndStateEvent, JobStatusEvent
from bridge.wsscan.job import JobEndState, JobStateReasons, JobStatus, ScansCompleted
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.operations import CancelJobResponse, GetScannerElementsResponse, RetrieveImageResponse, ScanData
from bridge.wsscan.sections import ScannerElementData, ScannerElements, ScannerSection
from bridge.wsscan.ticket import Dimensions
from bridge.wsscan.year import Year, action, respell, split_action
from drivers.contract.http import HttpClient

DEVICE = "urn:uuid:0a000000-0000-4000-8000-000000000001"
JPEG = b"\xff\xd8 not quite a picture \xff\xd9"


def configuration() -> ScannerConfiguration:
    hundred = ScalingRange(min_value=100, max_value=100)
    settings = DeviceSettings(
        formats_supported=FormatsSupported(format_value=("jfif", "png")),
        compression_quality_factor_supported=CompressionQualityFactorSupported(min_value=0, max_value=100),
        content_types_supported=ContentTypesSupported(content_type_value=("Auto",)),
        document_size_auto_detect_supported=False,
        auto_exposure_supported=False,
        brightness_supported=False,
        contrast_supported=False,
        scaling_range_supported=ScalingRangeSupported(scaling_width=hundred, scaling_height=hundred),
        rotations_supported=RotationsSupported(rotation_value=("0",)),
    )
    front = ADFSide(
        adf_optical_resolution=OpticalResolution(width=300, height=300),
        adf_resolutions=Resolutions(widths=Widths(width=(150, 300)), heights=Heights(height=(150, 300))),
        adf_color=Colors(color_entry=("RGB24",)),
        adf_minimum_size=Dimensions(width=1000, height=1000),
        adf_maximum_size=Dimensions(width=8500, height=14000),
    )
    return ScannerConfiguration(device_settings=settings, adf=ADF(adf_supports_duplex=False, adf_front=front))


def status_event(job: int, state: str, scans: int, *reasons: str) -> JobStatusEvent:
    return JobStatusEvent(
        job_status=JobStatus(
            job_id=job,
            job_state=state,
            job_state_reasons=JobStateReasons.of(*reasons),
            scans_completed=ScansCompleted(count=scans),
        )
    )


def end_event(job: int, state: str, scans: int) -> JobEndStateEvent:
    return JobEndStateEvent(
        job_end_state=JobEndState(
            job_id=job,
            job_completed_state=state,
            job_completed_state_reasons=JobStateReasons.of("JobCompletedSuccessfully"),
            job_name="scan",
            job_originating_user_name="somebody",
            scans_completed=ScansCompleted(count=scans),
        )
    )


@dataclass
class FakeScanner:
    """Serves on loopback; `pages` are what RetrieveImage gives, one after the other."""

    pages: int = 2
    truncated: bool = False
    get_status: bool = True
    lease: timedelta = timedelta(hours=1)
    subscriptions: dict[str, Subscribe] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    year: Year | None = None
    ticket: etree._Element | None = None
    canceled: bool = False
    number: int = 0

    async def __aenter__(self) -> Self:
        self.http = HttpClient()
        await self.http.__aenter__()
        await self.listen(0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.runner.cleanup()
        await self.http.__aexit__()

    async def listen(self, port: int) -> None:
        self.runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.port = self.runner.addresses[0][1]

    async def vanish(self) -> None:
        """Without a word, and without its memory."""
        await self.runner.cleanup()
        self.subscriptions.clear()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base}/device"

    async def tell(self, event: ScanElement, year: Year = Year.Y2006_08) -> None:
        """To every subscriber."""
        for each in tuple(self.subscriptions.values()):
            headers = Addressing(action(type(event).__name__, year), each.notify_to.address)
            body = respell(event.to_xml(), year)
            data = envelope.write(headers, body, blocks=each.notify_to.header_blocks())
            await self.http.post(each.notify_to.address, data, {"Content-Type": "application/soap+xml"}, 5)

    async def end_all(self, status: EndStatus) -> None:
        ended, self.subscriptions = self.subscriptions, {}
        for identifier, each in ended.items():
            assert each.end_to is not None
            end = SubscriptionEnd(self._manager(identifier), status)
            data = envelope.write(Addressing(messages.SUBSCRIPTION_END, each.end_to.address), end)
            await self.http.post(each.end_to.address, data, {"Content-Type": "application/soap+xml"}, 5)

    def _manager(self, identifier: str) -> EndpointReference:
        return EndpointReference(f"{self.base}/events", reference_parameters=(identifier_block(identifier),))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        message = envelope.read(await request.read())
        local = message.addressing.action.rpartition("/")[2]
        self.asked.append(local)
        try:
            return await self._answer(request, message, local)
        except OperationRefused as err:
            body = envelope.write_fault(err.fault, message.addressing.message_id)
            return web.Response(
                status=fault.http_status(err.fault), body=body, content_type="application/soap+xml", charset="utf-8"
            )

    async def _answer(self, request: web.BaseRequest, message: Message, local: str) -> web.StreamResponse:
        handlers: dict[str, Callable[[Message], envelope.Writable | etree._Element]] = {
            "Probe": self._probe,
            "Get": self._get,
            "Subscribe": self._subscribe,
            "Renew": self._lease,
            "GetStatus": self._lease,
            "Unsubscribe": self._unsubscribe,
            "GetScannerElements": self._elements,
            "CreateScanJob": self._create,
            "CancelJob": self._cancel,
        }
        places = {"Probe": DIRECTED_PATH, "Get": "/device"}
        if local == "RetrieveImage":
            return await self._retrieve(request, message)
        if local not in handlers or request.path != places.get(local, request.path):
            raise OperationRefused(fault.action_not_supported(message.addressing.action))
        answer = handlers[local](message)
        split = split_action(message.addressing.action)
        if split is not None:
            self.year = split[0]
            assert not isinstance(answer, etree._Element)
            answer = respell(answer.to_xml(), split[0])
        body = envelope.write(message.addressing.answer(f"{message.addressing.action}Response"), answer)
        return web.Response(body=body, content_type="application/soap+xml", charset="utf-8")

    def _probe(self, message: Message) -> envelope.Writable:
        types = (discovery.DEVICE_TYPE, discovery.SCAN_DEVICE_TYPE)
        return ProbeMatches((Target(DEVICE, types, xaddrs=("http://192.0.2.1/device", self.url)),))

    def _get(self, message: Message) -> envelope.Writable:
        service = scanner_service((f"{self.base}/scan",), "urn:fake:scan", "VEN_0000&DEV_FAKE")
        return Metadata("Fake", "Scanner 1", "The fake scanner", hosted=(service,))

    def _subscribe(self, message: Message) -> envelope.Writable:
        self.number += 1
        identifier = f"urn:uuid:{self.number}"
        self.subscriptions[identifier] = Subscribe.from_message(message)
        return SubscribeResponse(self._manager(identifier), self.lease)

    def _lease(self, message: Message) -> envelope.Writable:
        local = message.addressing.action.rpartition("/")[2]
        if local == "GetStatus" and not self.get_status:
            raise OperationRefused(fault.action_not_supported(message.addressing.action))
        if messages.identifier_of(message) not in self.subscriptions:
            raise OperationRefused(faults.invalid_message("no such subscription"))
        return Lease(f"{local}Response", self.lease)

    def _unsubscribe(self, message: Message) -> etree._Element:
        del self.subscriptions[messages.identifier_of(message)]
        return etree.Element(f"{{{names.WSE}}}Nothing")

    def _elements(self, message: Message) -> envelope.Writable:
        section = ScannerElementData(
            name=ScannerSection.CONFIGURATION, valid=True, scanner_configuration=configuration()
        )
        return GetScannerElementsResponse(scanner_elements=ScannerElements(element_data=(section,)))

    def _create(self, message: Message) -> envelope.Writable:
        raise OperationRefused(Fault(fault.endpoint_unavailable().code, qname("ServerErrorNotAcceptingJobs"), "busy"))

    def _cancel(self, message: Message) -> envelope.Writable:
        self.canceled = True
        return CancelJobResponse()

    async def _retrieve(self, request: web.BaseRequest, message: Message) -> web.StreamResponse:
        if not self.pages:
            raise scan_faults.no_images_available()
        self.pages -= 1
        package = mtom.Package()
        body = RetrieveImageResponse(scan_data=ScanData(include=Include.of("image@fake"))).to_xml()
        root = envelope.write(message.addressing.answer(action("RetrieveImageResponse")), body)
        response = web.StreamResponse(headers={"Content-Type": package.content_type})
        await response.prepare(request)
        await response.write(package.head(root, "image@fake", "image/jpeg") + JPEG[:10])
        if self.truncated:
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(JPEG[10:] + package.tail())
        return response


@pytest.fixture
async def scanner() -> AsyncIterator[FakeScanner]:
    async with FakeScanner() as made:
        yield made


@pytest.fixture
def events() -> ModuleType:
    """This module, for its `status_event` and `end_event`."""
    return sys.modules[__name__]
