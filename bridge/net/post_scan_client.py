"""What a device asks of a scan server: the five operations of the processing service, images streamed from the disk.

An image whose answer did not come may have been taken: before it is sent again the server is asked which it has. A
CreatePostScanJob is said again as the same message.
Spec: DSM, the processing service (WS-DSP); MTOM (xop 2004/08).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from bridge.dsm import names, operations
from bridge.dsm.job import DocumentDescription, JobStatus
from bridge.dsm.names import DspElement
from bridge.dsm.operations import (
    CancelPostScanJobRequest,
    CreatePostScanJobRequest,
    CreatePostScanJobResponse,
    EndPostScanJobRequest,
    GetPostScanJobElementsRequest,
    GetPostScanJobElementsResponse,
    ImageData,
    JobElements,
    JobSection,
    Operation,
    RequestedElements,
    SendImageRequest,
)
from bridge.errors import ConfigError, WireError
from bridge.net.asking import HEADERS, ask, no_answer, read_answer
from bridge.soap import addressing, envelope
from bridge.soap.mtom import Package
from bridge.soap.xop import Include
from drivers.contract.http import HttpClient, HttpFailed

_T = TypeVar("_T", bound=DspElement)

TIMEOUT: Final = 60.0  # seconds for an answer: a server flushes an image to its disk first
_SLOWEST: Final = 20_000  # bytes a second; less is no transfer
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScanServerClient:
    """One processing service at `url`."""

    http: HttpClient
    url: str

    async def create(self, request: CreatePostScanJobRequest, message_id: str) -> str:
        """The JobToken. The same `message_id` is the same job, to a server that looks at it; ours does. As all of
        these, raises NoAnswer, Refused, WireError."""
        answer = await self._operate(Operation.CREATE_POST_SCAN_JOB, request, CreatePostScanJobResponse, message_id)
        return answer.job_token

    async def send_image(self, token: str, number: int, word: str, image: Path) -> None:
        """One image from its file, never whole in memory. Also raises OSError."""
        package = Package()
        name = f"image-{number}@wsd"
        request = SendImageRequest(
            job_token=token,
            document_description=DocumentDescription(document_id=number, format=word),
            image_data=ImageData(include=Include.of(name)),
        )
        root = envelope.write(addressing.request(names.action(Operation.SEND_IMAGE), self.url), request.to_xml())
        head, tail = package.head(root, name, "application/octet-stream"), package.tail()
        size = (await asyncio.to_thread(image.stat)).st_size
        length = len(head) + size + len(tail)
        headers = {**HEADERS, "Content-Type": package.content_type, "Content-Length": str(length)}
        limit = TIMEOUT + length / _SLOWEST
        try:
            answer = await self.http.upload(self.url, body(head, image, size, tail), headers, limit, TIMEOUT)
        except HttpFailed as err:
            raise no_answer(self.url, err) from err
        operations.read_response(Operation.SEND_IMAGE, read_answer(self.url, answer).body)

    async def end(self, token: str) -> None:
        """No more images come."""
        await self._operate(Operation.END_POST_SCAN_JOB, EndPostScanJobRequest(job_token=token), DspElement)

    async def cancel(self, token: str) -> None:
        """Nothing more is to be done."""
        await self._operate(Operation.CANCEL_POST_SCAN_JOB, CancelPostScanJobRequest(job_token=token), DspElement)

    async def status(self, token: str) -> JobStatus:
        """How the job stands."""
        data = (await self._elements(token, JobSection.STATUS)).element_data[0]
        if data.job_status is None:
            raise WireError("JobElements/ElementData/JobStatus", "is missing")
        return data.job_status

    async def received(self, token: str) -> frozenset[int]:
        """The DocumentIds of the images that the server has."""
        data = (await self._elements(token, JobSection.DOCUMENTS)).element_data[0]
        there = () if data.documents is None else data.documents.document
        return frozenset(each.document_description.document_id for each in there)

    async def _elements(self, token: str, section: JobSection) -> JobElements:
        asked = GetPostScanJobElementsRequest(job_token=token, requested_elements=RequestedElements(name=(section,)))
        answer = await self._operate(Operation.GET_POST_SCAN_JOB_ELEMENTS, asked, GetPostScanJobElementsResponse)
        return answer.job_elements

    async def _operate(
        self, operation: Operation, request: DspElement, expected: type[_T], message_id: str | None = None
    ) -> _T:
        headers = addressing.request(names.action(operation), self.url)
        if message_id is not None:
            headers = replace(headers, message_id=message_id)
        data = envelope.write(headers, request.to_xml(), declare=(names.NAMESPACE,))
        message = await ask(self.http, self.url, data, TIMEOUT)
        answer = operations.read_response(operation, message.body)
        assert isinstance(answer, expected)
        return answer


async def body(head: bytes, image: Path, size: int, tail: bytes) -> AsyncIterator[bytes]:
    """A file between `head` and `tail`, read as it leaves; one that became shorter ends the request early."""
    yield head
    file = await asyncio.to_thread(image.open, "rb")
    try:
        left = size
        while left and (piece := await asyncio.to_thread(file.read, min(left, _PIECE))):
            left -= len(piece)
            yield piece
    finally:
        file.close()
    if not left:
        yield tail


def context(authority: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Whom to trust, and what to show. Raises ConfigError."""
    try:
        made = ssl.create_default_context(cafile=authority)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            made.load_cert_chain(certificate, key, lambda: "")
    except (OSError, ssl.SSLError) as err:
        where = certificate if certificate is not None else authority
        raise ConfigError(str(where), "", f"cannot be used: {err.strerror or err}") from err
    return made
