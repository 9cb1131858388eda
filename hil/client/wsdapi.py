"""Requests as Windows sends them: kept-alive, From and ReplyTo in each, `User-Agent: WSDAPI`, one at a time.

Spec: WSDAPI over HTTP as recorded by others; WS-Addressing 2004/08. RetrieveImage is `hil.client.retrieve`'s.
"""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from lxml import etree

from bridge.errors import WireError
from bridge.net.asking import MAX_ANSWER, TIMEOUT, NoAnswer, no_answer, read_answer, read_response
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from bridge.soap.endpoint import EndpointReference
from bridge.soap.envelope import Message, Writable
from bridge.wsscan import year
from bridge.wsscan.names import ScanElement
from bridge.wsscan.operations import Operation
from drivers.contract.http import HttpClient, HttpFailed

HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Connection": "Keep-Alive",
    "Pragma": "no-cache",
    "Content-Type": "application/soap+xml",
    "User-Agent": "WSDAPI",
}

Response = TypeVar("Response", bound=ScanElement)


@dataclass(frozen=True, slots=True)
class Answered:
    message: Message | None  # None: an empty answer
    size: int  # bytes of its envelope


class Wsdapi:
    """One client. Every request raises NoAnswer, Refused or WireError."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self.address = f"urn:uuid:{uuid.uuid4()}"

    def write(
        self,
        action: str,
        to: str,
        *bodies: Writable | etree._Element,
        blocks: Iterable[etree._Element] = (),
        declare: Iterable[str] = (),
    ) -> bytes:
        """A request with all that Windows puts in front of it."""
        headers = Addressing(
            action,
            to,
            addressing.new_message_id(),
            reply_to=EndpointReference(names.ANONYMOUS),
            from_=EndpointReference(self.address),
        )
        return envelope.write(headers, *bodies, blocks=blocks, declare=declare)

    async def post(self, url: str, data: bytes, timeout: float = TIMEOUT) -> Answered:
        """The answer to a request that write() made."""
        try:
            answer = await self.http.post(url, data, HEADERS, timeout, MAX_ANSWER)
        except HttpFailed as err:
            raise no_answer(url, err) from err
        if not answer.body and 200 <= answer.status < 300:
            return Answered(None, 0)
        return Answered(read_answer(url, answer), len(answer.body))

    async def operate(
        self, url: str, operation: Operation, request: ScanElement, response: type[Response], timeout: float = TIMEOUT
    ) -> tuple[Response, int]:
        """An operation of the scan service; its response and the bytes of its envelope."""
        data = self.write(year.action(operation), url, request, declare=(names.WSCN,))
        answered = await self.post(url, data, timeout)
        if answered.message is None:
            raise WireError(f"{operation}Response", "is missing")
        found = read_response(operation, answered.message)
        assert isinstance(found, response)  # read_response() reads by the operation's own model
        return found, answered.size


async def answers_on_one_connection(url: str, *requests: bytes, timeout: float = TIMEOUT) -> int:
    """How many requests, one after the other, a server answers before it closes their one connection.

    Plain http only. Raises NoAnswer when it cannot be reached at all.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except (OSError, TimeoutError) as err:
        raise NoAnswer(f"{url}: {err or 'no answer in time'}") from err
    answered = 0
    try:
        for body in requests:
            lines = {"Host": parts.netloc, "Content-Length": str(len(body)), **HEADERS}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            async with asyncio.timeout(timeout):
                writer.write(f"POST {parts.path or '/'} HTTP/1.1\r\n{head}\r\n".encode() + body)
                await writer.drain()
                said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = next((line for line in said.split("\r\n") if line.startswith("content-length:")), ":0")
                await reader.readexactly(min(int(length.partition(":")[2]), MAX_ANSWER))
            answered += 1
            if "connection: close" in said:
                break
    except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
        pass  # closed, or not what HTTP is
    finally:
        writer.close()
    return answered
