"""One RetrieveImage: its MTOM answer, streamed into a file that bears its name only when it is whole.

Spec: WS-Scan V1.0, RetrieveImage; XOP 1.0; DPWS 2006 R0036 to R0039.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from bridge.errors import WireError
from bridge.net.asking import HEADERS, MAX_ANSWER, no_answer, read_answer, read_response, request_bytes
from bridge.soap import envelope, mtom
from bridge.soap.envelope import EnvelopeRefused
from bridge.wsscan.operations import Operation, RetrieveImageRequest, RetrieveImageResponse
from bridge.wsscan.year import Year
from drivers.contract.http import Answer, HttpClient, HttpFailed

MAX_IMAGE: Final = 2 * 1024**3
# The device may wait 50 s before its first bytes, and between bytes as long as its paper takes.
SILENCE: Final = 90.0


@dataclass(frozen=True, slots=True)
class Image:
    """One file that was received whole."""

    path: Path
    content_type: str  # of the MIME part
    size: int


async def retrieve(
    client: HttpClient,
    service: str,
    request: RetrieveImageRequest,
    path: Path,
    *,
    year: Year,
    max_bytes: int = MAX_IMAGE,
    progress: Callable[[int], None] = lambda _size: None,
) -> Image:
    """Receive the next image of a job as `path`; `progress` is told its bytes so far.

    Raises NoAnswer (also when the transfer breaks off), Refused, WireError; then there is no file.
    """
    question = request_bytes(service, Operation.RETRIEVE_IMAGE, request, year)
    part = path.with_name(path.name + ".part")
    try:
        async with client.stream(service, question, HEADERS, SILENCE) as (status, content_type, chunks):
            if not mtom.is_multipart(content_type):
                body = await _whole(service, chunks)
                read_answer(service, Answer(status, content_type, body))
                raise WireError(
                    "RetrieveImageResponse", f"{service}: {content_type or 'nothing'} where an image was due"
                )
            with part.open("wb") as file:
                kind, size = await _take(content_type, chunks, file, max_bytes, progress)
    except HttpFailed as err:
        part.unlink(missing_ok=True)
        raise no_answer(service, err) from err
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(path)
    return Image(path, kind, size)


async def _whole(url: str, chunks: AsyncIterator[bytes]) -> bytes:
    """An answer that is no image."""
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > MAX_ANSWER:
            raise WireError("RetrieveImageResponse", f"{url}: more than {MAX_ANSWER} bytes and no image")
    return bytes(data)


async def _take(
    content_type: str, chunks: AsyncIterator[bytes], file: BinaryIO, max_bytes: int, progress: Callable[[int], None]
) -> tuple[str, int]:
    """Read the package to its closing boundary; content type and size of the image in it."""
    wanted: str | None = None
    found: tuple[str, int] | None = None
    async for each in mtom.read_parts(content_type, chunks):
        if wanted is None:  # the root comes first
            wanted = _content_id(await each.read(MAX_ANSWER))
        elif each.content_id == wanted and found is None:
            size = 0
            async for chunk in each.chunks():
                size += len(chunk)
                if size > max_bytes:
                    raise WireError("ScanData", f"an image of more than {max_bytes} bytes")
                file.write(chunk)
                progress(size)
            found = each.content_type, size
    async for _rest in chunks:  # read to its end the connection can serve again
        pass
    if found is None:
        raise WireError("ScanData/Include", "names no part of the message")
    return found


def _content_id(root: bytes) -> str:
    """Which part the answer says is the image. Raises WireError."""
    try:
        message = envelope.read(root, max_bytes=MAX_ANSWER)
    except EnvelopeRefused as err:
        raise WireError("RetrieveImageResponse", str(err)) from err
    answer = read_response(Operation.RETRIEVE_IMAGE, message)
    assert isinstance(answer, RetrieveImageResponse)  # read_response() reads by the operation's own model
    return answer.scan_data.include.content_id
